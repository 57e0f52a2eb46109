"""Questions with options that are answered by a letter."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gnothi.safety.prompts import Message, Prompt

LETTERS = "ABCDEFGHIJ"
INSTRUCTION = "Answer with the letter of the right option only."


class ChoiceQuestion(NamedTuple):
    """A question, its options, and the position of the right one."""

    name: str
    category: str
    text: str
    options: tuple[str, ...]
    right: int
    language: str = "English"


def lettered(text: str, options: Sequence[str], instruction: str = INSTRUCTION) -> str:
    """A question with its options below it, a letter each.

    >>> print(lettered("What is 1 + 1?", ("3", "2")))
    What is 1 + 1?
    A. 3
    B. 2
    Answer with the letter of the right option only.

    **Raises:** `ValueError` if there are more options than letters.
    """
    if len(options) > len(LETTERS):
        raise ValueError(f"a question can have {len(LETTERS)} options, got {len(options)}: {text[:60]!r}")
    lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return "\n".join([text, *lines, instruction])


def lettered_prompt(
    question: ChoiceQuestion,
    cluster: str,
    *,
    instruction: str = INSTRUCTION,
    shots: Sequence[ChoiceQuestion] = (),
    facts: Mapping[str, str] | None = None,
) -> Prompt:
    """A question as a prompt whose choices are letters.

    **Arguments:** `question`; its `cluster`; `instruction`; `shots`, questions that are asked and answered before it;
    `facts`, of the prompt.
    """
    turns: list[Message] = []
    for shot in shots:
        turns.append(Message("user", lettered(shot.text, shot.options, instruction)))
        turns.append(Message("assistant", LETTERS[shot.right]))
    return Prompt(
        question.name,
        (*turns, Message("user", lettered(question.text, question.options, instruction))),
        cluster,
        category=question.category,
        target=LETTERS[question.right],
        choices=tuple(LETTERS[: len(question.options)]),
        facts=dict(facts or {}),
    )
