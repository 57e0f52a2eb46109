"""Regression on measurements that come in groups, each with a level of its own: one random intercept, fitted by REML.

With one variance between groups and one within, the likelihood depends on a single ratio once the coefficients and the
residual variance are put at their best, so a search along a line finds it (Patterson and Thompson 1971; Searle,
Casella and McCulloch 1992, "Variance Components", sec. 6.6).

The model's own standard errors hold only if effects are the same in every group. Ours are those that also hold where
they differ: of the sums over groups (Liang and Zeger 1986; Cameron and Miller 2015, eq. 11, with the G/(G-1)
correction), with Student's t of G - 1 degrees of freedom. Where every group has the same balanced design, that is the
ordinary t interval of the groups' own differences.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import optimize, stats

from gnothi.metrics.intervals import Estimate

LOG_RATIOS = (-14.0, 18.0)  # of the variance between groups to that within, from none to all there is


@dataclass(frozen=True)
class RandomIntercept:
    """A fit: `coefficients` of the columns, and their covariance, `modelled` if effects are alike in all groups, and
    `robust` if they are not. `between` and `within` are variances; `groups`, how many there are.
    """

    coefficients: Float[np.ndarray, " columns"]
    modelled: Float[np.ndarray, "columns columns"]
    robust: Float[np.ndarray, "columns columns"]
    between: float
    within: float
    groups: int

    def estimate(self, contrast: Float[np.ndarray, " columns"], *, among: int = 1) -> Estimate:
        """A weighted sum of coefficients, with an interval.

        **Arguments:** `contrast`, the weights; `among` how many intervals this is one that shall hold together, all
        of them, 95 times in 100 (Bonferroni).
        """
        value = float(contrast @ self.coefficients)
        error = float(np.sqrt(max(contrast @ self.robust @ contrast, 0.0)))
        if self.groups < 2:
            return Estimate(value, -np.inf, np.inf, self.groups)
        half = float(stats.t.ppf(1 - 0.025 / among, self.groups - 1)) * error
        return Estimate(value, value - half, value + half, self.groups)


def fit_random_intercept(
    outcome: Float[np.ndarray, " rows"], design: Float[np.ndarray, "rows columns"], groups: Sequence[Hashable]
) -> RandomIntercept:
    """Fits outcome = design @ coefficients + a level of the group + noise.

    **Arguments:** `outcome`; `design`, a column of ones among its columns; `groups`, one a row.

    **Raises:** `ValueError` if the columns of the design depend on each other, or there are no more rows than columns.
    """
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    which = np.array([numbers[group] for group in groups], int)
    rows, columns = design.shape
    if rows <= columns or np.linalg.matrix_rank(design) < columns:
        raise ValueError(f"{rows} rows cannot tell {columns} coefficients apart: more rows, or fewer columns")
    sums = _Sums(outcome, design, which)
    found = optimize.minimize_scalar(
        lambda log_ratio: sums.deviance(np.exp(log_ratio)), bounds=LOG_RATIOS, method="bounded", options={"xatol": 1e-8}
    )
    ratio = float(np.exp(found.x)) if found.fun < sums.deviance(0.0) else 0.0
    inverse, coefficients, within = sums.solve(ratio)
    # Each group's part of the estimating equations: what its residuals say of every coefficient.
    residuals = outcome - design @ coefficients
    of_group = np.bincount(which, weights=residuals)
    parts = np.zeros((len(numbers), columns))
    np.add.at(parts, which, design * residuals[:, None])
    parts -= sums.shrink(ratio)[:, None] * sums.of_design * of_group[:, None]
    count = len(numbers)
    middle = parts.T @ parts * (count / max(count - 1, 1))
    return RandomIntercept(
        coefficients, within * inverse, inverse @ middle @ inverse, ratio * within, within, len(numbers)
    )


class _Sums:
    """What the likelihood needs of the data, by group."""

    def __init__(
        self,
        outcome: Float[np.ndarray, " rows"],
        design: Float[np.ndarray, "rows columns"],
        which: Int[np.ndarray, " rows"],
    ):
        self.sizes = np.bincount(which)
        self.of_outcome = np.bincount(which, weights=outcome)
        self.of_design = np.stack([np.bincount(which, weights=column) for column in design.T], axis=1)
        self.crossed, self.with_outcome, self.squares = design.T @ design, design.T @ outcome, outcome @ outcome
        self.freedom = design.shape[0] - design.shape[1]

    def shrink(self, ratio: float) -> Float[np.ndarray, " groups"]:
        """By how much a group's sum is taken back: (I + ratio J)^-1 = I - shrink J."""
        return ratio / (1 + ratio * self.sizes)

    def solve(self, ratio: float) -> tuple[Float[np.ndarray, "columns columns"], Float[np.ndarray, " columns"], float]:
        """The inverse of the weighted design, the coefficients and the residual variance at a ratio of variances."""
        shrink = self.shrink(ratio)
        inverse = np.linalg.inv(self.crossed - (self.of_design * shrink[:, None]).T @ self.of_design)
        right = self.with_outcome - self.of_design.T @ (shrink * self.of_outcome)
        left = self.squares - np.sum(shrink * self.of_outcome**2) - right @ inverse @ right
        return inverse, inverse @ right, max(float(left), 0.0) / self.freedom

    def deviance(self, ratio: float) -> float:
        """-2 log of the restricted likelihood, up to a constant."""
        inverse, _, within = self.solve(ratio)
        tiny = 1e-14 * (1 + self.squares / self.sizes.sum())  # of an outcome that is fitted without an error
        log_det = -np.linalg.slogdet(inverse)[1]
        return float(self.freedom * np.log(within + tiny) + np.log1p(ratio * self.sizes).sum() + log_det)
