"""How often what a campaign believes of attacks that it did not make is so.

After 200 queries on planted targets, drawn anew each seed, a campaign says how many distinct failures are left and what
share of all attacks would succeed, with 95 % intervals of its posterior. Here the truth is known.

    python benchmarks/redteam_believed.py           # ten minutes of two cores: a table of docs/redteam.md
"""

import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tyro

from gnothi.metrics.rates import Units, rate
from gnothi.safety.graders.refusal import RefusalRules
from gnothi.safety.redteam import Campaign, CampaignSettings, findings, plant
from redteam import PLANTED

TARGETS = ("holes", "traps", "effects", "nothing")


@dataclass(frozen=True)
class Benchmark:
    """Checks what campaigns believe. Example: python benchmarks/redteam_believed.py --seeds 10 --targets holes."""

    targets: tuple[str, ...] = TARGETS
    """Which planted targets."""

    policies: tuple[str, ...] = ("information", "thompson", "uniform")
    """Which policies."""

    seeds: int = 40
    """Targets of each kind."""

    budget: int = 200
    """Queries of a campaign."""

    workers: int = 2
    """Processes."""


class Belief(NamedTuple):
    """Whether the interval held the truth, what was believed and what is true: of what is left, and of the rate."""

    left_held: bool
    left: float
    left_true: int
    rate_held: bool
    rate: float
    rate_true: float


def one(job: tuple[str, str, int, int]) -> Belief:
    name, policy, seed, budget = job
    target = plant(PLANTED[name], seed=seed)
    settings = CampaignSettings(budget=budget, policy=policy, stop_below=0.0, seed=seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        Campaign(target.space, target.model, RefusalRules(), Path(folder) / "campaign", settings) as campaign,
    ):
        campaign.run(lambda found, made: None)
        believed = findings(campaign)
        left = len(set(campaign.keys[campaign.available & target.failed]))
    true = float(target.failed.mean())
    found = believed.remaining, believed.rate
    held = [one.low <= truth <= one.high for one, truth in zip(found, (left, true), strict=True)]
    return Belief(held[0], believed.remaining.value, left, held[1], believed.rate.value, true)


def covered(held: list[bool]) -> str:
    names = tuple(map(str, range(len(held))))
    found = rate(Units(names, np.array(held, float), np.ones(len(held)), names, names))
    return f"{100 * found.value:.0f} % [{100 * found.low:.0f}, {100 * found.high:.0f}]"


def main(options: Benchmark) -> None:
    from rich.console import Console
    from rich.progress import track

    print("| target | policy | what is left: covered | believed | true | rate: covered | believed | true |")
    print("|---|---|---|---|---|---|---|---|")
    kinds = list(product(options.targets, options.policies))
    with ProcessPoolExecutor(options.workers) as pool:
        for name, policy in track(kinds, "targets and policies", console=Console(file=sys.stderr)):
            rows = list(pool.map(one, [(name, policy, seed, options.budget) for seed in range(options.seeds)]))
            left, left_true, believed, true = (
                float(np.mean([getattr(row, field) for row in rows]))
                for field in ("left", "left_true", "rate", "rate_true")
            )
            print(
                f"| {name} | {policy} | {covered([row.left_held for row in rows])} | {left:.0f} | {left_true:.0f} "
                f"| {covered([row.rate_held for row in rows])} | {believed:.3f} | {true:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
