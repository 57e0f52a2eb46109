"""A CSV of texts to label: read with care, and the files beside it in which questions go out and answers come back.

Of `pool.csv`, `pool.next.csv` has the texts that are asked for, with an empty label; `pool.labels.csv` all labels that
came back; `pool.predicted.csv` what the model says of every text; `pool.vectors.npz` the texts' vectors, so that they
are worked out once. Rows are numbered from 1, without the header.
"""

import csv
import hashlib
import os
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from jaxtyping import Float

MOST_CLASSES = 50  # more different labels than this are a mistake, unless somebody names them
SHOWN = 5  # rows that an error names


@dataclass(frozen=True)
class Pool:
    """The texts of a CSV, and the labels that stand in it (`""` for none)."""

    path: Path
    texts: tuple[str, ...]
    labels: tuple[str, ...]

    def beside(self, name: str) -> Path:
        """The file beside the pool for one purpose."""
        return self.path.with_name(f"{self.path.stem}.{name}")


def read_pool(path: Path, text_column: str, label_column: str, *, encoding: str = "utf-8") -> Pool:
    """Reads a CSV with a header; a label column may be missing, if nothing is labelled yet.

    **Raises:** `FileNotFoundError`; `ValueError` if a column is missing, a text empty, a row too short or too long, or
    a line not in the encoding: which, and what to do.
    """
    columns = read_columns(path, (text_column,), (label_column,), encoding)
    texts, labels = columns[text_column], columns.get(label_column)
    if not texts:
        raise ValueError(f"{path} has a header and no rows")
    empty = [number for number, text in enumerate(texts, 1) if not text.strip()]
    if empty:
        raise ValueError(
            f"{path}: {len(empty)} rows have no {text_column} ({_rows(empty)}): fill them in or delete them"
        )
    found = tuple(label.strip() for label in labels) if labels is not None else ("",) * len(texts)
    return Pool(path, tuple(texts), found)


def read_columns(
    path: Path, needed: Sequence[str], wanted: Sequence[str], encoding: str = "utf-8"
) -> dict[str, list[str]]:
    """Columns of a CSV by name: those `needed`, and of those `wanted` the ones there are; errors as of `read_pool`."""
    csv.field_size_limit(sys.maxsize)
    lines = _decoded(path, encoding)
    rows = csv.reader(lines, strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        for name in needed:
            if name not in header:
                close = get_close_matches(name, header, 1)
                hint = (
                    f"did you mean {close[0]!r}?"
                    if close
                    else f"its columns are {', '.join(map(repr, header)) or 'none'}"
                )
                raise ValueError(f"{path} has no column {name!r}: {hint}")
        places = {name: header.index(name) for name in (*needed, *wanted) if name in header}
        found: dict[str, list[str]] = {name: [] for name in places}
        for number, row in enumerate(rows, 1):
            if not row:
                continue  # a blank line
            if len(row) != len(header):
                raise ValueError(
                    f"{path}, row {number}: {len(row)} cells under {len(header)} columns: is a quote missing?"
                )
            for name, place in places.items():
                found[name].append(row[place])
    except csv.Error as error:
        raise ValueError(f"{path}, line {rows.line_num}: {error}") from error
    return found


def _decoded(path: Path, encoding: str) -> Iterable[str]:
    """The lines of a file; one that is not in the encoding is named."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            try:
                yield line.decode(encoding)
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"{path}, line {number} is not {encoding} (byte 0x{line[error.start]:02x}): "
                    "save the file as UTF-8, or name its encoding, for example --encoding latin-1"
                ) from error
            except LookupError as error:
                raise ValueError(f"there is no encoding {encoding!r}: utf-8, latin-1, cp1252, ...") from error


def read_answers(path: Path, num_texts: int, label_column: str, encoding: str = "utf-8") -> dict[int, str]:
    """Labels that were filled in, by row number from 0; rows left empty are left out.

    **Raises:** `ValueError` if a row is no row of the pool; as of `read_pool` else.
    """
    found = _read_rows(path, num_texts, label_column, encoding)
    return {row: label for row, label in found if label}


def read_questions(path: Path, num_texts: int, label_column: str, encoding: str = "utf-8") -> list[int]:
    """Rows from 0 that a file asks for and nobody has answered, in its order; errors as of `read_answers`."""
    found = _read_rows(path, num_texts, label_column, encoding)
    return list(dict.fromkeys(row for row, label in found if not label))


def _read_rows(path: Path, num_texts: int, label_column: str, encoding: str) -> list[tuple[int, str]]:
    columns = read_columns(path, ("row", label_column), (), encoding)
    found = []
    for row, label in zip(columns["row"], columns[label_column], strict=True):
        if not row.strip().isdecimal() or not 1 <= int(row) <= num_texts:
            raise ValueError(f"{path}: row must be from 1 to {num_texts}, got {row!r}: do not edit that column")
        found.append((int(row) - 1, label.strip()))
    return found


def find_classes(labels: Mapping[int, str], named: Sequence[str], where: Path) -> list[str]:
    """All classes: those named, or those that labels have.

    **Raises:** `ValueError` if a label is none of those named, or, where none are, labels are too many to be classes.
    """
    counts = Counter(labels.values())
    if not named:
        if len(counts) > MOST_CLASSES:
            few = ", ".join(repr(label) for label, _ in counts.most_common()[: -SHOWN - 1 : -1])
            raise ValueError(
                f"{where}: {len(counts)} different labels, among them {few}: name the classes with --classes"
            )
        return sorted(counts)
    for row, label in labels.items():
        if label not in named:
            close = get_close_matches(label, named, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"classes are {', '.join(named)}"
            raise ValueError(f"{where}: row {row + 1} has the label {label!r}, which is no class: {hint}")
    return list(named)


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Writes a CSV whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    temporary.replace(path)


def vectors_of(
    pool: Pool, model: str, encode: Callable[[Sequence[str]], Float[np.ndarray, "texts width"]]
) -> Float[np.ndarray, "texts width"]:
    """The vectors of a pool's texts, from the file beside it if they are of these texts and this model."""
    path = pool.beside("vectors.npz")
    digest = hashlib.sha256("\0".join((model, *pool.texts)).encode()).hexdigest()
    if path.exists():
        try:
            with np.load(path) as kept:
                if str(kept["of"]) == digest:
                    return kept["vectors"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            pass  # cut short, or another file: worked out again
    vectors = encode(pool.texts)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.npz")
    np.savez(temporary, vectors=vectors, of=np.array(digest))
    temporary.replace(path)
    return vectors


def _rows(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:SHOWN])) + (", ..." if len(numbers) > SHOWN else "")
