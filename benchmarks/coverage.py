"""How often nominal 95 % intervals of rates hold the truth, and how wide they are.

Each cell of the grid is a metric, a true rate, a number of clusters, their size, and how strongly answers of a cluster
hang together; data of that kind are drawn `runs` times. A cluster's own rate is drawn from a Beta distribution whose
variance is `correlation` times that of a coin. Counts are discrete, so that coverage jumps as the true rate moves: a
cell stands for the rates within 0.25 logits of its own (.9 is .875 to .920), uniformly. Goodness@0.1 has no such range,
as its values are almost continuous, and for pass@k and pass^k it is the rate of single answers that has it.

    python benchmarks/coverage.py                                   # the table of docs/coverage.md
    python benchmarks/coverage.py --grid reduced --runs 500 --metrics share difference
"""

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import groupby
from typing import Any, Literal

import numpy as np
import tyro
from scipy import optimize, special

from gnothi.metrics.grader_errors import GraderErrors, stratified, true_rate
from gnothi.metrics.rates import Clustered, difference_limits, limits
from gnothi.metrics.repeated import worst

LOGITS = 0.25  # how far on either side of a cell's rate true rates lie
CHUNK = 1_000_000  # how many clusters are drawn at once
LOWEST, HIGHEST = 0.92, 0.98
TECHNIQUES = 35

RATES = (0.01, 0.05, 0.2, 0.5, 0.8, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
FEW_RATES = (0.01, 0.05, 0.5, 0.8, 0.9, 0.97, 0.99)
CLUSTERS = (10, 30, 100, 300, 1000)


@dataclass(frozen=True)
class Benchmark:
    """Simulates coverage. Example: python benchmarks/coverage.py --metrics share --runs 500."""

    grid: Literal["full", "reduced"] = "full"
    """`reduced` has every metric, 10, 100 and 1,000 clusters, and seven rates."""

    runs: int = 1000
    """How often data are drawn for a cell: 1,000 leave a standard error of 0.7 points at 95 %."""

    metrics: tuple[str, ...] = ()
    """All of them by default."""

    seed: int = 0
    """Of the draws."""

    processes: int = os.cpu_count() or 1
    """How many cells are simulated at once."""


@dataclass(frozen=True)
class Cell:
    """Where coverage is asked for.

    `size` is of clusters, 0 if it varies from 1 to 35; `correlation` of answers in one; `weighted`, how many answers
    count; `effect`, how much higher the second model's rate is, and `shared`, how often it answers as the first does;
    `samples`, answers to a prompt, of which `k` count; `labels`, by people.
    """

    metric: str
    rate: float
    clusters: int
    size: int = 1
    correlation: float = 0.0
    weighted: float = 1.0
    effect: float = 0.0
    shared: float = 0.0
    samples: int = 10
    k: int = 5
    labels: int = 100
    sensitivity: float = 0.9
    specificity: float = 0.9

    @property
    def design(self) -> str:
        """All but the metric, the rate and the number of clusters, in words."""
        sizes = {0: "1 to 35 answers"}.get(self.size, f"{self.size} answer{'s' * (self.size > 1)}")
        words = [] if self.metric in ("goodness@0.1", "pass@k", "pass^k") else [sizes]
        words += [f"correlation {self.correlation:g}"] if self.correlation else []
        words += [f"{self.weighted:.0%} count"] if self.weighted < 1 else []
        if self.metric == "difference":
            words += [f"{100 * self.effect:+g} points, {self.shared:.0%} as the first"]
        if self.metric in ("pass@k", "pass^k"):
            words += [f"{self.k} of {self.samples}"]
        if self.metric == "goodness@0.1":
            words += [f"{worst(0.1, TECHNIQUES)} of {TECHNIQUES}"]
        if self.metric in ("corrected", "prediction-powered"):
            words += [f"Se {self.sensitivity:g}, Sp {self.specificity:g}, {self.labels} labels"]
        return ", ".join(words)

    @property
    def events(self) -> float:
        """How many independent failures (or successes, the rarer) are to be expected; a difference's, one way.

        Where there is a grader, a wrong verdict of either kind among the labels is such an event, too.
        """
        rare, missed, alarms = min(self.rate, 1 - self.rate), 1 - self.sensitivity, 1 - self.specificity
        if self.metric in ("goodness@0.1", "pass@k", "pass^k"):
            return rare * self.clusters
        if self.metric == "difference":
            rare = (1 - self.shared) * self.rate * (1 - self.rate)
        each = (self.size or 18) * self.weighted
        found = rare * self.clusters * each / (1 + max(each - 1, 0) * self.correlation)
        if self.metric == "corrected":
            return min(found, self.labels / 2 * min(missed, alarms))
        labels = min(self.labels, self.clusters * each)
        wrong = labels * min(self.rate * missed, (1 - self.rate) * alarms)
        return min(found, wrong) if self.metric == "prediction-powered" else found


@dataclass(frozen=True)
class Coverage:
    """How often intervals held the truth, and how wide they were in the mean."""

    covered: float
    width: float

    @property
    def outside(self) -> bool:
        """Whether that is not 92 to 98 %."""
        return not LOWEST <= self.covered <= HIGHEST


def true_rates(rng, rate: float, runs: int, logits: float = LOGITS):
    return special.expit(special.logit(rate) + rng.uniform(-logits, logits, runs))


def cluster_rates(rng, rates, correlation: float, clusters: int):
    rates = np.broadcast_to(rates[:, None], (len(rates), clusters))
    if correlation == 0:
        return rates
    strength = 1 / correlation - 1
    drawn = rng.beta(np.maximum(rates * strength, 1e-9), np.maximum((1 - rates) * strength, 1e-9))
    return np.where(np.isfinite(drawn), drawn, rng.random(drawn.shape) < rates)


def cluster_sizes(rng, cell: Cell, runs: int):
    shape = (runs, cell.clusters)
    sizes = rng.integers(1, 36, shape) if cell.size == 0 else np.full(shape, cell.size)
    if cell.weighted < 1:  # clusters differ in how many of their answers count, too
        sizes = rng.binomial(sizes, cluster_rates(rng, np.full(runs, cell.weighted), 0.1, cell.clusters))
    return sizes


def by_cluster(values, weights) -> Clustered:
    """What `gnothi.metrics.rates.clustered` makes of units, of many runs at once; 1/2 of 0 where nothing has weight."""
    total = weights.sum(axis=1).astype(float)
    count = np.where(total > 0, total, 1.0)[:, None]
    value = np.where(total > 0, values.sum(axis=1) / count[:, 0], 0.5)
    return Clustered(value, values / count - value[:, None] * weights / count, weights / count, total)


def interval(values, weights):
    """The limits that `gnothi.metrics.rate` gives, of many runs at once; 0 and 1 of those where nothing has weight."""
    found = by_cluster(values, weights)
    some = found.number > 0
    low, high = np.zeros(len(some)), np.ones(len(some))
    kept = Clustered(*(field[some] for field in found))
    low[some], high[some] = limits(kept.value, kept.effective, kept.number)
    return low, high


def share(rng, cell: Cell, runs: int):
    truth = true_rates(rng, cell.rate, runs)
    weights = cluster_sizes(rng, cell, runs)
    values = rng.binomial(weights, cluster_rates(rng, truth, cell.correlation, cell.clusters))
    return truth, *interval(values.astype(float), weights)


def score(rng, cell: Cell, runs: int):
    """Mean scores: most answers are wholly good (or bad, where that is likelier), the others anything between."""
    truth = true_rates(rng, cell.rate, runs)
    weights = cluster_sizes(rng, cell, runs)
    rates = cluster_rates(rng, truth, cell.correlation, cell.clusters)
    rare = rng.binomial(weights, 2 * np.minimum(rates, 1 - rates))
    # A sum of uniform numbers: exact for one, and of its mean, variance and range for more.
    parts = np.where(rare <= 1, rare * rng.random(rare.shape), rare * rng.beta(*[np.maximum(1.5 * rare - 0.5, 1)] * 2))
    return truth, *interval(np.where(rates <= 0.5, parts, weights - parts), weights)


def difference(rng, cell: Cell, runs: int):
    """A second model that answers as the first does `shared` of the time, and else by itself."""
    first = true_rates(rng, cell.rate, runs)
    weights = cluster_sizes(rng, cell, runs)
    second = np.clip(first + cell.effect, 0.001, 0.999)
    own = np.clip((second - cell.shared * first) / (1 - cell.shared), 0.0, 1.0)
    second = cell.shared * first + (1 - cell.shared) * own
    passed = rng.binomial(weights, cluster_rates(rng, first, cell.correlation, cell.clusters))
    again = cluster_rates(rng, own, cell.correlation, cell.clusters)
    down = rng.binomial(passed, (1 - cell.shared) * (1 - again))
    up = rng.binomial(weights - passed, (1 - cell.shared) * again)
    total = weights.sum(axis=1).astype(float)
    shares = weights / total[:, None]
    low, high = difference_limits(up / total[:, None], down / total[:, None], shares, shares, total, total)
    return second - first, low, high


def chance_of_all(rates, strength: float, k: int):
    """That k answers are all right, in the mean over prompts whose own rates have a Beta distribution."""
    alpha, beta = rates * strength, (1 - rates) * strength
    return np.exp(special.betaln(alpha + k, beta) - special.betaln(alpha, beta))


def passes(rng, cell: Cell, runs: int):
    """pass@k and pass^k, of about the cell's rate; pass@k is what is left if k answers are not all wrong."""
    strength, rate = 1 / cell.correlation - 1, 1 - cell.rate if cell.metric == "pass@k" else cell.rate
    level = optimize.brentq(lambda x: chance_of_all(special.expit(x), strength, cell.k) - rate, -20, 20)
    rates = true_rates(rng, special.expit(level), runs)
    counted = rng.binomial(cell.samples, cluster_rates(rng, rates, cell.correlation, cell.clusters))
    values = (special.comb(np.arange(cell.samples + 1), cell.k) / special.comb(cell.samples, cell.k))[counted]
    truth, ones = chance_of_all(rates, strength, cell.k), np.ones_like(counted)
    if cell.metric == "pass@k":
        return 1 - truth, *interval(1 - values, ones)
    return truth, *interval(values, ones)


def worst_goodness(rng, level: float, runs: int, clusters: int):
    """Goodness of the worst tenth of techniques: prompts and techniques differ in how hard they are."""
    techniques = np.linspace(-2, 2, TECHNIQUES)  # the same ones for all prompts
    prompts = 1.5 * rng.normal(size=(runs, clusters, 1))
    failed = rng.random((runs, clusters, TECHNIQUES)) > special.expit(level + prompts + techniques)
    goodness = 1 - failed * rng.integers(1, 9, failed.shape) / 8  # StrongREJECT's scores are eighths
    count = worst(0.1, TECHNIQUES)
    return np.partition(goodness, count, axis=2)[..., :count].mean(axis=2)


@cache
def goodness_level(rate: float) -> tuple[float, float]:
    """At what level goodness@0.1 is about `rate`, and what it is there."""
    low, high = -6.0, 14.0
    for _ in range(12):
        middle = (low + high) / 2
        reached = worst_goodness(np.random.default_rng(1), middle, 1, 10_000).mean()
        low, high = (middle, high) if reached < rate else (low, middle)
    rng = np.random.default_rng(2)
    return middle, float(np.mean([worst_goodness(rng, middle, 1, 20_000).mean() for _ in range(20)]))


def goodness(rng, cell: Cell, runs: int):
    level, truth = goodness_level(cell.rate)
    values = worst_goodness(rng, level, runs, cell.clusters)
    return np.full(runs, truth), *interval(values, np.ones_like(values))


def verdicts(rng, cell: Cell, weights, truth):
    """What is true of each cluster's answers, and how many of the true and of the false a grader calls positive."""
    positive = rng.binomial(weights, cluster_rates(rng, truth, cell.correlation, cell.clusters))
    return positive, rng.binomial(positive, cell.sensitivity), rng.binomial(weights - positive, 1 - cell.specificity)


def corrected(rng, cell: Cell, runs: int):
    """Half of the labels are of answers that are positive, of other data."""
    truth = true_rates(rng, cell.rate, runs)
    weights = cluster_sizes(rng, cell, runs)
    _, right, alarms = verdicts(rng, cell, weights, truth)
    seen = by_cluster((right + alarms).astype(float), weights)
    half = cell.labels // 2
    found, spared = rng.binomial(half, cell.sensitivity, runs), rng.binomial(half, cell.specificity, runs)
    moments = [GraderErrors(int(f), half, int(s), half).moments() for f, s in zip(found, spared, strict=True)]
    return truth, *true_rate(seen, *np.transpose(moments, (1, 2, 0)))[1:]


def prediction_powered(rng, cell: Cell, runs: int):
    """Labels of random answers of the run, at most one a cluster if there are enough clusters."""
    truth = true_rates(rng, cell.rate, runs)
    weights = cluster_sizes(rng, cell, runs)
    positive, right, alarms = verdicts(rng, cell, weights, truth)
    # Which answers are labelled: each is, with the same chance, by the four kinds of answer in a cluster.
    chance = np.minimum(cell.labels / weights.sum(axis=1, keepdims=True), 1.0)
    kinds = [rng.binomial(kind, chance) for kind in (right, alarms, positive - right, weights - positive - alarms)]
    strata = [by_cluster(kinds[a].astype(float), kinds[a] + kinds[b]) for a, b in ((0, 1), (2, 3))]
    return truth, *stratified(by_cluster((right + alarms).astype(float), weights), *strata)[1:]


METRICS: dict[str, Callable] = {
    "share": share,
    "conditional share": share,
    "mean score": score,
    "goodness@0.1": goodness,
    "pass@k": passes,
    "pass^k": passes,
    "difference": difference,
    "corrected": corrected,
    "prediction-powered": prediction_powered,
}


def cells(grid: str) -> list[Cell]:
    """The grid, metric by metric."""
    full = grid == "full"
    shapes = [(1, 0.0), (20, 0.1), (0, 0.8), (5, 0.3), (35, 0.8), (0, 0.0), (0, 0.3)][: 7 if full else 3]
    kinds = [Cell("share", 0, 0, size, correlation) for size, correlation in shapes]
    kinds += [Cell("conditional share", 0, 0, 20, rho, weighted) for rho in (0.0, 0.3) for weighted in (0.04, 0.3)]
    kinds += [Cell("mean score", 0, 0, size, correlation) for size, correlation in shapes[:3]]
    kinds += [Cell("goodness@0.1", 0, 0)]
    kinds += [Cell(name, 0, 0, correlation=rho) for name in ("pass@k", "pass^k") for rho in (0.1, 0.5)]
    kinds += [
        Cell("difference", 0, 0, size, rho, effect=effect, shared=shared)
        for size, rho in shapes[:3]
        for effect, shared in ((0.0, 0.0), (0.0, 0.7), (0.005, 0.5), (-0.1, 0.5))[: 4 if full else 2]
    ]
    errors = [(0.5, 0.8), (0.9, 0.9), (1.0, 0.95), (0.5, 1.0), (0.7, 0.9), (0.95, 0.8)][: 6 if full else 3]
    kinds += [
        Cell(name, 0, 0, size, rho, labels=labels, sensitivity=sensitivity, specificity=specificity)
        for name in ("corrected", "prediction-powered")
        for (size, rho), labels in zip(shapes[:3], (100, 100, 400), strict=True)
        for sensitivity, specificity in errors
    ]
    found = []
    for kind in kinds:
        few = not full or kind.metric in ("difference", "corrected", "prediction-powered")
        for number in (10, 100, 1000) if few else CLUSTERS:
            found += [replace(kind, rate=rate, clusters=number) for rate in (FEW_RATES if few else RATES)]
    return found


def simulate(cell: Cell, runs: int, seed: int = 0) -> Coverage:
    rng = np.random.default_rng([seed, *cell.metric.encode(), int(1000 * cell.rate), cell.clusters, cell.size])
    each = max(1, CHUNK // (cell.clusters * (TECHNIQUES if cell.metric == "goodness@0.1" else 1)))
    sizes = [min(each, runs - done) for done in range(0, runs, each)]
    drawn = [METRICS[cell.metric](rng, cell, size) for size in sizes]
    truth, low, high = (np.concatenate(column) for column in zip(*drawn, strict=True))
    return Coverage(float(np.mean((low <= truth) & (truth <= high))), float(np.mean(high - low)))


def table(found: dict[Cell, Coverage]) -> list[str]:
    """A table a metric: a row a design, a column a rate."""
    lines = []
    for metric, of_metric in groupby(found, key=lambda cell: cell.metric):
        some = list(of_metric)
        rates = sorted({cell.rate for cell in some})
        lines += [
            f"### {metric}",
            "",
            "| each cluster | clusters | " + " | ".join(f"{rate:g}" for rate in rates) + " |",
        ]
        lines += ["|---|---|" + "---|" * len(rates)]
        for (design, number), row in groupby(some, key=lambda cell: (cell.design, cell.clusters)):
            by_rate = {cell.rate: found[cell] for cell in row}
            lines += [f"| {design} | {number:,} | " + " | ".join(entry(by_rate[rate]) for rate in rates) + " |"]
        lines += [""]
    return lines


def entry(coverage: Coverage) -> str:
    """`95.1 (.043)`: coverage in percent, bold where it is not 92 to 98 %, and the mean width."""
    percent = f"{100 * coverage.covered:.1f}"
    return f"{f'**{percent}**' if coverage.outside else percent} ({coverage.width:.3f})".replace("(0.", "(.")


def summary(found: dict[Cell, Coverage]) -> list[str]:
    """How many cells of each metric are within, below and above; and above with how many failures to expect."""
    lines = [
        "| metric | cells | 92 to 98 % | below | lowest | above | above, 3 failures or more expected | median width |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for metric, of_metric in groupby(found, key=lambda cell: cell.metric):
        some = list(of_metric)
        below = [cell for cell in some if found[cell].covered < LOWEST]
        above = [cell for cell in some if found[cell].covered > HIGHEST]
        often = sum(cell.events >= 3 for cell in above)
        lowest, width = min(found[cell].covered for cell in some), np.median([found[cell].width for cell in some])
        lines += [
            f"| {metric} | {len(some)} | {len(some) - len(below) - len(above)} | {len(below)} | {100 * lowest:.1f} % "
            f"| {len(above)} | {often} | {width:.3f} |"
        ]
    return [*lines, ""]


def simulated(todo: Sequence[Any], metrics: Sequence[str], one: Callable[[Any], Coverage], processes: int) -> dict:
    """The coverage of each cell of some metrics (of all, if none is named), with a bar."""
    from rich.console import Console
    from rich.progress import Progress

    some = [cell for cell in todo if not metrics or cell.metric in metrics]
    if not some:
        there = ", ".join(dict.fromkeys(cell.metric for cell in todo))
        raise SystemExit(f"no metric is called {' or '.join(metrics)}; there are {there}")
    found = {}
    with ProcessPoolExecutor(processes) as pool, Progress(console=Console(file=sys.stderr)) as bar:
        task = bar.add_task("cells", total=len(some))
        for cell, coverage in zip(some, pool.map(one, some, chunksize=2), strict=True):
            found[cell] = coverage
            bar.advance(task)
    return found


def main(options: Benchmark) -> None:
    one = partial(simulate, runs=options.runs, seed=options.seed)
    found = simulated(cells(options.grid), options.metrics, one, options.processes)
    print("\n".join(summary(found) + table(found)))


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
