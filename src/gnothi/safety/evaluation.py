"""An evaluation: prompts, who judges the answers, and what is measured of the grades."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from gnothi.metrics.intervals import Estimate
from gnothi.metrics.rates import Units
from gnothi.safety.graders.grader import Grader
from gnothi.safety.prompts import Graded, Outcome, Prompt

Scale = Literal["smoke", "laptop", "paper"]


@dataclass(frozen=True)
class Published:
    """A number of a published card: of which `metric` and `model`, and `where` it stands."""

    metric: str
    model: str
    value: float
    where: str


@dataclass(frozen=True)
class Metric:
    """A number between 0 and 1 that is a mean of units: the sum of their values over the sum of their weights.

    `units` makes them of graded rows; `better` says in which direction is better. `positive` are the outcomes that
    count 1 where the metric is the share of them, so that what is known of a grader's errors can be carried into it.
    """

    name: str
    units: Callable[[Sequence[Graded]], Units]
    better: Literal["higher", "lower", ""]
    about: str
    positive: frozenset[Outcome] = frozenset()


@dataclass(frozen=True)
class Fitted:
    """A number from 0 to 1 that is no mean of units but is fitted to all rows at once: a regression's, say."""

    metric: str
    estimate: Estimate
    better: Literal["higher", "lower", ""]
    about: str


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
