"""Power: numbers that others have worked out, and a simulation that finds what was to be found."""

import numpy as np
import pytest

from gnothi.metrics import detectable_difference, units_needed


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
