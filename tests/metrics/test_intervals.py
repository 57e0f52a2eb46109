"""Intervals: what they cover, and how they treat what belongs together."""

import numpy as np
import pytest

from gnothi.metrics import bootstrap_interval, mean_interval, paired_difference


def test_mean_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    estimates = [mean_interval(rng.exponential(size=200)) for _ in range(400)]
    covered = np.mean([e.low <= 1.0 <= e.high for e in estimates])
    assert 0.91 < covered < 0.98


def test_clusters_widen_the_interval_of_what_hangs_together():
    rng = np.random.default_rng(1)
    covered, naive = [], []
    for _ in range(300):
        seeds = np.repeat(np.arange(20), 50)
        values = rng.normal(size=20)[seeds] + 0.1 * rng.normal(size=1000)
        clustered = mean_interval(values, seeds)
        assert clustered.units == 20
        covered.append(clustered.low <= 0 <= clustered.high)
        plain = mean_interval(values)
        naive.append(plain.low <= 0 <= plain.high)
    assert np.mean(covered) > 0.9
    assert np.mean(naive) < 0.5


def test_pairing_takes_out_what_both_share():
    rng = np.random.default_rng(2)
    luck = 10 * rng.normal(size=500)
    first, second = luck + 0.1 * rng.normal(size=500), luck + 0.1 * rng.normal(size=500) + 0.05
    difference = paired_difference(second, first)
    assert difference.low > 0
    assert difference.high - difference.low < 0.05
    with pytest.raises(ValueError, match="same draws"):
        paired_difference(first, second[:-1])


def test_bootstrap_agrees_with_the_closed_form():
    values = np.random.default_rng(3).normal(size=400)
    boot = bootstrap_interval(lambda rows: values[rows].mean(axis=1), 400)
    exact = mean_interval(values)
    assert boot.value == pytest.approx(exact.value)
    assert boot.low == pytest.approx(exact.low, abs=0.01)
    assert boot.high == pytest.approx(exact.high, abs=0.01)


def test_strata_hold_the_design_fixed():
    strata = np.repeat([0, 1], 50)
    values = 100.0 * strata + np.random.default_rng(4).normal(size=100)

    def mean(rows):
        return values[rows].mean(axis=1)

    fixed, free = bootstrap_interval(mean, 100, strata), bootstrap_interval(mean, 100)
    assert fixed.high - fixed.low < 1
    assert free.high - free.low > 10


def test_nothing_to_average_is_refused_and_one_unit_has_no_bounds():
    with pytest.raises(ValueError, match="no values"):
        mean_interval(np.array([]))
    alone = mean_interval(np.array([3.0]))
    assert alone.value == 3.0
    assert alone.low == -np.inf
    assert alone.high == np.inf
