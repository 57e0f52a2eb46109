"""Contextual bandits on tables: what a run must do, and what the loss may see."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS, EnsembleAgent, PriorKnowledge
from gnothi.data import TABLES
from gnothi.decisions.contextual import _ChosenArms, bandit_of_mushrooms, bandit_of_table, play_contextual
from gnothi.decisions.planners import Greedy
from gnothi.learning.losses import Batch

X, Y = TABLES["iris"]()
FLOWERS = [bandit_of_table(X, Y, seed, horizon=400) for seed in range(3)]
SMALL = EnsembleAgent(num_members=4, prior_scale=1.0, hidden=(20,), learning_rate=3e-3)


def test_an_agent_that_explores_and_learns_ends_with_little_regret():
    found = play_contextual(SMALL, FLOWERS, batch_size=32)
    assert found.taken.shape == found.regret.shape == (3, 400)
    assert found.regret[:, -100:].mean() < 0.25 < 0.4 < found.regret[:, :20].mean()


def test_an_agent_that_never_looks_has_the_regret_of_chance():
    found = play_contextual(AGENTS["mlp"], FLOWERS, Greedy(epsilon=1.0), batch_size=8)
    assert abs(found.regret.mean() - 2 / 3) < 4 * np.sqrt(2 / 9 / 1200)


@pytest.mark.slow
def test_a_bandit_plays_the_same_alone_and_among_others():
    alone = play_contextual(SMALL, FLOWERS[1:2], batch_size=8).taken[0]
    np.testing.assert_array_equal(play_contextual(SMALL, FLOWERS, batch_size=8).taken[1], alone)


def test_rewards_of_arms_that_were_not_chosen_are_never_seen():
    known = play_contextual(SMALL, FLOWERS[:1], batch_size=8)
    bandit = FLOWERS[0]
    others = 1.0 - bandit.rewards
    others[np.arange(400), known.taken[0]] = bandit.rewards[np.arange(400), known.taken[0]]
    changed = type(bandit)(bandit.contexts, others, bandit.means, bandit.seed)
    np.testing.assert_array_equal(play_contextual(SMALL, [changed], batch_size=8).taken, known.taken)


def test_the_loss_is_that_of_a_reward_of_0_or_1_under_the_chosen_output():
    prior = PriorKnowledge(3)
    network = AGENTS["mlp"].network(4, prior, jax.random.key(0))  # type: ignore[attr-defined]
    x, arms, paid = jnp.asarray(X[:6], jnp.float32), jnp.array([0, 1, 2, 0, 1, 2]), jnp.array([1, 0, 1, 1, 0, 0])
    found = prior.loss()(_ChosenArms(network, arms, binary=True), Batch(x, paid, jnp.arange(6)), None)
    logits = network.predict(x)[0][jnp.arange(6), arms]
    expected = jnp.mean(jnp.logaddexp(0.0, jnp.where(paid == 1, -logits, logits)))
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_every_row_comes_once_before_any_comes_again():
    bandit = bandit_of_table(X, Y, 7, horizon=310)
    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    for start in (0, 150):
        order = np.lexsort(bandit.contexts[start : start + 150].T)
        np.testing.assert_allclose(
            bandit.contexts[start : start + 150][order], standard[np.lexsort(standard.astype(np.float32).T)], atol=1e-5
        )
    assert (bandit.rewards.sum(axis=1) == 1).all() and bandit.regrets.max() == 1


def test_mushrooms_pay_what_was_published():
    poisonous = np.repeat([0, 1], 500)
    bandit = bandit_of_mushrooms(np.random.default_rng(0).normal(size=(1000, 3)), poisonous, 0)
    assert set(np.unique(np.round(bandit.rewards[:, 1] * 35))) == {-35.0, 5.0}
    assert (bandit.rewards[:, 0] == 0).all()
    assert sorted(np.unique(np.round(bandit.regrets * 35, 6))) == [0, 5, 15]
    lost = (bandit.rewards[:, 1] < 0).sum()
    assert abs(lost - 250) < 4 * np.sqrt(500 / 4)
    found = play_contextual(SMALL, [bandit], batch_size=32)
    assert found.regret.sum() < 1.05 * bandit.regrets.mean(axis=1).sum()  # nothing can be learned here: no worse


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="of one shape"):
        play_contextual(SMALL, [FLOWERS[0], bandit_of_table(X, Y, 0, horizon=10)])
    with pytest.raises(ValueError, match="batch_size"):
        play_contextual(SMALL, FLOWERS, batch_size=0)
    with pytest.raises(ValueError, match="horizon"):
        bandit_of_table(X, Y, 0, horizon=0)
    with pytest.raises(ValueError, match="NaN"):
        bandit_of_table(np.full((4, 2), np.nan), np.array([0, 1, 0, 1]), 0)
    with pytest.raises(ValueError, match="single class"):
        bandit_of_table(np.ones((4, 2)), np.zeros(4, int), 0)
