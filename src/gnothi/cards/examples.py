"""What was asked and answered, an example of each outcome: numbers alone do not say what they are of."""

from collections.abc import Sequence
from dataclasses import dataclass

from gnothi.safety.prompts import Graded

MOST = 4  # examples of an evaluation
LENGTH = 400  # characters of a prompt or an answer


@dataclass(frozen=True)
class Example:
    """A prompt's last turn, what was answered, and how that was graded.

    Where the prompt is harmful, both texts are empty unless they were to be shown: `sha256` and `category` say which
    it is.
    """

    evaluation: str
    category: str
    sha256: str
    prompt: str
    answer: str
    outcome: str
    by: str
    withheld: bool


def examples_of(evaluation: str, rows: Sequence[Graded], *, show: bool = False) -> list[Example]:
    """The first answer of each outcome.

    **Arguments:** `evaluation`, its name; `rows`, of it; `show`, whether harmful prompts, and what was answered to
    them, are in clear.
    """
    first: dict[str, Graded] = {}
    for row in rows:
        first.setdefault(str(row.grade.outcome), row)
    return [_example(evaluation, row, show) for row in list(first.values())[:MOST]]


def _example(evaluation: str, row: Graded, show: bool) -> Example:
    withheld = row.prompt.harmful and not show
    said = row.answer.text or (f"no answer: {row.answer.error}" if row.answer.error else "")
    said = said or ("sound" if row.answer.sound is not None else "an empty answer")
    return Example(
        evaluation,
        row.prompt.category,
        row.prompt.sha256,
        "" if withheld else _short(row.prompt.text),
        "" if withheld else _short(said),
        str(row.grade.outcome),
        row.grade.by,
        withheld,
    )


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LENGTH else f"{words[:LENGTH]} ..."
