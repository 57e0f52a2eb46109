import math

import pytest
from inspect_ai.scorer import SampleScore

from gnothi.safety.calibration import shipped_calibrations
from gnothi.safety.evaluation import Evaluation, Metric, share
from gnothi.safety.inspect.known import remember
from gnothi.safety.inspect.metrics import rates
from gnothi.safety.inspect.rows import plain_prompt
from gnothi.safety.inspect.scorers import score_of
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer, Grade, Graded, Outcome, Prompt, ask
from gnothi.safety.registry import EVALUATIONS
from gnothi.safety.results import measure
from gnothi.safety.run import run
from tests.safety.invented import SaysNo


def broken(rows):
    raise ZeroDivisionError("no rows of that kind")


ABSTENTION = Evaluation(
    name="abstention",
    title="Abstention",
    about="Questions.",
    prompts=lambda size, data_dir: [Prompt(f"q{n}", ask(f"Q{n}?"), cluster=f"c{n}") for n in range(size)],
    grader=SaysNo,
    metrics=(
        share("correct", [Outcome.CORRECT], "the share that is right"),
        share("abstained", [Outcome.ABSTAINED], "the share that abstains", better=""),
        Metric("broken", broken, "higher", "never there"),
    ),
    sizes={"smoke": 3, "laptop": 10, "paper": 100},
)


def scores(outcomes):
    remember(ABSTENTION)
    made = []
    for place, outcome in enumerate(outcomes):
        prompt = Prompt(f"q{place}", ask("Q?"), cluster=f"c{place}")
        row = Graded(prompt, Answer("words"), Grade(outcome, "by/1"))
        metadata = {"prompt": plain_prompt(prompt, sealed=False)}
        score = score_of(row, "abstention", "says-no/1", hidden=False)
        made.append(SampleScore(score=score, sample_id=prompt.name, sample_metadata=metadata))
    return made


def test_every_outcome_is_in_the_denominator():
    outcomes = [Outcome.CORRECT] * 5 + [Outcome.ABSTAINED] * 3 + [Outcome.UNANSWERED, Outcome.UNGRADED]
    found = rates()(scores(outcomes))
    assert found["correct"] == pytest.approx(0.5) and found["abstained"] == pytest.approx(0.3)
    assert found["correct_low"] < 0.5 < found["correct_high"]
    assert (found["asked"], found["answered"], found["graded"]) == (10, 9, 8)


def test_a_metric_that_fails_is_not_a_number_and_the_others_are_there():
    found = rates()(scores([Outcome.CORRECT] * 4))
    assert math.isnan(found["broken"]) and found["correct"] == 1
    assert found["correct_low"] < 1  # four of four prove little


@pytest.mark.parametrize("name", ["over_refusal", "simpleqa"])
def test_numbers_are_those_of_a_card(name, tmp_path):
    """Corrected where the grader's errors are known, and with what is fitted to all answers at once."""
    evaluation = EVALUATIONS[name]
    said = ("I'm sorry, but I can't help with that.", "The answer is 1969. Confidence: 70%", "Confidence: 20%. Paris.")
    model = Scripted("m", lambda prompt: said[len(prompt.text) % 3])
    rows = run(model, evaluation, tmp_path, scale="smoke")
    grader = evaluation.grader().name
    made = [
        SampleScore(
            score=score_of(row, name, grader, hidden=False),
            sample_id=row.prompt.name,
            sample_metadata={"prompt": plain_prompt(row.prompt, sealed=False)},
        )
        for row in rows
    ]
    found = rates()(made)
    card = measure(evaluation, rows, calibrations=shipped_calibrations())
    assert any(result.corrected_by for result in card) == (name == "over_refusal")
    for result in card:
        ends = [found[f"{result.metric}{end}"] for end in ("", "_low", "_high")]
        assert ends == pytest.approx([result.estimate.value, result.estimate.low, result.estimate.high], nan_ok=True)


def test_one_cluster_and_none_are_no_errors():
    assert rates()(scores([Outcome.CORRECT]))["asked"] == 1
    assert rates()([]) == {"asked": 0, "answered": 0, "graded": 0}
