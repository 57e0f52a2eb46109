"""How often further intervals hold the truth: of confidence, a monitor's precision, groups, rates by a grader.

A cell is a metric, a level, a number of clusters and a design; data of that kind are drawn `runs` times and measured
by the same functions as a card's. An answer is right with a chance of its own, whose logit has a standard deviation
of 1.5, part of it the cluster's; a model says how sure it is, rightly or too boldly. Of a monitor, half of its
clusters hold what it looks for. Groups are compared within decisions, on which they may have different effects. A
grader was tried on answers of some models, and grades another's.

    python benchmarks/coverage_others.py        # the second large table of docs/coverage.md; --help has its options
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby, product

import numpy as np
import tyro
from scipy import special

from coverage import LOWEST, Coverage, cluster_rates, entry, simulated, true_rates
from gnothi.metrics.grader_errors import corrected
from gnothi.metrics.intervals import Estimate
from gnothi.metrics.rates import Units, rate
from gnothi.safety.abstention import calibration_error, generalised_risk, separation
from gnothi.safety.calibration import Calibration
from gnothi.safety.prevalence import clustered_precision_at
from gnothi.safety.prompts import Answer, Grade, Graded, Outcome, Prompt, ask
from gnothi.safety.random_intercept import fit_random_intercept

SPREAD = 1.5  # of the logits of being right
SHARE = 0.3  # of their variance that is a cluster's, where answers come in clusters
POPULATION = 2_000_000
BINS = 10
GRADER, LABELS = 2.7, 150  # logits of a grader's sensitivity and specificity, and labelled answers of either kind
CLUSTERS = (10, 30, 100, 300, 1000)
PREVALENCE = 0.01
EFFECT = 0.3  # of a group, on the log odds of a yes
PEOPLE = np.array(list(product((1, 0, 0), repeat=2)), float)  # of three ages and three genders: who is of the first

Drawn = tuple[float, Estimate]  # what is true, and what was measured


@dataclass(frozen=True)
class Benchmark:
    """Simulates coverage. Example: python benchmarks/coverage_others.py --metrics separation --runs 200."""

    runs: int = 500
    """How often data are drawn for a cell: 500 leave a standard error of a point at 95 %."""

    metrics: tuple[str, ...] = ()
    """All of them by default."""

    most: int = 1000
    """Clusters; smaller is faster."""

    seed: int = 0
    """Of the draws."""

    processes: int = os.cpu_count() or 1
    """How many cells are simulated at once."""


@dataclass(frozen=True)
class Cell:
    """Where coverage is asked for: `level` is an accuracy, a sensitivity, by how much effects differ, or a rate."""

    metric: str
    level: float
    clusters: int
    size: int = 1
    boast: float = 0.0
    specificity: float = 0.0

    @property
    def design(self) -> str:
        """All but the metric, the level and the number of clusters, in words."""
        if self.metric == "group effect":
            return "9 answers a decision"
        if self.metric == "rate of another model":
            return f"{self.size} labelled models, {self.boast:g} logits apart"
        words = "1 answer" if self.size == 1 else f"{self.size} answers, correlated"
        if self.specificity:
            return f"{words}, Sp {self.specificity:g}"
        return words + (f", {100 * self.boast:g} points too sure" if self.boast else "")


def confidences(rng: np.random.Generator, cell: Cell, clusters: int, runs: int = 1):
    """How likely each answer is right, and how sure the model says it is."""
    shared = SHARE if cell.size > 1 else 0.0
    own = np.sqrt(1 - shared) * rng.normal(size=(runs, clusters, cell.size))
    common = np.sqrt(shared) * rng.normal(size=(runs, clusters, 1))
    chance = special.expit(special.logit(cell.level) + SPREAD * (own + common)).reshape(runs, -1)
    return chance, np.clip(chance + cell.boast, 0.0, 1.0)


@cache
def of_all(cell: Cell) -> tuple[np.ndarray, np.ndarray]:
    """A population's chances to be right and its confidence, the surest first."""
    chance, sure = confidences(np.random.default_rng(1), cell, POPULATION // cell.size)
    order = np.argsort(-chance[0])
    return chance[0][order], sure[0][order]


@cache
def true_value(cell: Cell) -> float:
    """What would be measured of all answers there are."""
    chance, sure = of_all(cell)
    if cell.metric == "calibration error":
        gaps = np.bincount(np.minimum((sure * BINS).astype(int), BINS - 1), chance - sure)
        return float(np.abs(gaps).sum() / len(chance))
    wrong = 1 - chance
    after = np.arange(len(wrong) - 1, -1, -1) / len(wrong)  # how much of all is less sure
    if cell.metric == "generalised risk":
        return float(np.mean(wrong * after))
    right_before = np.cumsum(chance) - chance
    return float(np.sum(wrong * right_before) / (wrong.sum() * chance.sum()))


def answered(measure: Callable[[list[Graded]], Estimate], rng: np.random.Generator, cell: Cell) -> Drawn:
    """A measure of graded answers that say how sure they are."""
    chance, sure = confidences(rng, cell, cell.clusters)
    right = rng.random(chance.shape) < chance
    rows = [
        Graded(
            Prompt(f"q{n}", ask("?"), f"c{n // cell.size}", target="x"),
            Answer(f"Confidence: {100 * stated:.6f}%", signals={"epistemic": -own}),
            Grade(Outcome.CORRECT if good else Outcome.WRONG, "benchmark"),
        )
        for n, (good, stated, own) in enumerate(zip(right[0], sure[0], chance[0], strict=True))
    ]
    return true_value(cell), measure(rows)


def monitored(rng: np.random.Generator, cell: Cell) -> Drawn:
    """A monitor that was tried on clusters of deceptive answers, and on as many of honest ones."""
    shares, sides = [float(true_rates(rng, share, 1)[0]) for share in (cell.level, cell.specificity)], []
    for share in shares:
        own = cluster_rates(rng, np.array([share]), 0.1 if cell.size > 1 else 0.0, cell.clusters // 2)
        right = rng.binomial(cell.size, own[0]).astype(float)
        names = tuple(map(str, range(len(right))))
        sides.append(Units(names, right, np.full(len(right), float(cell.size)), names, names))
    found, alarms = PREVALENCE * shares[0], (1 - PREVALENCE) * (1 - shares[1])
    return found / (found + alarms), clustered_precision_at(*sides, PREVALENCE)


def groups(rng: np.random.Generator, cell: Cell) -> Drawn:
    """The effect of one group of people on decisions, which have levels and effects of their own."""
    level = 2 * rng.normal(size=(cell.clusters, 1))
    effect = EFFECT + cell.level * rng.standard_t(5, size=(cell.clusters, 1))
    odds = level + effect * PEOPLE[:, 0] + 0.5 * rng.normal(size=(cell.clusters, len(PEOPLE)))
    design = np.tile(np.column_stack([np.ones(len(PEOPLE)), PEOPLE]), (cell.clusters, 1))
    which = np.repeat(np.arange(cell.clusters), len(PEOPLE)).tolist()
    return EFFECT, fit_random_intercept(odds.ravel(), design, which).estimate(np.array([0.0, 1.0, 0.0]))


def of_another_model(rng: np.random.Generator, cell: Cell) -> Drawn:
    """A rate by a grader of which 300 labelled answers of each of some models tell, and none of this model."""
    wanted, models = [Outcome.REFUSE], cell.size
    right = special.expit(GRADER + cell.boast * rng.normal(size=(2, models + 1)))
    sources = {}
    for number in range(models):
        hits, spared = rng.binomial(LABELS, right[:, number]).tolist()
        found = ((Outcome.REFUSE, Outcome.REFUSE, hits), (Outcome.REFUSE, Outcome.COMPLY, LABELS - hits))
        sources[f"m{number}"] = (
            *found,
            (Outcome.COMPLY, Outcome.COMPLY, spared),
            (Outcome.COMPLY, Outcome.REFUSE, LABELS - spared),
        )
    rows = tuple((((truth, said, 1),), count) for cells in sources.values() for truth, said, count in cells)
    calibration = Calibration("benchmark", "drawn", "", rows, sources=sources)
    truth = float(true_rates(rng, cell.level, 1)[0])
    refused = rng.random(cell.clusters) < truth
    seen = rng.random(cell.clusters) < np.where(refused, right[0, -1], 1 - right[1, -1])
    names = tuple(map(str, range(cell.clusters)))
    units = Units(names, seen.astype(float), np.ones(len(names)), names, names)
    return truth, corrected(units, calibration.errors(wanted), transport=calibration.transport(wanted))


METRICS: dict[str, Callable[[np.random.Generator, Cell], Drawn]] = {
    "calibration error": partial(answered, calibration_error),
    "separation": partial(answered, lambda rows: rate(separation(rows, "epistemic"))),
    "generalised risk": partial(answered, lambda rows: rate(generalised_risk(rows, "epistemic"))),
    "precision where 1 % is": monitored,
    "group effect": groups,
    "rate of another model": of_another_model,
}


def cells(most: int) -> list[Cell]:
    """The grid, metric by metric."""
    accuracies, sizes = (0.1, 0.4, 0.6, 0.9), (1, 4)
    kinds = [Cell("calibration error", a, 0, size, boast) for size in sizes for boast in (0.0, 0.1) for a in accuracies]
    for metric in ("separation", "generalised risk"):
        kinds += [Cell(metric, a, 0, size) for size in sizes for a in accuracies]
    kinds += [
        Cell("precision where 1 % is", sensitivity, 0, size, specificity=specificity)
        for size in (1, 20)
        for specificity in (0.8, 0.95, 0.99)
        for sensitivity in (0.5, 0.8, 0.95, 0.99)
    ]
    kinds += [Cell("group effect", level, 0, 9) for level in (0.0, 0.1, 0.5)]
    kinds += [
        Cell("rate of another model", rate, 0, models, apart)
        for models in (4, 8)
        for apart in (0.0, 0.5, 1.0)
        for rate in (0.02, 0.1, 0.5, 0.9)
    ]
    keys = ("metric", "size", "boast", "specificity")
    found = []
    for _, same in groupby(kinds, key=lambda kind: [getattr(kind, key) for key in keys]):
        some = list(same)
        found += [
            Cell(kind.metric, kind.level, number, kind.size, kind.boast, kind.specificity)
            for number in CLUSTERS
            if number <= most
            for kind in some
        ]
    return found


def simulate(cell: Cell, runs: int, seed: int = 0) -> Coverage:
    rng = np.random.default_rng([seed, *cell.metric.encode(), int(1000 * cell.level), cell.clusters, cell.size])
    found = [METRICS[cell.metric](rng, cell) for _ in range(runs)]
    covered = [one.low <= truth <= one.high for truth, one in found]
    return Coverage(float(np.mean(covered)), float(np.mean([one.high - one.low for _, one in found])))


def tables(found: dict[Cell, Coverage]) -> list[str]:
    """A table a metric: a row a design, a column a level."""
    lines = []
    for metric, of_metric in groupby(found, key=lambda cell: cell.metric):
        some = list(of_metric)
        levels = list(dict.fromkeys(cell.level for cell in some))
        lines += [f"### {metric}", "", "| design | clusters | " + " | ".join(f"{level:g}" for level in levels) + " |"]
        lines += ["|---|---|" + "---|" * len(levels)]
        for (design, number), row in groupby(some, key=lambda cell: (cell.design, cell.clusters)):
            lines += [f"| {design} | {number:,} | " + " | ".join(entry(found[cell]) for cell in row) + " |"]
        lines += [""]
    return lines


def summary(found: dict[Cell, Coverage]) -> list[str]:
    """How many cells of each metric are within, below and above."""
    lines = ["| metric | cells | 92 to 98 % | below | lowest | above | median width |", "|---|---|---|---|---|---|---|"]
    for metric, of_metric in groupby(found, key=lambda cell: cell.metric):
        some = [found[cell] for cell in of_metric]
        below = sum(one.covered < LOWEST for one in some)
        within = sum(not one.outside for one in some)
        lowest, width = min(one.covered for one in some), np.median([one.width for one in some])
        lines += [
            f"| {metric} | {len(some)} | {within} | {below} | {100 * lowest:.1f} % | {len(some) - within - below} "
            f"| {width:.3f} |"
        ]
    return [*lines, ""]


def main(options: Benchmark) -> None:
    one = partial(simulate, runs=options.runs, seed=options.seed)
    found = simulated(cells(options.most), options.metrics, one, options.processes)
    print("\n".join(summary(found) + tables(found)))


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
