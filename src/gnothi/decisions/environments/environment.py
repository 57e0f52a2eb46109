"""What an environment is: pure functions from a state and an action to the next state and what it paid.

    state = environment.reset(key)
    state, transition = environment.step(state, action, key)
    observation = environment.observe(state)

A state is a small pytree of numbers, so that thousands of copies are one `jax.vmap`. `observe` is apart from `step`:
an agent that keeps states, or their `index`, never builds an observation that it does not look at.
"""

from abc import abstractmethod
from typing import ClassVar, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

State = TypeVar("State")

#: An action: a whole number from 0 to `num_actions - 1`.
Action = int | np.integer | Int[Array, ""] | Int[np.ndarray, ""]


class Transition(eqx.Module):
    """What a step paid, and whether the episode is over: `terminated` for good, or `truncated` by a time limit.

    What comes after a terminated state is worth nothing; after a truncated one it is worth what the state is.
    """

    reward: Float[Array, "*copies"]
    terminated: Bool[Array, "*copies"]
    truncated: Bool[Array, "*copies"]

    @property
    def done(self) -> Bool[Array, "*copies"]:
        """Whether the next step must be of a new episode."""
        return self.terminated | self.truncated

    @property
    def discount(self) -> Float[Array, "*copies"]:
        """What the value of the state reached counts: 0 if terminated, else 1."""
        return 1.0 - self.terminated.astype(float)


class Environment(eqx.Module, Generic[State]):
    """An environment with finitely many actions.

    One that is `compiled` is pure JAX: jit, vmap and scan it. Compiled code can't raise, so there an action out of
    range is not noticed; stepped outside of it, it is a `ValueError`. Do not step a state whose episode is over:
    `play.step_and_reset` starts a new one.
    """

    compiled: ClassVar[bool] = True

    @property
    @abstractmethod
    def num_actions(self) -> int:
        """How many actions there are, in every state."""

    @property
    @abstractmethod
    def observation_shape(self) -> tuple[int, ...]:
        """The shape of an observation."""

    @abstractmethod
    def reset(self, key: PRNGKeyArray) -> State:
        """Draws the first state of an episode."""

    @abstractmethod
    def step(self, state: State, action: Action, key: PRNGKeyArray) -> tuple[State, Transition]:
        """Takes an action: the state it leads to, and what it paid.

        **Raises:** `ValueError` if the action is none of the environment's (outside of compiled code).
        """

    @abstractmethod
    def observe(self, state: State) -> Float[Array, "..."]:
        """What an agent sees in a state."""


class TabularEnvironment(Environment[State]):
    """An environment whose states can be numbered: a network's first layer can look its weights up."""

    @property
    @abstractmethod
    def num_states(self) -> int:
        """How many states there are, those after the end of an episode among them."""

    @abstractmethod
    def index(self, state: State) -> Int[Array, ""]:
        """The number of a state, from 0 to `num_states - 1`."""


def check_action(action: Action | float, num_actions: int) -> None:
    """Refuses an action that is out of range, unless its value is not known yet, as in compiled code.

    **Raises:** `ValueError`.
    """
    if isinstance(action, jax.core.Tracer):
        return
    if not jnp.issubdtype(jnp.result_type(action), jnp.integer) or not 0 <= int(action) < num_actions:
        raise ValueError(f"action must be a whole number between 0 and {num_actions - 1}, got {action}")
