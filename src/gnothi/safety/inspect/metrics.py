"""Our metrics as one of Inspect's: each with its interval, beside how many were asked, answered and graded.

Inspect shows metrics scores that were reduced over epochs, where outcomes have become numbers, unless a metric asks
for all of them. It shows them early too, when few clusters are done; an error in a metric ends the run. So this metric
takes all scores, as they were given, and what cannot be computed (yet) is not a number.
"""

import logging
import math

from inspect_ai.scorer import Metric, SampleScore, Value, metric

from gnothi.metrics.intervals import Estimate
from gnothi.safety.calibration import shipped_calibrations
from gnothi.safety.inspect.known import evaluation_of
from gnothi.safety.inspect.rows import answer_of, grade_in, prompt_of
from gnothi.safety.prompts import Graded, Outcome
from gnothi.safety.results import judged

log = logging.getLogger(__name__)


@metric(name="rates", scores="unreduced")
def rates() -> Metric:
    """For each metric of the evaluation `NAME`, `NAME_low` and `NAME_high` (95 %); and the denominators.

    They are the numbers of a card: where the grader's errors are known (`shipped_calibrations`) these are in them, and
    what is fitted to all answers at once is there too. `asked` counts the answers that were wanted of the samples that
    are done, `answered` those that came, `graded` those that could be graded. Rates are of all that were asked.
    """

    def measure(scores: list[SampleScore]) -> Value:
        rows = [row_of(score) for score in scores]
        outcomes = [row.grade.outcome for row in rows]
        came = [outcome for outcome in outcomes if outcome != Outcome.UNANSWERED]
        graded = [outcome for outcome in came if outcome != Outcome.UNGRADED]
        counts: dict[str, float] = {"asked": len(rows), "answered": len(came), "graded": len(graded)}
        told = dict(scores[0].score.metadata or {}) if scores else {}
        return {**(_rates(str(told["evaluation"]), str(told["grader"]), rows) if told else {}), **counts}

    return measure


def row_of(score: SampleScore) -> Graded:
    """The graded row that a score is of; sounds are left out."""
    about, told = score.sample_metadata or {}, score.score.metadata or {}
    return Graded(prompt_of(about["prompt"]), answer_of(dict(told["answer"])), grade_in(score.score), told["sample"])


def _rates(name: str, grader: str, rows: list[Graded]) -> dict[str, float]:
    try:
        evaluation = evaluation_of(name)
    except ValueError as error:
        log.warning("no metrics of the evaluation %s: %s", name, error)
        return {}
    calibration = shipped_calibrations().get(grader)
    found: dict[str, float] = {}
    for one in evaluation.metrics:
        try:
            found |= _ends(one.name, judged(one, rows, calibration).estimate)
        except Exception as error:  # an error would end the run: with some samples done there may be no units yet
            log.debug("%s of %s: %s", one.name, name, error)
            found |= dict.fromkeys((one.name, f"{one.name}_low", f"{one.name}_high"), math.nan)
    try:
        further = [] if evaluation.fitted is None else evaluation.fitted(rows)
    except Exception as error:
        log.info("what is fitted in %s: %s", name, error)  # it has no names under which to be not a number
        further = []
    for fitted in further:
        found |= _ends(fitted.metric, fitted.estimate)
    return found


def _ends(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
