"""Which attacks are chosen: never twice, a failure once a batch, and better than by chance."""

import numpy as np
import pytest

from gnothi.safety.redteam import POLICIES, FailurePosterior, find_policy, keys_of, replay
from gnothi.safety.redteam.policies import first_distinct
from tests.safety.redteam import small_target

TARGET = small_target()
KEYS = keys_of(TARGET.space)


def make(name, seed=0, **settings):
    posterior = FailurePosterior(TARGET.space.features, seed=seed)
    return find_policy(name)(TARGET.space, KEYS, posterior, **settings), posterior


@pytest.mark.parametrize("name", POLICIES)
def test_a_batch_is_of_attacks_that_may_be_made_and_differ(name):
    policy, posterior = make(name)
    posterior.observe(range(0, 60), TARGET.failed[:60].tolist())
    policy.learn(list(range(60)), TARGET.failed[:60].tolist())
    available = np.ones(len(TARGET.space), bool)
    available[:60] = False
    chosen = policy.choose(available, 20, np.random.default_rng(0))
    assert len(set(chosen)) == 20 and available[chosen].all()
    assert len(set(KEYS[chosen].tolist())) == 20
    assert chosen == policy.choose(available, 20, np.random.default_rng(0))
    available[:] = False
    available[[3, 5, 7]] = True
    assert sorted(policy.choose(available, 20, np.random.default_rng(1))) == [3, 5, 7]
    assert policy.choose(np.zeros(len(available), bool), 20, np.random.default_rng(1)) == []


def test_attacks_of_one_failure_come_last():
    assert first_distinct(np.array([4, 2, 0, 3]), np.array([0, 1, 0, 1, 0]), 3) == [4, 3, 2]
    assert first_distinct(np.array([4, 2, 0]), np.array([0, 1, 0, 1, 0]), 9) == [4, 2, 0]


def test_the_fixed_list_is_in_order_and_uniform_is_not():
    available = np.ones(len(TARGET.space), bool)
    assert make("fixed")[0].choose(available, 10, np.random.default_rng(0)) == list(range(10))
    chosen = [make("uniform")[0].choose(available, 10, np.random.default_rng(seed)) for seed in range(50)]
    assert np.mean(chosen) == pytest.approx(119.5, abs=12)


def test_epsilon_greedy_returns_to_what_worked():
    techniques = np.array([attack.arm.technique for attack in TARGET.space.attacks])
    for by, share in (("technique", 1.0), ("arm", 0.15)):
        policy, _ = make("epsilon", epsilon=0.0, by=by)
        one = np.flatnonzero(techniques == "technique 3")
        policy.learn(one[:8].tolist(), [True] * 8)
        policy.learn(np.flatnonzero(techniques != "technique 3").tolist(), [False] * 200)
        available = np.ones(len(TARGET.space), bool)
        chosen = policy.choose(available, 10, np.random.default_rng(0))
        assert np.mean(techniques[chosen] == "technique 3") >= share
    policy, _ = make("epsilon", epsilon=1.0)
    policy.learn(one[:8].tolist(), [True] * 8)
    chosen = policy.choose(available, 60, np.random.default_rng(0))
    assert len(set(techniques[chosen])) == 6


@pytest.mark.parametrize("name", ["thompson", "information", "greedy"])
def test_what_is_believed_is_used(name):
    """Everything that a technique did worked, and nothing else did: what is left of it comes first."""
    policy, posterior = make(name)
    weak = np.array([attack.arm.technique == "technique 2" for attack in TARGET.space.attacks])
    seen = np.random.default_rng(0).permutation(240)[:120]
    posterior.observe(seen.tolist(), weak[seen].tolist())
    available = np.ones(240, bool)
    available[seen] = False
    chosen = policy.choose(available, 8, np.random.default_rng(0))
    assert weak[chosen].mean() > 0.8


def test_there_is_no_other_policy():
    with pytest.raises(ValueError, match="no policy is called 'tompson'"):
        find_policy("tompson")


@pytest.mark.slow
def test_planted_weaknesses_are_found_faster():
    found = {name: 0 for name in ("thompson", "information", "uniform")}
    for seed in range(6):
        target = small_target(seed, base=-2.5, holes=0.12)
        for name in found:
            found[name] += replay(target.space, target.failed, name, budget=60, seed=seed).found[-1]
    assert found["thompson"] > 1.2 * found["uniform"] and found["information"] > 1.2 * found["uniform"]
