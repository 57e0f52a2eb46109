"""Rates: what intervals cover, that they have a width, and what pairing and clusters do to them."""

import numpy as np
import pytest
from scipy import stats

from gnothi.metrics import Units, difference, mean_interval, rate

from .simulations import coverage


def units(values, clusters=None, weights=None, prefix=""):
    names = tuple(f"{prefix}{row}" for row in range(len(values)))
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, float)
    clusters = names if clusters is None else tuple(map(str, clusters))
    return Units(names, np.asarray(values, float), weights, clusters, names)


@pytest.mark.parametrize("hits", [0, 1, 7, 29, 30])
def test_independent_answers_have_the_interval_of_jeffreys(hits):
    found = rate(units(np.arange(30) < hits))
    low, high = stats.beta.ppf([0.025, 0.975], hits + 0.5, 30 - hits + 0.5)
    assert found.low == pytest.approx(0.0 if hits == 0 else min(low, 0.05 ** (1 / 30)))
    assert found.high == pytest.approx(1.0 if hits == 30 else max(high, 1 - 0.05 ** (1 / 30)))


@pytest.mark.parametrize("number", [1, 2, 10, 300, 5000])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("each", [1, 20])
def test_there_is_a_width_whatever_was_seen(number, value, each):
    found = rate(units(np.full(number * each, value), np.repeat(np.arange(number), each)))
    assert found.units == number
    assert 0 <= found.low <= value <= found.high <= 1
    assert found.high - found.low > 0.9 / (number * each)


def test_a_whole_cluster_is_one_witness_until_failures_were_seen():
    clean = rate(units(np.ones(200), np.repeat(np.arange(10), 20)))
    assert clean.low == pytest.approx(0.05 ** (1 / 10))
    scattered = np.ones(2000)
    scattered[::100] = 0  # twenty failures in as many of a hundred clusters
    many, alone = rate(units(scattered, np.repeat(np.arange(100), 20))), rate(units(scattered))
    assert 0.95 < (many.high - many.low) / (alone.high - alone.low) < 1.3


def test_answers_that_are_copies_count_once():
    once = (np.random.default_rng(0).random(60) < 0.7).astype(float)
    copied = rate(units(np.repeat(once, 35), np.repeat(np.arange(60), 35)))
    single = rate(units(once))
    assert copied.high - copied.low == pytest.approx(single.high - single.low, rel=0.02)
    assert copied.value == pytest.approx(single.value)


def test_with_many_clusters_it_is_the_interval_of_the_mean():
    rng = np.random.default_rng(1)
    clusters = np.repeat(np.arange(500), 8)
    values = (rng.random(4000) < rng.beta(3, 2, 500)[clusters]).astype(float)
    ours, usual = rate(units(values, clusters)), mean_interval(values, clusters)
    assert ours.low == pytest.approx(usual.low, abs=0.002) and ours.high == pytest.approx(usual.high, abs=0.002)


def test_scores_that_vary_little_have_a_narrow_interval():
    rng = np.random.default_rng(2)
    values = rng.uniform(0.6, 0.8, 200)
    ours, usual = rate(units(values)), mean_interval(values)
    assert 1 <= (ours.high - ours.low) / (usual.high - usual.low) < 2


def test_the_scale_of_weights_and_units_without_any_change_nothing():
    rng = np.random.default_rng(3)
    values, clusters = (rng.random(100) < 0.8).astype(float), np.arange(100) // 5
    plain = rate(units(values, clusters))
    scaled = rate(units(7 * values, clusters, np.full(100, 7.0)))
    more = rate(units([*values, 0, 0], [*clusters, 98, 99], [*np.ones(100), 0, 0]))
    for other in (scaled, more):
        assert (other.value, other.low, other.high) == pytest.approx((plain.value, plain.low, plain.high))
        assert other.units == 20


def test_nothing_is_known_of_nothing():
    for empty in (units([]), units([0.0, 0.0], weights=[0, 0])):
        found = rate(empty)
        assert np.isnan(found.value) and (found.low, found.high, found.units) == (0.0, 1.0, 0)
        lost = difference(empty, units([1.0, 0.0]))
        assert np.isnan(lost.value) and (lost.low, lost.high) == (-1.0, 1.0)


def test_many_runs_at_once_are_runs_one_by_one():
    rng = np.random.default_rng(4)
    weights = rng.integers(1, 36, (5, 12))
    values = rng.binomial(weights, 0.9)
    lows, highs = coverage.interval(values.astype(float), weights)
    for value, weight, low, high in zip(values, weights, lows, highs, strict=True):
        answers = np.concatenate([np.arange(w) < v for v, w in zip(value, weight, strict=True)])
        found = rate(units(answers, np.repeat(np.arange(12), weight)))
        assert (found.low, found.high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"values": np.array([0.5, 1.5])}, r"between 0 and their weights, got 1\.5 of 1\.0 for 'b'"),
        ({"values": np.array([-0.1, 1.0])}, r"got -0\.1 of 1\.0 for 'a'"),
        ({"values": np.array([np.nan, 1.0])}, "values must be finite, got nan for 'a'"),
        ({"weights": np.array([1.0, np.inf])}, "weights must be finite, got inf for 'b'"),
        ({"clusters": ("a",)}, "one of each a unit, got {'names': 2, 'values': 2, 'weights': 2, 'clusters': 1"),
    ],
)
def test_units_that_cannot_be_are_refused(change, words):
    plain = {"names": ("a", "b"), "values": np.ones(2), "weights": np.ones(2), "clusters": ("a", "b")}
    with pytest.raises(ValueError, match=words):
        Units(**{**plain, "prompts": ("a", "b"), **change})


def test_pairing_takes_out_what_both_find_hard():
    rng = np.random.default_rng(5)
    first = (rng.random(400) < 0.8).astype(float)
    second = np.where(rng.random(400) < 0.05, 1 - first, first)
    paired = difference(units(first), units(second))
    apart = difference(units(first), units(second, prefix="other "))
    assert paired.value == pytest.approx(apart.value) == first.mean() - second.mean()
    assert paired.high - paired.low < 0.5 * (apart.high - apart.low)
    assert apart.units == 800


def test_the_other_way_round_is_the_opposite():
    rng = np.random.default_rng(6)
    first, second = (units((rng.random(90) < p).astype(float), np.arange(90) // 3) for p in (0.9, 0.8))
    there, back = difference(first, second), difference(second, first)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_two_that_never_differ_may_yet():
    for value in (0.0, 1.0):
        same = units(np.full(100, value))
        found = difference(same, same)
        assert found.value == 0 and found.low == pytest.approx(0.05**0.01 - 1) and found.high == -found.low
    alike = units(np.arange(100) % 2)
    assert difference(alike, alike).high > 0.02
    opposite = difference(units(np.ones(100)), units(np.zeros(100)))
    assert opposite.value == pytest.approx(1) and opposite.high == pytest.approx(1) and opposite.low < 0.98


def test_units_that_only_one_has_count_by_themselves():
    rng = np.random.default_rng(7)
    values = (rng.random(200) < 0.7).astype(float)
    whole = units(values, np.arange(200) // 4)
    part = Units(*(field[:150] for field in (whole.names, values, np.ones(150), whole.clusters, whole.prompts)))
    found = difference(whole, part)
    assert found.value == pytest.approx(values.mean() - values[:150].mean())
    assert found.low < 0 < found.high and found.units == 50  # a cluster that is split is one


def test_units_that_cannot_be_paired_are_refused():
    twice = Units(("a", "a"), np.ones(2), np.ones(2), ("a", "a"), ("a", "a"))
    with pytest.raises(ValueError, match="second has the name 'a' twice"):
        difference(units([1.0]), twice)
    with pytest.raises(ValueError, match="'0' is in cluster 'x' of first and in 'y' of second"):
        difference(units([1.0], ["x"]), units([1.0], ["y"]))


TELLING = [
    coverage.Cell("share", 0.95, 100),
    coverage.Cell("share", 0.9, 30, 0, 0.8),
    coverage.Cell("share", 0.97, 100, 20, 0.1),
    coverage.Cell("conditional share", 0.9, 100, 20, 0.3, weighted=0.3),
    coverage.Cell("mean score", 0.8, 30, 20, 0.1),
    coverage.Cell("pass@k", 0.5, 30, correlation=0.5),
    coverage.Cell("pass^k", 0.9, 100, correlation=0.5),
    coverage.Cell("difference", 0.9, 100, 20, 0.1, shared=0.7),
]


@pytest.mark.parametrize("cell", TELLING, ids=lambda cell: f"{cell.metric} {cell.rate} {cell.clusters}")
def test_intervals_cover_as_often_as_they_say(cell):
    assert not coverage.simulate(cell, 2000).outside


@pytest.mark.slow
@pytest.mark.parametrize("metric", coverage.METRICS)
def test_a_part_of_the_grid_covers(metric):
    """Outside of 92 to 98 % there is noise (1 point in 500 runs), and what is too wide as there is little to see."""
    runs, noise = 500, 3 * np.sqrt(0.05 * 0.95 / 500)
    grid = [cell for cell in coverage.cells("reduced") if cell.metric == metric and cell.clusters <= 100]
    found = {cell: coverage.simulate(cell, runs).covered for cell in grid}
    assert min(found.values()) > coverage.LOWEST - noise
    assert 0.94 < np.mean(list(found.values())) < 0.995
    plenty = [covered <= coverage.HIGHEST + noise / 3 for cell, covered in found.items() if cell.events >= 10]
    assert not plenty or np.mean(plenty) > 0.8
