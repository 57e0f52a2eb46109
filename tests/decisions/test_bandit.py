"""Thompson sampling on bandits: against the truth, closed forms, and an exact posterior over two hypotheses."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.agents import AGENTS, MLPAgent, PriorKnowledge
from gnothi.data import Dataset
from gnothi.decisions import SimulatedBandit, draw_bandit, thompson_regret, train_all, uniform_regret


@dataclass(frozen=True)
class OneOfWeighted:
    """An index law: hypotheses, weighted."""

    weights: np.ndarray

    def samples(self, key: PRNGKeyArray, num_samples: int) -> Array:
        return jax.random.categorical(key, jnp.log(self.weights), shape=(num_samples,))


@dataclass(frozen=True)
class Tables:
    """A sampler over hypotheses that say how likely each of the actions (rows of an identity) is rewarded."""

    index: OneOfWeighted
    rewards: np.ndarray  # hypotheses x actions

    def predict(self, inputs: Array, indices: Array | None = None) -> Float[Array, "samples inputs classes"]:
        rewards = jnp.asarray(self.rewards)[indices] @ inputs.T
        return jnp.log(jnp.stack([1 - rewards, rewards], axis=-1))


@dataclass(frozen=True)
class KnowsHypotheses:
    """The exact posterior over a few tables; `greedy` acts on its mean."""

    rewards: tuple[tuple[float, ...], ...]
    prior: tuple[float, ...]
    greedy: bool = False
    compiled: ClassVar[bool] = False

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Tables:
        rewards = np.array(self.rewards)
        chances = rewards @ np.asarray(data.x).T
        weights = np.array(self.prior) * np.where(np.asarray(data.y) == 1, chances, 1 - chances).prod(axis=1)
        weights /= weights.sum()
        if self.greedy:
            return Tables(OneOfWeighted(np.ones(1)), (weights @ rewards)[None])
        return Tables(OneOfWeighted(weights), rewards)


def tabular(rewards: tuple[float, ...], seed: int) -> SimulatedBandit:
    return SimulatedBandit(np.eye(len(rewards)), np.array(rewards), 1.0, seed)


def test_a_bandit_is_the_same_each_time_and_has_a_best_action():
    first, again, other = draw_bandit(0), draw_bandit(0), draw_bandit(1)
    assert first.actions.shape == (100, 2) and np.array_equal(first.means, again.means)
    assert not np.array_equal(first.actions, other.actions)
    assert first.regrets.min() == 0 and 0 < uniform_regret(first) < 1
    assert draw_bandit(0, input_size=3).actions.shape == (150, 3)
    with pytest.raises(ValueError, match="2 actions"):
        draw_bandit(0, num_actions=1)


def test_temperature_sharpens_rewards():
    def sharpness(temperature: float) -> float:
        drawn = [draw_bandit(seed, temperature=temperature).means for seed in range(5)]
        return float(np.mean(np.abs(np.array(drawn) - 0.5)))

    assert sharpness(0.01) > sharpness(0.1) > sharpness(1.0)


def test_whoever_knows_the_truth_has_no_regret_after_the_start():
    rewards = (0.2, 0.9, 0.5)
    regret = thompson_regret(KnowsHypotheses((rewards,), (1.0,)), [tabular(rewards, 3)], refits=(5, 10), horizon=30)
    assert regret.shape == (1, 30)
    assert regret[0, :5].sum() > 0 and not regret[0, 5:].any()


def test_ties_are_broken_evenly_so_that_knowing_nothing_is_uniform():
    bandits = [draw_bandit(seed) for seed in range(4)]
    regret = thompson_regret(AGENTS["uniform"], bandits, refits=(10,), horizon=1000)
    for row, bandit in zip(regret, bandits, strict=True):
        error = bandit.regrets.std() / np.sqrt(1000)
        assert row.mean() == pytest.approx(uniform_regret(bandit), abs=4 * error)


def test_thompson_sampling_finds_what_a_greedy_agent_never_tries():
    # The first action is safe; the second is worse on average, and better in one of four worlds.
    worlds, prior = ((0.5, 0.95), (0.5, 0.1)), (0.25, 0.75)
    refits = (1, 4, 16)
    good = [tabular(worlds[0], seed) for seed in range(6)]

    def total(greedy: bool) -> np.ndarray:
        agent = KnowsHypotheses(worlds, prior, greedy)
        return thompson_regret(agent, good, refits=refits, horizon=200).sum(axis=1)

    exact, greedy = total(False), total(True)
    assert exact.mean() < 0.5 * greedy.mean()
    assert greedy.max() == pytest.approx(0.45 * 200, rel=0.05)  # stuck from the first step on


def test_first_actions_and_luck_are_the_same_for_all_agents():
    bandits = [draw_bandit(seed) for seed in range(2)]
    first = thompson_regret(AGENTS["uniform"], bandits, refits=(10,), horizon=12)
    other = thompson_regret(AGENTS["uniform"], bandits, refits=(10,), horizon=12, seed=1)
    assert np.array_equal(first[:, :10], other[:, :10]) and not np.array_equal(first[:, 10:], other[:, 10:])


@pytest.mark.slow
def test_a_compiled_agent_learns_on_all_bandits_as_on_each():
    agent = MLPAgent(hidden=(8,), steps=50)
    bandits = [draw_bandit(seed) for seed in range(2)]
    both = thompson_regret(agent, bandits, refits=(10, 20), horizon=40)
    assert both.shape == (2, 40)
    assert np.array_equal(both, thompson_regret(agent, bandits, refits=(10, 20), horizon=40))
    data = [Dataset(bandit.actions[:10], np.arange(10, dtype=np.int32) % 2) for bandit in bandits]
    prior = [PriorKnowledge(2, 0.1)] * 2
    keys = jax.random.split(jax.random.key(0), 2)
    together = train_all(agent, data, prior, keys)
    alone = agent(data[1], prior[1], keys[1])
    inputs = jnp.asarray(bandits[1].actions)
    assert np.allclose(together[1].predict(inputs), alone.predict(inputs), atol=1e-3)


@pytest.mark.parametrize("refits", [(), (0, 10), (10, 10), (10, 50)])
def test_times_that_do_not_rise_are_refused(refits):
    with pytest.raises(ValueError, match="refits must rise"):
        thompson_regret(AGENTS["uniform"], [draw_bandit(0)], refits=refits, horizon=50)
