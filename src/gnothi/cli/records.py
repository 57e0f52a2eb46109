"""`gnothi records`: SQL over a run."""

import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclass(frozen=True)
class Records:
    """Answers SQL over the records of a run, as a table called `records` (DuckDB's dialect).

    Example: gnothi records 'select subject, avg(value) from records where tau = 10 group by 1' --run runs/demo
    """

    sql: Annotated[str, tyro.conf.Positional] = "select * from records"
    """The question; all records by default."""

    run_folder: Annotated[Path, tyro.conf.arg(name="run")] = Path("runs")
    """A run folder, or a folder of run folders."""

    format: Literal["table", "csv", "json"] = "table"
    """How to print the answer."""

    def run(self) -> None:
        """Prints the answer."""
        from gnothi.sweep import query

        names, rows = query(self.run_folder, self.sql)
        if self.format == "csv":
            csv.writer(sys.stdout).writerows([names, *rows])
        elif self.format == "json":
            print(json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str))
        else:
            from rich.console import Console
            from rich.table import Table

            table = Table(*names, caption=f"{len(rows)} rows")
            for row in rows:
                table.add_row(*("" if v is None else f"{v:.4g}" if isinstance(v, float) else str(v) for v in row))
            Console().print(table)
