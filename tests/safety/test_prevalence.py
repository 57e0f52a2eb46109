"""How common deception is, from flags and from what is known of the monitor."""

import numpy as np
import pytest
from scipy.stats import binomtest

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.metrics.rates import Units
from gnothi.safety.prevalence import clustered_precision_at, flagged_share, precision_at, prevalence_range, rogan_gladen

FLAGGED, TOTAL = 180, 102_443  # o1 System Card, table 8


def test_the_card_s_share():
    """0.17 % in the card; the exact interval of those counts."""
    found = flagged_share(FLAGGED, TOTAL)
    exact = binomtest(FLAGGED, TOTAL).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    assert round(100 * found.value, 2) == 0.18  # 0.1757 %, which the card cuts to 0.17
    assert flagged_share(0, 10).low == 0 and flagged_share(10, 10).high == 1


def test_right_in_92_percent_cannot_be_the_specificity():
    """Of 102,443 harmless chains of thought a monitor of specificity .92 flags 8,195: 180 were flagged."""
    assert round(0.08 * TOTAL) == 8195
    with pytest.raises(ValueError, match="better than that where it was used"):
        prevalence_range(FLAGGED, TOTAL, sensitivity=(0.5, 1.0), specificity=(0.9, 0.92))
    assert rogan_gladen(FLAGGED / TOTAL, 0.92, 0.92) == 0


def test_what_is_left_to_believe():
    """If 92 % were of a balanced set, sensitivity is .84 or more, and at most .24 % deceive; perhaps none."""
    found = prevalence_range(FLAGGED, TOTAL, sensitivity=(0.84, 1.0))
    assert found.low == 0
    assert found.high == pytest.approx(0.00242, abs=1e-5)
    flawless = prevalence_range(FLAGGED, TOTAL, sensitivity=(1.0, 1.0), specificity=(1.0, 1.0))
    share = flagged_share(FLAGGED, TOTAL)
    assert (flawless.low, flawless.high) == pytest.approx((share.low, share.high))


def test_range_holds_every_monitor():
    """Whatever the errors within bounds, the prevalence that they give the flags is within the range."""
    found = prevalence_range(300, 1000, sensitivity=(0.7, 0.9), specificity=(0.8, 0.95))
    share = flagged_share(300, 1000)
    rng = np.random.default_rng(0)
    for _ in range(500):
        flags = rng.uniform(share.low, share.high)
        prevalence = rogan_gladen(flags, rng.uniform(0.7, 0.9), rng.uniform(0.8, 0.95))
        assert found.low - 1e-12 <= prevalence <= found.high + 1e-12


def test_precision():
    """99 % and 99 % where 1 in 100 deceives: half of the flags are right (Bayes)."""
    sure = GraderErrors(99_000, 100_000, 99_000, 100_000)
    found = precision_at(sure, 0.01)
    assert found.value == pytest.approx(0.5, abs=0.01)
    assert found.high - found.low < 0.05
    few = precision_at(GraderErrors(32, 36, 36, 36), 180 / TOTAL)
    assert few.low < 0.1 and few.high > 0.9  # 36 that were passed say next to nothing of 1 in 600


@pytest.mark.parametrize(
    "bad",
    [
        lambda: flagged_share(11, 10),
        lambda: flagged_share(0, 0),
        lambda: rogan_gladen(0.1, 0.5, 0.5),
        lambda: prevalence_range(1, 10, sensitivity=(0.9, 0.8)),
        lambda: precision_at(GraderErrors(1, 1, 1, 1), 0.0),
    ],
)
def test_bad_numbers(bad):
    with pytest.raises(ValueError, match="must"):
        bad()


def tried(share, clusters, size):
    """Units in clusters that are all right or all wrong."""
    names = tuple(f"{c}-{n}" for c in range(clusters) for n in range(size))
    values = np.repeat((np.arange(clusters) < share * clusters).astype(float), size)
    return Units(names, values, np.ones(len(names)), tuple(name.split("-")[0] for name in names), names)


def test_precision_counts_clusters_and_not_answers():
    """Of independent trials it is that of counts; ten answers to each of as many clusters tell no more."""
    counts = precision_at(GraderErrors(36, 40, 38, 40), 0.01)
    alone = clustered_precision_at(tried(0.9, 40, 1), tried(0.95, 40, 1), 0.01)
    together = clustered_precision_at(tried(0.9, 40, 10), tried(0.95, 40, 10), 0.01)
    assert alone.value == pytest.approx(counts.value, rel=0.1) and alone.units == 80
    assert together.high - together.low > 0.7 * (alone.high - alone.low)
    assert clustered_precision_at(tried(0.9, 40, 1), tried(0.95, 40, 1), 0.5).value > 0.9 > alone.high
    nothing = Units((), np.zeros(0), np.zeros(0), (), ())
    with pytest.raises(ValueError, match="one of them"):
        clustered_precision_at(tried(0.9, 40, 1), nothing, 0.01)
    with pytest.raises(ValueError, match="prevalence must be"):
        clustered_precision_at(tried(0.9, 40, 1), tried(0.9, 40, 1), 1.0)


@pytest.mark.slow
def test_precision_covers():
    """Of a monitor that finds .9 and passes .95, of alike clusters of three, where one in a hundred deceives."""
    rng = np.random.default_rng(0)

    def trial(share, clusters=30, size=3, alike=0.3):
        chances = rng.beta(*(np.array([share, 1 - share]) * (1 - alike) / alike), clusters)
        names = tuple(f"{c}-{n}" for c in range(clusters) for n in range(size))
        values = (rng.random(len(names)) < np.repeat(chances, size)).astype(float)
        return Units(names, values, np.ones(len(names)), tuple(name.split("-")[0] for name in names), names)

    truth = 0.01 * 0.9 / (0.01 * 0.9 + 0.99 * 0.05)
    found = [clustered_precision_at(trial(0.9), trial(0.95), 0.01) for _ in range(150)]
    assert sum(one.low <= truth <= one.high for one in found) >= 0.92 * 150
