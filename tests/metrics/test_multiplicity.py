"""Multiplicity: p-values agree with intervals, and adjusted ones keep what they promise."""

import numpy as np
import pytest

from gnothi.metrics import Estimate, benjamini_hochberg, holm, p_value


@pytest.mark.parametrize(("low", "high"), [(0.01, 0.2), (-0.001, 0.2), (0.0001, 0.09), (-0.3, 0.08)])
@pytest.mark.parametrize("null", [0.0, 0.05, 0.15, -0.2])
def test_below_five_percent_just_where_the_interval_leaves_the_null_out(low, high, null):
    estimate = Estimate(0.06, low, high, units=100)
    assert (p_value(estimate, null) < 0.05) == (not low <= null <= high)


def test_the_longer_half_counts_on_its_own_side():
    estimate = Estimate(0.05, 0.04, 0.5, units=100)
    assert p_value(estimate, 0.0) < 1e-6
    assert p_value(estimate, 0.3) > 0.2


def test_nothing_measured_is_no_surprise():
    assert p_value(Estimate(float("nan"), -1.0, 1.0, 0)) == 1.0
    assert p_value(Estimate(0.2, -np.inf, np.inf, 1)) == 1.0
    assert p_value(Estimate(0.0, -0.1, 0.1, 10)) == 1.0
    assert p_value(Estimate(1.0, 0.5, 1.0, 10), null=1.5) == 0.0


def test_holm_by_hand():
    assert holm(np.array([0.04, 0.01, 0.6, 0.01])) == pytest.approx([0.08, 0.04, 0.6, 0.04])
    assert holm(np.array([])).size == 0
    assert benjamini_hochberg(np.array([])).size == 0


def test_one_wrong_rejection_in_twenty_families():
    rng = np.random.default_rng(0)
    wrong, naive, share = [], [], []
    for _ in range(1500):
        p_values = rng.random(12)
        p_values[:4] **= 8  # four real differences among eight that are none
        wrong.append((holm(p_values)[4:] <= 0.05).any())
        naive.append((p_values[4:] <= 0.05).any())
        found = benjamini_hochberg(p_values) <= 0.05
        share.append(found[4:].sum() / max(found.sum(), 1))
    assert np.mean(wrong) < 0.06
    assert np.mean(naive) > 0.25
    assert np.mean(share) < 0.06


def test_never_smaller_than_they_were_and_in_the_same_order():
    p_values = np.random.default_rng(1).random(50) ** 3
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(p_values)
        assert (adjusted >= p_values).all() and (adjusted <= 1).all()
        assert (np.diff(adjusted[np.argsort(p_values)]) >= -1e-12).all()
    assert (holm(p_values) >= benjamini_hochberg(p_values) - 1e-12).all()


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@pytest.mark.parametrize("wrong", [1.2, -0.1, float("nan")])
def test_what_is_no_p_value_is_refused(adjust, wrong):
    with pytest.raises(ValueError, match="p_values must be between 0 and 1"):
        adjust(np.array([0.5, wrong]))
