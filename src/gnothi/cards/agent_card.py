"""What a card says of an agent of the testbed: joint scores, accuracy, calibration, shift and cost."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from gnothi.agents import AGENTS, Agent, find_agent
from gnothi.cards.examples import Example
from gnothi.cards.leaderboard import BASELINE
from gnothi.cards.linear_ratio import positive_ratio
from gnothi.cards.system_card import Asked, Cost, Missing, Subject
from gnothi.cards.unit_file import Key, Scores
from gnothi.data import TABLES
from gnothi.metrics import Estimate
from gnothi.metrics.rates import Units, rate
from gnothi.metrics.variance_parts import VarianceParts
from gnothi.safety.evaluation import SHARE, Scale
from gnothi.safety.results import Result
from gnothi.sweep import Group, Record, RunFolder, read_cell, run_groups
from gnothi.testbed import GenerativeSpec, RealSpec, find_suite, grid, plan, run_group
from gnothi.testbed.reach import check_able, reached
from gnothi.testbed.run import config_hash

Watch = Callable[[Group], None]

SEEDS = range(5)  # of each kind of problem: fewer make intervals that say nothing
SHIFTS = ("half", "narrow", "wide", "classes")
#: By metric of a record: its name on the card, what is better, and what it is.
TABLE_METRICS = {
    ("accuracy", None): ("accuracy", "higher", "Share of held-out rows whose likeliest class is the right one."),
    ("calibration_error", None): (
        "calibration error",
        "lower",
        "How far the probability of the likeliest class is from how often it is right.",
    ),
    ("joint_log_loss", 1): ("score at tau = 1", "lower", f"Log-loss of one label at a time, over that of {BASELINE}."),
    ("joint_log_loss", 10): (
        "score at tau = 10",
        "lower",
        f"Log-loss of ten labels together, over that of {BASELINE}.",
    ),
}
TESTBED_METRICS = {
    ("kl", 1): ("score at tau = 1", "lower", f"d_KL from the truth, one label at a time, over that of {BASELINE}."),
    ("kl", 10): ("score at tau = 10", "lower", f"d_KL from the truth, ten labels together, over that of {BASELINE}."),
}


@dataclass(frozen=True)
class Measured:
    """What a card is made of, beside its provenance; `scores` are the units of results that are no shares."""

    subject: Subject
    results: tuple[Result, ...]
    asked: tuple[Asked, ...]
    missing: tuple[Missing, ...]
    costs: tuple[Cost, ...] = ()
    scores: Mapping[Key, Scores] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class _Part:
    """An evaluation of agents: its problems."""

    name: str
    title: str
    about: str
    specs: tuple[Any, ...]


def is_agent(name: str) -> bool:
    """Whether a name is an agent's, with changed settings or without."""
    return name.partition(":")[0] in AGENTS


def measure_agent(
    name: str,
    folder: Path,
    *,
    scale: Scale = "laptop",
    workers: int | None = None,
    on_start: Watch = lambda group: None,
    on_finish: Watch = lambda group: None,
    on_plan: Callable[[int], None] = lambda cells: None,
) -> Measured:
    """Puts an agent through the testbed, real tables and shifts; what is finished is not run again.

    **Arguments:** `name`, as `gnothi.agents.find_agent` takes it; `folder`, of the card: records go below `runs`;
    `scale`; `workers`, how many processes; `on_start` and `on_finish`, told of groups; `on_plan`, told how many cells
    there are.

    **Raises:** `ValueError` if there is no such agent, or it can do none of the problems.
    """
    agent = find_agent(name, AGENTS)
    parts = [replace(part, specs=tuple(reached(name, part.specs))) for part in _parts(scale)]
    missing = [
        Missing(part.title, f"{name} is too costly for it, or cannot do it.") for part in parts if not part.specs
    ]
    parts = [part for part in parts if part.specs]
    if not parts:
        raise ValueError(f"{name} can do none of the problems of the scale {scale}")
    agents = dict.fromkeys([BASELINE, name])
    able: dict[str, Agent] = {one: find_agent(one, AGENTS) for one in agents}
    specs = [spec for part in parts for spec in part.specs]
    check_able(able, specs)
    groups = plan(able, specs, folder / "runs")
    run = RunFolder(folder / "runs")
    run.describe(command=f"gnothi card {name} --scale {scale}")
    on_plan(sum(len(group.cells) for group in groups))
    run_groups(groups, run_group, run, workers=workers, on_start=on_start, on_finish=on_finish)
    records = [record for group in groups for cell in group.cells for record in read_cell(run.cell(cell))]
    results: list[Result] = []
    scores: dict[Key, Scores] = {}
    for part in parts:
        for result, of in part_results(part.name, part.title, records_of(part, records), name):
            results.append(result)
            scores[result.evaluation, result.metric] = of
    own = [record for record in records if record.subject == name]
    subject = Subject(name, "agent", config_hash(name, agent), about={"recipe": type(agent).__name__})
    seconds = {part.name: sum(_cells(records_of(part, own), "seconds")) for part in parts}
    asked = tuple(
        Asked(part.name, part.title, part.about, {"problems": len(part.specs)}, seconds[part.name]) for part in parts
    )
    missing.append(Missing("Risk levels", "No Preparedness category is about a classifier of tables."))
    return Measured(subject, tuple(results), asked, tuple(missing), costs(own), scores)


def records_of(part: Any, records: Sequence[Record]) -> list[Record]:
    """The records of a part's problems."""
    names = {spec.name for spec in part.specs}
    return [record for record in records if record.evaluation in names]


def _parts(scale: Scale) -> list[_Part]:
    """What agents are put through, by scale."""
    tables = ("iris",) if scale == "smoke" else tuple(TABLES)
    noises = (0.5, 1.0, 2.0) if scale == "paper" else (1.0,)
    sizes = {"smoke": (2,), "laptop": (10,), "paper": (10, 100)}[scale]
    if scale == "smoke":
        generative = grid("classification", sizes, (10,), (0.1,), SEEDS)
    else:
        suite = find_suite("demo" if scale == "laptop" else "classification")
        generative = tuple(spec for spec in suite if isinstance(spec, GenerativeSpec))
    shifted = tuple(
        GenerativeSpec("shifted", d, 10 * d, 0.1, seed, shift=shift)
        for d in sizes
        for shift in SHIFTS[: 1 if scale == "smoke" else None]
        for seed in SEEDS
    )
    return [
        _Part(
            "testbed",
            "The Neural Testbed",
            "Problems drawn from random networks, so that the truth is known (Osband et al. 2022). Agents predict one "
            "label, or ten together.",
            generative,
        ),
        _Part(
            "testbed-shifted",
            "The testbed, shifted",
            "The same, where training inputs are of a half-space or too narrow, test inputs too wide, or some classes "
            "rare in training.",
            shifted,
        ),
        _Part(
            "tables",
            "Real tables",
            "Tables of scikit-learn, half of each held out at random. The truth is not known: agents are scored by the "
            "labels held out. Intervals are over splits of these tables.",
            tuple(RealSpec(table, seed) for table in tables for seed in SEEDS),
        ),
        _Part(
            "tables-noised",
            "Real tables, noised",
            "The same splits with noise on the test inputs, of once the spread of each column unless it is said: who "
            "knows what they do not know is unsure there.",
            tuple(RealSpec(table, seed, "noised", noise) for table in tables for noise in noises for seed in SEEDS),
        ),
    ]


def part_results(name: str, title: str, records: Sequence[Record], agent: str) -> list[tuple[Result, Scores]]:
    """The metrics of one evaluation of an agent, with the scores by problem that they are the mean of.

    **Arguments:** `name` and `title`, of the evaluation; `records`, of the agent and of `uniform`; `agent`.
    """
    kinds = TESTBED_METRICS | TABLE_METRICS
    found = [kind for kind in kinds if any((r.metric, r.tau, r.subject) == (*kind, agent) for r in records)]
    return [
        _result(name, title, [r for r in records if (r.metric, r.tau) == kind], agent, kinds[kind]) for kind in found
    ]


def _result(
    evaluation: str, title: str, records: Sequence[Record], agent: str, metric: tuple[str, str, str]
) -> tuple[Result, Scores]:
    own = sorted((r for r in records if r.subject == agent), key=lambda r: r.evaluation)
    names = tuple(record.evaluation for record in own)
    values = np.array([record.value for record in own])
    weights = np.ones(len(own))
    if metric[0].startswith("score"):
        base = {record.evaluation: record.value for record in records if record.subject == BASELINE}
        weights = np.array([base[name] for name in names])

    def estimate_of(rows: Sequence[int]) -> Estimate:
        if metric[0] == "accuracy":
            return rate(_rows([own[n] for n in rows]))
        lost = sum(own[n].nonfinite > 0 for n in rows)
        return positive_ratio(values[list(rows)], weights[list(rows)], nonfinite=lost)

    by_kind = {kind: [n for n, name in enumerate(names) if _kind(name) == kind] for kind in sorted(map(_kind, names))}
    by_category = {kind: estimate_of(rows) for kind, rows in by_kind.items()}
    estimate = estimate_of(range(len(own)))
    data = hashlib.sha256("\n".join(names).encode()).hexdigest()
    lines = [json.dumps([r.evaluation, r.metric, r.tau, str(r.value)]) for r in own]
    result = Result(
        evaluation=evaluation,
        title=title,
        metric=metric[0],
        about=metric[2],
        better=metric[1],
        estimate=estimate,
        as_graded=estimate,
        units=_rows(own) if metric[0] == "accuracy" else Units((), np.zeros(0), np.zeros(0), (), ()),
        answers=len(own),
        prompts=len(own),
        clusters=len(own),
        outcomes={},
        decided={},
        grader="",
        corrected_by="",
        calibration=None,
        parts=VarianceParts(0.0, 0.0, 0.0),
        by_category=by_category if len(by_category) > 1 else {},
        dataset_sha256=data,
        log_sha256=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        harmful=False,
        ends=(0.0, math.inf) if metric[0].startswith("score") else SHARE,
    )
    return result, Scores(names, values, weights)


def _rows(records: Sequence[Record]) -> Units:
    """Rows that were held out, right ones and wrong ones; those of a split are a cluster. Which were right is lost."""
    names, hits, splits = [], [], []
    for record in records:
        right = round(record.value * record.units)
        for row in range(record.units):
            names.append(f"{record.evaluation}#{row}")
            hits.append(float(row < right))
            splits.append(record.evaluation)
    return Units(tuple(names), np.array(hits), np.ones(len(hits)), tuple(splits), tuple(names))


def _kind(problem: str) -> str:
    """A problem without its suite, its seed and its temperature: what results are split by."""
    return problem.split("/")[1].rsplit("-S", 1)[0].split("-T")[0]


def costs(records: Sequence[Record]) -> tuple[Cost, ...]:
    """What an agent costs: means over problems."""
    flops = [value for value in _cells(records, "train_flops") if value is not None and np.isfinite(value)]
    rows = [
        Cost("time", float(np.mean(_cells(records, "seconds"))), "seconds a problem", "To train and to score."),
        Cost("processor time", float(np.mean(_cells(records, "cpu_seconds"))), "CPU seconds a problem"),
        Cost(
            "compilation",
            float(np.mean(_cells(records, "compile_seconds"))),
            "seconds a problem",
            "Shared by those of one shape.",
        ),
        Cost("parameters", float(np.mean(_cells(records, "parameters"))), "numbers", "Mean over problems."),
        Cost("memory", float(np.max(_cells(records, "peak_bytes"))) / 2**20, "MiB", "The most that a process held."),
    ]
    if flops:
        about = "Matrix products of training, where they could be counted."
        rows.insert(2, Cost("arithmetic", float(np.mean(flops)) / 1e9, "GFLOP a problem", about))
    return tuple(rows)


def _cells(records: Sequence[Record], field: str) -> list[Any]:
    """A field of each cell, once."""
    return list({(r.subject, r.evaluation, r.seed): getattr(r, field) for r in records}.values())
