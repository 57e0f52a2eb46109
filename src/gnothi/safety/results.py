"""What was measured: each metric of an evaluation with its interval, and all that stands behind it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gnothi.metrics.grader_errors import GraderErrors, corrected, prediction_powered
from gnothi.metrics.intervals import Estimate
from gnothi.metrics.power import visible_difference
from gnothi.metrics.rates import Units, effective_rate, rate
from gnothi.metrics.variance_parts import VarianceParts, variance_parts
from gnothi.safety.calibration import Calibration
from gnothi.safety.evaluation import (
    NO_UNITS,
    SHARE,
    Curve,
    Ends,
    Evaluation,
    Fitted,
    Metric,
    Published,
    stretched,
)
from gnothi.safety.prompts import Graded, Outcome
from gnothi.safety.run import dataset_sha256

FEWEST_LABELS = 30  # of answers of the run, for these to correct the grader instead of a calibration


@dataclass(frozen=True)
class Result:
    """A metric of an evaluation, measured.

    `estimate` has the grader's errors in it where they are known: by labels of people on a part of these very answers
    (`corrected_by` is `"labels"`), or by a calibration on other data (`"calibration"`); `as_graded` has not. `outcomes`
    counts answers by what the grader said, those that were not answered or not graded among them. `decided` counts them
    by who decided. `units` are what the number is the mean of, moved from `ends`, the least and the most that it can
    be, to 0 and 1: by them two models are compared. `curve` is what the number is a point of. `visible` is the smallest
    difference to another run of this size, on other prompts, that would be seen four times in five; None if there is
    none, or no way to tell.
    """

    evaluation: str
    title: str
    metric: str
    about: str
    better: str
    estimate: Estimate
    as_graded: Estimate
    units: Units
    answers: int
    prompts: int
    clusters: int
    outcomes: Mapping[str, int]
    decided: Mapping[str, int]
    grader: str
    corrected_by: str
    calibration: Mapping[str, object] | None
    parts: VarianceParts
    by_category: Mapping[str, Estimate]
    dataset_sha256: str
    log_sha256: str
    harmful: bool
    published: tuple[Published, ...] = field(default=())
    ends: Ends = SHARE
    curve: Curve | None = None
    visible: float | None = None


def measure(
    evaluation: Evaluation,
    rows: Sequence[Graded],
    *,
    calibrations: Mapping[str, Calibration] | None = None,
    labels: Mapping[str, Outcome] | None = None,
    log_sha256: str = "",
) -> list[Result]:
    """Every metric of an evaluation.

    **Arguments:** `evaluation`; `rows`, as `run` returns them; `calibrations`, of graders by name; `labels`, what
    people say of answers of this run that were drawn at random, by unit (`PROMPT#SAMPLE`); `log_sha256`, of the file
    that the answers are in.

    **Raises:** `ValueError` if there are no rows.
    """
    if not rows:
        raise ValueError(f"{evaluation.name} has no answers to measure")
    grader = evaluation.grader().name
    calibration = (calibrations or {}).get(grader)
    found = [
        _result(evaluation, metric, rows, grader, calibration, labels or {}, log_sha256)
        for metric in evaluation.metrics
    ]
    for further in evaluation.fitted(rows) if evaluation.fitted is not None else ():
        found.append(_fitted_result(evaluation, further, rows, grader, log_sha256))
    return found


class Judged(NamedTuple):
    """A metric's number: with the grader's `errors` in it where they are known (`by` says whence), and `as_graded`.

    `units` are what it is the mean of.
    """

    units: Units
    estimate: Estimate
    as_graded: Estimate
    by: str
    errors: GraderErrors | None


def judged(
    metric: Metric,
    rows: Sequence[Graded],
    calibration: Calibration | None = None,
    labels: Mapping[str, Outcome] | None = None,
) -> Judged:
    """The number of a metric, corrected by people's labels of these answers, or else by the grader's calibration.

    **Arguments:** `metric`; `rows`; `calibration`, of the grader; `labels`, as of `measure`.
    """
    units, labels = metric.units(rows), labels or {}
    as_graded = rate(units)
    estimate, errors, by = as_graded, None, ""
    graded, lost, failures = _without_failures(units, rows)
    known = {name: labels[name] in metric.positive for name in graded.names if name in labels}
    if metric.positive and len(known) >= FEWEST_LABELS:
        estimate, by = prediction_powered(graded, known), "labels"
    elif graded.names and calibration is not None and calibration.knows(metric.positive):
        errors = calibration.errors(metric.positive)
        # Models differ more than prompts do: what a grader gets wrong of this one may be other than of those labelled.
        transport = calibration.transport(metric.positive)
        estimate, by = corrected(graded, errors, transport=transport), "calibration"
    if by and lost:  # what nobody judged is no verdict to be corrected: it counts as the metric counts it
        value, low, high = (failures + (1 - lost) * x for x in (estimate.value, estimate.low, estimate.high))
        estimate = Estimate(value, low, high, as_graded.units)
    return Judged(units, stretched(estimate, metric.ends), stretched(as_graded, metric.ends), by, errors)


def _fitted_result(
    evaluation: Evaluation, further: Fitted, rows: Sequence[Graded], grader: str, log_sha256: str
) -> Result:
    nothing = Metric(further.metric, lambda _: NO_UNITS, further.better, further.about, ends=further.ends)
    result = _result(evaluation, nothing, rows, grader, None, {}, log_sha256)
    return replace(
        result,
        estimate=further.estimate,
        as_graded=further.estimate,
        units=further.units,
        by_category=further.by_category,
        curve=further.curve,
        visible=_visible(further.units, further.ends, None) if further.units.names else None,
    )


def _result(
    evaluation: Evaluation,
    metric: Metric,
    rows: Sequence[Graded],
    grader: str,
    calibration: Calibration | None,
    labels: Mapping[str, Outcome],
    log_sha256: str,
) -> Result:
    units, estimate, as_graded, by, errors = judged(metric, rows, calibration, labels)
    categories = sorted({row.prompt.category for row in rows if row.prompt.category})
    split = {name: metric.units([row for row in rows if row.prompt.category == name]) for name in categories}
    return Result(
        evaluation=evaluation.name,
        title=evaluation.title,
        metric=metric.name,
        about=metric.about,
        better=metric.better,
        estimate=estimate,
        as_graded=as_graded,
        units=units,
        answers=len(rows),
        prompts=len({row.prompt.name for row in rows}),
        clusters=len({row.prompt.cluster for row in rows}),
        outcomes=dict(Counter(str(row.grade.outcome) for row in rows)),
        decided=dict(Counter(row.grade.by for row in rows)),
        grader=grader,
        corrected_by=by,
        calibration=None if by != "calibration" or calibration is None else calibration.plain(),
        parts=_stretched_parts(variance_parts(units, errors), metric.ends),
        by_category={name: stretched(rate(some), metric.ends) for name, some in split.items() if some.names},
        dataset_sha256=dataset_sha256([row.prompt for row in rows if row.sample == 0]),
        log_sha256=log_sha256,
        harmful=any(row.prompt.harmful for row in rows),
        published=tuple(p for p in evaluation.published if p.metric == metric.name),
        ends=metric.ends,
        curve=None if metric.curve is None else metric.curve(rows),
        visible=_visible(units, metric.ends, errors),
    )


def _stretched_parts(parts: VarianceParts, ends: Ends) -> VarianceParts:
    square = (ends[1] - ends[0]) ** 2
    resamples = None if parts.resamples is None else square * parts.resamples
    return VarianceParts(square * parts.prompts, resamples, square * parts.grader)


def _visible(units: Units, ends: Ends, errors: GraderErrors | None) -> float | None:
    """The smallest difference of two runs like this one that is seen with power .8, of the true number.

    A grader that errs alike on both shrinks their difference by sensitivity + specificity - 1.
    """
    value, effective, _, clusters = effective_rate(units)
    if clusters == 0:
        return None
    seen = visible_difference(float(value[0]), float(effective[0]))
    if errors is not None and seen is not None:
        (sensitivity, _), (specificity, _) = errors.moments()
        seen /= max(sensitivity + specificity - 1, 0.01)
    return None if seen is None or seen > 1 else seen * (ends[1] - ends[0])


def _without_failures(units: Units, rows: Sequence[Graded]) -> tuple[Units, float, float]:
    """Units that somebody judged; the share of all weight that the others have, and what they add to the rate."""
    failed = {
        f"{row.prompt.name}#{row.sample}" for row in rows if row.grade.outcome in (Outcome.UNANSWERED, Outcome.UNGRADED)
    }
    places = [place for place, name in enumerate(units.names) if name not in failed]
    total = float(units.weights.sum())
    if len(places) == len(units.names) or not total:
        return units, 0.0, 0.0
    graded = Units(
        tuple(units.names[place] for place in places),
        units.values[places],
        units.weights[places],
        tuple(units.clusters[place] for place in places),
        tuple(units.prompts[place] for place in places),
    )
    lost = 1 - float(graded.weights.sum()) / total
    return graded, lost, float(units.values.sum() - graded.values.sum()) / total
