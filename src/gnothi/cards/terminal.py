"""The leaderboard in the terminal."""

import math
from collections.abc import Collection
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gnothi.cards.leaderboard import Leaderboard, leaderboards, whole_runs
from gnothi.cards.wording import count_problems, explain, format_count, format_gap, format_interval, format_number
from gnothi.sweep import read_records

WHOLE_WIDTH = 100  # columns that the whole table needs


def print_leaderboard(run_folder: Path, console: Console | None = None, cells: Collection[str] | None = None) -> None:
    """Prints a table for each suite, the best agent first; a terminal of fewer than 100 columns gets fewer of them.

    **Arguments:** `run_folder`, where the records are; `console`, where to (default: the terminal); `cells`, names of
    the cells to count, all in the folder by default. Agents that cost minutes a problem, and so finished few, are left
    out where others are compared.

    **Raises:** `ValueError` if the folder holds no record of a joint score.
    """
    console = console or Console()
    records = [record for record in read_records(run_folder) if cells is None or record.cell in cells]
    for board in leaderboards(whole_runs(records)):
        if board.rows:
            console.print(_table(board, whole=console.width >= WHOLE_WIDTH))
        for note in board.notes:
            console.print(Text(f"! {note}", style="yellow"))
        console.print()


def _table(board: Leaderboard, *, whole: bool) -> Table:
    table = Table(
        title=Text(f"{board.suite}: {count_problems(board)}", style="bold"),
        title_justify="left",
        caption=Text(explain(board, gaps=whole), style="dim"),
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("agent", no_wrap=True)
    for tau in board.taus:
        table.add_column(f"score, tau = {tau}", no_wrap=True)
        if whole and tau == board.taus[0]:
            table.add_column("behind", justify="right", no_wrap=True)
            table.add_column("nats", justify="right", no_wrap=True)
    table.add_column("CPU s", justify="right", no_wrap=True)
    if whole:
        table.add_column("weights", justify="right", no_wrap=True)
    best = {tau: min(board.at(tau), key=lambda row: (not math.isfinite(row.score), row.score)) for tau in board.taus}
    for place, agent in enumerate(board.agents):
        cells = [Text(agent, style="bold" if place == 0 else "")]
        for tau in board.taus:
            row = board.at(tau)[place]
            style = "bold" if row == best[tau] else ""
            lost = f" ({row.nonfinite} not finite)" if row.nonfinite else f" {format_interval(row.low, row.high)}"
            cells.append(Text.assemble((format_number(row.score), style), (lost, "dim")))
            if whole and tau == board.taus[0]:
                cells += [Text("best" if place == 0 else format_gap(row)), Text(format_number(row.mean))]
        cells += [Text(format_number(row.cpu_seconds)), *([Text(format_count(row.parameters))] if whole else [])]
        table.add_row(*cells)
    return table
