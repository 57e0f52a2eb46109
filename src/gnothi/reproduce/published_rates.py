"""Rates that others published without an interval: what their numbers of prompts imply."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from gnothi.metrics import Estimate
from gnothi.metrics.multiplicity import holm
from gnothi.safety.evaluation import Published

Z = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Table:
    """A row of a card's table: a metric of a data set of `n` independent prompts, by model; `where` that n is from.

    `better` says in which direction is better.
    """

    name: str
    n: int
    values: Mapping[str, float]
    where: str
    better: str = "higher"


@dataclass(frozen=True)
class Gap:
    """How much larger one model's rate is than another's, and Holm's p-value among all such gaps of all tables."""

    table: Table
    first: str
    second: str
    difference: Estimate
    adjusted_p: float

    @property
    def real(self) -> bool:
        """Whether it is more than noise, all gaps considered."""
        return self.adjusted_p < 0.05


def by_model(published: Iterable[Published], metric: str, where: str = "") -> dict[str, float]:
    """Published values of one metric by model, of places that `where` is in."""
    return {one.model: one.value for one in published if one.metric == metric and where in one.where}


def implied(rate: float, n: int) -> Estimate:
    """Wilson's 95 % interval of a rate of `n` independent prompts, which is wide enough for a mean of scores too.

    Of all numbers from 0 to 1 with a given mean, zeros and ones vary most.

    >>> implied(0.9, 100)
    0.9 [0.8256, 0.9448] (n=100)
    """
    centre, half = (rate + Z**2 / (2 * n)) / (1 + Z**2 / n), Z / (1 + Z**2 / n)
    half *= np.sqrt(rate * (1 - rate) / n + Z**2 / (4 * n**2))
    return Estimate(rate, float(max(0.0, centre - half)), float(min(1.0, centre + half)), n)


def half_width(rate: float, n: int) -> float:
    """Half of the length of that interval."""
    found = implied(rate, n)
    return (found.high - found.low) / 2


def gap_between(first: float, second: float, n: int) -> Estimate:
    """How much larger the first rate is, with Newcombe's (1998, method 10) interval for two independent samples.

    The same prompts were asked of both models, so a paired interval would be narrower; published rates do not tell it.
    """
    one, other = implied(first, n), implied(second, n)
    gap = first - second
    low = gap - float(np.hypot(first - one.low, other.high - second))
    high = gap + float(np.hypot(one.high - first, second - other.low))
    return Estimate(gap, low, high, n)


def gaps(tables: Sequence[Table]) -> list[Gap]:
    """Every pair of models in every table, with Holm's p-values over all of them."""
    found = []
    for table in tables:
        for (first, one), (second, other) in itertools.combinations(table.values.items(), 2):
            pooled = (one + other) / 2
            spread = np.sqrt(2 * pooled * (1 - pooled) / table.n)
            p = float(2 * stats.norm.sf(abs(one - other) / spread)) if spread > 0 else 1.0
            found.append((table, first, second, gap_between(one, other, table.n), p))
    adjusted = holm(np.array([row[-1] for row in found]))
    return [Gap(*row[:-1], float(p)) for row, p in zip(found, adjusted, strict=True)]


def crossing(first: tuple[float, float], second: tuple[float, float]) -> float | None:
    """The penalty of a wrong answer at which two models' scores `right - penalty x wrong` are equal; none if never.

    **Arguments:** `first` and `second`, shares of right and of wrong answers.

    >>> round(crossing((0.2, 0.27), (0.5, 0.3)), 6)
    10.0
    """
    wrong = second[1] - first[1]
    if wrong == 0:
        return None
    found = (second[0] - first[0]) / wrong
    return found if found >= 0 else None


def discordant(right: Mapping[str, float], wrong: Mapping[str, float]) -> list[tuple[str, str]]:
    """Pairs of models of which the first is right more often and wrong more often: which is better is a choice."""
    return [
        (one, other)
        for one, other in itertools.permutations(right, 2)
        if right[one] > right[other] and wrong[one] > wrong[other]
    ]
