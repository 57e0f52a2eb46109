import numpy as np
import pytest

from gnothi.cards.linear_ratio import positive_ratio, ratio_of_sums


def test_intervals_cover():
    """Of ratios of problems whose difficulty varies threefold, 95 % intervals hold the truth in 92 to 98 %."""
    rng = np.random.default_rng(0)
    truth, hits, log_hits = 0.4, 0, 0
    for _ in range(1000):
        weights = rng.uniform(0.5, 1.5, 20)
        values = truth * weights * rng.uniform(0.5, 1.5, 20)
        one, other = ratio_of_sums(values, weights), positive_ratio(values, weights)
        hits += one.low <= truth <= one.high
        log_hits += other.low <= truth <= other.high
    assert 920 <= hits <= 980
    assert 920 <= log_hits <= 980


def test_a_positive_ratio_stays_above_nothing():
    values, weights = np.array([0.01, 2.0]), np.ones(2)
    assert ratio_of_sums(values, weights).low < 0 < positive_ratio(values, weights).low


def test_what_is_not_finite_stays_so():
    found = positive_ratio(np.array([np.inf, 1.0]), np.ones(2), nonfinite=1)
    assert np.isinf(found.value) and found.nonfinite >= 1


def test_one_unit_says_nothing():
    found = positive_ratio(np.array([0.5]), np.ones(1))
    assert (found.value, found.units) == (0.5, 1)
    assert np.isinf(found.high)


def test_a_mean_if_weights_are_one():
    assert ratio_of_sums(np.array([1.0, 2.0, 6.0]), np.ones(3)).value == pytest.approx(3.0)
