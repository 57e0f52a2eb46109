"""How far a run is: shown while it goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from gnothi.sweep import Group


class CellProgress:
    """A bar of cells, and under it what each core is at; a line a group where there is no terminal to draw in.

    **Arguments:** `console`, where to; `num_cells`, how many cells the run has.
    """

    def __init__(self, console: Console, num_cells: int):
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._all = self._bar.add_task("cells", total=num_cells)
        self._running: dict[tuple[str, ...], TaskID] = {}

    def __enter__(self) -> "CellProgress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        for task in self._running.values():
            self._bar.remove_task(task)
        self._bar.stop()

    def start(self, group: Group) -> None:
        """A core has begun a group."""
        self._running[group.cells] = self._bar.add_task(f"  {group.title}", total=None)

    def finish(self, group: Group) -> None:
        """A group is finished, or was found finished."""
        self._bar.advance(self._all, len(group.cells))
        if group.cells in self._running:
            self._bar.remove_task(self._running.pop(group.cells))
            if self._bar.disable:
                cells = self._bar.tasks[self._all]
                print(f"{cells.completed:.0f}/{cells.total:.0f} cells ({group.title})", flush=True)


@contextmanager
def progress_bars(console: Console | None = None) -> Iterator[Callable[[str, int, int], None]]:
    """What to call with what is being done, how much of it is, and how much there is; a line a tenth if no terminal.

    **Arguments:** `console`, where to; standard output if not said.
    """
    console = console or Console()
    with Progress(console=console, disable=not console.is_terminal) as progress:
        bars: dict[str, TaskID] = {}
        told: dict[str, int] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done)
            tenths = 10 * done // max(total, 1)
            if not console.is_terminal and tenths > told.get(what, -1):
                told[what] = tenths
                print(f"{what}: {done}/{total}", flush=True)

        yield show
