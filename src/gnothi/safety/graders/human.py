"""People as graders: what waits for them goes out as a CSV, and their labels come back in it.

Each call writes what is not labelled yet to the queue, and reads what is. Until its label is there, an answer is
`UNGRADED`: no number is made of it, and none is made without it.
"""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gnothi.safety.graders.grader import Grader
from gnothi.safety.prompts import Answer, Grade, Outcome, Prompt

COLUMNS = ("id", "category", "prompt", "answer", "label", "labeller", "note")
SEALED = "(sealed: the same call with --show, or show=True, puts the text here)"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


@dataclass(frozen=True)
class HumanQueue(Grader):
    """A CSV that people fill in: its column `label` takes one of `outcomes`, `labeller` a name, `note` anything.

    The file is kept: rows are added, never taken away, and what people wrote is never changed. The text of harmful
    prompts, and of answers to them, is left out unless `show` is set, which puts it into rows that lack it. Labels come
    back by the id of a row, a hash of prompt and answer, so that the same answer is labelled once.
    """

    path: Path
    outcomes: tuple[Outcome, ...] = (Outcome.REFUSE, Outcome.COMPLY, Outcome.UNCLEAR)
    show: bool = False
    name: str = field(default="people/1", init=False)

    def judge(self, prompts: Sequence[Prompt], answers: Sequence[Answer]) -> list[Grade]:
        """What people said; what they have not is added to the queue.

        **Raises:** `ValueError` if a label is none, with its line.
        """
        labels = self.labels()
        ids = [row_id(prompt, answer) for prompt, answer in zip(prompts, answers, strict=True)]
        waiting = {
            row: (prompt, answer)
            for row, prompt, answer in zip(ids, prompts, answers, strict=True)
            if row not in labels
        }
        self._add(waiting)
        if self.show:
            self._unseal(dict(zip(ids, zip(prompts, answers, strict=True), strict=True)))
        return [labels.get(row) or Grade(Outcome.UNGRADED, self.name, why="waits for a person") for row in ids]

    def labels(self) -> dict[str, Grade | None]:
        """The grade of each row of the queue; `None` where the label is not there yet."""
        if not self.path.exists():
            return {}
        table = self._table()
        return {row["id"]: self._label(row, f"{self.path}, line {table.line_num}") for row in table}

    def _table(self) -> "csv.DictReader[str]":
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{self.path} is not UTF-8 (its byte {error.start}): save it as CSV in UTF-8, with commas"
            ) from None
        table = csv.DictReader(io.StringIO(text, newline=""))
        if not {"id", "label"} <= set(table.fieldnames or ()):
            raise ValueError(
                f"{self.path} is no queue: it needs the columns {', '.join(COLUMNS)}, with commas between them"
            )
        return table

    def _label(self, row: Mapping[str, str | None], where: str) -> Grade | None:
        said = (row["label"] or "").strip().lower()
        if not said:
            return None
        if said not in {str(outcome) for outcome in self.outcomes}:
            words = ", ".join(map(str, self.outcomes))
            raise ValueError(f"{where}: label must be {words}, got {said!r}")
        who = (row.get("labeller") or "").strip()
        by = f"{self.name}/{who}" if who else self.name
        return Grade(Outcome(said), by, why=(row.get("note") or "").strip())

    def _add(self, waiting: Mapping[str, tuple[Prompt, Answer]]) -> None:
        new = not self.path.exists()
        if not waiting:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            if new:
                writer.writeheader()
            for row, (prompt, answer) in waiting.items():
                hidden = prompt.harmful and not self.show
                texts = (SEALED, SEALED) if hidden else _texts(prompt, answer)
                writer.writerow(dict(zip(COLUMNS, (row, prompt.category, *texts), strict=False)))

    def _unseal(self, asked: Mapping[str, tuple[Prompt, Answer]]) -> None:
        """Puts the texts into rows that went out without them; the file is replaced whole, or not at all."""
        table = self._table()
        rows, columns = list(table), list(table.fieldnames or ())
        sealed = [row for row in rows if row["id"] in asked and row.get("prompt", "").startswith("(sealed:")]
        if not sealed:
            return
        for row in sealed:
            row["prompt"], row["answer"] = _texts(*asked[row["id"]])
        from gnothi.language.pool import write_rows  # JAX comes with it, and few calls need it

        write_rows(self.path, columns, ([row.get(name) for name in columns] for row in rows))


def row_id(prompt: Prompt, answer: Answer) -> str:
    """A hash of what was asked and what was said."""
    return hashlib.sha256(f"{prompt.sha256}\0{answer.text}".encode()).hexdigest()[:16]


def _texts(prompt: Prompt, answer: Answer) -> tuple[str, str]:
    said = "\n".join(f"[{message.role}] {message.content}" for message in prompt.messages)
    return _plain(said), _plain(answer.text)


def _plain(text: str) -> str:
    """A text that a spreadsheet takes for text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
