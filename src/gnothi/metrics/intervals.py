"""Every number that a person reads comes with an interval and the number of independent units behind it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import stats

Values = Float[np.ndarray, " units"]
Clusters = Int[np.ndarray, " units"]


@dataclass(frozen=True)
class Estimate:
    """A measured number: its value, a 95 % interval, and what stands behind it.

    `units` counts the independent units (test draws, or clusters such as seeds). `nonfinite` counts the units whose
    score was not finite; they are part of the value, which is then not finite either.

    >>> Estimate(0.5, 0.4, 0.6, units=100)
    0.5 [0.4, 0.6] (n=100)
    """

    value: float
    low: float
    high: float
    units: int
    nonfinite: int = 0

    @property
    def std_error(self) -> float:
        """The standard error to which the interval corresponds, were it normal."""
        return (self.high - self.low) / (2 * stats.norm.ppf(0.975))

    def __repr__(self) -> str:
        """A line for people."""
        lost = f", {self.nonfinite} not finite" if self.nonfinite else ""
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}] (n={self.units}{lost})"


def mean_interval(values: Values, clusters: Clusters | None = None, *, extra_variance: float = 0.0) -> Estimate:
    """The mean of independent scores, with Student's 95 % interval.

    **Arguments:** `values`; `clusters`, which values belong together (all of one seed, say), when they are not
    independent within: the variance is then that of cluster sums around the mean (Cameron and Miller 2015, eq. 11,
    with the G/(G-1) correction); `extra_variance`, of the mean, from another source (a finite number of indices).

    **Raises:** `ValueError` if there are no values.
    """
    values = np.asarray(values, float)
    if values.size == 0:
        raise ValueError("no values to average: the test set, or the slice of it, is empty")
    mean = float(values.mean())
    with np.errstate(invalid="ignore"):
        residuals = values - mean
    if clusters is not None:
        _, which = np.unique(clusters, return_inverse=True)
        residuals = np.asarray(np.bincount(which, weights=residuals), float)
    units = residuals.size
    nonfinite = int((~np.isfinite(values)).sum())
    if units == 1:
        return Estimate(mean, -np.inf, np.inf, 1, nonfinite)
    variance = units / (units - 1) * float(np.sum(residuals**2)) / values.size**2
    half = stats.t.ppf(0.975, units - 1) * np.sqrt(variance + extra_variance)
    return Estimate(mean, mean - half, mean + half, units, nonfinite)


def paired_difference(
    first: Values, second: Float[np.ndarray, " others"], clusters: Clusters | None = None
) -> Estimate:
    """How much larger `first` is than `second` on the same draws: far tighter than two separate intervals.

    **Raises:** `ValueError` if the two were not scored on the same number of draws.
    """
    if first.shape != second.shape:
        raise ValueError(f"paired scores need the same draws: got {first.size} and {second.size} of them")
    return mean_interval(np.asarray(first, float) - np.asarray(second, float), clusters)


def bootstrap_interval(
    statistic: Callable[[Int[np.ndarray, "resamples units"]], Float[np.ndarray, " resamples"]],
    num_units: int,
    strata: Int[np.ndarray, " units"] | None = None,
    *,
    num_resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """A percentile bootstrap interval of any statistic of independent units.

    **Arguments:** `statistic`, from resampled unit positions, a resample a row, to the statistic of each resample;
    `num_units`; `strata`, groups within which units are resampled, where the design fixed how many each holds.
    """
    value = float(statistic(np.arange(num_units)[None])[0])
    rows = bootstrap_rows(num_units, strata, num_resamples=num_resamples, seed=seed)
    low, high = np.quantile(statistic(rows), [0.025, 0.975])
    return Estimate(value, float(low), float(high), num_units)


def ratio_interval(numerator: Values, denominator: Values) -> Estimate:
    """The ratio of two means over the same units, with a percentile bootstrap interval over units."""
    pair = np.stack([numerator, denominator])

    def ratio(rows: Int[np.ndarray, "resamples units"]) -> Float[np.ndarray, " resamples"]:
        above, below = pair[:, rows].sum(axis=2)
        return above / below

    return bootstrap_interval(ratio, pair.shape[1])


def bootstrap_rows(
    num_units: int, strata: Int[np.ndarray, " units"] | None = None, *, num_resamples: int = 2000, seed: int = 0
) -> Int[np.ndarray, "resamples units"]:
    """Resampled unit positions, a resample a row, drawn within strata; arguments as of `bootstrap_interval`."""
    rng = np.random.default_rng(seed)
    strata = np.zeros(num_units, int) if strata is None else strata
    rows = np.empty((num_resamples, num_units), int)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        rows[:, members] = members[rng.integers(0, members.size, (num_resamples, members.size))]
    return rows
