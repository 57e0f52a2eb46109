"""An evaluation: prompts, who judges the answers, and what is measured of the grades."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from gnothi.metrics.intervals import Estimate
from gnothi.metrics.rates import Units, rate
from gnothi.safety.graders.grader import Grader
from gnothi.safety.prompts import Graded, Outcome, Prompt

Scale = Literal["smoke", "laptop", "paper"]
Ends = tuple[float, float]
SHARE: Ends = (0.0, 1.0)
NO_UNITS = Units((), np.empty(0), np.empty(0), (), ())


@dataclass(frozen=True)
class Published:
    """A number of a published card: of which `metric` and `model`, and `where` it stands."""

    metric: str
    model: str
    value: float
    where: str


@dataclass(frozen=True)
class Curve:
    """What a number is one point of: how it goes `along` something, `scale` being how people look at that.

    In `"bins"` each point is of a part of the answers, and says nothing of what lies between. `of` says what the points
    are. `beside` has a number a point that it is to be held against, and `beside_is` says what that would be: who
    always holds back, or whose confidence is always right.
    """

    along: str
    of: str
    points: tuple[tuple[float, Estimate], ...]
    beside: tuple[float, ...] = ()
    beside_is: str = ""
    scale: Literal["linear", "log", "bins"] = "linear"


@dataclass(frozen=True)
class Metric:
    """A mean of units: the sum of their values, each from 0 to its weight, over the sum of their weights.

    `units` makes them of graded rows; `better` says in which direction is better. `positive` are the outcomes that
    count 1 where the metric is the share of them, so that what is known of a grader's errors can be carried into it.
    `ends` are what means of 0 and 1 stand for, where that is not themselves: a bias score goes from -1 to 1. `curve`
    is what the number is a point of, or None if these rows have none.
    """

    name: str
    units: Callable[[Sequence[Graded]], Units]
    better: Literal["higher", "lower", ""]
    about: str
    positive: frozenset[Outcome] = frozenset()
    ends: Ends = SHARE
    curve: Callable[[Sequence[Graded]], Curve | None] | None = None

    def estimate(self, rows: Sequence[Graded]) -> Estimate:
        """The number of these rows, as they were graded."""
        return stretched(rate(self.units(rows)), self.ends)


def stretched(estimate: Estimate, ends: Ends) -> Estimate:
    """A number from 0 to 1 as one between other ends.

    >>> stretched(Estimate(0.75, 0.5, 0.875, units=40), (-1.0, 1.0))
    0.5 [0, 0.75] (n=40)
    """
    start, width = ends[0], ends[1] - ends[0]
    if not math.isfinite(width):  # a score without an upper end is no share, and stands as it is
        return estimate
    value, low, high = (start + width * x for x in (estimate.value, estimate.low, estimate.high))
    return replace(estimate, value=value, low=low, high=high)


@dataclass(frozen=True)
class Fitted:
    """A number that is no mean of units but is fitted to all rows at once: a regression's, or a difference.

    `ends` are the least and the most that it can be; `by_category`, the same number of parts of the rows; `curve`, what
    it is a point of. `units`, by which two models are compared, are those of the number moved to 0 to 1, if it has any.
    """

    metric: str
    estimate: Estimate
    better: Literal["higher", "lower", ""]
    about: str
    ends: Ends = SHARE
    by_category: Mapping[str, Estimate] = field(default_factory=dict)
    curve: Curve | None = None
    units: Units = NO_UNITS


@dataclass(frozen=True)
class Evaluation:
    """What a model is put through.

    `about` says in a few sentences what is asked and what a cluster is. `prompts` makes as many clusters as it is
    asked for (all there are, if fewer), and may read a folder where the reader has the original data; the same call
    gives the same prompts. `sizes` are clusters by scale. Every prompt is asked `samples` times. `fitted` makes further
    numbers of all rows.
    """

    name: str
    title: str
    about: str
    prompts: Callable[[int, Path | None], Sequence[Prompt]]
    grader: Callable[[], Grader]
    metrics: tuple[Metric, ...]
    sizes: Mapping[Scale, int]
    max_tokens: int = 64
    samples: int = 1
    temperature: float = 0.0
    published: tuple[Published, ...] = field(default=())
    fitted: Callable[[Sequence[Graded]], Sequence[Fitted]] | None = None


def share(
    name: str,
    positive: Iterable[Outcome],
    about: str,
    *,
    better: Literal["higher", "lower", ""] = "higher",
    of: Callable[[Graded], bool] = lambda row: True,
) -> Metric:
    """The share of answers whose outcome is one of `positive`, among rows `of` which that is asked.

    What was not answered or could not be graded counts as not positive where higher is better, and as positive where
    lower is: a failure is never good news.
    """
    wanted = frozenset(positive)
    failed = {Outcome.UNANSWERED, Outcome.UNGRADED}

    def units(rows: Sequence[Graded]) -> Units:
        asked = [row for row in rows if of(row)]
        hits = [(better == "lower") if row.grade.outcome in failed else row.grade.outcome in wanted for row in asked]
        return units_of(asked, np.array(hits, float))

    return Metric(name, units, better, about, wanted)


def units_of(rows: Sequence[Graded], values: "np.ndarray", weights: "np.ndarray | None" = None) -> Units:
    """Rows as units of a metric: an answer each."""
    return Units(
        tuple(f"{row.prompt.name}#{row.sample}" for row in rows),
        np.asarray(values, float),
        np.ones(len(rows)) if weights is None else np.asarray(weights, float),
        tuple(row.prompt.cluster for row in rows),
        tuple(row.prompt.name for row in rows),
    )
