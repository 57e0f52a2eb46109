"""Off-policy estimates: by hand, against a policy whose value is known, and with one ingredient wrong."""

from dataclasses import dataclass

import numpy as np
import pytest

from gnothi.decisions import doubly_robust, inverse_propensity_score, self_normalised_ips
from gnothi.metrics import mean_interval

REWARDS = [1.0, 0.0, 1.0, 0.5]
PROPENSITIES = [0.5, 0.25, 0.5, 1.0]
TARGET = [1.0, 0.5, 0.0, 0.5]  # weights 2, 2, 0, 0.5


@dataclass(frozen=True)
class World:
    """Five contexts, three arms, and two policies: everything is known, so the target's value is too."""

    chances: np.ndarray  # of a reward, contexts x arms
    logging: np.ndarray
    target: np.ndarray

    @property
    def value(self) -> float:
        return float((self.target * self.chances).sum(axis=1).mean())

    def log(self, rng: np.random.Generator, decisions: int) -> dict[str, np.ndarray]:
        contexts = rng.integers(len(self.chances), size=decisions)
        arms = (rng.uniform(size=(decisions, 1)) > self.logging[contexts].cumsum(axis=1)).sum(axis=1)
        rewards = (rng.uniform(size=decisions) < self.chances[contexts, arms]).astype(float)
        propensities = self.logging[contexts, arms]
        return {"contexts": contexts, "arms": arms, "rewards": rewards, "propensities": propensities}


def a_world(seed: int) -> World:
    rng = np.random.default_rng(seed)
    chances = rng.uniform(0.05, 0.95, (5, 3))
    mixed = 0.1 + 0.7 * rng.dirichlet(np.ones(3), 5)
    return World(chances, mixed, rng.dirichlet(np.full(3, 0.5), 5))


WORLD = a_world(0)


def estimates(log: dict[str, np.ndarray], model: np.ndarray) -> dict[str, object]:
    contexts, arms = log["contexts"], log["arms"]
    seen = log["rewards"], log["propensities"]
    target = WORLD.target[contexts]
    of_logged = target[np.arange(len(arms)), arms]
    return {
        "ips": inverse_propensity_score(*seen, of_logged),
        "self-normalised": self_normalised_ips(*seen, of_logged),
        "doubly robust": doubly_robust(*seen, arms, target, model[contexts]),
    }


def test_by_hand():
    ips = inverse_propensity_score(REWARDS, PROPENSITIES, TARGET)
    assert ips.estimate.value == (2 + 0 + 0 + 0.25) / 4
    assert ips.estimate == mean_interval(np.array([2, 0, 0, 0.25]))
    assert ips.effective_sample_size == pytest.approx(4.5**2 / 8.25) and ips.largest_weight == 2
    normalised = self_normalised_ips(REWARDS, PROPENSITIES, TARGET)
    assert normalised.estimate.value == pytest.approx(2.25 / 4.5) and normalised.estimate.units == 4
    target = [[1.0, 0.0], [0.5, 0.5], [1.0, 0.0], [0.5, 0.5]]
    model = [[0.5, 0.0], [0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]
    robust = doubly_robust(REWARDS, PROPENSITIES, [0, 1, 1, 0], target, model)
    assert robust.estimate.value == pytest.approx(np.mean([0.5 + 2 * 0.5, 0.5 - 2 * 0.5, 1.0 + 0, 0.5 + 0.5 * 0.5]))
    assert "effective decisions" in repr(robust)


def test_the_interval_of_a_ratio_is_the_delta_methods():
    rewards, weights = np.array(REWARDS), np.array(TARGET) / np.array(PROPENSITIES)
    estimate = self_normalised_ips(REWARDS, PROPENSITIES, TARGET).estimate
    residuals = weights * (rewards - estimate.value)
    variance = (residuals**2).sum() / 3 * 4 / weights.sum() ** 2
    assert (estimate.high - estimate.low) / 2 == pytest.approx(3.182446 * np.sqrt(variance), rel=1e-5)


def test_the_policy_that_logged_earns_the_mean_reward():
    log = WORLD.log(np.random.default_rng(1), 500)
    for estimate in (inverse_propensity_score, self_normalised_ips):
        found = estimate(log["rewards"], log["propensities"], log["propensities"])
        assert found.estimate.value == pytest.approx(log["rewards"].mean())
        assert found.effective_sample_size == pytest.approx(500) and found.largest_weight == 1


def test_self_normalised_shifts_with_the_rewards():
    log = WORLD.log(np.random.default_rng(2), 100)
    target = WORLD.target[log["contexts"], log["arms"]]
    here, there = (self_normalised_ips(log["rewards"] + shift, log["propensities"], target) for shift in (0.0, 100.0))
    assert there.estimate.value == pytest.approx(here.estimate.value + 100)
    assert there.estimate.low == pytest.approx(here.estimate.low + 100)


def test_intervals_hold_the_truth_in_about_95_of_100_simulations():
    model = np.clip(WORLD.chances + np.random.default_rng(3).normal(0, 0.2, WORLD.chances.shape), 0, 1)
    held: dict[str, list[bool]] = {"ips": [], "self-normalised": [], "doubly robust": []}
    for seed in range(200):
        found = estimates(WORLD.log(np.random.default_rng(100 + seed), 1000), model)
        for name, one in found.items():
            held[name].append(one.estimate.low <= WORLD.value <= one.estimate.high)
    for name, hits in held.items():
        assert 0.88 <= np.mean(hits) <= 0.99, (name, np.mean(hits))


def test_doubly_robust_is_right_if_the_model_or_the_propensities_are():
    log = WORLD.log(np.random.default_rng(4), 100_000)
    wrong_model, wrong_log = np.full((5, 3), 0.5), {**log, "propensities": np.full(100_000, 1 / 3)}
    wrong_model[:, 0] = 0.9

    def error(which: dict[str, np.ndarray], model: np.ndarray) -> tuple[float, float]:
        estimate = estimates(which, model)["doubly robust"].estimate
        return abs(estimate.value - WORLD.value), 4 * estimate.std_error

    for which, model in ((log, WORLD.chances), (log, wrong_model), (wrong_log, WORLD.chances)):
        off, allowed = error(which, model)
        assert off < allowed < 0.05
    off, allowed = error(wrong_log, wrong_model)
    assert off > allowed


def test_a_good_model_narrows_the_interval():
    log = WORLD.log(np.random.default_rng(5), 2000)
    found = estimates(log, WORLD.chances)
    assert found["doubly robust"].estimate.std_error < 0.8 * found["ips"].estimate.std_error


def test_without_overlap_only_a_model_can_speak():
    for estimate in (inverse_propensity_score, self_normalised_ips):
        with pytest.raises(ValueError, match="takes none of the logged arms"):
            estimate([1.0, 0.0], [0.5, 0.5], [0.0, 0.0])
    alone = doubly_robust([1.0, 0.0], [0.5, 0.5], [0, 0], [[0.0, 1.0]] * 2, [[0.0, 0.25], [0.0, 0.75]])
    assert alone.estimate.value == 0.5 and alone.effective_sample_size == 0 and alone.largest_weight == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rewards": [1.0, np.nan, 0.0, 0.0]}, "rewards must be finite, got nan"),
        ({"rewards": []}, "rewards must be one number a decision"),
        ({"rewards": [[1.0] * 4]}, r"rewards must be one number a decision.*got shape \(1, 4\)"),
        ({"propensities": [0.5, 0.0, 0.5, 1.0]}, "propensities must be more than 0 and at most 1, got 0 in row 1"),
        ({"propensities": [0.5, 0.5, 0.5, 1.5]}, "got 1.5 in row 3"),
        ({"propensities": [0.5, np.nan, 0.5, 1.0]}, "got nan in row 1"),
        ({"propensities": [0.5]}, r"propensities must be one number for each of 4 rewards, got shape \(1,\)"),
        ({"target_probabilities": [0.5, 0.5, 0.5, -0.1]}, "between 0 and 1, got -0.1"),
        ({"target_probabilities": [0.5, 0.5, 0.5, np.nan]}, "between 0 and 1, got nan"),
        ({"target_probabilities": [0.5] * 3}, "target_probabilities must be one number for each of 4 rewards"),
    ],
)
def test_bad_input_is_refused(wrong, message):
    right = {"rewards": REWARDS, "propensities": PROPENSITIES, "target_probabilities": TARGET}
    for estimate in (inverse_propensity_score, self_normalised_ips):
        with pytest.raises(ValueError, match=message):
            estimate(**{**right, **wrong})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"arms": [0, 1, 2, 0]}, r"columns 0 .. 1 of target_probabilities, got 2"),
        ({"arms": [0, 1, -1, 0]}, "got -1"),
        ({"arms": [0, 1, 0]}, "one whole number for each of 4 rewards"),
        ({"arms": [0.0, 1.0, 0.0, 1.0]}, "one whole number for each of 4 rewards.*float64"),
        ({"predictions": [[0.0, np.inf]] * 4}, "predictions must be finite"),
        ({"predictions": [[0.0, 1.0]] * 3}, "predictions must have a row for each of 4 rewards"),
        ({"predictions": [[0.0, 1.0, 1.0]] * 4}, r"shape \(4, 2\) and predictions \(4, 3\)"),
        ({"target_probabilities": [[0.5, 0.4]] * 4}, "must sum to 1, got 0.9 in row 0"),
        ({"target_probabilities": [[1.5, -0.5]] * 4}, "between 0 and 1, got 1.5"),
        ({"propensities": [0.0] * 4}, "propensities must be more than 0"),
    ],
)
def test_bad_input_is_refused_by_doubly_robust(wrong, message):
    right = {
        "rewards": REWARDS,
        "propensities": PROPENSITIES,
        "arms": [0, 1, 0, 1],
        "target_probabilities": [[0.5, 0.5]] * 4,
        "predictions": [[0.0, 1.0]] * 4,
    }
    with pytest.raises(ValueError, match=message):
        doubly_robust(**{**right, **wrong})
