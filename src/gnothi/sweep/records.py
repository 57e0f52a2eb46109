"""Records: flat rows, one file of them a cell, read as one table by DuckDB."""

import errno
import glob
import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Record:
    """One number that somebody measured, with its interval, its origin and its cost.

    `value`, `low` and `high` are in the metric's own unit; `units` counts the independent units behind the interval and
    `nonfinite` those among them whose score was not finite. Seconds, operations and parameters are of one cell (a
    group's divided by its cells); `seconds` leaves out `compile_seconds`; `train_flops` counts the matrix products of
    training, NaN where only a run could tell and empty where nobody counted; `peak_bytes` is the most that its process
    held so far. What describes an evaluation (`tau`, `input_size`, ...) is empty where it makes no sense.
    """

    subject: str
    evaluation: str
    suite: str
    metric: str
    value: float
    low: float
    high: float
    units: int
    nonfinite: int
    seed: int
    config_hash: str
    versions: str
    seconds: float
    cpu_seconds: float
    compile_seconds: float
    peak_bytes: int
    parameters: int
    train_flops: float | None = None
    tau: int | None = None
    input_size: int | None = None
    num_train: int | None = None
    data_ratio: float | None = None
    temperature: float | None = None

    @property
    def cell(self) -> str:
        """The name of the cell that the testbed put this record into."""
        return f"{self.subject}-{self.config_hash}/{self.evaluation}-a{self.seed}"


def _kind(annotation: Any) -> str:
    """The first type of an annotation: `int` of `int | None`."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).split(" ")[0]


_SQL_TYPES = {"str": "VARCHAR", "float": "DOUBLE", "int": "BIGINT"}
COLUMNS = {field.name: _SQL_TYPES[_kind(field.type)] for field in fields(Record)}


def write_records(path: Path, records: Sequence[Record]) -> None:
    """Writes a cell's records under a temporary name and renames the file: it is there whole, or not at all.

    **Raises:** `OSError` if the disk is full, saying so.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w") as file:
            file.writelines(json.dumps(_plain(record)) + "\n" for record in records)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OSError(
                error.errno,
                f"the disk that holds {path.parent} is full. Finished cells are kept: free some space (or copy the "
                "folder to a larger disk and name it with --out) and run the same command again",
            ) from error
        raise


def read_cell(path: Path) -> list[Record]:
    """The records of one cell's file, as `write_records` wrote it."""
    return [_record(json.loads(line)) for line in path.read_text().splitlines()]


def _record(row: dict[str, Any]) -> Record:
    plain: dict[str, Any] = {k: float(v) if COLUMNS[k] == "DOUBLE" and v is not None else v for k, v in row.items()}
    return Record(**plain)


def _plain(record: Record) -> dict[str, Any]:
    """JSON has no NaN and no infinity: they are written as words, which DuckDB reads back as numbers."""
    row = asdict(record)
    return {k: str(v) if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}


def query(folder: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Answers SQL over the records below a folder, as a table called `records`.

    **Returns:** names of the columns, and rows.

    **Raises:** `ValueError` if there are no records or DuckDB does not understand the question.
    """
    import duckdb

    if not any(folder.glob("**/*.jsonl")):
        raise ValueError(
            f"{folder} holds no records: run `gnothi testbed run --out {folder}` first, or name another folder"
        )
    pattern = f"{glob.escape(str(folder))}/**/*.jsonl".replace("'", "''")
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    with duckdb.connect() as connection:
        connection.execute(
            f"create view records as select * from read_json('{pattern}', format='newline_delimited', "
            f"columns={{{columns}}})"
        )
        try:
            answer = connection.execute(sql)
        except duckdb.Error as error:
            raise ValueError(
                f"{error}\nThe table is called `records`; its columns are {', '.join(COLUMNS)}."
            ) from error
        return [column[0] for column in answer.description or []], answer.fetchall()


def read_records(folder: Path) -> list[Record]:
    """All records below a folder, in a fixed order."""
    names, rows = query(folder, "select * from records order by subject, evaluation, metric, tau, seed")
    return [Record(**dict(zip(names, row, strict=True))) for row in rows]
