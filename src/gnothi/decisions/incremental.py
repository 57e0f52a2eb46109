"""Bandits on which a network learns as it plays: one gradient step a reward, from replayed rewards.

The protocol of Osband et al. 2023, "Approximate Thompson Sampling via Epistemic Neural Networks" (UAI), sec. 5: actions
stay the same for the whole run, a fresh index is drawn at every step, minibatches are drawn with replacement from all
rewards so far, and weight decay falls as 1 over their number. A whole run is one compiled program.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents import NetworkAgent, PriorKnowledge
from gnothi.decisions.bandit import NeuralBandit
from gnothi.decisions.planners import Planner, Thompson
from gnothi.learning import adam, compiler_options
from gnothi.learning.losses import Batch
from gnothi.nn import partition


class Play(NamedTuple):
    """A run, by bandit and step: which action was taken, and what it falls short of the best in expectation."""

    taken: Int[np.ndarray, "bandits steps"]
    regret: Float[np.ndarray, "bandits steps"]


def play(
    agent: NetworkAgent,
    bandits: Sequence[NeuralBandit],
    planner: Planner | None = None,
    *,
    horizon: int = 10_000,
    batch_size: int = 128,
    steps_per_observation: int = 1,
    seed: int = 0,
) -> Play:
    """Plays bandits of one shape, learning after every reward.

    **Arguments:** `agent`; `bandits`, of one number of actions and features; `planner`, Thompson sampling by default;
    `horizon`, steps in all; `batch_size`, rewards a gradient step sees; `steps_per_observation`, gradient steps a
    reward; `seed`, of the agents.

    **Returns:** actions and regrets: sum regrets over steps for the cumulative regret.

    **Raises:** `ValueError` if bandits differ in shape, or a number is below 1.
    """
    if min(horizon, batch_size, steps_per_observation) < 1:
        raise ValueError(
            f"horizon, batch_size and steps_per_observation must be 1 or more, got {horizon}, {batch_size} and "
            f"{steps_per_observation}"
        )
    shapes = {bandit.actions.shape for bandit in bandits}
    if len(shapes) != 1:
        raise ValueError(f"bandits must be of one shape, and there must be one at least, got {sorted(shapes)}")
    keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(seed), jnp.array([bandit.seed for bandit in bandits]))
    run = _program(agent, planner or Thompson(), horizon, batch_size, steps_per_observation)  # type: ignore[arg-type]
    taken = run(
        jnp.stack([jnp.asarray(bandit.actions) for bandit in bandits]),
        jnp.stack([jnp.asarray(bandit.probabilities, jnp.float32) for bandit in bandits]),
        jnp.array([bandit.temperature for bandit in bandits]),
        keys,
    )
    taken = np.asarray(taken)
    return Play(taken, np.stack([bandit.regrets[row] for bandit, row in zip(bandits, taken, strict=True)]))


@lru_cache(maxsize=4)
def _program(agent: NetworkAgent, planner: Planner, horizon: int, batch_size: int, gradient_steps: int):
    one = partial(_play_one, agent, planner, horizon, batch_size, gradient_steps)
    return jax.jit(lambda *bandits: jax.lax.map(lambda args: one(*args), bandits), compiler_options=compiler_options())


def _play_one(
    agent: NetworkAgent,
    planner: Planner,
    horizon: int,
    batch_size: int,
    gradient_steps: int,
    actions: Float[Array, "actions features"],
    probabilities: Float[Array, " actions"],
    temperature: Float[Array, ""],
    key: PRNGKeyArray,
) -> Int[Array, " steps"]:
    net_key, run_key = jax.random.split(key)
    prior = PriorKnowledge(2, temperature)
    enn = agent.network(actions.shape[1], prior, net_key)
    constants, loss = enn.constants(actions), agent.loss(prior)
    trainable, rest = partition(enn)
    start, restore = ravel_pytree(trainable)
    rule = adam(agent.learning_rate)

    def objective(parameters, batch, indices, count):
        network = eqx.combine(parameters, rest)
        return loss(network, batch, indices) + agent.penalty(network, prior, count)

    def learn(state, key, history, rewards, count):
        parameters, memory = state
        row_key, index_key = jax.random.split(key)
        rows = jax.random.randint(row_key, (batch_size,), 0, count)
        seen = history[rows]
        batch = Batch(actions[seen], rewards[rows], rows, None if constants is None else constants[seen])
        indices = loss.indices(enn, index_key, 1)
        gradients = jax.grad(objective)(restore(parameters), batch, None if indices is None else indices[0], count)
        gradient, _ = ravel_pytree(jax.lax.optimization_barrier(gradients))
        updates, memory = rule.update(gradient, memory, parameters)
        return optax.apply_updates(parameters, updates), memory

    def step(carry, number):
        state, history, rewards = carry
        index_key, plan_key, luck_key, learn_key = jax.random.split(jax.random.fold_in(run_key, number), 4)
        network = eqx.combine(restore(state[0]), rest)
        logits = network.predict(actions, network.index.samples(index_key, planner.num_samples), constants)
        taken = planner(jax.nn.sigmoid(logits[..., 1] - logits[..., 0]), plan_key)
        reward = jax.random.uniform(luck_key) < probabilities[taken]
        history, rewards = history.at[number].set(taken), rewards.at[number].set(reward.astype(jnp.int32))
        for key in jax.random.split(learn_key, gradient_steps):
            state = learn(state, key, history, rewards, number + 1)
        return (state, history, rewards), taken

    empty = jnp.zeros(horizon, jnp.int32)
    return jax.lax.scan(step, ((start, rule.init(start)), empty, empty), jnp.arange(horizon))[1]
