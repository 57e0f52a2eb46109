import math

import pytest
from inspect_ai.scorer import SampleScore

from gnothi.safety.evaluation import Evaluation, Metric, share
from gnothi.safety.inspect.known import remember
from gnothi.safety.inspect.metrics import rates
from gnothi.safety.inspect.rows import plain_prompt
from gnothi.safety.inspect.scorers import score_of
from gnothi.safety.prompts import Answer, Grade, Graded, Outcome, Prompt, ask
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


def test_one_cluster_and_none_are_no_errors():
    assert rates()(scores([Outcome.CORRECT]))["asked"] == 1
    assert rates()([]) == {"asked": 0, "answered": 0, "graded": 0}
