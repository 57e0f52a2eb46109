"""Our graders as Inspect's scorer: one scorer, whatever the evaluation."""

from dataclasses import replace
from functools import partial

import anyio.to_thread
from inspect_ai.model import ChatMessage
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import TaskState

from gnothi.safety.graders.grader import Grader
from gnothi.safety.inspect.known import grader_of
from gnothi.safety.inspect.metrics import rates
from gnothi.safety.inspect.rows import answer_of, covered, plain_answer, plain_grade, prompt_of
from gnothi.safety.inspect.solver import STORED
from gnothi.safety.inspect.unrecorded import unrecorded
from gnothi.safety.prompts import Answer, Grade, Graded, Outcome, Prompt

REASONS = {Outcome.UNANSWERED: "no_response", Outcome.UNGRADED: "grader_failed", Outcome.REFUSE: "refusal"}


@scorer(metrics=[rates()], name="graded")
def graded() -> Scorer:
    """Grades what the sample's evaluation asked, with the grader of that evaluation.

    A score's value is the outcome, in words. What was not answered, and what could not be graded, are outcomes like
    others: no sample drops out. Logs are graded anew by `inspect score LOG --scorer gnothi/graded`.
    """

    async def score(state: TaskState, target: Target) -> Score:
        name = state.metadata["evaluation"]
        prompt = prompt_of(state.metadata["prompt"], _asked(state))
        hidden = prompt.harmful and not state.metadata.get("shown")
        kept = state.store.get(STORED)
        answer = Answer(error="it was not asked") if kept is None else answer_of(dict(kept))
        with unrecorded(hidden, covered(prompt, answer.text)):
            grade = await anyio.to_thread.run_sync(partial(_grade, grader_of(name), prompt, answer))
        return score_of(Graded(prompt, answer, grade, state.epoch - 1), name, grader_of(name).name, hidden)

    return score


def score_of(row: Graded, evaluation: str, grader: str, hidden: bool) -> Score:
    """A graded row as Inspect's score; `grader` is whose calibration it has, whichever part of it decided."""
    answer, grade = row.answer, row.grade
    return Score(
        value=str(grade.outcome),
        answer=covered(row.prompt, answer.text) if hidden else answer.text,
        explanation=None if hidden else grade.why or None,
        reason=REASONS.get(grade.outcome),
        metadata={
            "evaluation": evaluation,
            "grader": grader,
            "sample": row.sample,
            "grade": plain_grade(grade, sealed=hidden),
            "answer": plain_answer(replace(answer, sound=None), sealed=hidden),
        },
    )


def _asked(state: TaskState) -> list[ChatMessage]:
    return state.input if isinstance(state.input, list) else []


def _grade(grader: Grader, prompt: Prompt, answer: Answer) -> Grade:
    try:
        return grader.grade([prompt], [answer])[0]
    except Exception as error:  # a judge's provider may fail: the sample is not lost for that
        return Grade(Outcome.UNGRADED, grader.name, why=f"{type(error).__name__}: {error}"[:1000])
