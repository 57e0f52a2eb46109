"""Results: everything that stands behind a number is beside it."""

import pytest

from gnothi.safety.calibration import calibration_of
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
