"""Prompts, answers and grades as plain values that a log holds, and back; those of harmful prompts are sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from inspect_ai.log import ProvenanceData
from inspect_ai.model import ChatMessage
from inspect_ai.scorer import Score

from gnothi.safety.answers import plain_answer, seal, unseal
from gnothi.safety.answers import read_answer as answer_of
from gnothi.safety.inspect.messages import messages_of, sound_of, wav
from gnothi.safety.prompts import Grade, Message, Outcome, Prompt

__all__ = [
    "answer_of",
    "covered",
    "edited_by",
    "grade_in",
    "plain_answer",
    "plain_grade",
    "plain_prompt",
    "prompt_of",
]


def plain_prompt(prompt: Prompt, *, sealed: bool) -> dict[str, Any]:
    """A prompt as plain values. Sound is in them only where all is sealed: else the messages beside them have it."""
    plain = asdict(replace(prompt, messages=(), facts=dict(prompt.facts)))
    plain["messages"] = [
        {"role": one.role, "content": one.content} | ({"sound": wav(one.sound)} if sealed and one.sound else {})
        for one in prompt.messages
    ]
    return seal(plain) if sealed else plain


def prompt_of(plain: Mapping[str, Any], chat: Sequence[ChatMessage] | None = None) -> Prompt:
    """A prompt from its plain values, and from the messages beside them, whose sound it takes if it was not sealed."""
    row = dict(unseal(plain))
    if chat is not None and "sealed" not in plain:
        messages = messages_of(chat)
    else:
        messages = tuple(
            Message(one["role"], one["content"], sound_of(one["sound"]) if "sound" in one else None)
            for one in row["messages"]
        )
    return Prompt(**{**row, "messages": messages, "choices": tuple(row["choices"])})


def plain_grade(grade: Grade, *, sealed: bool) -> dict[str, Any]:
    """A grade as plain values: where the prompt is harmful, the words of the grader are sealed."""
    plain = {**asdict(grade), "outcome": str(grade.outcome)}
    return {**plain, "why": seal(grade.why)} if sealed and grade.why else plain


def grade_of(plain: Mapping[str, Any]) -> Grade:
    """A grade from its plain values."""
    return Grade(**{**plain, "outcome": Outcome(plain["outcome"]), "why": unseal(plain["why"])})


def grade_in(score: Score) -> Grade:
    """The grade of a score of ours; where a person wrote another outcome over it (`edit_score`), theirs."""
    grade, person = grade_of((score.metadata or {})["grade"]), edited_by(score)
    if person is None:
        return grade
    if score.value not in {*Outcome}:
        return Grade(Outcome.UNGRADED, person.author, why=f"{score.value!r} is no outcome")
    return Grade(Outcome(str(score.value)), person.author, why=person.reason or "")


def edited_by(score: Score) -> ProvenanceData | None:
    """Who wrote over a score's value last, if anybody did."""
    people = [edit.provenance for edit in score.history if edit.provenance is not None and edit.value != "UNCHANGED"]
    return people[-1] if people else None


def covered(prompt: Prompt, text: str = "") -> str:
    """What stands in a log in the place of a harmful prompt, or of a `text` that has to do with one."""
    what = f"{len(text)} characters" if text else f"a prompt of category {prompt.category or 'none'}"
    return f"[sealed: {what}; sha256 of the prompt {prompt.sha256[:12]}]"
