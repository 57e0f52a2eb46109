"""`gnothi testbed leaderboard` and `submit`: all agents on a sweep, and a stranger's agent beside them."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

if TYPE_CHECKING:
    from gnothi.agents import Agent
    from gnothi.testbed.suites import Spec


@dataclass(frozen=True)
class Leaderboard:
    """Runs every agent over a sweep and writes a page: scores with intervals, slices, ranks, costs.

    Agents that cost minutes a problem (Markov chains, draws from the posterior) run on the first seed of each cell, or
    where they can. Finished cells stay finished: the same command again goes on where it stopped.

    Example: gnothi testbed leaderboard --sweep classification --seeds 5 --page docs/leaderboard.md
    """

    sweep: str = "classification"
    """Which problems: `gnothi testbed list` says what there is."""

    seeds: int | None = None
    """How many seeds of each cell; all of them by default."""

    agents: tuple[str, ...] = ()
    """Which agents; all of them by default. `uniform` always comes along."""

    out: Path = Path("runs/leaderboard")
    """The folder of the run: a second sweep into the same folder gets a place on the same page."""

    page: Path | None = None
    """The page to write; leaderboard.md in the run's folder by default."""

    workers: int | None = None
    """How many processes; one a core by default."""

    engine: Literal["local", "ray"] = "local"
    """Where cells run: processes of this machine, or a Ray cluster."""

    address: str | None = None
    """The Ray cluster: HOST:PORT, `auto` (the default) or `local`."""

    def run(self) -> None:
        """Runs, prints the leaderboard, writes the page."""
        from rich.console import Console

        from gnothi.sweep import engine_for

        console = Console()
        run_groups = engine_for(self.engine, self.address)
        with console.status("Planning ..."):
            from gnothi.agents import AGENTS, find_agent
            from gnothi.testbed import find_suite
            from gnothi.testbed.reach import reached

            specs = _first_seeds(find_suite(self.sweep), self.seeds)
            able = [name for name in AGENTS if reached(name, specs)]
            names = dict.fromkeys(["uniform", *self.agents]) if self.agents else able
            agents = {name: find_agent(name, AGENTS) for name in names}
        cells = _run(agents, specs, self.out, console, run_groups, self.workers, self._typed())

        from gnothi.cards import print_leaderboard, write_standings

        page = self.page or self.out / "leaderboard.md"
        write_standings(self.out, page)
        print_leaderboard(self.out, console=console, cells=cells)
        print(f"Page: {page.resolve()}")

    def _typed(self) -> str:
        """The command, without what does not change its numbers."""
        seeds = "" if self.seeds is None else f" --seeds {self.seeds}"
        agents = f" --agents {shlex.join(self.agents)}" if self.agents else ""
        return f"gnothi testbed leaderboard --sweep {self.sweep}{seeds}{agents}"


@dataclass(frozen=True)
class Submit:
    """Scores your agent, written in any framework, in the same protocol as ours and beside ours.

    FILE.py holds a function `fit(X, y)` that returns a function `sample(X, n)`, which returns probabilities of shape
    [n, inputs, classes], a joint sample a row. docs/add-your-agent.md shows two.

    Example: gnothi testbed submit mine.py:fit --suite demo
    """

    agent: Annotated[str, tyro.conf.Positional]
    """Your function, as FILE.py:NAME."""

    suite: str = "demo"
    """Which problems: `gnothi testbed list` says what there is."""

    seeds: int | None = None
    """How many seeds of each cell; all of them by default."""

    beside: tuple[str, ...] = ("uniform", "mlp", "ensemble+", "epinet")
    """Agents of ours to run too, where this folder does not hold them yet."""

    out: Path = Path("runs/submitted")
    """The folder of the run."""

    workers: int | None = None
    """How many processes; one a core by default."""

    def run(self) -> None:
        """Runs, prints the leaderboard with your agent in it."""
        from rich.console import Console

        from gnothi.sweep import run_groups

        console = Console()
        with console.status("Planning ..."):
            from gnothi.agents import AGENTS, find_agent
            from gnothi.testbed import find_suite
            from gnothi.testbed.submission import submitted_agent

            name, mine = submitted_agent(self.agent)
            ours = {other: find_agent(other, AGENTS) for other in dict.fromkeys(["uniform", *self.beside])}
            specs = _first_seeds(find_suite(self.suite), self.seeds)
        typed = f"gnothi testbed submit {self.agent} --suite {self.suite}"
        cells = _run({**ours, name: mine}, specs, self.out, console, run_groups, self.workers, typed)

        from gnothi.cards import print_leaderboard

        print_leaderboard(self.out, console=console, cells=cells)


def _first_seeds(specs: "tuple[Spec, ...]", count: int | None) -> "list[Spec]":
    """The first seeds of each cell."""
    from gnothi.testbed.reach import place_in_cell

    if count is not None and count < 1:
        raise ValueError(f"seeds must be 1 or more, or left out for all there are, got {count}")
    return [spec for spec in specs if count is None or place_in_cell(spec) < count]


def _run(
    agents: "dict[str, Agent]",
    specs: "list[Spec]",
    out: Path,
    console: Any,
    run_groups: Callable[..., None],
    workers: int | None,
    typed: str,
) -> set[str]:
    """Runs agents on those problems that they are put through, and gives the names of their cells."""
    from gnothi.cards import CellProgress
    from gnothi.sweep import RunFolder
    from gnothi.testbed import plan, run_group
    from gnothi.testbed.reach import check_able, reached

    check_able(agents, specs)
    folder = RunFolder(out)
    groups = [g for name, agent in agents.items() for g in plan({name: agent}, reached(name, specs), out)]
    folder.describe(command=typed)
    with CellProgress(console, sum(len(group.cells) for group in groups)) as progress:
        run_groups(groups, run_group, folder, workers=workers, on_start=progress.start, on_finish=progress.finish)
    return {cell for group in groups for cell in group.cells}
