"""Swing-up, as in bsuite: the pole of `cartpole.py` hangs, pushes cost, and only a pole that stands still pays.

Without directed exploration nothing is learnt but to save the cost of pushing.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from gnothi.decisions.environments.cartpole import EPISODE_STEPS, TRACK, Pole, push, seen, start
from gnothi.decisions.environments.environment import Action, Environment, Transition, check_action

#: What bsuite scores, 1,000 episodes each: ever higher, and ever nearer to the middle.
SWING_UP_LEVELS = tuple({"height_threshold": n / 20, "x_reward_threshold": 1 - n / 20} for n in range(20))


class SwingUp(Environment[Pole]):
    """Swing the pole up and hold it: a step pays 1 while it is up, slow and near the middle, and a push costs.

    **Arguments:** `height_threshold`, what the cosine of the angle must be over; `x_reward_threshold`, how near to the
    middle the cart must be, in metres; `spin_threshold`, what spin must be under, in radians a second; `move_cost`, of
    a push.
    """

    height_threshold: float = eqx.field(static=True, default=0.5)
    x_reward_threshold: float = eqx.field(static=True, default=1.0)
    spin_threshold: float = eqx.field(static=True, default=1.0)
    move_cost: float = eqx.field(static=True, default=0.1)

    @property
    def num_actions(self) -> int:
        """3: left, nothing, right."""
        return 3

    @property
    def observation_shape(self) -> tuple[int]:
        """Eight numbers: see `observe`."""
        return (8,)

    def reset(self, key: PRNGKeyArray) -> Pole:
        """Nearly hanging."""
        return start(key, jnp.pi)

    def step(self, state: Pole, action: Action, key: PRNGKeyArray) -> tuple[Pole, Transition]:
        """Pushes the cart; the episode ends when it leaves the track, or time is up."""
        check_action(action, self.num_actions)
        pole = push(state, action)
        up = (jnp.cos(pole.angle) > self.height_threshold) & self._is_near(pole) & self._is_slow(pole)
        reward = up - self.move_cost * jnp.abs(action - 1)
        off_track = jnp.abs(pole.position) > TRACK
        return pole, Transition(reward, off_track | (pole.steps >= EPISODE_STEPS), jnp.bool_(False))

    def observe(self, state: Pole) -> Float[Array, "8"]:
        """`cartpole.seen`, then 1 or -1 for whether the cart is near enough to the middle, and the pole slow enough."""
        signs = jnp.where(jnp.stack([self._is_near(state), self._is_slow(state)]), 1.0, -1.0)
        return jnp.concatenate([seen(state), signs])

    def _is_near(self, pole: Pole) -> Bool[Array, ""]:
        return jnp.abs(pole.position) < self.x_reward_threshold

    def _is_slow(self, pole: Pole) -> Bool[Array, ""]:
        return jnp.abs(pole.spin) < self.spin_threshold
