"""What a claim needs to hold, and what it prints."""

import io

import pytest
from rich.console import Console

from gnothi.cards import above, all_hold, below, equals, not_above, not_below, print_claims
from gnothi.metrics import Estimate

HALF = Estimate(0.5, 0.4, 0.6, units=12)


@pytest.mark.parametrize(
    ("judge", "bound", "holds"),
    [
        (below, 0.61, True),
        (below, 0.55, False),
        (not_above, 0.45, True),
        (not_above, 0.39, False),
        (above, 0.39, True),
        (above, 0.45, False),
        (not_below, 0.55, True),
        (not_below, 0.61, False),
    ],
)
def test_intervals_decide(judge, bound, holds):
    assert judge("a claim", "a number", HALF, bound).holds is holds


def test_a_size_too_small_to_tell_is_judged_by_its_value():
    assert below("a claim", "a number", HALF, 0.55, by="value").holds
    assert not above("a claim", "a number", HALF, 0.55, by="value").holds
    with pytest.raises(ValueError, match="'interval' or by 'value'"):
        below("a claim", "a number", HALF, 0.55, by="eye")


def test_what_is_not_a_number_holds_nothing():
    nan = Estimate(float("nan"), float("nan"), float("nan"), units=3, nonfinite=1)
    assert not any(judge("a claim", "a number", nan, 0.5).holds for judge in (below, not_above, above, not_below))
    assert not equals("a claim", "a number", float("nan"), 0.5, tolerance=1).holds


def test_the_table_says_number_interval_units_and_verdict():
    page = io.StringIO()
    good, bad = below("less", "half", HALF, 1.0), equals("exact", "a third", 0.3333, 0.25, tolerance=1e-3)
    print_claims([good, bad], Console(file=page, width=140))
    assert "0.500 [0.400, 0.600], n = 12" in page.getvalue()
    assert "holds" in page.getvalue() and "DOES NOT HOLD" in page.getvalue()
    assert all_hold([good]) and not all_hold([good, bad])
