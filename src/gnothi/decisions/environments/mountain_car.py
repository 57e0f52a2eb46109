"""Mountain Car, as in bsuite: a car too weak for its hill must first go back to gather speed (Moore 1990).

gymnax has Gym's: that shows no time, and cuts an episode off after 200 steps.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.decisions.environments.environment import Action, Environment, Transition, check_action

LEFT_END, RIGHT_END, GOAL = -1.2, 0.6, 0.5
MAX_SPEED, FORCE, GRAVITY = 0.07, 0.001, 0.0025


class Car(eqx.Module):
    """Where the car is, how far it goes a step, and steps taken."""

    position: Float[Array, ""]
    speed: Float[Array, ""]
    steps: Int[Array, ""]


class MountainCar(Environment[Car]):
    """Each step costs 1 until the car is at the goal, or for `max_steps` steps (the last is seen, so it is the end).

    **Raises:** `ValueError` if `max_steps` is less than 1.
    """

    max_steps: int = eqx.field(static=True, default=1000)

    def __check_init__(self) -> None:
        if self.max_steps < 1:
            raise ValueError(f"max_steps must be 1 or more, got {self.max_steps}")

    @property
    def num_actions(self) -> int:
        """3: left, nothing, right."""
        return 3

    @property
    def observation_shape(self) -> tuple[int]:
        """Position, speed, share of time gone."""
        return (3,)

    def reset(self, key: PRNGKeyArray) -> Car:
        """At rest, around the bottom."""
        return Car(jax.random.uniform(key, minval=-0.6, maxval=-0.4), jnp.zeros(()), jnp.int32(0))

    def step(self, state: Car, action: Action, key: PRNGKeyArray) -> tuple[Car, Transition]:
        """Gravity and the motor; the left end is a wall that stops the car."""
        check_action(action, self.num_actions)
        speed = state.speed + FORCE * (action - 1) - GRAVITY * jnp.cos(3 * state.position)
        speed = jnp.clip(speed, -MAX_SPEED, MAX_SPEED)
        position = jnp.clip(state.position + speed, LEFT_END, RIGHT_END)
        speed = jnp.where(position <= LEFT_END, jnp.maximum(speed, 0.0), speed)
        car = Car(position, speed, state.steps + 1)
        over = (position >= GOAL) | (car.steps >= self.max_steps)
        return car, Transition(-jnp.ones(()), over, jnp.bool_(False))

    def observe(self, state: Car) -> Float[Array, "3"]:
        """Position, speed, share of time gone."""
        return jnp.stack([state.position, state.speed, state.steps / self.max_steps])
