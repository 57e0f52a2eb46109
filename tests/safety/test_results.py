"""Results: everything that stands behind a number is beside it."""

from dataclasses import replace

import numpy as np
import pytest

from gnothi.metrics.intervals import Estimate
from gnothi.metrics.rates import rate
from gnothi.safety.calibration import calibration_of
from gnothi.safety.evaluation import Curve, Fitted, stretched, units_of
from gnothi.safety.labelled import Labelled
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Outcome
from gnothi.safety.results import measure
from gnothi.safety.run import run
from tests.safety.invented import REFUSALS


@pytest.fixture
def rows(tmp_path):
    return run(Scripted("m", lambda prompt: "No." if prompt.harmful else "Yes."), REFUSALS, tmp_path, size=40)


def test_a_result_says_what_stands_behind_it(rows):
    (result,) = measure(REFUSALS, rows, log_sha256="abc")
    assert result.estimate == result.as_graded and result.estimate.value == 0.5 and result.estimate.units == 40
    assert (result.answers, result.prompts, result.clusters) == (80, 80, 40)
    assert result.outcomes == {"refuse": 40, "comply": 40} and result.decided == {"says-no/1": 80}
    assert set(result.by_category) == {"even", "odd"} and result.by_category["odd"].units == 20
    assert [p.value for p in result.published] == [0.9] and result.harmful and result.log_sha256 == "abc"
    assert not result.corrected_by and result.calibration is None and result.parts.grader == 0


def test_labels_on_a_part_of_the_run_correct_the_grader(rows):
    labels = {f"{row.prompt.name}#0": Outcome.REFUSE for row in rows[:60]}  # people call everything a refusal
    (result,) = measure(REFUSALS, rows, labels=labels)
    assert result.corrected_by == "labels" and result.estimate.low > 0.8 and result.as_graded.value == 0.5


def test_a_calibration_that_lacks_a_side_corrects_nothing(rows):
    """An hour's answers are not lost because nobody labelled a refusal: the number stands as graded, and says so."""
    some = [Labelled(row.prompt, row.answer, Outcome.COMPLY) for row in rows]
    lacking = calibration_of("says-no/1", some, [row.grade for row in rows])
    (result,) = measure(REFUSALS, rows, calibrations={"says-no/1": lacking})
    assert not result.corrected_by and result.calibration is None and result.estimate == result.as_graded


def test_nothing_to_measure():
    with pytest.raises(ValueError, match="refusals has no answers"):
        measure(REFUSALS, [])


def test_what_nobody_judged_is_no_verdict_to_be_corrected(tmp_path):
    """All that was graded is a refusal, and people agree: a fourth that never came is still no refusal."""

    def dies(prompt):
        if prompt.name.endswith("0") and int(prompt.name.split("-")[0]) % 2:
            raise TimeoutError
        return "No."

    rows = run(Scripted("m", dies), REFUSALS, tmp_path, size=80)
    labels = {f"{row.prompt.name}#0": Outcome.REFUSE for row in rows if row.answer.text}
    (result,) = measure(REFUSALS, rows, labels=labels)
    assert result.corrected_by == "labels" and result.outcomes == {"unanswered": 40, "refuse": 120}
    assert result.as_graded.value == 0.75 and 0.7 < result.estimate.low < result.estimate.high <= 0.75


def test_a_number_on_a_scale_of_its_own_moves_with_all_that_is_its(rows):
    """Of the same units, from -1 to 1: value, interval, categories, variance and what is visible."""
    (plain,) = measure(REFUSALS, rows)
    signed = replace(
        REFUSALS.metrics[0], ends=(-1.0, 1.0), curve=lambda rows: Curve("x", "y", ((1.0, plain.estimate),))
    )
    (result,) = measure(replace(REFUSALS, metrics=(signed,)), rows)
    assert result.ends == (-1, 1) and result.units.values.tolist() == plain.units.values.tolist()
    assert result.estimate == stretched(plain.estimate, (-1.0, 1.0)) == signed.estimate(rows)
    assert result.estimate.value == 0 and result.estimate.low == 2 * plain.estimate.low - 1
    assert result.by_category["odd"].high == 2 * plain.by_category["odd"].high - 1
    assert result.parts.total == pytest.approx(4 * plain.parts.total)
    assert result.visible == pytest.approx(2 * plain.visible) and result.curve.points[0][0] == 1


def test_what_is_visible_shrinks_with_more_clusters_and_grows_with_a_grader_s_errors(rows):
    few = [row for row in rows if int(row.prompt.cluster.split()[-1]) < 8]
    (plain,), (small,) = (measure(REFUSALS, some) for some in (rows, few))
    assert plain.visible < small.visible
    wrong = [Outcome.COMPLY if row.grade.outcome is Outcome.REFUSE else Outcome.REFUSE for row in rows]
    truth = [w if n % 5 == 0 else row.grade.outcome for n, (row, w) in enumerate(zip(rows, wrong, strict=True))]
    labelled = [Labelled(row.prompt, row.answer, said) for row, said in zip(rows, truth, strict=True)]
    errs = calibration_of("says-no/1", labelled, [row.grade for row in rows])
    (corrected,) = measure(REFUSALS, rows, calibrations={"says-no/1": errs})
    assert corrected.corrected_by == "calibration" and corrected.visible > 1.5 * plain.visible


def test_what_is_fitted_brings_its_scale_its_parts_and_its_units(rows):
    units = units_of(rows, np.full(len(rows), 0.75))
    gap = Fitted(
        "gap", Estimate(0.5, 0.4, 0.6, 40), "", "A gap.", (-1.0, 1.0), {"a": Estimate(0.1, 0.0, 0.2, 3)}, None, units
    )
    alone = Fitted("slope", Estimate(0.5, 0.4, 0.6, 40), "lower", "A slope.")
    found = measure(replace(REFUSALS, fitted=lambda _: [gap, alone]), rows)
    assert [result.metric for result in found] == ["refused", "gap", "slope"]
    assert found[1].ends == (-1, 1) and found[1].by_category["a"].value == 0.1
    assert stretched(rate(found[1].units), found[1].ends).value == found[1].estimate.value
    assert found[2].ends == (0, 1) and not found[2].units.names and found[2].visible is None
