"""Red teaming: distinct failures that each policy finds, beside uniform on the same targets.

Thirty seeds of each target. Planted ones are drawn anew each seed; `holes` is the one of the claim, in the others what
the campaigns' model assumes is missing or wrong: weaknesses of single triples (`traps`), no interactions at all
(`effects`), nothing to learn (`nothing`), a grader that errs (`grader`). `smollm2` is the packaged model: what came of
512 attacks is in a file (`redteam_target.py` made it), and 30 seeds of each policy are replayed on it.

    python benchmarks/redteam.py                      # 15 CPU minutes; writes docs/redteam.json and docs/redteam.png
    python benchmarks/redteam.py --draw               # the figure and the tables again, from docs/redteam.json
"""

import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.metrics.intervals import Estimate, mean_interval, ratio_interval
from gnothi.safety.redteam import AttackSpace, FailurePosterior, Weaknesses, expected_new, keys_of, plant, replay
from redteam_target import Table, read_target

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
#: Policies by what to call them, with their settings.
POLICIES: dict[str, tuple[str, dict[str, Any]]] = {
    "uniform": ("uniform", {}),
    "fixed list": ("fixed", {}),
    "epsilon-greedy, techniques": ("epsilon", {}),
    "epsilon-greedy, arms": ("epsilon", {"by": "arm"}),
    "greedy": ("greedy", {}),
    "Thompson": ("thompson", {}),
    "information": ("information", {}),
}
#: Planted targets by name: how they are weak.
PLANTED = {
    "holes": Weaknesses(),
    "traps": Weaknesses(holes=0.0, traps=0.06),
    "effects": Weaknesses(holes=0.0, technique=1.0, topic=1.0, transform=1.0),
    "nothing": Weaknesses(base=-2.0, technique=0.0, topic=0.0, transform=0.0, prompt=0.0, holes=0.0),
    "grader": Weaknesses(),
}
ERRORS = GraderErrors(90, 100, 190, 200)  # of the erring grader, as labels of 300 answers show it; it is so indeed
REAL = "smollm2"
#: The real target otherwise: without the chain that never works, half of the secrets a seed, other ways to count.
VARIANTS = ("no base64", "half of the secrets", "topic and technique", "prompt")
BUDGET = {name: 300 for name in PLANTED} | {REAL: 100} | dict(zip(VARIANTS, (100, 60, 100, 60), strict=True))
STEP = 10
#: Targets of the figure, of which whole curves are kept.
DRAWN = {"holes": "Planted weaknesses (30 targets)", REAL: "SmolLM2-135M, secrets (30 seeds)"}


@dataclass(frozen=True)
class Benchmark:
    """Replays every policy. Example: python benchmarks/redteam.py --targets holes --seeds 5."""

    targets: tuple[str, ...] = (REAL, *VARIANTS, *PLANTED)
    """Which targets, of the planted, `smollm2` and its variants; what docs/redteam.json has of others stays."""

    seeds: int = 30
    """Seeds of each."""

    workers: int = 2
    """Processes."""

    draw: bool = False
    """Only draw the figure and print the tables, of what was measured."""


def one(job: tuple[str, str, int]) -> dict[str, Any]:
    """What a policy found, and for two of them what was expected of the last hundred queries."""
    name, policy, seed = job
    distinct = name if name in VARIANTS[2:] else "prompt and technique"
    if name not in PLANTED:
        space, failed = variant(name, seed)
    else:
        target = plant(PLANTED[name], seed=seed)
        space, failed = target.space, target.failed
    verdicts, errors = None, None
    if name == "grader":
        noise = np.random.default_rng([seed, 31]).random(failed.size)
        errors = ERRORS
        verdicts = np.where(failed, noise < errors.true_positives / errors.positives, noise > 0.95)
    kind, settings = POLICIES[policy]
    run = replay(
        *(space, failed, kind),
        budget=BUDGET[name],
        batch=STEP,
        distinct=distinct,
        errors=errors,
        verdicts=verdicts,
        seed=seed,
        **settings,
    )
    curve = run.found[STEP - 1 :: STEP].tolist()
    curve = curve if name in DRAWN else curve[-1:]
    return {
        "target": name,
        "policy": policy,
        "seed": seed,
        "curve": curve,
        **foreseen(space, failed, run, name, policy),
    }


def variant(name: str, seed: int) -> tuple[AttackSpace, np.ndarray]:
    """The real target, or a part of it."""
    space, failed = read_target(Table().path)
    keep = np.ones(len(space), bool)
    if name == "no base64":
        keep = np.array([attack.arm.chain != ("base64",) for attack in space.attacks])
    elif name == "half of the secrets":
        secrets = sorted({attack.base.cluster for attack in space.attacks})
        some = set(np.random.default_rng([seed, 99]).choice(secrets, len(secrets) // 2, replace=False).tolist())
        keep = np.array([attack.base.cluster in some for attack in space.attacks])
    attacks = tuple(attack for attack, kept in zip(space.attacks, keep, strict=True) if kept)
    return AttackSpace(attacks, space.rewrites), failed[keep]


def foreseen(space, failed, run, name: str, policy: str) -> dict[str, float]:
    """What the stop rule would have said a hundred queries before the end, and what then came."""
    if policy not in ("Thompson", "information") or name not in PLANTED or name == "grader":
        return {}
    before = BUDGET[name] - 100
    made = run.places[:before]
    posterior, keys = FailurePosterior(space.features, seed=1), keys_of(space)
    posterior.observe(made.tolist(), failed[made].tolist())
    available = ~np.isin(keys, keys[made[failed[made]]])
    available[made] = False
    expected = expected_new(posterior.means, keys, available, 100)
    return {"expected": round(expected, 2), "came": float(run.found[-1] - run.found[before - 1])}


def measure(benchmark: Benchmark, path: Path) -> None:
    """Runs what was asked for, a target at a time, and adds it to the file."""
    for name in benchmark.targets:
        jobs = [(name, policy, seed) for policy in POLICIES for seed in range(benchmark.seeds)]
        with ProcessPoolExecutor(benchmark.workers) as pool:
            rows = list(pool.map(one, jobs))
        kept = json.loads(path.read_text()) if path.exists() else []
        kept = [row for row in kept if row["target"] != name]
        lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in [*kept, *rows])
        path.write_text(f"[\n{lines}\n]\n")
        print_table(name, rows)


def print_table(name: str, rows: Iterable[dict[str, Any]]) -> None:
    """Failures per 1,000 queries and the ratio to uniform, of one target."""
    rows = [row for row in rows if row["target"] == name]
    last = {
        policy: np.array([row["curve"][-1] for row in rows if row["policy"] == policy], float) for policy in POLICIES
    }
    seeds = last["uniform"].size
    print(f"\n{name}: {BUDGET[name]} queries, {seeds} seeds\n")
    print("| policy | distinct failures per 1,000 queries | times uniform |\n|---|---|---|")
    for policy, found in last.items():
        rate = mean_interval(1000 * found / BUDGET[name])
        ratio = "" if policy == "uniform" else words(ratio_interval(found, last["uniform"]), 2)
        print(f"| {policy} | {words(rate, 0)} | {ratio} |")
    told = [row for row in rows if "expected" in row]
    for policy in dict.fromkeys(row["policy"] for row in told):
        some = [row for row in told if row["policy"] == policy]
        expected, came = (np.array([row[key] for row in some]) for key in ("expected", "came"))
        print(f"{policy}: {expected.mean():.1f} expected of the last 100 queries, {words(mean_interval(came), 1)} came")


def words(estimate: Estimate, digits: int) -> str:
    return f"{estimate.value:.{digits}f} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Distinct failures by queries, of the target of the claim and of the packaged model."""
    import altair as alt

    from gnothi.cards.figures import PRINT_INK, write_png

    colours = dict(
        zip(POLICIES, ("#8a8f98", "#94806a", "#d29a18", "#b55fa5", "#3f86d0", "#e0662b", "#0f9184"), strict=True)
    )
    panels = []
    for name, title in DRAWN.items():
        points = [point for policy in POLICIES for point in points_of(rows, name, policy)]
        if not points:
            continue
        base = alt.Chart(alt.Data(values=points)).encode(
            x=alt.X("queries:Q", title="queries", scale=alt.Scale(zero=True)),
            color=alt.Color(
                "policy:N",
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
                legend=alt.Legend(title=None, orient="bottom", columns=4, symbolType="stroke", symbolOpacity=1),
            ),
        )
        band = base.mark_area(opacity=0.15).encode(y=alt.Y("low:Q", title="distinct failures"), y2="high:Q")
        line = base.mark_line(strokeWidth=2).encode(y="found:Q")
        panels.append(alt.layer(band, line).properties(width=330, height=300, title=title))
    write_png(alt.hconcat(*panels, spacing=40).resolve_scale(color="shared"), path)
    print(f"{path} ({PRINT_INK} on white)")


def points_of(rows: list[dict[str, Any]], name: str, policy: str) -> list[dict[str, Any]]:
    """The mean curve with the 95 % interval of the mean over seeds."""
    curves = np.array([row["curve"] for row in rows if row["target"] == name and row["policy"] == policy], float)
    if not curves.size:
        return []
    points: list[dict[str, Any]] = [{"policy": policy, "queries": 0, "found": 0, "low": 0, "high": 0}]
    for place in range(curves.shape[1]):
        found = mean_interval(curves[:, place])
        ends = {"found": found.value, "low": found.low, "high": found.high}
        points.append({"policy": policy, "queries": (place + 1) * STEP, **ends})
    return points


def main(benchmark: Benchmark) -> None:
    path = DOCS / "redteam.json"
    if not benchmark.draw:
        measure(benchmark, path)
    rows = json.loads(path.read_text())
    if benchmark.draw:
        for name in dict.fromkeys(row["target"] for row in rows):
            print_table(name, rows)
    draw(rows, DOCS / "redteam.png")


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
