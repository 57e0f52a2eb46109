"""Cartpole, as in bsuite: a pole hinged on a cart that is pushed left, not at all, or right.

Explicit Euler steps of 0.01 s for 10 s. bsuite adds up its seconds in floating point and so ends after 1,001 steps:
here steps are counted, which no precision changes. Time is up for good: bsuite shows the time, so it is a state.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.decisions.environments.environment import Action, Environment, Transition, check_action

SECONDS_A_STEP = 0.01
EPISODE_SECONDS = 10.0
EPISODE_STEPS = 1001
#: How far the cart may go to either side, in metres.
TRACK = 3.0


class Pole(eqx.Module):
    """A cart and its pole: metres, metres a second, radians from upright, radians a second, steps taken."""

    position: Float[Array, ""]
    speed: Float[Array, ""]
    angle: Float[Array, ""]
    spin: Float[Array, ""]
    steps: Int[Array, ""]


def start(key: PRNGKeyArray, angle: float) -> Pole:
    """A pole near `angle` (radians) that hardly moves: each number is off by up to 0.05 to either side."""
    off = jax.random.uniform(key, (4,), minval=-0.05, maxval=0.05)
    return Pole(off[0], off[1], angle + off[2], off[3], jnp.int32(0))


def push(pole: Pole, action: Action) -> Pole:
    """One explicit Euler step: the cart of 1 kg is pushed with 10 N by action 0 to the left, by action 2 to the right.

    The pole is 0.1 kg, and 0.5 m from hinge to centre (Barto, Sutton and Anderson 1983).
    """
    cart, mass, length, gravity, force = 1.0, 0.1, 0.5, 9.8, 10.0
    cos, sin, total = jnp.cos(pole.angle), jnp.sin(pole.angle), cart + mass
    thrust = (force * (action - 1) + mass * length * pole.spin**2 * sin) / total
    turn = (gravity * sin - cos * thrust) / (length * (4 / 3 - mass * cos**2 / total))
    pull = thrust - mass * length * turn * cos / total
    return Pole(
        pole.position + SECONDS_A_STEP * pole.speed,
        pole.speed + SECONDS_A_STEP * pull,
        jnp.remainder(pole.angle + SECONDS_A_STEP * pole.spin, 2 * jnp.pi),
        pole.spin + SECONDS_A_STEP * turn,
        pole.steps + 1,
    )


def seen(pole: Pole) -> Float[Array, "6"]:
    """Position and speed over the track's half, sine and cosine of the angle, spin, and the share of time gone."""
    seconds = SECONDS_A_STEP * pole.steps
    return jnp.stack(
        [
            pole.position / TRACK,
            pole.speed / TRACK,
            jnp.sin(pole.angle),
            jnp.cos(pole.angle),
            pole.spin,
            seconds / EPISODE_SECONDS,
        ]
    )


class Cartpole(Environment[Pole]):
    """Keep the pole up: 1 a step while the cosine of its angle is over `height_threshold` and the cart on the track."""

    height_threshold: float = eqx.field(static=True, default=0.8)

    @property
    def num_actions(self) -> int:
        """3: left, nothing, right."""
        return 3

    @property
    def observation_shape(self) -> tuple[int]:
        """Six numbers: see `seen`."""
        return (6,)

    def reset(self, key: PRNGKeyArray) -> Pole:
        """Near upright."""
        return start(key, 0.0)

    def step(self, state: Pole, action: Action, key: PRNGKeyArray) -> tuple[Pole, Transition]:
        """Pushes the cart; the episode ends when the pole falls, the cart leaves the track, or time is up."""
        check_action(action, self.num_actions)
        pole = push(state, action)
        up = (jnp.cos(pole.angle) > self.height_threshold) & (jnp.abs(pole.position) < TRACK)
        return pole, Transition(up.astype(float), ~up | (pole.steps >= EPISODE_STEPS), jnp.bool_(False))

    def observe(self, state: Pole) -> Float[Array, "6"]:
        """See `seen`."""
        return seen(state)
