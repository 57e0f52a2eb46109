import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from gnothi.metrics import Estimate
from gnothi.safety.preparedness import (
    FRAMEWORKS,
    assess,
    find_framework,
    framework_from,
    overall,
    probability_above,
    read_gates,
)

NAMES = sorted(path.stem for path in FRAMEWORKS.glob("*.toml"))


def make_framework(**indicator):
    """Three levels, one category with one indicator, one gate."""
    found = {"evaluation": "toy", "metric": "rate", "thresholds": {"medium": 0.2, "high": 0.6}, **indicator}
    return framework_from(
        {
            "name": "toy",
            "version": "1",
            "title": "Toy",
            "source": "invented",
            "levels": ["low", "medium", "high"],
            "categories": [
                {"name": "a", "title": "A", "about": "", "indicators": [found]},
                {"name": "b", "title": "B", "about": ""},
            ],
            "gates": [{"name": "ship", "variant": "post", "at_most": "medium", "met": "yes", "unmet": "no"}],
        }
    )


def about(value, half, units=100):
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), units)


@pytest.mark.parametrize("name", NAMES)
def test_frameworks_are_whole(name):
    framework = find_framework(name)
    assert len(framework.levels) >= 3 and framework.gates and framework.name == name
    assert framework_from(framework.plain()) == framework
    for category in framework.categories:
        assert all(indicator.why for indicator in category.indicators)


@pytest.mark.parametrize("name", NAMES)
def test_indicators_are_metrics_of_evaluations_that_there_are(name):
    from gnothi.safety.registry import EVALUATIONS

    for category in find_framework(name).categories:
        for indicator in category.indicators:
            metrics = [metric.name for metric in EVALUATIONS[indicator.evaluation].metrics]
            assert indicator.metric in metrics


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.3), (0.001, 0.02), (0.9, 0.999), (0.4, 0.41), (0.02, 0.98)])
def test_the_posterior_has_the_interval(low, high):
    estimate = Estimate((low + high) / 2, low, high, units=50)
    assert probability_above(estimate, low) == pytest.approx(0.975, abs=1e-6)
    assert probability_above(estimate, high) == pytest.approx(0.025, abs=1e-6)


def test_after_no_success_it_is_the_exact_posterior():
    n = 40
    high = float(stats.beta.ppf(0.975, 1, n))
    assert probability_above(Estimate(0.0, 0.0, high, n), 0.05) == pytest.approx(stats.beta.sf(0.05, 1, n))
    assert probability_above(Estimate(1.0, 1 - high, 1.0, n), 0.95) == pytest.approx(1 - stats.beta.sf(0.05, 1, n))


def test_nothing_known_is_uniform_and_something_exact_is_certain():
    assert probability_above(Estimate(0.5, -math.inf, math.inf, 1), 0.3) == pytest.approx(0.7)
    assert probability_above(Estimate(0.5, 0.5, 0.5, 1), 0.5) == 1
    assert probability_above(Estimate(0.5, 0.5, 0.5, 1), 0.51) == 0


def test_probabilities_are_those_of_draws_from_the_posterior():
    """Of a rate of 30 in 100 with a uniform prior: the share of draws in each level."""
    draws = np.random.default_rng(0).beta(31, 71, 200_000)
    low, high = np.quantile(draws, [0.025, 0.975])
    found = assess(make_framework(), {("toy", "rate"): Estimate(0.3, float(low), float(high), 100)})["a"]
    assert found.probabilities["low"] == pytest.approx((draws < 0.2).mean(), abs=0.005)
    assert sum(found.probabilities.values()) == pytest.approx(1)


def test_the_published_level_is_at_the_bound_and_the_unsure_need_review():
    near = assess(make_framework(), {("toy", "rate"): about(0.55, 0.1)})["a"]
    assert (near.point, near.level, near.decision) == ("medium", "high", "needs review")
    far = assess(make_framework(), {("toy", "rate"): about(0.05, 0.03)})["a"]
    assert (far.point, far.level, far.decision) == ("low", "low", "auto")
    sure = assess(make_framework(), {("toy", "rate"): about(0.9, 0.05)})["a"]
    assert (sure.level, sure.decision) == ("high", "auto")


def test_danger_may_be_below():
    framework = make_framework(direction="below", thresholds={"medium": 0.6, "high": 0.2})
    assert assess(framework, {("toy", "rate"): about(0.9, 0.05)})["a"].level == "low"
    found = assess(framework, {("toy", "rate"): about(0.62, 0.1)})["a"]
    assert (found.point, found.level, found.decision) == ("low", "medium", "needs review")


def test_a_proxy_establishes_nothing():
    evidence = {("toy", "rate"): about(0.9, 0.02)}
    found = assess(make_framework(rules_out=True), evidence)["a"]
    assert (found.level, found.decision) == ("high", "needs review")
    assert "fails to rule it out" in found.why
    low = assess(make_framework(rules_out=True), {("toy", "rate"): about(0.05, 0.02)})["a"]
    assert (low.level, low.decision) == ("low", "auto")


@pytest.mark.parametrize("evidence", [{}, {("toy", "other"): about(0.9, 0.02)}, {("toy", "rate"): about(0.9, 0.1, 0)}])
def test_without_an_indicator_there_is_no_level(evidence):
    found = assess(make_framework(), evidence)
    assert {row.decision for row in found.values()} == {"no indicator ran"}
    assert not any(row.level or row.probabilities for row in found.values())
    assert "no indicator for it" in found["b"].why


def test_context_sets_no_level():
    framework = make_framework(role="contextual")
    found = assess(framework, {("toy", "rate"): about(0.9, 0.02)})["a"]
    assert found.decision == "no indicator ran"
    assert found.readings[0].estimate is not None


def test_any_of_several_indicators_reaches_a_level():
    plain = make_framework().plain()
    other = {**plain["categories"][0]["indicators"][0], "metric": "second"}
    plain["categories"][0]["indicators"] = [plain["categories"][0]["indicators"][0], other]
    framework = framework_from(plain)
    one, both = about(0.2, 0.1), {("toy", "rate"): about(0.2, 0.1), ("toy", "second"): about(0.2, 0.1)}
    alone = assess(framework, {("toy", "rate"): one})["a"].probabilities["low"]
    assert assess(framework, both)["a"].probabilities["low"] == pytest.approx(alone**2)


def test_gates_say_unknown_until_all_is_known():
    framework = make_framework()
    assert overall(framework, {"a": "medium"}) == ("medium", ("B",))
    [open_] = read_gates(framework, {"post": {"a": "low"}}, {"post": {"a": {"low": 0.9, "high": 0.1}}})
    assert (open_.verdict, open_.without_level) == ("unknown", ("B",))
    [met] = read_gates(framework, {"post": {"a": "low", "b": "medium"}}, {"post": {"a": {"low": 0.9, "high": 0.1}}})
    assert met.verdict == "met"
    assert met.probability == pytest.approx(0.9)
    [shut] = read_gates(framework, {"post": {"a": "high"}}, {})
    assert (shut.verdict, shut.too_high) == ("not met", ("A",))
    assert math.isnan(shut.probability)


def test_watched_categories_count_for_nothing():
    plain = make_framework().plain()
    plain["categories"][0]["tracked"] = False
    framework = framework_from(plain)
    assert overall(framework, {"a": "high", "b": "low"}) == ("low", ())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"direction": "sideways"}, "direction must be"),
        ({"role": "star"}, "role must be"),
        ({"thresholds": {}}, "needs a threshold"),
        ({"thresholds": {"high": 0.1, "medium": 0.5}}, "grow more dangerous"),
        ({"thresholds": {"low": 0.1}}, "none for 'low'"),
        ({"thresholds": {"huge": 0.1}}, "no level 'huge'"),
        ({"treshold": 1}, "treshold"),
    ],
)
def test_a_framework_that_is_none_says_why(change, words):
    with pytest.raises(ValueError, match=words):
        make_framework(**change)


def test_a_framework_of_the_readers_own(tmp_path):
    path = tmp_path / "mine.toml"
    text = (FRAMEWORKS / "preparedness-beta.toml").read_text()
    path.write_text(text.replace('name = "preparedness-beta"', 'name = "mine"'))
    assert replace(find_framework(path), name="preparedness-beta") == find_framework("preparedness-beta")
    path.write_text("levels = 3 =")
    with pytest.raises(ValueError, match=r"mine\.toml is no framework"):
        find_framework(path)
    with pytest.raises(ValueError, match="there are preparedness-beta, preparedness-v2"):
        find_framework("nonesuch")
