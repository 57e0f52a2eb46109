"""`gnothi conform`: is what a sampler gives a joint prediction at all?"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

if TYPE_CHECKING:
    from gnothi.metrics import Check
    from gnothi.metrics.conformance import Fit


@dataclass(frozen=True)
class Conform:
    """Checks that a posterior sampler, of any framework, gives joint predictions.

    FILE.py holds a function `fit(X, y)` that returns a function `sample(X, n)`, which returns an array of shape
    [n, inputs, outputs]: a joint sample a row, of probabilities of 2 classes (or values, for the other problems). If
    `sample` has a parameter called `seed`, it is given one; `fit` may have `seed`, `num_classes` and `temperature`. The
    status is 1 if a check fails.

    Example: gnothi conform mine.py:fit
    """

    sampler: Annotated[str | None, tyro.conf.Positional] = None
    """The function to check, as FILE.py:NAME."""

    agent: str | None = None
    """Check an agent of gnothi's in its place: `gnothi agents` says what there is."""

    problem: Literal["classification", "regression", "linear"] = "classification"
    """What it is fitted to. `linear` is for samplers that claim y = x.w + noise with w ~ N(0, I) and noise of
    deviation 0.5, whose posterior is known."""

    num_samples: int = 400
    """Joint samples a call."""

    seed: int = 0
    """The seed of the tests, and of the samples where the sampler takes one."""

    out: Path | None = None
    """A folder to write `conformance.json` into."""

    json: bool = False
    """Print JSON in place of a table."""

    def run(self) -> None:
        """Fits, checks, prints; exits with 1 if a check failed."""
        import json
        import sys
        from dataclasses import asdict

        from gnothi.metrics import conform, passed

        name, fit = self._fit()
        checks = conform(fit, self.problem, num_samples=self.num_samples, seed=self.seed)
        written = json.dumps(
            {
                "sampler": name,
                "problem": self.problem,
                "passed": passed(checks),
                "checks": [{**asdict(check), "meaning": check.meaning} for check in checks],
            },
            indent=2,
            allow_nan=False,
        )
        if self.out is not None:
            self.out.mkdir(parents=True, exist_ok=True)
            (self.out / "conformance.json").write_text(written + "\n")
        if self.json:
            print(written)
        else:
            _print(name, checks)
        if not passed(checks):
            sys.exit(1)

    def _fit(self) -> "tuple[str, Fit]":
        if (self.sampler is None) == (self.agent is None):
            raise ValueError("name what to check: either FILE.py:NAME or --agent NAME")
        if self.agent is None:
            from gnothi.testbed.user_file import load_function

            assert self.sampler is not None
            return self.sampler, load_function(self.sampler)
        if self.problem != "classification":
            raise ValueError(f"agents are classifiers: leave --problem {self.problem} out")
        from gnothi.agents import AGENTS, find_agent
        from gnothi.testbed.contract import as_fit

        return self.agent, as_fit(find_agent(self.agent, AGENTS), seed=self.seed)


STYLES = {"pass": "green", "fail": "bold red", "not applicable": "dim"}


def _print(name: str, checks: "list[Check]") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(title=Text(name, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("check", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("found")
    for check in checks:
        p_value = "" if check.p_value is None else f" (p = {check.p_value:.2g})"
        table.add_row(check.name, Text(check.verdict, style=STYLES[check.verdict]), Text(check.found + p_value))
    console.print(table)
    failed = [check for check in checks if check.verdict == "fail"]
    for check in failed:
        console.print(Text.assemble((f"{check.name}: ", "bold red"), check.meaning))
    if not failed:
        console.print("Nothing contradicts a joint prediction.")
