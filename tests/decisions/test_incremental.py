"""Bandits with a network that learns as it plays: what a run must do, whatever the agent."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS, EnsembleAgent, NetworkAgent, PriorKnowledge
from gnothi.agents.agent import squares
from gnothi.decisions import draw_bandit, uniform_regret
from gnothi.decisions.incremental import play
from gnothi.decisions.planners import Greedy

BANDITS = [draw_bandit(seed, input_size=2, num_actions=30) for seed in range(3)]
SMALL = EnsembleAgent(num_members=4, prior_scale=3.0, hidden=(20,))


def test_an_agent_that_explores_and_learns_ends_with_little_regret():
    found = play(SMALL, BANDITS, horizon=600, batch_size=32)
    assert found.taken.shape == found.regret.shape == (3, 600)
    first, last = found.regret[:, :20].mean(), found.regret[:, -100:].mean()
    assert last < 0.4 * np.mean([uniform_regret(bandit) for bandit in BANDITS])
    assert last < 0.5 * first


def test_an_agent_that_never_looks_has_the_regret_of_chance():
    found = play(AGENTS["mlp"], BANDITS, Greedy(epsilon=1.0), horizon=400, batch_size=8)
    for bandit, row in zip(BANDITS, found.regret, strict=True):
        spread = bandit.regrets.std() / np.sqrt(400)
        assert abs(row.mean() - uniform_regret(bandit)) < 4 * spread + 1e-6


def test_the_same_seed_plays_the_same_and_another_does_not():
    once, again, other = (play(SMALL, BANDITS[:1], horizon=60, seed=seed).taken for seed in (0, 0, 1))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()


def test_a_bandit_plays_the_same_alone_and_among_others():
    np.testing.assert_array_equal(
        play(SMALL, BANDITS, horizon=60).taken[1], play(SMALL, BANDITS[1:2], horizon=60).taken[0]
    )


@pytest.mark.parametrize("name", ["mlp", "dropout", "ensemble+", "epinet", "epinet+", "hypermodel", "bbb"])
def test_decay_falls_as_one_over_the_number_of_data(name):
    agent = AGENTS[name]
    assert isinstance(agent, NetworkAgent)

    prior = PriorKnowledge(2, 0.1)
    enn = agent.network(2, prior, jax.random.key(0))
    few, many = (float(agent.penalty(enn, prior, jnp.int32(count))) for count in (1, 100))
    assert few == pytest.approx(100 * many, rel=1e-5) and few > 0
    if name == "mlp":  # 2 temperature l2 / data times the sum of squares (Osband et al. 2023)
        assert few == pytest.approx(0.2 * float(squares(enn)), rel=1e-5)


def test_draws_are_kept_of_every_step_and_change_nothing():
    plain, watched = (play(SMALL, BANDITS[:1], horizon=300, batch_size=32, num_draws=n) for n in (0, 8))
    np.testing.assert_array_equal(plain.taken, watched.taken)
    assert plain.draws is None and watched.draws is not None
    assert watched.draws.shape == (1, 300, 8, 30)
    errors = np.abs(watched.draws[0] - BANDITS[0].means).mean(axis=(1, 2))
    often = watched.draws[0][:, :, watched.taken[0, -1]]  # what is known well: the action that it settled for
    assert errors[-1] < errors[0] and often[-1].std() < 0.5 * often[0].std()


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="of one shape"):
        play(SMALL, [BANDITS[0], draw_bandit(0, input_size=3)], horizon=10)
    with pytest.raises(ValueError, match="1 or more"):
        play(SMALL, BANDITS, horizon=0)
