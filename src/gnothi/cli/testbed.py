"""`gnothi testbed`: run agents on problems, list problems, write the report or the leaderboard."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tyro.conf import subcommand

from gnothi.cli.leaderboard import Leaderboard, Submit


@dataclass(frozen=True)
class Run:
    """Trains agents on a suite of problems, scores their joint predictions, and prints a leaderboard.

    Finished cells stay finished: the same command again goes on where it stopped.

    Example: gnothi testbed run --suite demo --agents uniform mlp ensemble+ epinet --out runs/mine
    """

    suite: str = "demo"
    """Which problems: `gnothi testbed list` says what there is."""

    agents: tuple[str, ...] = ()
    """Which agents: `gnothi agents` says what there is. All that take seconds a problem by default; `uniform`
    always comes along."""

    out: Path = Path("runs/demo")
    """The folder of the run."""

    seed: int = 0
    """The agents' seed; problems have their own."""

    workers: int | None = None
    """How many processes; one a core by default."""

    engine: Literal["local", "ray"] = "local"
    """Where cells run: processes of this machine, or a Ray cluster."""

    address: str | None = None
    """The Ray cluster: HOST:PORT, `auto` (the default) or `local`, a Ray of this machine alone."""

    def run(self) -> None:
        """Runs, shows progress, prints the leaderboard."""
        from rich.console import Console

        from gnothi.sweep import RunFolder, engine_for

        console = Console()
        folder = RunFolder(self.out)
        run_groups = engine_for(self.engine, self.address)
        with console.status("Planning ..."):
            from gnothi.agents import AGENTS, find_agent
            from gnothi.cards import CellProgress
            from gnothi.testbed import find_suite, plan, run_group
            from gnothi.testbed.reach import cheap, check_able

            specs = find_suite(self.suite)
            names = dict.fromkeys(["uniform", *self.agents]) if self.agents else cheap(AGENTS, specs)
            agents = {name: find_agent(name, AGENTS) for name in names}
            check_able(agents, specs)
            groups = plan(agents, specs, self.out, seed=self.seed)
        folder.describe(suite=self.suite, agents=list(agents), seed=self.seed)
        with CellProgress(console, sum(len(group.cells) for group in groups)) as progress:
            run_groups(
                groups, run_group, folder, workers=self.workers, on_start=progress.start, on_finish=progress.finish
            )

        from gnothi.cards import print_leaderboard

        print_leaderboard(self.out, console=console)


@dataclass(frozen=True)
class List:
    """Lists suites, or the problems of one.

    Example: gnothi testbed list --suite real
    """

    suite: str | None = None
    """A suite whose problems to list."""

    def run(self) -> None:
        """Prints a table."""
        from rich.console import Console
        from rich.table import Table

        from gnothi.testbed import SUITES, find_suite

        if self.suite is not None:
            for spec in find_suite(self.suite):
                print(spec.name)
            return
        table = Table("suite", "problems", "what it is", title="Suites", title_justify="left")
        for name, make in SUITES.items():
            table.add_row(name, str(len(make())), (make.__doc__ or "").split("\n")[0])
        Console().print(table)


@dataclass(frozen=True)
class Report:
    """Writes `report.html` into a run's folder: one file that opens offline.

    Example: gnothi testbed report runs/demo
    """

    run_folder: Annotated[Path, tyro.conf.Positional] = Path("runs/demo")
    """The folder of the run."""

    picture: Path | None = None
    """Also write the joint-sample picture to this PNG file."""

    def run(self) -> None:
        """Writes the page and says where it is."""
        from gnothi.cards import write_picture, write_report

        print(f"Report: {write_report(self.run_folder).resolve()}")
        if self.picture is not None:
            write_picture(self.run_folder, self.picture)
            print(f"Picture: {self.picture.resolve()}")


@dataclass(frozen=True)
class Testbed:
    """The Neural Testbed: agents on problems whose truth is known, and on real data.

    Example: gnothi testbed run --suite smoke --out runs/smoke
    """

    command: (
        Annotated[Run, subcommand("run")]
        | Annotated[List, subcommand("list")]
        | Annotated[Report, subcommand("report")]
        | Annotated[Leaderboard, subcommand("leaderboard")]
        | Annotated[Submit, subcommand("submit")]
    )

    def run(self) -> None:
        """Runs the command below."""
        self.command.run()
