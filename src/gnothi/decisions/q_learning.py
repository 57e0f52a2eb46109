"""Deep Q-learning with an epistemic network: one index an episode, and what it says is acted upon as if it were true.

Osband et al. 2023, "Approximate Thompson Sampling via Epistemic Neural Networks" (UAI), after bootstrapped DQN (Osband
et al. 2016, 2018): every index learns from its own target, under the same index. Environment, replay and learner are
one loop of compiled code.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.decisions.environments import Environment, step_and_reset, value_scale
from gnothi.decisions.planners import Planner, Thompson
from gnothi.decisions.q_networks import QNetwork, network_input
from gnothi.enn import EpistemicNetwork
from gnothi.learning import adam, compiler_options
from gnothi.nn import partition

CHUNK = 5000  # steps of one call of the compiled loop, between which it can be stopped


@dataclass(frozen=True)
class QAgent:
    """A network of action values, how it chooses, and how it learns: the published settings by default.

    `network`; `planner`, given values under the episode's index if it wants one sample, else under fresh ones;
    `discount`, a step; `capacity` of the replay, in steps, of which `batch_size` are drawn with replacement
    at every step once there are `least_replay`; `target_period`, after how many steps the target network is renewed;
    `reward_bound`, at which rewards are cut on both sides.
    """

    network: QNetwork
    planner: Planner = field(default_factory=Thompson)
    discount: float = 0.99
    learning_rate: float = 1e-3
    batch_size: int = 128
    least_replay: int = 128
    capacity: int = 10_000
    target_period: int = 4
    reward_bound: float = 1.0


class Episodes(NamedTuple):
    """What a run has seen, step by step: rewards as they were paid, where episodes ended, and what was watched."""

    rewards: Any  # float[steps]
    ended: Any  # bool[steps]
    watched: Any

    @property
    def returns(self) -> Float[np.ndarray, " episodes"]:
        """The sum of rewards of each finished episode."""
        ends = np.flatnonzero(self.ended)
        return np.diff(np.concatenate([[0.0], np.cumsum(self.rewards, dtype=float)[ends]]))


class _Replay(NamedTuple):
    before: Array  # what the network was given, and its prior functions' outputs there
    before_constants: Array | None
    action: Array
    reward: Array
    discount: Array
    after: Array
    after_constants: Array | None


def run(
    agent: QAgent,
    environment: Environment,
    key: PRNGKeyArray,
    num_steps: int,
    *,
    watch: Callable[[Any, Array], Any] | None = None,
    until: Callable[[Episodes], bool] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Episodes:
    """Acts and learns for `num_steps` steps, episodes one after another.

    **Arguments:** `agent`; `environment`, compiled; `key`; `num_steps`; `watch`, a function of state and action whose
    results are kept for every step; `until`, asked every few thousand steps whether what was seen is enough;
    `progress`, called as often with steps done and `num_steps`.

    **Raises:** `ValueError` if the environment cannot be compiled, or there is no step.
    """
    if num_steps < 1:
        raise ValueError(f"num_steps must be 1 or more, got {num_steps}")
    if not environment.compiled:
        raise ValueError(f"{type(environment).__name__} cannot be compiled: wrap a JAX environment, or write one")
    chunk = min(CHUNK, num_steps)
    arrays, rest = eqx.partition((environment, watch), eqx.is_array)
    begin, many = _program(agent, rest, chunk)
    state = begin(arrays, key)
    found: list[Episodes] = []
    done = 0
    while done < num_steps:
        state, seen = many(arrays, key, state)
        done += chunk
        found.append(Episodes(*jax.tree.map(np.asarray, seen)))
        so_far = jax.tree.map(lambda *parts: np.concatenate(parts)[:num_steps], *found)
        if progress is not None:
            progress(min(done, num_steps), num_steps)
        if until is not None and until(so_far):
            break
    return so_far


@lru_cache(maxsize=8)
def _program(agent: QAgent, rest: tuple[Environment, Callable | None], chunk: int):
    """The first state and the loop, compiled once for runs that differ in their key alone."""

    def begun(arrays, key):
        environment, watch = eqx.combine(arrays, rest)
        return start(agent, environment, key, watch)

    def many(arrays, key, state):
        return jax.lax.scan(begun(arrays, key)[1], state, None, length=chunk)

    return jax.jit(lambda arrays, key: begun(arrays, key)[0]), jax.jit(many, compiler_options=compiler_options())


def start(agent: QAgent, environment: Environment, key: PRNGKeyArray, watch: Callable | None = None):
    """A run's first state, and its step, for `lax.scan` and for `vmap` over keys: `step(state, None)`."""
    net_key, env_key, index_key, run_key = jax.random.split(key, 4)
    enn = agent.network(environment, net_key, value_scale(environment, net_key, agent.discount, agent.reward_bound))
    trainable, rest = partition(enn)
    flat, restore = ravel_pytree(trainable)
    rule = adam(agent.learning_rate)
    looks_up = agent.network.looks_up

    def network(parameters) -> EpistemicNetwork:
        return eqx.combine(restore(parameters), rest)

    def given(state):
        seen = network_input(environment, state, looks_up)
        constants = enn.constants(seen[None])
        return seen, None if constants is None else constants[0]

    def loss(trainable, target, batch: _Replay, indices):
        online = eqx.combine(trainable, rest)
        values = online.predict(batch.before, indices, batch.before_constants)
        taken = jnp.take_along_axis(values, batch.action[None, :, None], axis=2)[..., 0]
        following = network(target).predict(batch.after, indices, batch.after_constants).max(axis=2)
        errors = taken - jax.lax.stop_gradient(batch.reward + agent.discount * batch.discount * following)
        by_index = jnp.mean(errors**2, axis=1)
        return jnp.sum(by_index) if indices is None else jnp.mean(by_index)

    def learn(parameters, memory, target, replay: _Replay, count, key):
        row_key, draw_key = jax.random.split(key)
        rows = jax.random.randint(row_key, (agent.batch_size,), 0, jnp.minimum(count, agent.capacity))
        batch = jax.tree.map(lambda column: column[rows], replay)
        wanted = agent.network.num_indices
        indices = None if wanted is None else enn.index.samples(draw_key, wanted)
        gradients = jax.grad(loss)(restore(parameters), target, batch, indices)
        gradient, _ = ravel_pytree(jax.lax.optimization_barrier(gradients))
        updates, memory = rule.update(gradient, memory, parameters)
        return optax.apply_updates(parameters, updates), memory

    def step(carry, _):
        parameters, memory, target, replay, state, index, count = carry
        keys = jax.random.split(jax.random.fold_in(run_key, count), 5)
        before, before_constants = given(state)
        own = agent.planner.num_samples == 1
        asked = index[None] if own else enn.index.samples(keys[0], agent.planner.num_samples)
        constants = None if before_constants is None else before_constants[None]
        action = agent.planner(network(parameters).predict(before[None], asked, constants)[:, 0], keys[1])
        following, reached, transition = step_and_reset(environment, state, action, keys[2])
        reward = jnp.clip(transition.reward, -agent.reward_bound, agent.reward_bound)
        new = _Replay(before, before_constants, action, reward, transition.discount, *given(reached))
        where = count % agent.capacity
        replay = jax.tree.map(lambda column, value: column.at[where].set(value), replay, new)
        parameters, memory = jax.lax.cond(
            count + 1 >= agent.least_replay,
            partial(learn, replay=replay, count=count + 1, key=keys[3]),
            lambda parameters, memory, target: (parameters, memory),
            *(parameters, memory, target),
        )
        target = jnp.where((count + 1) % agent.target_period == 0, parameters, target)
        index = jnp.where(transition.done, enn.index.sample(keys[4]), index)
        seen = None if watch is None else watch(state, action)
        carry = (parameters, memory, target, replay, following, index, count + 1)
        return carry, Episodes(transition.reward, transition.done, seen)

    first = environment.reset(env_key)
    seen, constants = given(first)
    one = _Replay(seen, constants, jnp.int32(0), jnp.float32(0), jnp.float32(0), seen, constants)
    empty = jax.tree.map(lambda value: jnp.zeros((agent.capacity, *value.shape), value.dtype), one)
    return (flat, rule.init(flat), flat, empty, first, enn.index.sample(index_key), jnp.int32(0)), step
