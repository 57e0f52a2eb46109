"""Where a reproduction works: its size, its folder, and the runs it makes there, each resumable."""

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from rich.console import Console

from gnothi.agents import Agent
from gnothi.cards import CellProgress, Claim, write_page, write_png
from gnothi.cards.plots import Chart
from gnothi.sweep import Group, Record, RunFolder, Work, read_cell, run_groups
from gnothi.testbed import plan, run_group
from gnothi.testbed.suites import Spec

Scale = Literal["smoke", "laptop", "paper"]
Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Findings:
    """What a reproduction returns: each claim with its number, and the figure that shows them.

    `figure` is drawn with `ink=gnothi.cards.PRINT_INK`.
    """

    claims: tuple[Claim, ...]
    figure: Chart


@dataclass(frozen=True)
class Lab:
    """What a reproduction is given.

    `scale` is `"smoke"` (90 to 120 s on two cores; weak checks that can still fail), `"laptop"` (15 to 30 min) or
    `"paper"` (the original's size); `folder`, of the run; `workers`, how many processes; `console`, to talk to people;
    `data_dir`, where data lie that no package carries.
    """

    scale: Scale
    folder: Path
    workers: int | None
    console: Console
    data_dir: Path | None = None

    def choose(self, *, smoke: Choice, laptop: Choice, paper: Choice) -> Choice:
        """A size, by the scale."""
        return {"smoke": smoke, "laptop": laptop, "paper": paper}[self.scale]

    def run_testbed(self, agents: Mapping[str, Agent], specs: Sequence[Spec], *, seed: int = 0) -> list[Record]:
        """Puts agents through problems of the testbed (what is finished is not run again) and returns the records."""
        groups = plan(dict(agents), specs, self.folder, seed=seed)
        return self.run(groups, run_group)

    def run(self, groups: Sequence[Group], work: Work) -> list[Record]:
        """Computes groups of cells in parallel, as `gnothi.sweep.run_groups` does, with a progress bar.

        **Arguments:** `groups`, whose cells must have names of their own within the folder; `work`, from a group's
        task to the records of each of its cells, importable by name.

        **Returns:** the records of these groups' cells, in their order.
        """
        folder = RunFolder(self.folder)
        with CellProgress(self.console, sum(len(group.cells) for group in groups)) as progress:
            run_groups(groups, work, folder, workers=self.workers, on_start=progress.start, on_finish=progress.finish)
        return [record for group in groups for cell in group.cells for record in read_cell(folder.cell(cell))]

    def write(self, name: str, findings: Findings) -> None:
        """Writes `claims.json`, `figure.png` and `figure.html`."""
        about: dict[str, Any] = {"reproduction": name, "scale": self.scale}
        about["claims"] = [dataclasses.asdict(claim) for claim in findings.claims]
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".claims.json.{os.getpid()}"
        temporary.write_text(json.dumps(about, indent=1))
        temporary.replace(self.folder / "claims.json")
        write_png(findings.figure, self.folder / "figure.png")
        write_page(findings.figure, self.folder / "figure.html")
