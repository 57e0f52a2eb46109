"""gymnax's environments as ours: bsuite's Catch and chains, the classics, MinAtar, and what others registered there.

gymnax is imported when this is used: `pip install 'gnothi[rl]'`. A step gives gymnax's observation, which may not be a
function of gymnax's state, so it is kept in the state.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.decisions.environments.environment import Action, Environment, Transition, check_action


class GymnaxState(eqx.Module):
    """gymnax's state, and what was observed in it."""

    inner: Any
    observation: Float[Array, "..."]


class GymnaxEnvironment(Environment[GymnaxState]):
    """A gymnax environment with finitely many actions, which starts no episode by itself; see `from_gymnax`.

    **Raises:** `ValueError` if actions are not finitely many.
    """

    inner: Any = eqx.field(static=True)
    parameters: Any
    time_limit_ends: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        space = self.inner.action_space(self.parameters)
        if not hasattr(space, "n"):
            raise ValueError(f"actions must be finitely many, but {self.inner.name} has {type(space).__name__} actions")

    @property
    def num_actions(self) -> int:
        """As gymnax says."""
        return int(self.inner.action_space(self.parameters).n)

    @property
    def observation_shape(self) -> tuple[int, ...]:
        """Of the first observation, without running anything."""
        first = jax.eval_shape(self.reset, jax.random.key(0))
        return tuple(first.observation.shape)

    def reset(self, key: PRNGKeyArray) -> GymnaxState:
        """A first state of gymnax's."""
        observation, inner = self.inner.reset_env(key, self.parameters)
        return GymnaxState(jax.tree.map(_typed, inner), jnp.asarray(observation, float))

    def step(self, state: GymnaxState, action: Action, key: PRNGKeyArray) -> tuple[GymnaxState, Transition]:
        """gymnax's step before it starts a new episode; see `Environment.step`."""
        check_action(action, self.num_actions)
        action = jnp.asarray(action, jnp.int32)
        observation, inner, reward, terminated, _ = self.inner.step_env(key, state.inner, action, self.parameters)
        truncated = jnp.asarray(self.inner.is_truncated(inner, self.parameters), bool)
        terminated = jnp.asarray(terminated, bool)
        if self.time_limit_ends:
            terminated, truncated = terminated | truncated, jnp.zeros_like(truncated)
        # As `reset` types them, so that a scan can carry them.
        inner = jax.tree.map(lambda new, old: jnp.asarray(new, old.dtype), inner, state.inner)
        state = GymnaxState(inner, jnp.asarray(observation, float))
        return state, Transition(jnp.asarray(reward, float), terminated, truncated)

    def observe(self, state: GymnaxState) -> Float[Array, "..."]:
        """What gymnax showed."""
        return state.observation


def from_gymnax(
    environment: Any,
    parameters: Mapping[str, Any] | None = None,
    *,
    time_limit_ends: bool = False,
    **settings: Any,
) -> GymnaxEnvironment:
    """A gymnax environment, by its name there or as an object, with our interface.

    **Arguments:** `environment`, such as `"Catch-bsuite"`; `parameters`, changes to gymnax's default parameters;
    `time_limit_ends`, whether an episode that reaches the time limit is over for good (so it is in bsuite) and not cut
    off; `settings` of gymnax's constructor, where a name is given.

    **Raises:** `ImportError` if gymnax is not installed; `ValueError` if it knows no such environment or parameter, or
    its actions are not finitely many.
    """
    inner = _made(environment, **settings) if isinstance(environment, str) else environment
    defaults = inner.default_params
    try:
        changed = defaults.replace(**(parameters or {}))
    except TypeError as error:
        raise ValueError(f"the parameters of {inner.name} are {', '.join(vars(defaults))}: {error}") from error
    return GymnaxEnvironment(inner, changed, time_limit_ends)


def catch(rows: int = 10, columns: int = 5) -> GymnaxEnvironment:
    """bsuite's Catch: move a paddle under a ball that falls."""
    return from_gymnax("Catch-bsuite", {"max_steps_in_episode": rows}, time_limit_ends=True, rows=rows, columns=columns)


def umbrella_chain(chain_length: int = 10, num_distractors: int = 20) -> GymnaxEnvironment:
    """bsuite's umbrella chain: the first action decides what the last step pays, and noise is paid between."""
    parameters = {"chain_length": chain_length, "max_steps_in_episode": chain_length}
    return from_gymnax("UmbrellaChain-bsuite", parameters, time_limit_ends=True, n_distractor=num_distractors)


def discounting_chain(mapping_seed: int = 0) -> GymnaxEnvironment:
    """bsuite's discounting chain: the first action chooses when to be paid; one choice (by seed) pays 1.1, others 1."""
    return from_gymnax("DiscountingChain-bsuite", time_limit_ends=True, mapping_seed=mapping_seed % 5)


def memory_chain(memory_length: int = 10, num_bits: int = 1) -> GymnaxEnvironment:
    """bsuite's memory chain: bits are shown first, and one of them is asked for last."""
    parameters = {"memory_length": memory_length, "max_steps_in_episode": memory_length + 1}
    return from_gymnax("MemoryChain-bsuite", parameters, time_limit_ends=True, num_bits=num_bits)


@lru_cache
def _made(name: str, **settings: Any) -> Any:
    """gymnax's object: always the same one, so that what was compiled for it is found again."""
    try:
        import gymnax
    except ImportError as error:
        raise ImportError(f"{name} is gymnax's, which is not installed: pip install 'gnothi[rl]'") from error
    if name not in gymnax.registered_envs:
        raise ValueError(f"gymnax knows no environment {name!r}. There are: {', '.join(gymnax.registered_envs)}.")
    return gymnax.make(name, **settings)[0]


def _typed(leaf: Any) -> Array:
    """A leaf as an array of a type of its own: Python's numbers take on others'."""
    leaf = jnp.asarray(leaf)
    return leaf.astype(leaf.dtype)
