"""Answers on disk: lines that are only ever added, so that a run resumes and grades can be given anew.

A file holds the answers of one model to one evaluation: a line about the model, then a line for each answer. Prompts
are not in it, but their names and hashes: an evaluation makes the same ones again. What was answered to a harmful
prompt is sealed (compressed, so that nobody reads it by accident): `Answer`s read back are whole.
"""

import base64
import json
import os
import time
import zlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from gnothi.safety.models import Model
from gnothi.safety.prompts import Answer, Prompt, Sound

EVERY = 1.0  # seconds in which answers are put on the disk

Key = tuple[str, int]  # a prompt's hash, and which answer to it
Row = tuple[Prompt, int, Answer]


class AnswerFile:
    """The answers of one model to one evaluation.

    **Arguments:** `path`; `about` the model and how it is asked, which must be as it was when the file was begun.

    **Raises:** `ValueError` if the file was begun with another model or other settings, or a line cannot be read.
    """

    def __init__(self, path: Path, about: Mapping[str, Any]):
        self.path, self.about = path, dict(about)
        self.answers: dict[Key, Answer] = {}
        if path.exists():
            self._read()

    def _read(self) -> None:
        lines = self.path.read_bytes().split(b"\n")
        whole, rest = lines[:-1], lines[-1]
        if rest:  # a line that was cut short when the run was
            with self.path.open("r+b") as file:
                file.truncate(self.path.stat().st_size - len(rest))
        for number, line in enumerate(whole):
            try:
                row = json.loads(line)
                if number:
                    self.answers[row["sha256"], row["sample"]] = read_answer(row["answer"])
            except (ValueError, KeyError, TypeError, zlib.error) as error:
                raise ValueError(f"{self.path}, line {number + 1} cannot be read ({error}): remove it") from error
            if not number and row != self.about:
                changed = ", ".join(
                    f"{key} was {row.get(key)!r}" for key in self.about if row.get(key) != self.about[key]
                )
                raise ValueError(f"{self.path} is of another run ({changed}): name another folder with --out")

    def add(self, rows: Iterable[Row]) -> None:
        """Writes answers down; they are on the disk when this returns.

        **Raises:** `OSError` if the disk is full.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = [] if self.path.exists() and self.path.stat().st_size else [self.about]
        for prompt, sample, answer in rows:
            self.answers[prompt.sha256, sample] = answer
            row = {"prompt": prompt.name, "category": prompt.category, "sha256": prompt.sha256, "sample": sample}
            lines.append({**row, "answer": plain_answer(answer, sealed=prompt.harmful)})
        with self.path.open("a") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())


def ask_and_keep(
    model: Model,
    file: AnswerFile,
    left: Sequence[tuple[Prompt, int]],
    tell: Callable[[int], None],
    *,
    at_once: int,
    max_tokens: int,
    temperature: float,
    seed: int,
) -> None:
    """Asks a model for what a file lacks, and keeps the answers as they come: once a second, and when it is stopped.

    **Arguments:** `model`; `file`; `left`, prompts, and which answer to each; `tell`, to be told how many are kept;
    `at_once`, prompts that the model is shown together; the others as of `Model.answer`.
    """
    done = 0

    def keep(rows: Sequence[Row]) -> None:
        nonlocal done
        file.add(rows)
        done += len(rows)
        tell(done)

    if left:
        tell(done)
    for start in range(0, len(left), at_once):
        some = left[start : start + at_once]
        prompts = [prompt for prompt, _ in some]
        said = model.stream(prompts, max_tokens=max_tokens, temperature=temperature, seed=seed + start)
        _keep_as_they_come(said, some, keep)


def _keep_as_they_come(
    said: Generator[tuple[int, Answer]], asked: Sequence[tuple[Prompt, int]], keep: Callable[[Sequence[Row]], None]
) -> None:
    waiting: list[Row] = []
    last = time.monotonic()
    try:
        with closing(said):
            for place, answer in said:
                waiting.append((*asked[place], answer))
                if time.monotonic() - last > EVERY:
                    keep(waiting)
                    waiting, last = [], time.monotonic()
    finally:
        if waiting:
            keep(waiting)


def plain_answer(answer: Answer, *, sealed: bool) -> dict[str, Any]:
    """An answer as JSON has it; unreadable without `read_answer` if `sealed`."""
    row = {key: value for key, value in asdict(replace(answer, sound=None)).items() if value}
    if answer.sound is not None:
        wave = np.round(np.clip(answer.sound.wave, -1, 1) * 32767).astype("<i2")
        row["sound"] = {"rate": answer.sound.rate, "wave": base64.b64encode(wave.tobytes()).decode()}
    return seal(row) if sealed else row


def read_answer(row: dict[str, Any]) -> Answer:
    """The answer of which `plain_answer` made a row."""
    row = dict(unseal(row))
    if "sound" in row:
        wave = np.frombuffer(base64.b64decode(row["sound"]["wave"]), "<i2") / 32767
        row["sound"] = Sound(wave, row["sound"]["rate"])
    return Answer(**{**row, "log_probs": tuple(row.get("log_probs", ()))})


def seal(plain: Any) -> dict[str, str]:
    """Plain values, compressed, so that nobody reads them by accident."""
    return {"sealed": base64.b85encode(zlib.compress(json.dumps(plain).encode())).decode()}


def unseal(plain: Any) -> Any:
    """What was sealed; anything else as it is."""
    if isinstance(plain, Mapping) and "sealed" in plain:
        return json.loads(zlib.decompress(base64.b85decode(plain["sealed"])))
    return plain
