"""Ratios of sums over independent units, with t intervals by linearisation."""

import numpy as np
from jaxtyping import Float

from gnothi.metrics import Estimate, mean_interval

Values = Float[np.ndarray, " units"]


def ratio_of_sums(values: Values, weights: Values, *, nonfinite: int = 0) -> Estimate:
    """The sum of `values` over the sum of `weights`: a difference of scores over that of who knows nothing, say.

    Near its value a ratio moves as the mean of (value - ratio x weight) / mean weight does (Cochran 1977, "Sampling
    Techniques", sec. 2.11), so that is what the interval is of.

    **Arguments:** `values` and `weights`, by unit; `nonfinite`, how many units have a score that is not finite.
    """
    with np.errstate(invalid="ignore"):
        ratio = float(values.sum() / weights.sum())
        linear = (values - ratio * weights) / weights.mean()
    around = mean_interval(linear)
    return Estimate(ratio, ratio + around.low, ratio + around.high, around.units, max(nonfinite, around.nonfinite))


def positive_ratio(values: Values, weights: Values, *, nonfinite: int = 0) -> Estimate:
    """The same for values above 0, with the interval on a log scale, so that it does not end below 0.

    >>> positive_ratio(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    0.5 [0.5, 0.5] (n=3)
    """
    found = ratio_of_sums(values, weights, nonfinite=nonfinite)
    if not np.isfinite(found.high) or found.value <= 0:
        return found
    factor = float(np.exp(min((found.high - found.value) / found.value, 500.0)))
    return Estimate(found.value, found.value / factor, found.value * factor, found.units, found.nonfinite)
