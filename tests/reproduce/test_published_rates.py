import numpy as np
import pytest

from gnothi.reproduce.published_rates import (
    Table,
    by_model,
    crossing,
    discordant,
    gap_between,
    gaps,
    half_width,
    implied,
)
from gnothi.safety.evaluation import Published


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.83, 0.99])
def test_implied_intervals_cover(rate):
    rng = np.random.default_rng(0)
    seen = [implied(hits / 250, 250) for hits in rng.binomial(250, rate, 2000)]
    assert 0.93 <= np.mean([one.low <= rate <= one.high for one in seen]) <= 0.985


@pytest.mark.parametrize(("first", "second"), [(0.94, 0.92), (0.83, 0.72), (0.98, 0.98), (0.05, 0.4)])
def test_implied_gaps_cover(first, second):
    rng = np.random.default_rng(1)
    draws = zip(rng.binomial(60, first, 2000), rng.binomial(60, second, 2000), strict=True)
    seen = [gap_between(one / 60, other / 60, 60) for one, other in draws]
    assert np.mean([one.low <= first - second <= one.high for one in seen]) >= 0.93


def test_half_widths_of_the_reference():
    """safety.md, section 1: WildChat .006-.010, XSTest .019-.033, StrongREJECT .10-.11, SimpleQA .015."""
    assert half_width(0.945, 2200) == pytest.approx(0.0095, abs=5e-4)
    assert half_width(0.924, 250) == pytest.approx(0.033, abs=1e-3)
    assert half_width(0.72, 60) == pytest.approx(0.11, abs=5e-3)
    assert half_width(0.47, 4326) == pytest.approx(0.015, abs=5e-4)


def test_real_gaps_are_told_from_noise():
    found = gaps([Table("a", 60, {"x": 0.72, "y": 0.83, "z": 0.22}, ""), Table("b", 4326, {"x": 0.47, "y": 0.42}, "")])
    assert {(gap.table.name, gap.first, gap.second): gap.real for gap in found} == {
        ("a", "x", "y"): False,
        ("a", "x", "z"): True,
        ("a", "y", "z"): True,
        ("b", "x", "y"): True,
    }


def test_noise_is_rarely_called_real():
    rng = np.random.default_rng(2)
    cards = [
        gaps([Table("a", 500, dict(zip("abcde", rng.binomial(500, 0.9, 5) / 500, strict=True)), "")])
        for _ in range(200)
    ]
    assert np.mean([any(gap.real for gap in card) for card in cards]) <= 0.08


def test_equal_rates_are_no_gap():
    [gap] = gaps([Table("a", 100, {"x": 1.0, "y": 1.0}, "")])
    assert not gap.real and gap.difference.low < 0 < gap.difference.high


def test_where_scores_cross():
    assert crossing((0.5, 0.3), (0.2, 0.27)) == pytest.approx(10)
    assert crossing((0.5, 0.3), (0.4, 0.3)) is None
    assert crossing((0.5, 0.2), (0.4, 0.3)) is None  # better at both, whatever a wrong answer costs
    assert discordant({"a": 0.5, "b": 0.2, "c": 0.1}, {"a": 0.3, "b": 0.27, "c": 0.5}) == [("a", "b")]


def test_published_values_by_place():
    rows = [Published("m", "x", 0.1, "card"), Published("m", "x", 0.2, "paper"), Published("n", "x", 0.3, "card")]
    assert by_model(rows, "m", "card") == {"x": 0.1}
