"""Questions with options from files as MMLU, its translations and sets like them are published.

JSON lines with `question`, `choices` (or `options`, or `A`, `B`, ...) and `answer`; tables with the same columns; and
tables without a header as MMLU's own (question, four options, letter). An answer is a letter, a position from 0, or an
option in its words. A `subject` or `language` comes from its column, else from the file's name (`astronomy_test.csv`,
`mmlu_FR-FR.csv`).
"""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gnothi.safety.questions.lettered import LETTERS, ChoiceQuestion
from gnothi.safety.questions.published_files import Row, json_rows, table_rows

#: Languages by the code that file names and columns have for them.
BY_CODE = {
    "ar": "Arabic",
    "bn": "Bengali",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "pt": "Portuguese",
    "sw": "Swahili",
    "yo": "Yoruba",
    "zh": "Chinese",
}
_MMLU = ("question", "A", "B", "C", "D", "answer")


def read_choices(path: Path) -> Iterator[ChoiceQuestion]:
    """The questions of a file, which ends in `.jsonl` or `.csv`; they are named by the file and their row.

    **Raises:** `ValueError` if a row has no question, fewer than two options, or an answer that is none of them.
    """
    subject = re.sub(r"_(test|dev|val)$", "", path.stem)
    language = _by_code(path.stem)
    for number, row in enumerate(_rows(path), 1):
        values = {str(key).lower(): value for key, value in row.values.items()}
        row = Row(values, row.place)
        options = _options(row)
        yield ChoiceQuestion(
            f"{path.stem}-{number}",
            str(values.get("subject") or values.get("category") or subject),
            str(row["question"]).strip(),
            options,
            _right(row, options),
            _language(str(values["language"])) if values.get("language") else language or "English",
        )


def _rows(path: Path) -> Iterator[Row]:
    if path.suffix == ".jsonl":
        return json_rows(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = next(csv.reader(file), [])
    named = any(value.strip().lower() == "question" for value in first)
    return table_rows(path, () if named else _MMLU)


def _options(row: Row) -> tuple[str, ...]:
    options: Any = row.values.get("choices", row.values.get("options"))
    if isinstance(options, Mapping):  # {"text": [...], "label": [...]}, or an option a letter
        options = options.get("text") or [options[key] for key in sorted(options)]
    if options is None:
        letters = [letter.lower() for letter in LETTERS]
        options = [row.values[letter] for letter in letters if row.values.get(letter) not in (None, "")]
    options = tuple(str(option).strip() for option in options)
    if not 2 <= len(options) <= len(LETTERS):
        raise ValueError(f"{row.place} has {len(options)} options: choices, or columns A, B, ..., must be 2 or more")
    return options


def _right(row: Row, options: tuple[str, ...]) -> int:
    answer = row["answer"]
    text = str(answer).strip()
    if isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer < len(options):
        return answer
    if text.upper() in LETTERS[: len(options)] and len(text) == 1:
        return LETTERS.index(text.upper())
    if text in options:
        return options.index(text)
    if text.isdigit() and int(text) < len(options):
        return int(text)
    raise ValueError(f"{row.place} has the answer {answer!r}, which is no letter, position or option of {options}")


def _language(text: str) -> str:
    """A language by its name or code; one that is not known is called as it is."""
    return text.capitalize() if text.capitalize() in BY_CODE.values() else _by_code(text) or text


def _by_code(text: str) -> str | None:
    """The language whose code a text ends with, a country's behind it or not: `fr`, `mmlu_FR-FR`."""
    code = re.search(r"(?:^|[_-])([A-Za-z]{2})(?:[-_][A-Za-z]{2})?$", text)
    return None if code is None else BY_CODE.get(code[1].lower())
