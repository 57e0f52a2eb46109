"""Rows of published sets in the reader's folder, read with errors that say which line of which file is wrong."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """A row, and where it stands."""

    values: Mapping[str, Any]
    place: str

    def __getitem__(self, key: str) -> Any:
        """A value.

        **Raises:** `ValueError` if the row has none of this name.
        """
        if key not in self.values:
            raise ValueError(f"{self.place} has no {key!r}, but {', '.join(map(repr, self.values))}")
        return self.values[key]


def find_folder(data_dir: Path | None, names: tuple[str, ...], pattern: str) -> Path | None:
    """The folder that holds files of a pattern: one of `names` within the reader's folder, or that folder itself.

    Names are in small letters, and may have others on the disk (`BBQ`).

    **Returns:** nothing if there is no such folder: the evaluation then asks what is packaged.

    **Raises:** `FileNotFoundError` if the reader's folder is not there.
    """
    if data_dir is None:
        return None
    if not data_dir.is_dir():
        raise FileNotFoundError(f"there is no folder {data_dir}")
    folders = [folder for folder in (*sorted(data_dir.iterdir()), data_dir.resolve()) if folder.name.lower() in names]
    return next((folder for folder in folders if folder.is_dir() and any(folder.rglob(pattern))), None)


def json_rows(path: Path) -> Iterator[Row]:
    """The rows of a file of JSON lines.

    **Raises:** `ValueError` if a line is not an object of JSON.
    """
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            place = f"{path}, line {number},"
            try:
                values = json.loads(line)
            except ValueError as error:
                raise ValueError(f"{place} is not JSON: {error}") from error
            if not isinstance(values, dict):
                raise ValueError(f"{place} is not an object of JSON but {type(values).__name__}")
            yield Row(values, place)


def table_rows(path: Path, columns: tuple[str, ...] = ()) -> Iterator[Row]:
    """The rows of a table whose values are separated by commas.

    **Arguments:** `path`; `columns`, their names if the file's first line does not have them.

    **Raises:** `ValueError` if a row has more or fewer values than there are columns.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        names = list(columns) or next(reader, [])
        for values in reader:
            if not values:
                continue
            place = f"{path}, line {reader.line_num},"
            if len(values) != len(names):
                raise ValueError(f"{place} has {len(values)} values for {len(names)} columns")
            yield Row(dict(zip(names, values, strict=True)), place)
