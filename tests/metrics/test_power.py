"""Power: numbers that others have worked out, and a simulation that finds what was to be found."""

import numpy as np
import pytest

from gnothi.metrics import detectable_difference, units_needed
from gnothi.metrics.power import visible_difference
from gnothi.metrics.rates import Units, difference


@pytest.mark.parametrize(
    ("rate", "difference", "unpaired", "paired"), [(0.9, 0.03, 1570, 785), (0.99, 0.005, 6217, 3109)]
)
def test_units_of_a_published_table(rate, difference, unpaired, paired):
    assert units_needed(rate, difference) == unpaired
    assert units_needed(rate, difference, correlation=0.5) == paired


def test_so_many_units_see_the_difference_four_times_in_five():
    rng = np.random.default_rng(0)
    units = units_needed(0.5, 0.1)
    first, second = rng.binomial(units, 0.45, 20_000) / units, rng.binomial(units, 0.55, 20_000) / units
    error = np.sqrt((first * (1 - first) + second * (1 - second)) / units)
    assert np.mean(np.abs(second - first) > 1.96 * error) == pytest.approx(0.8, abs=0.02)


def test_what_is_detectable_needs_as_many_units():
    seen = detectable_difference(0.93, 400, correlation=0.4, design_effect=2.0)
    assert units_needed(0.93, seen * 1.0001, correlation=0.4, design_effect=2.0) == 400
    assert detectable_difference(0.93, 400) < seen


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate": 1.0}, "rate must be"),
        ({"difference": 0.0}, "difference must be"),
        ({"correlation": 1.0}, "correlation must be"),
        ({"design_effect": 0.0}, "design_effect must be"),
        ({"power": 1.0}, "power and level"),
    ],
)
def test_what_cannot_be_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        units_needed(**{"rate": 0.9, "difference": 0.03, **change})


def test_no_unit_detects_nothing():
    with pytest.raises(ValueError, match="units must be 1 or more"):
        detectable_difference(0.9, 0)


def independent(side, hits):
    names = tuple(f"{side}{n}" for n in range(len(hits)))
    return Units(names, hits.astype(float), np.ones(len(hits)), names, names)


@pytest.mark.parametrize(("rate", "units"), [(0.9, 200), (0.5, 60), (0.1, 30)])
def test_a_second_run_shows_what_is_visible_four_times_in_five(rate, units):
    """By the very interval that a comparison of two cards has."""
    rng = np.random.default_rng(0)
    other = rate + visible_difference(rate, units) * (1 if rate <= 0.5 else -1)
    seen = 0
    for _ in range(200):
        found = difference(independent("a", rng.random(units) < rate), independent("b", rng.random(units) < other))
        seen += not found.low <= 0 <= found.high
    assert 0.7 < seen / 200 < 0.9


def test_of_nothing_seen_a_difference_is_visible_once_it_is_a_few():
    assert 5 < visible_difference(0.0, 300) * 300 < 10
    assert visible_difference(0.0, 300) == pytest.approx(visible_difference(1.0, 300))
    assert visible_difference(0.5, 3) is None  # no other rate is so far away
    assert visible_difference(0.3, 100) == pytest.approx(detectable_difference(0.38, 100), abs=0.02)
    with pytest.raises(ValueError, match="units above 0"):
        visible_difference(0.5, 0)
