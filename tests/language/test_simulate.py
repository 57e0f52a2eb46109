"""Simulated labelling: who is asked for, how often, and that what is learnt is what the answers say."""

import jax
import numpy as np
import pytest

import gnothi as gn
from gnothi.agents import AGENTS, MLPAgent
from gnothi.language import ActiveSettings
from gnothi.language.simulate import Answered, Schedule, simulate

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(400, 3)).astype(np.float32)
ANSWERS = np.eye(2, dtype=np.float32)[(X[:, 0] > 0).astype(int)]
POOL, TEST = Answered(X[:200], ANSWERS[:200]), Answered(X[200:], ANSWERS[200:])
AGENT = MLPAgent(hidden=(), l2=0.1, learning_rate=1e-2)
SCHEDULE = Schedule(100, 20)
KEYS = jax.random.split(jax.random.key(0), 3)


def run(rule="entropy", agent=AGENT, schedule=SCHEDULE, pool=POOL, test=TEST, **settings):
    settings = ActiveSettings(rule, **{"num_candidates": 50, "num_samples": 5, **settings})
    return simulate(agent, pool, test, schedule, settings, KEYS)


@pytest.mark.parametrize("rule", ["uniform", "entropy", pytest.param("batch", marks=pytest.mark.slow)])
def test_nobody_is_asked_twice(rule):
    agent = AGENTS["ensemble"].__class__(num_members=3, hidden=()) if rule == "batch" else AGENT
    found = run(rule, agent, Schedule(60, 20))
    assert [len(set(rows.tolist())) for rows in found.asked] == [60, 60, 60]
    assert found.labels.tolist() == [20, 40, 60] and found.accuracy.shape == (3, 3)
    assert len({tuple(rows) for rows in found.asked}) == 3  # a run for itself


def test_what_is_learnt_is_what_the_answers_say():
    found = run()
    assert found.accuracy[:, -1].min() > 0.9 and found.log_loss[:, -1].max() < 0.35
    # Entropy asks near the border, but for the first round.
    distance = np.abs(X[found.asked, 0])
    assert distance[:, 20:].mean() < 0.75 * distance[:, :20].mean()
    again = run()
    np.testing.assert_array_equal(again.asked, found.asked)


def test_noisy_answers_cost_their_entropy():
    """No prediction of a coin beats the log of 2; accuracy is of the likeliest answer all the same."""
    noisy = [Answered(part.x, 0.4 * part.answers + 0.3) for part in (POOL, TEST)]
    found = run("uniform", pool=noisy[0], test=noisy[1], schedule=Schedule(200, 50))
    entropy = -(0.7 * np.log(0.7) + 0.3 * np.log(0.3))
    assert found.log_loss.min() > entropy and found.accuracy[:, -1].min() > 0.75


def test_with_again_the_same_input_can_be_asked_for_often():
    found = run("entropy", schedule=Schedule(400, 20, every=5, again=True), pool=Answered(X[:30], ANSWERS[:30]))
    assert found.labels.tolist() == [100, 200, 300, 400]
    assert max(np.bincount(rows, minlength=30).max() for rows in found.asked) > 2


def test_labels_set_aside_are_random_and_make_the_temperature():
    """Two answers in three are wrong about what the pool says: predictions must be less sure than they are."""
    test = Answered(X[200:], ANSWERS[200:])
    pool = Answered(X[:200], 0.4 * ANSWERS[:200] + 0.3)
    plain, apart = (run(pool=pool, test=test, aside=aside, steps_per_label=40.0) for aside in (0.0, 0.2))
    assert (plain.temperature == 1).all() and (apart.temperature[:, -1] != 1).any()
    distance = np.abs(X[apart.asked.reshape(3, 5, 20), 0])
    assert distance[:, 1:, 16:].mean() > 1.1 * distance[:, 1:, :16].mean()  # the last four of each round


def test_a_trunk_is_trained_beneath():
    trunk = gn.nn.MLP(3, (8,), 6, key=jax.random.key(5))
    settings = ActiveSettings("margin", num_candidates=50, num_samples=5)
    found = simulate(AGENT, POOL, TEST, Schedule(100, 20), settings, KEYS, trunk, rate=1.0)
    assert found.accuracy[:, -1].min() > 0.85
    assert len(set(found.asked[0].tolist())) == 100


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="whole number of tests"):
        Schedule(100, 30)
    with pytest.raises(ValueError, match="400 labels cannot be asked of a pool of 200"):
        run(schedule=Schedule(400, 20))
    with pytest.raises(ValueError, match="from 0 to below 1"):
        ActiveSettings(aside=1.0)
