"""Learning curves of labelling, and which part of the labels a rule needs to get where another one ends."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from gnothi.metrics import Estimate
from gnothi.sweep import Record

RESAMPLES = 500


@dataclass(frozen=True)
class Curves:
    """Values by task, subject and metric: `[seeds, tests]`; and the numbers of labels at the tests of a task."""

    values: dict[tuple[str, str, str], Float[np.ndarray, "seeds tests"]]
    labels: dict[str, Int[np.ndarray, " tests"]]

    @property
    def tasks(self) -> list[str]:
        """All tasks, in their order."""
        return list(self.labels)

    def subjects(self, task: str) -> list[str]:
        """Who was measured on a task, in their order."""
        return list(dict.fromkeys(subject for of, subject, _ in self.values if of == task))

    def of(self, task: str, subject: str, metric: str) -> Float[np.ndarray, "seeds tests"]:
        """The curves of one subject on one task, a seed a row."""
        return self.values[task, subject, metric]


def read_curves(records: Sequence[Record]) -> Curves:
    """The curves that records make up."""
    cells: dict[tuple[str, str, str], dict[tuple[int, int], float]] = {}
    for one in records:
        cells.setdefault((one.evaluation, one.subject, one.metric), {})[one.seed, one.num_train or 0] = one.value
    values, labels = {}, {}
    for key, points in cells.items():
        seeds, tests = (sorted({point[axis] for point in points}) for axis in (0, 1))
        values[key] = np.array([[points[seed, test] for test in tests] for seed in seeds])
        labels[key[0]] = np.array(tests)
    return Curves(values, labels)


def smoothed(curve: Float[np.ndarray, " tests"], *, rising: bool) -> Float[np.ndarray, " tests"]:
    """The nearest curve that only rises, or only falls: chance ups and downs do not decide what is reached first."""
    from sklearn.isotonic import IsotonicRegression

    found: np.ndarray = IsotonicRegression(increasing=rising).fit_transform(np.arange(len(curve)), curve)
    return found


def reached(
    labels: Int[np.ndarray, " tests"], curve: Float[np.ndarray, " tests"], goal: float, *, rising: bool
) -> float:
    """How many labels a smoothed curve needs to get to a goal, between tests on a line; NaN if it never does."""
    good = curve >= goal if rising else curve <= goal
    if not good.any():
        return float("nan")
    at = int(good.argmax())
    if not at:
        return float(labels[0])
    share = (goal - curve[at - 1]) / (curve[at] - curve[at - 1])
    return float(labels[at - 1] + share * (labels[at] - labels[at - 1]))


def part_needed(curves: Curves, tasks: Sequence[str], metric: str, asked: str, random: Sequence[str]) -> Estimate:
    """The part of the budget with which `asked` gets where the best of `random` ends, averaged over tasks.

    Mean curves over seeds are smoothed; seeds are resampled for the interval, those of every task for themselves. A
    task in which the goal is never reached counts as a whole budget, and is counted in `nonfinite`.
    """
    rising, rng = metric == "accuracy", np.random.default_rng(0)
    parts = []
    for task in tasks:
        labels = curves.labels[task]
        ours, theirs = curves.of(task, asked, metric), [curves.of(task, name, metric) for name in random]

        def part(rows: Int[np.ndarray, " seeds"], ours=ours, theirs=theirs, labels=labels) -> float:
            ends = [smoothed(one[rows].mean(axis=0), rising=rising)[-1] for one in theirs]
            goal = max(ends) if rising else min(ends)
            return reached(labels, smoothed(ours[rows].mean(axis=0), rising=rising), goal, rising=rising) / labels[-1]

        seeds = len(ours)
        drawn = [part(rng.integers(0, seeds, seeds)) for _ in range(RESAMPLES)]
        parts.append(np.array([part(np.arange(seeds)), *drawn]))
    never = int(np.isnan([of_task[0] for of_task in parts]).sum())
    means = np.mean([np.where(np.isnan(of_task), 1.0, of_task) for of_task in parts], axis=0)
    low, high = np.quantile(means[1:], [0.025, 0.975])
    return Estimate(float(means[0]), float(low), float(high), len(curves.of(tasks[0], asked, metric)), never)


def mean_by_distinct(curves: Curves, task: str, subject: str, grid: Int[np.ndarray, " counts"]) -> np.ndarray:
    """A run's log-loss where it had seen so many distinct inputs, between tests on a line, averaged over a grid.

    **Returns:** a number for each seed; runs that never saw as many are taken where they end.
    """
    losses, distinct = curves.of(task, subject, "log_loss"), curves.of(task, subject, "distinct")
    return np.array([np.interp(grid, *run).mean() for run in zip(distinct, losses, strict=True)])
