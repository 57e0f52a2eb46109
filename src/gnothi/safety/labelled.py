"""Answers that people have judged: what a grader is trained on, and what its errors are measured on.

A CSV of the reader's has a column for the prompt, one for the answer and one for the label; XSTest's completions
(Röttger et al. 2024, two annotators an answer) and PyRIT's files for the evaluation of scorers are such CSVs as they
are. PyRIT's come out of its pinned wheel (MIT), unpacked to nowhere. None of the text is in this repository.
"""

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gnothi.data.packages import find_archive
from gnothi.safety.harmful import ARCHIVES
from gnothi.safety.prompts import Answer, Outcome, Prompt, ask

#: What an answer counts as that refuses in part: a refusal, compliance, or nothing (its row is left out).
Partial = Literal["refuse", "comply", "drop"]

_PROMPTS = ("prompt", "objective", "question", "input")
_ANSWERS = ("completion", "assistant_response", "answer", "response", "output")
_LABELS = ("final_label", "label", "human_score", "truth", "outcome")
_PARTIAL = ("3_partial_refusal", "partial_refusal", "partial refusal", "partial")
_WORDS = {
    **{str(outcome): outcome for outcome in Outcome},
    **dict.fromkeys(("1_full_compliance", "full_compliance", "compliance", "complied", "accepted"), Outcome.COMPLY),
    **dict.fromkeys(("2_full_refusal", "full_refusal", "refusal", "refused"), Outcome.REFUSE),
}
_SCORES = {"1": Outcome.REFUSE, "1.0": Outcome.REFUSE, "true": Outcome.REFUSE} | {
    "0": Outcome.COMPLY,
    "0.0": Outcome.COMPLY,
    "false": Outcome.COMPLY,
}
_PYRIT = "pyrit/datasets/scorer_evals/refusal_scorer"


@dataclass(frozen=True)
class Labelled:
    """A prompt, an answer to it, and what people say of that: the `truth`, and each annotator's own `labels`.

    `source` is whose answer it is, a model; prompts of one `cluster` are asked of several. `partial` rows refuse in
    part, whatever that counts as.
    """

    prompt: Prompt
    answer: Answer
    truth: Outcome
    labels: tuple[Outcome, ...] = ()
    source: str = ""
    partial: bool = False


def read_labelled(path: Path, partial: Partial = "refuse", encoding: str = "utf-8-sig") -> tuple[Labelled, ...]:
    """Reads a CSV of labelled answers.

    Columns by name, in capitals or not: `prompt` (or `objective`, `question`, `input`); `completion` (`answer`,
    `response`, `output`, `assistant_response`); `final_label` (`label`, `truth`, `outcome`; or PyRIT's `human_score`,
    of which 1 is a refusal). If they are there: `annotation_1`, `annotation_2`, ... of single people; `target`, for
    graders that compare; `id` or `cluster`, of the prompt, else its text is; `type` or `category`; `model`, else the
    file's name. Lines at the top that start with # are left out.

    **Arguments:** `path`; `partial`, what partial refusals count as; `encoding`.

    **Raises:** `FileNotFoundError` if there is no such file; `ValueError` if a column is missing or a label is none,
    with its line.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}: give a CSV of prompts, answers and labels")
    try:
        text = path.read_text(encoding=encoding)
    except UnicodeError as error:
        at = f" (its byte {error.start})" if isinstance(error, UnicodeDecodeError) else ""
        raise ValueError(
            f"{path} is not {encoding}{at}: say with --encoding what it is, as cp1252 or utf-16, or save it as UTF-8"
        ) from None
    except LookupError:
        raise ValueError(f"there is no encoding {encoding!r}: give one as utf-8, cp1252 or utf-16") from None
    return _rows(text, str(path), path.stem.removeprefix("completions_"), partial)


def read_xstest(folder: Path, models: Iterable[str] | None = None, partial: Partial = "refuse") -> tuple[Labelled, ...]:
    """XSTest's completions of some models, all there are if not said: `completions_MODEL.csv` in a folder.

    **Raises:** as `read_labelled`.
    """
    files = sorted(folder.glob("completions_*.csv"))
    if not files:
        raise FileNotFoundError(f"{folder} holds no completions_MODEL.csv: name the folder of XSTest's completions")
    wanted = None if models is None else [folder / f"completions_{model}.csv" for model in models]
    return tuple(row for path in wanted or files for row in read_labelled(path, partial))


def read_pyrit(folder: Path | None = None) -> tuple[Labelled, ...]:
    """PyRIT's rows for its refusal scorer, 169 of them: fetched once with its pinned wheel, or found in `folder`.

    There an answer that evades or that is off topic is a refusal too (`refusal_objective_strict.yaml` in the wheel).

    **Raises:** as `gnothi.data.packages.find_archive`.
    """
    found: list[Labelled] = []
    with zipfile.ZipFile(find_archive(ARCHIVES["pyrit"], folder)) as wheel:
        for name in ("refusal", "refusal_extra"):
            text = wheel.read(f"{_PYRIT}/{name}.csv").decode("utf-8", errors="replace")
            found += _rows(text, f"{name}.csv of PyRIT", f"pyrit/{name}", "refuse")
    return tuple(found)


def find_labelled(
    name: str, partial: Partial = "refuse", encoding: str = "utf-8-sig", folder: Path | None = None
) -> tuple[Labelled, ...]:
    """Labelled answers by name: a CSV file, a folder of XSTest's completions, or `pyrit` for those that it packages.

    **Arguments:** `name`; `partial`; `encoding` of a file; `folder`, where to look for PyRIT's wheel first.

    **Raises:** as `read_labelled`, `read_xstest` and `read_pyrit`.
    """
    if name == "pyrit":
        return read_pyrit(folder)
    return (
        read_xstest(Path(name), None, partial) if Path(name).is_dir() else read_labelled(Path(name), partial, encoding)
    )


def rows_sha256(rows: Sequence[Labelled]) -> str:
    """Of prompts, answers and labels, in order."""
    found = hashlib.sha256()
    for row in rows:
        for part in (row.prompt.text, row.prompt.target, row.answer.text, str(row.truth)):
            found.update(part.encode() + b"\0")
    return found.hexdigest()


def _rows(text: str, where: str, source: str, partial: Partial) -> tuple[Labelled, ...]:
    above = 0
    while text.startswith(("#", '"#')):
        text, above = text.partition("\n")[2], above + 1
    table = csv.DictReader(io.StringIO(text, newline=""))
    columns = [(name or "").strip().lower() for name in table.fieldnames or ()]
    if not any(columns):
        raise ValueError(f"{where} is empty: its first line must name the columns, as prompt,answer,label")
    table.fieldnames = columns
    prompt, answer, label = (_column(columns, names, where) for names in (_PROMPTS, _ANSWERS, _LABELS))
    single = [name for name in columns if name.startswith("annotation_")]
    found = []
    for number, row in enumerate(table, 1):
        cells = {name: (cell or "").strip() for name, cell in row.items() if isinstance(cell, str | None) and name}
        at = f"{where}, row {number} (line {table.line_num + above})"
        said, is_partial = _label(cells[label], label, partial, at)
        if is_partial and partial == "drop":
            continue
        labels = tuple(_label(cells[name], label, partial, at)[0] for name in single if cells[name])
        kind = cells.get("type") or cells.get("category") or ""
        cluster = cells.get("cluster") or cells.get("id") or hashlib.sha256(cells[prompt].encode()).hexdigest()[:16]
        whose = cells.get("model") or source
        made = Prompt(
            *(f"{whose}/{cluster}#{number}", ask(cells[prompt]), cluster, kind, cells.get("target", "")),
            harmful=True,  # nothing says that it is not: its text stays out of logs
        )
        found.append(Labelled(made, Answer(row[answer] or ""), said, labels, whose, is_partial))
    if not found:
        raise ValueError(f"{where} holds no labelled rows")
    return tuple(found)


def _column(columns: Sequence[str], names: Sequence[str], where: str) -> str:
    found = next((name for name in names if name in columns), None)
    if found is None:
        mark = next((mark for mark in ";\t|" if mark in columns[0]), "") if len(columns) == 1 else ""
        fix = f"save it with commas between the columns, not {mark!r}" if mark else "rename the one that it is"
        raise ValueError(f"{where} needs a column {' or '.join(names)}, and has {', '.join(columns)}: {fix}")
    return found


def _shown(text: str) -> str:
    """A wrong label; but where columns are shifted it is somebody's text, which may be harmful."""
    return repr(text) if len(text) <= 20 and " " not in text else f"a text of {len(text)} characters"


def _label(text: str, column: str, partial: Partial, where: str) -> tuple[Outcome, bool]:
    """What a label says, and whether that is a refusal in part."""
    plain = text.lower()
    if not plain:
        raise ValueError(f"{where}: the label is missing: fill it in, or leave the row out")
    if plain in _PARTIAL:
        return (Outcome.COMPLY if partial == "comply" else Outcome.REFUSE), True
    found = _WORDS.get(plain) or (_SCORES.get(plain) if column == "human_score" else None)
    if found is None:
        words = ", ".join(map(str, Outcome))
        raise ValueError(f"{where}: the label must be one of {words}, partial_refusal; got {_shown(text)}")
    return found, False
