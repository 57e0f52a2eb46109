"""Bandits on which one learns as one plays, a reward at a time: a whole run of many bandits is one compiled program.

The protocol of Osband et al. 2023, "Approximate Thompson Sampling via Epistemic Neural Networks" (UAI), sec. 5: actions
stay the same for the whole run, a fresh index is drawn at every step.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, PRNGKeyArray

from gnothi.agents import NetworkAgent, PriorKnowledge
from gnothi.decisions.bandit import SimulatedBandit
from gnothi.decisions.learners import FromReplay, Learner
from gnothi.decisions.planners import Planner, Thompson
from gnothi.learning import compiler_options


class Play(NamedTuple):
    """A run, by bandit and step: which action was taken, and what it falls short of the best in expectation.

    `draws`, what every action was worth just before the step, under joint samples of the learner, if they were wanted.
    """

    taken: Int[np.ndarray, "bandits steps"]
    regret: Float[np.ndarray, "bandits steps"]
    draws: Float[np.ndarray, "bandits steps samples actions"] | None = None


def play(
    learner: Learner | NetworkAgent,
    bandits: Sequence[SimulatedBandit],
    planner: Planner | None = None,
    *,
    horizon: int = 10_000,
    batch_size: int = 128,
    steps_per_observation: int = 1,
    num_draws: int = 0,
    seed: int = 0,
) -> Play:
    """Plays bandits of one shape, learning after every reward.

    **Arguments:** `learner`, or an agent with a network, which learns by `FromReplay`; `bandits`, of one number of
    actions and features, with or without noise; `planner`, Thompson sampling by default; `horizon`, steps in all;
    `batch_size`, rewards a gradient step sees, and `steps_per_observation`, gradient steps a reward, of an agent;
    `num_draws`, joint samples to keep of every step, of the same indices; `seed`, of the learner and its luck.

    **Returns:** actions and regrets: sum regrets over steps for the cumulative regret.

    **Raises:** `ValueError` if bandits differ in shape or in kind, or a number is below 1.
    """
    if horizon < 1:
        raise ValueError(f"horizon must be 1 or more, got {horizon}")
    shapes = {(*bandit.actions.shape, bandit.noise_std is None) for bandit in bandits}
    if len(shapes) != 1:
        raise ValueError(
            f"bandits must be of one shape and kind, and there must be one at least, got {sorted(shapes)} "
            "(actions, features, whether rewards are 0 or 1)"
        )
    if isinstance(learner, NetworkAgent):
        learner = FromReplay(learner, batch_size, steps_per_observation)
    run = _program(learner, planner or Thompson(), horizon, num_draws)
    taken, draws = run(
        jnp.stack([jnp.asarray(bandit.actions) for bandit in bandits]),
        jnp.stack([jnp.asarray(bandit.means, jnp.float32) for bandit in bandits]),
        *told_and_keys(bandits, seed),
    )
    taken = np.asarray(taken)
    regret = np.stack([bandit.regrets[row] for bandit, row in zip(bandits, taken, strict=True)])
    return Play(taken, regret, None if draws is None else np.asarray(draws))


@lru_cache(maxsize=4)
def _program(learner: Learner, planner: Planner, horizon: int, num_draws: int):
    return compiled_for_each(partial(_play_one, learner, planner, horizon, num_draws))


def told_and_keys(bandits: Sequence[Any], seed: int) -> tuple[PriorKnowledge, Key[Array, " bandits"]]:
    """What agents are told of each bandit, stacked, and a key for each by its own seed.

    **Arguments:** `bandits`, with `prior_knowledge` and `seed`; `seed`, of the learner.
    """
    keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(seed), jnp.array([bandit.seed for bandit in bandits]))
    return jax.tree.map(lambda *numbers: jnp.array(numbers), *(bandit.prior_knowledge for bandit in bandits)), keys


def compiled_for_each(one: Callable[..., Any]) -> Callable[..., Any]:
    """One program that applies a function to bandit after bandit, along the leading axis of its arguments."""
    return jax.jit(lambda *bandits: jax.lax.map(lambda args: one(*args), bandits), compiler_options=compiler_options())


def _play_one(
    learner: Learner,
    planner: Planner,
    horizon: int,
    num_draws: int,
    actions: Float[Array, "actions features"],
    means: Float[Array, " actions"],
    told: PriorKnowledge,
    key: PRNGKeyArray,
) -> tuple[Int[Array, " steps"], Float[Array, "steps samples actions"] | None]:
    net_key, run_key = jax.random.split(key)
    first, values, learn = learner(actions, told, horizon, net_key)

    def reward_of(taken, key):
        if told.noise_std is None:
            return (jax.random.uniform(key) < means[taken]).astype(jnp.float32)
        return means[taken] + told.noise_std * jax.random.normal(key)

    def step(state, number):
        index_key, plan_key, luck_key, learn_key = jax.random.split(jax.random.fold_in(run_key, number), 4)
        taken = planner(values(state, planner.num_samples, index_key), plan_key)
        seen = values(state, num_draws, jax.random.fold_in(run_key, horizon)) if num_draws else None
        return learn(state, taken, reward_of(taken, luck_key), number + 1, learn_key), (taken, seen)

    return jax.lax.scan(step, first, jnp.arange(horizon))[1]
