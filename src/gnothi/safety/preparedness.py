"""Preparedness: a framework of risk levels is data, and the levels come out as probabilities.

A **framework** (`frameworks/*.toml`) has categories; a category has indicators, each a metric of an evaluation with
the value from which a level is reached; gates say what follows from the levels. No framework that was published has
numbers in it: the thresholds are ours, and the file says why each is what it is.

An indicator is known with an interval, so its level is not a fact either: the indicator's posterior is pushed through
its thresholds. What is published is the level at the bound of the 95 % interval on the side of danger; where the
probability to be above a threshold is neither below 5 % nor above 95 %, the category *needs review* by people, as a
category whose threshold is approached does in the Preparedness Framework (Beta, Dec 2023). A category of which no
indicator was run has no level: nothing is made up.
"""

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from scipy import optimize, stats

from gnothi.metrics import Estimate

FRAMEWORKS = Path(__file__).with_name("frameworks")
SURE = 0.95  # a probability above this, or below one less it, needs no review

Variant = Literal["pre", "post"]
VARIANTS: tuple[Variant, ...] = ("pre", "post")
Evidence = Mapping[tuple[str, str], Estimate]


@dataclass(frozen=True)
class Indicator:
    """A metric of an evaluation, and from which value on it says that a level is reached.

    `direction`, `"above"` or `"below"`, says on which side of a threshold the danger is. An indicator that `rules_out`
    is a proxy: short of its threshold the level is ruled out, beyond it people must look, since the proxy alone does
    not establish the level. One whose `role` is `"contextual"`, not `"indicator"`, is shown and sets no level. `why`
    defends the thresholds.
    """

    evaluation: str
    metric: str
    thresholds: Mapping[str, float]
    direction: str = "above"
    role: str = "indicator"
    rules_out: bool = False
    why: str = ""


@dataclass(frozen=True)
class Category:
    """A kind of risk. One that is not `tracked` is watched, and does not count in the overall level."""

    name: str
    title: str
    about: str
    indicators: tuple[Indicator, ...] = ()
    tracked: bool = True


@dataclass(frozen=True)
class Gate:
    """What is allowed while every tracked category, before or after mitigations, is at most of a level."""

    name: str
    variant: Variant
    at_most: str
    met: str
    unmet: str


@dataclass(frozen=True)
class Framework:
    """Levels from the lowest up, categories and gates; `source` is what was published."""

    name: str
    version: str
    title: str
    source: str
    levels: tuple[str, ...]
    categories: tuple[Category, ...]
    gates: tuple[Gate, ...]

    def rank(self, level: str) -> int:
        """How high a level is, from 0.

        **Raises:** `ValueError` if the framework has no such level.
        """
        if level not in self.levels:
            raise ValueError(f"{self.name} has no level {level!r}: there are {', '.join(self.levels)}")
        return self.levels.index(level)

    def category(self, name: str) -> Category:
        """The category of that name.

        **Raises:** `ValueError` if there is none.
        """
        for category in self.categories:
            if category.name == name:
                return category
        known = ", ".join(category.name for category in self.categories)
        raise ValueError(f"{self.name} has no category {name!r}: there are {known}")

    def plain(self) -> dict[str, Any]:
        """The framework as JSON has it."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


@dataclass(frozen=True)
class Reading:
    """What one indicator says: its estimate, none if it was not run, and the probability of each level or more."""

    indicator: Indicator
    estimate: Estimate | None
    reached: Mapping[str, float]


@dataclass(frozen=True)
class Assessment:
    """The level of a category.

    `probabilities` are of each level; `point` is the level at the estimates, `level` the one at the bounds of their
    95 % intervals, which is published. All are empty where no indicator was run. `why` says it in words.
    """

    category: str
    decision: Literal["auto", "needs review", "no indicator ran"]
    probabilities: Mapping[str, float]
    point: str
    level: str
    readings: tuple[Reading, ...]
    why: str


@dataclass(frozen=True)
class GateReading:
    """Whether a gate is met: not if some category is too high, unknown while some tracked category has no level.

    `probability` is that of all categories with a level being low enough.
    """

    gate: Gate
    verdict: Literal["met", "not met", "unknown"]
    probability: float
    too_high: tuple[str, ...]
    without_level: tuple[str, ...]


def find_framework(name: str | Path) -> Framework:
    """A framework by its name, or by the path of a TOML file of the reader's.

    **Raises:** `ValueError` if there is none, or the file is not one.

    >>> find_framework("preparedness-beta").levels
    ('low', 'medium', 'high', 'critical')
    """
    path = Path(name) if str(name).endswith(".toml") else FRAMEWORKS / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FRAMEWORKS.glob("*.toml")))
        raise ValueError(f"no framework is called {str(name)!r}: there are {known}, and any TOML file like theirs")
    try:
        return framework_from(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"{path} is no framework: {error}") from error


def framework_from(plain: Mapping[str, Any]) -> Framework:
    """A framework from plain data, of TOML or of a card.

    **Raises:** `ValueError` if something is missing, misspelt or contradictory, naming it.
    """
    try:
        categories = tuple(
            Category(**{**row, "indicators": tuple(Indicator(**found) for found in row.get("indicators", ()))})
            for row in plain["categories"]
        )
        for row in plain["gates"]:
            if row["variant"] not in VARIANTS:
                raise ValueError(
                    f"gate {row['name']!r}: variant must be {' or '.join(VARIANTS)}, got {row['variant']!r}"
                )
        gates = tuple(Gate(**row) for row in plain["gates"])
        framework = Framework(**{**plain, "levels": tuple(plain["levels"]), "categories": categories, "gates": gates})
        _check(framework)
    except KeyError as error:
        raise ValueError(f"it has no {error.args[0]!r}") from error
    except TypeError as error:
        raise ValueError(str(error).replace("__init__() ", "")) from error
    return framework


def _check(framework: Framework) -> None:
    names = [category.name for category in framework.categories]
    if len(framework.levels) < 2 or not names or len(set(names)) < len(names):
        raise ValueError("it needs two levels or more, and categories of different names")
    for gate in framework.gates:
        framework.rank(gate.at_most)
    for category in framework.categories:
        for indicator in category.indicators:
            _check_indicator(framework, f"{category.name}: {indicator.evaluation} {indicator.metric}", indicator)


def _check_indicator(framework: Framework, where: str, indicator: Indicator) -> None:
    if indicator.direction not in ("above", "below"):
        raise ValueError(f"{where}: direction must be 'above' or 'below', got {indicator.direction!r}")
    if indicator.role not in ("indicator", "contextual"):
        raise ValueError(f"{where}: role must be 'indicator' or 'contextual', got {indicator.role!r}")
    if indicator.role == "indicator" and not indicator.thresholds:
        raise ValueError(f"{where}: an indicator needs a threshold for a level")
    steps = sorted((framework.rank(level), value) for level, value in indicator.thresholds.items())
    values = [value if indicator.direction == "above" else -value for _, value in steps]
    if values != sorted(values) or any(rank == 0 for rank, _ in steps):
        raise ValueError(
            f"{where}: thresholds must grow more dangerous with the level, none for {framework.levels[0]!r}: "
            f"got {dict(indicator.thresholds)}"
        )


def probability_above(estimate: Estimate, threshold: float) -> float:
    """How probable it is that a rate is at least `threshold`, by the Beta distribution that has its 95 % interval.

    There is just one whose 2.5 % and 97.5 % quantiles are the two ends (Van Dorp and Mazzuchi 2000); where an end is 0
    or 1, it is the posterior after no success, or no failure, under a uniform prior. Beyond an end that is 0 or 1
    there is nothing.

    >>> round(probability_above(Estimate(0.5, 0.4, 0.6, units=100), 0.6), 3)
    0.025
    """
    low, high = max(estimate.low, 0.0), min(estimate.high, 1.0)
    if math.isnan(low) or math.isnan(high):
        low, high = 0.0, 1.0
    if low >= high:
        return float(estimate.value >= threshold)
    return float(stats.beta.sf(threshold, *_beta_of(low, high)))


def _beta_of(low: float, high: float) -> tuple[float, float]:
    tail = 0.025
    if low <= 0.0 and high >= 1.0:
        return 1.0, 1.0
    if low <= 0.0:
        return 1.0, math.log(tail) / math.log1p(-high)
    if high >= 1.0:
        return math.log(tail) / math.log(low), 1.0
    middle, deviation = (low + high) / 2, (high - low) / 3.92
    size = max(middle * (1 - middle) / deviation**2 - 1, 1.0)

    def misses(logs: Any) -> Any:
        return stats.beta.ppf([tail, 1 - tail], *[math.exp(min(max(log, -9), 18)) for log in logs]) - [low, high]

    found = optimize.root(misses, [math.log(middle * size), math.log((1 - middle) * size)])
    return math.exp(found.x[0]), math.exp(found.x[1])


def assess(framework: Framework, evidence: Evidence) -> dict[str, Assessment]:
    """The level of every category.

    **Arguments:** `framework`; `evidence`, estimates by evaluation and metric.

    **Returns:** assessments by category, in the framework's order.
    """
    return {category.name: _assess(framework, category, evidence) for category in framework.categories}


def _assess(framework: Framework, category: Category, evidence: Evidence) -> Assessment:
    readings = tuple(_read(framework, found, evidence) for found in category.indicators)
    counting = [reading for reading in readings if reading.indicator.role == "indicator"]
    ran = [reading for reading in counting if reading.estimate is not None]
    if not ran:
        why = "None of its indicators was run." if counting else "This package has no indicator for it."
        return Assessment(category.name, "no indicator ran", {}, "", "", readings, why)
    above = [1.0]  # of each level or more: some indicator reaches it, and their errors are independent
    for level in framework.levels[1:]:
        above.append(min(above[-1], 1 - math.prod(1 - reading.reached[level] for reading in ran)))
    probabilities = {
        level: above[rank] - (above[rank + 1] if rank + 1 < len(above) else 0.0)
        for rank, level in enumerate(framework.levels)
    }
    point = max((_level_at(framework, r.indicator, _value(r)) for r in ran), key=framework.rank)
    level = max((_level_at(framework, r.indicator, _bound(r)) for r in ran), key=framework.rank)
    unsure = any(1 - SURE < p < SURE for p in above[1:])
    proxies = [r for r in ran if r.indicator.rules_out and _level_at(framework, r.indicator, _bound(r)) == level]
    proxied = framework.rank(level) > 0 and bool(proxies)
    decision: Literal["auto", "needs review"] = "needs review" if unsure or proxied else "auto"
    return Assessment(
        category.name, decision, probabilities, point, level, readings, _why(framework, level, ran, counting, proxied)
    )


def _read(framework: Framework, indicator: Indicator, evidence: Evidence) -> Reading:
    estimate = evidence.get((indicator.evaluation, indicator.metric))
    if estimate is not None and not estimate.units:
        estimate = None  # it was asked, and there was nothing to measure
    if estimate is None or indicator.role == "contextual":
        return Reading(indicator, estimate, {})
    reached, least = {}, 0.0
    for level in reversed(framework.levels[1:]):  # who is past a level's threshold is past those of lower levels
        if level in indicator.thresholds:
            above = probability_above(estimate, indicator.thresholds[level])
            least = max(least, above if indicator.direction == "above" else 1 - above)
        reached[level] = least
    return Reading(indicator, estimate, reached)


def _value(reading: Reading) -> float:
    assert reading.estimate is not None
    return reading.estimate.value


def _bound(reading: Reading) -> float:
    """The end of the interval on the side of danger; a rate of which nothing is known may be anything."""
    assert reading.estimate is not None
    up = reading.indicator.direction == "above"
    bound = reading.estimate.high if up else reading.estimate.low
    return (math.inf if up else -math.inf) if math.isnan(bound) else bound


def _level_at(framework: Framework, indicator: Indicator, value: float) -> str:
    sign = 1 if indicator.direction == "above" else -1
    reached = [level for level, threshold in indicator.thresholds.items() if sign * value >= sign * threshold]
    return max(reached, key=framework.rank, default=framework.levels[0])


def _why(framework: Framework, level: str, ran: list[Reading], counting: list[Reading], proxied: bool) -> str:
    words = f"{len(ran)} of {len(counting)} indicator{'s' if len(counting) > 1 else ''} ran."
    if framework.rank(level) == 0:
        return f"{words} The bounds of their intervals reach no threshold."
    names = [
        f"{r.indicator.evaluation} {r.indicator.metric}"
        for r in ran
        if _level_at(framework, r.indicator, _bound(r)) == level
    ]
    words += f" The bound of {', '.join(names)} reaches {level}."
    return f"{words} That is a proxy: it does not establish the level, it fails to rule it out." if proxied else words


def overall(framework: Framework, levels: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The highest level of the tracked categories (empty if none has one), and the titles of those without a level.

    **Arguments:** `levels`, by category; empty or absent where there is none.
    """
    tracked = [category for category in framework.categories if category.tracked]
    known = [levels[category.name] for category in tracked if levels.get(category.name)]
    without = tuple(category.title for category in tracked if not levels.get(category.name))
    return max(known, key=framework.rank, default=""), without


def read_gates(
    framework: Framework,
    levels: Mapping[Variant, Mapping[str, str]],
    probabilities: Mapping[Variant, Mapping[str, Mapping[str, float]]],
) -> list[GateReading]:
    """What the gates say of levels, a human rating among them or not.

    **Arguments:** `levels`, by variant and category; `probabilities`, of each level, by variant and category.
    """
    readings = []
    for gate in framework.gates:
        limit = framework.rank(gate.at_most)
        of = levels.get(gate.variant, {})
        tracked = [category for category in framework.categories if category.tracked]
        too_high = tuple(c.title for c in tracked if of.get(c.name) and framework.rank(of[c.name]) > limit)
        without = tuple(c.title for c in tracked if not of.get(c.name))
        verdict: Literal["met", "not met", "unknown"] = "not met" if too_high else "unknown" if without else "met"
        chances = [
            sum(
                p
                for level, p in probabilities.get(gate.variant, {}).get(c.name, {}).items()
                if framework.rank(level) <= limit
            )
            for c in tracked
            if probabilities.get(gate.variant, {}).get(c.name)
        ]
        readings.append(GateReading(gate, verdict, math.prod(chances) if chances else math.nan, too_high, without))
    return readings
