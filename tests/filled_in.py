"""What people write into a CSV that went out to them."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path


def fill_in(path: Path, written: Callable[[dict[str, str]], Mapping[str, str]], count: int | None = None) -> None:
    """Writes into the first `count` rows, all if not said, what `written` says of each by column."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows([{**row, **written(row)} for row in rows[:count]] + rows[len(rows[:count]) :])
