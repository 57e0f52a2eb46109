"""`gnothi reproduce`: a published claim, re-made and measured."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclass(frozen=True)
class Reproduce:
    """Re-makes the claims of a paper: runs the experiment, draws its figure, prints each claim with its number.

    Exits with 1 if a claim does not hold. The same command again goes on where it stopped.

    Example: gnothi reproduce ensembles --scale smoke
    """

    name: Annotated[
        Literal["enn", "testbed", "decisions", "dyadic", "ensembles", "thompson", "language", "o1-evals"],
        tyro.conf.Positional,
    ]
    """Which paper."""

    scale: Literal["smoke", "laptop", "paper"] = "laptop"
    """How large: a minute or two, 15 to 30 minutes, or the original's size."""

    out: Path | None = None
    """The folder of the run; runs/reproduce/NAME-SCALE by default."""

    workers: int | None = None
    """How many processes; one a core by default."""

    data_dir: Path | None = None
    """Where data lie that no package carries: for language, GLUE's folders SST-2, CoLA and RTE."""

    def run(self) -> None:
        """Runs, prints the claims."""
        from rich.console import Console

        from gnothi.cards import all_hold, print_claims
        from gnothi.reproduce import Lab, reproduce
        from gnothi.sweep import RunFolder

        if self.data_dir is not None and not self.data_dir.is_dir():
            raise ValueError(f"--data-dir {self.data_dir} is not a folder")
        console = Console()
        out = self.out or Path("runs/reproduce") / f"{self.name}-{self.scale}"
        RunFolder(out).describe(command=f"gnothi reproduce {self.name} --scale {self.scale}")
        findings = reproduce(self.name, Lab(self.scale, out, self.workers, console, self.data_dir))
        print_claims(findings.claims, console)
        print(f"Figure: {(out / 'figure.png').resolve()}")
        if not all_hold(findings.claims):
            sys.exit(1)
