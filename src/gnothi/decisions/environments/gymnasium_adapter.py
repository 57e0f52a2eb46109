"""Gymnasium both ways: our environments as `gymnasium.Env`, and a `gymnasium.Env` with our interface.

Gymnasium is imported when this is used: `pip install 'gnothi[rl]'`.
"""

from typing import TYPE_CHECKING, Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.decisions.environments.environment import Action, Environment, TabularEnvironment, Transition, check_action

if TYPE_CHECKING:
    import gymnasium


def to_gymnasium(environment: Environment) -> "gymnasium.Env":
    """An environment of ours as a `gymnasium.Env`: `reset(seed=...)`, `step(action)`, NumPy out.

    Each step is one call of compiled code, for other libraries' agents; where speed matters, scan the environment.

    **Raises:** `ImportError` if Gymnasium is not installed.
    """
    gymnasium = _gymnasium()
    reset, step = eqx.filter_jit(_reset), eqx.filter_jit(_step)

    class Adapted(gymnasium.Env):
        """`environment` as Gymnasium has it; a new key for each step, drawn from Gymnasium's generator."""

        metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

        def __init__(self) -> None:
            # One-hot where states are numbered; of others nothing is known.
            low, high = (0.0, 1.0) if isinstance(environment, TabularEnvironment) else (-np.inf, np.inf)
            self.observation_space = gymnasium.spaces.Box(low, high, environment.observation_shape, np.float32)
            self.action_space = gymnasium.spaces.Discrete(environment.num_actions)
            self.state: Any = None

        def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
            super().reset(seed=seed)
            self.state, seen = reset(environment, self._seed())
            return np.asarray(seen, np.float32), {}

        def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict]:
            if self.state is None:
                raise ValueError("no episode has begun: call reset first")
            check_action(action, environment.num_actions)
            self.state, seen, found = step(environment, self.state, jnp.asarray(action), self._seed())
            over = bool(found.terminated), bool(found.truncated)
            return np.asarray(seen, np.float32), float(found.reward), *over, {}

        def _seed(self) -> np.uint32:
            return self.np_random.integers(2**32, dtype=np.uint32)

    return Adapted()


class HostState(eqx.Module):
    """What was observed, and the number of the step: the state itself is within the `gymnasium.Env`."""

    observation: Float[np.ndarray, "..."]
    number: int


class _Clock:
    """How many states a `gymnasium.Env` has given, which is the one thing here that changes."""

    time = 0


class HostEnvironment(Environment[HostState]):
    """A `gymnasium.Env` with our interface, stepped in Python: **not compiled**, not to be jitted, vmapped or scanned.

    It has one state at a time: only the latest that it gave can be stepped. Boxes are observed as they are, and other
    spaces flattened (a `Discrete` one is one-hot). See `from_gymnasium`.
    """

    compiled: ClassVar[bool] = False

    inner: Any = eqx.field(static=True)
    clock: _Clock = eqx.field(static=True, default_factory=_Clock)

    def __check_init__(self) -> None:
        space = self.inner.action_space
        if not isinstance(space, _gymnasium().spaces.Discrete):
            raise ValueError(f"actions must be finitely many, but {self.inner} has the action space {space}")

    @property
    def num_actions(self) -> int:
        """As Gymnasium says."""
        return int(self.inner.action_space.n)

    @property
    def observation_shape(self) -> tuple[int, ...]:
        """The box's shape, or the length of what is flattened."""
        spaces, space = _gymnasium().spaces, self.inner.observation_space
        return space.shape if isinstance(space, spaces.Box) else (spaces.utils.flatdim(space),)

    def reset(self, key: PRNGKeyArray) -> HostState:
        """Starts an episode with a seed drawn by the key.

        **Raises:** `ValueError` within compiled code.
        """
        if isinstance(key, jax.core.Tracer):
            raise ValueError(_NOT_COMPILED)
        observation, _ = self.inner.reset(seed=int(jax.random.bits(key) >> 1))
        return self._seen(observation)

    def step(self, state: HostState, action: Action, key: PRNGKeyArray) -> tuple[HostState, Transition]:
        """Steps it; the key is of no use, as Gymnasium's luck follows from the seed at `reset`.

        **Raises:** `ValueError` within compiled code, for an action out of range, or if the state is not the latest.
        """
        if isinstance(action, jax.core.Tracer):
            raise ValueError(_NOT_COMPILED)
        check_action(action, self.num_actions)
        if state.number != self.clock.time:
            raise ValueError(f"only the latest state can be stepped, number {self.clock.time}, got {state.number}")
        first = int(self.inner.action_space.start)
        observation, reward, terminated, truncated, _ = self.inner.step(first + int(action))
        paid = jnp.asarray(float(reward))
        return self._seen(observation), Transition(paid, jnp.asarray(bool(terminated)), jnp.asarray(bool(truncated)))

    def observe(self, state: HostState) -> Float[Array, "..."]:
        """What Gymnasium showed."""
        return jnp.asarray(state.observation)

    def _seen(self, observation: Any) -> HostState:
        spaces, space = _gymnasium().spaces, self.inner.observation_space
        flat = observation if isinstance(space, spaces.Box) else spaces.utils.flatten(space, observation)
        self.clock.time += 1
        return HostState(np.array(flat, np.float32), self.clock.time)


def from_gymnasium(environment: "gymnasium.Env | str", **settings: Any) -> HostEnvironment:
    """A `gymnasium.Env`, or one by name with Gymnasium's settings, with our interface; see `HostEnvironment`.

    **Raises:** `ImportError` if Gymnasium is not installed; `ValueError` if its actions are not finitely many.
    """
    made = _gymnasium().make(environment, **settings) if isinstance(environment, str) else environment
    return HostEnvironment(made)


_NOT_COMPILED = "a gymnasium.Env can't be compiled: step it outside of jit, vmap and scan, or use one of gnothi's own"


def _gymnasium() -> Any:
    try:
        import gymnasium
    except ImportError as error:
        raise ImportError("Gymnasium is not installed: pip install 'gnothi[rl]'") from error
    return gymnasium


def _reset(environment: Environment, seed: Any) -> tuple[Any, Array]:
    state = environment.reset(jax.random.key(seed))
    return state, environment.observe(state)


def _step(environment: Environment, state: Any, action: Array, seed: Any) -> tuple[Any, Array, Transition]:
    state, transition = environment.step(state, action, jax.random.key(seed))
    return state, environment.observe(state), transition
