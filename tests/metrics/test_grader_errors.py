"""Rates that know their grader: the truth is inside, and errors that are not known make it wider."""

import time

import numpy as np
import pytest
from scipy import integrate, stats

from gnothi.metrics import GraderErrors, Units, corrected, prediction_powered, rate

from .simulations import coverage


def units(values, clusters=None):
    names = tuple(map(str, range(len(values))))
    clusters = names if clusters is None else tuple(map(str, clusters))
    return Units(names, np.asarray(values, float), np.ones(len(values)), clusters, names)


def test_shares_of_labels():
    errors = GraderErrors(true_positives=90, positives=100, true_negatives=0, negatives=0)
    assert errors.sensitivity.value == 0.9 and errors.sensitivity.units == 100
    assert np.isnan(errors.specificity.value) and (errors.specificity.low, errors.specificity.high) == (0, 1)
    assert errors.swapped().specificity == errors.sensitivity
    assert errors.swapped().swapped() == errors


@pytest.mark.parametrize(
    ("counts", "words"),
    [((11, 10, 1, 1), "true_positives must be between 0 and the 10 there are, got 11"), ((1, 1, -1, 5), "got -1")],
)
def test_more_right_than_there_are_is_refused(counts, words):
    with pytest.raises(ValueError, match=words):
        GraderErrors(*counts)


@pytest.mark.parametrize("hits", [0, 1, 150, 270, 300])
def test_with_a_perfect_grader_it_is_the_shortest_interval_of_a_beta_posterior(hits):
    found = corrected(units(np.arange(300) < hits), GraderErrors(10**7, 10**7, 10**7, 10**7))
    below = np.linspace(0, 0.05, 5001)
    lows, highs = (stats.beta.ppf(below + held, hits + 1, 301 - hits) for held in (0.0, 0.95))
    best = np.argmin(highs - lows)
    assert found.value == pytest.approx(hits / 300, abs=1e-3)
    assert (found.low, found.high) == pytest.approx((lows[best], highs[best]), abs=0.003)


def test_the_likelihood_is_that_of_two_integrals():
    errors = GraderErrors(42, 50, 45, 50)
    nodes, weights = np.polynomial.legendre.leggauss(80)
    shares, weights = (nodes + 1) / 2, weights / 2
    hit, spared = np.meshgrid(shares, shares)
    prior = stats.beta.pdf(hit, 42.5, 8.5) * stats.beta.pdf(spared, 45.5, 5.5) * np.outer(weights, weights)
    rates = np.linspace(0, 1, 401)
    density = [np.sum(prior * stats.binom.pmf(70, 100, truth * hit + (1 - truth) * (1 - spared))) for truth in rates]
    reached = integrate.cumulative_trapezoid(density, rates, initial=0) / np.trapezoid(density, rates)
    found = corrected(units(np.arange(100) < 70), errors)
    inside = np.interp(found.high, rates, reached) - np.interp(found.low, rates, reached)
    assert 0.95 < inside < 0.98  # rates that are not unlikely are in as well
    assert np.ptp(np.interp([found.low, found.high], rates, density)) < 0.1 * max(density)


def test_what_is_not_known_of_a_grader_makes_it_wider():
    seen = units(np.arange(300) < 264)
    plain, many, few = rate(seen), GraderErrors(900, 1000, 900, 1000), GraderErrors(45, 50, 45, 50)
    widths = [
        e.high - e.low for e in (corrected(seen, many), corrected(seen, few), corrected(seen, few, transport=1.0))
    ]
    assert plain.high - plain.low < widths[0] < widths[1] < widths[2]
    assert corrected(seen, many).low > plain.high  # .88 of verdicts are .98 of answers, and more than 1 is none
    with pytest.raises(ValueError, match="transport is a standard deviation"):
        corrected(seen, few, transport=-1)


def test_clusters_widen_it():
    values = np.repeat(np.random.default_rng(0).random(30) < 0.7, 10)
    errors = GraderErrors(90, 100, 90, 100)
    apart, together = corrected(units(values), errors), corrected(units(values, np.arange(300) // 10), errors)
    assert together.high - together.low > 1.5 * (apart.high - apart.low)
    assert together.units == 30


def test_a_grader_that_says_nothing_leaves_everything_open():
    found = corrected(units(np.arange(100) < 50), GraderErrors(25, 50, 25, 50))
    assert found.low < 0.05 and found.high > 0.95
    unlabelled = corrected(units(np.arange(100) < 50), GraderErrors(0, 0, 0, 0))
    assert unlabelled.high - unlabelled.low > 0.5


def test_it_takes_less_than_a_twentieth_of_a_second():
    seen, errors = units(np.arange(2000) < 1800, np.arange(2000) // 20), GraderErrors(90, 100, 45, 50)
    best = np.inf
    for _ in range(5):
        start = time.process_time()
        corrected(seen, errors)
        best = min(best, time.process_time() - start)
    assert best < 0.05


def test_labels_of_all_are_what_people_say():
    rng = np.random.default_rng(1)
    truth = rng.random(400) < 0.8
    said = np.where(rng.random(400) < 0.15, ~truth, truth)
    found = prediction_powered(units(said), {str(row): bool(label) for row, label in enumerate(truth)})
    by_people = rate(units(truth))
    assert found.value == pytest.approx(truth.mean())
    assert (found.low, found.high) == pytest.approx((by_people.low, by_people.high), abs=0.012)


def test_a_good_grader_makes_few_labels_worth_many():
    rng = np.random.default_rng(2)
    truth = rng.random(2000) < 0.8
    labelled = rng.choice(2000, 100, replace=False)
    labels = {str(row): bool(truth[row]) for row in labelled}
    alone = rate(units(truth[labelled]))
    good, useless = (np.where(rng.random(2000) < error, ~truth, truth) for error in (0.02, 0.5))
    with_good, with_useless = (prediction_powered(units(said), labels) for said in (good, useless))
    assert with_good.high - with_good.low < 0.6 * (alone.high - alone.low)
    assert with_useless.high - with_useless.low == pytest.approx(alone.high - alone.low, rel=0.25)


@pytest.mark.parametrize("said", [0.0, 1.0])
def test_labels_that_all_agree_leave_a_width(said):
    found = prediction_powered(units(np.full(300, said)), {str(row): bool(said) for row in range(50)})
    assert found.value == said and found.high - found.low > 3 / 60


def test_labels_that_cannot_be_are_refused():
    seen = units([1.0, 0.0])
    with pytest.raises(ValueError, match="at least of one: 'x' is none"):
        prediction_powered(seen, {"x": True})
    with pytest.raises(ValueError, match="no labels"):
        prediction_powered(seen, {})
    with pytest.raises(ValueError, match=r"values must be verdicts, 0 or their weight, got 0\.5 of 1\.0 for '0'"):
        prediction_powered(units([0.5, 1.0]), {"0": True})


def test_nothing_is_known_of_nothing():
    empty = units([])
    for found in (corrected(empty, GraderErrors(9, 10, 9, 10)), prediction_powered(empty, {})):
        assert np.isnan(found.value) and (found.low, found.high) == (0, 1)


TELLING = [
    coverage.Cell(metric, rate, 300, sensitivity=sensitivity, specificity=specificity)
    for metric in ("corrected", "prediction-powered")
    for rate, sensitivity, specificity in ((0.9, 0.95, 0.8), (0.7, 0.9, 0.8), (0.9, 0.53, 0.98), (0.5, 0.5, 0.8))
]


@pytest.mark.parametrize("cell", TELLING, ids=lambda cell: f"{cell.metric} {cell.rate} Se {cell.sensitivity}")
def test_intervals_cover_as_often_as_they_say(cell):
    assert not coverage.simulate(cell, 1000).outside
