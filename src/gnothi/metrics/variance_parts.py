"""Where the uncertainty of a rate comes from: which prompts were asked, what was answered this time, who graded.

By the law of total variance the first two add up to the variance of the rate as graded; what is not known of the
grader's errors adds to it. The parts say what to buy: more prompts, more answers to each, or more labels by people.
"""

from dataclasses import dataclass

import numpy as np

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.metrics.rates import Units, effective_rate


@dataclass(frozen=True)
class VarianceParts:
    """Variances of a rate, which add up to `total`.

    `prompts`, of the choice of prompts (and clusters of them); `resamples`, of what was answered this time, and None
    where no prompt was asked twice: then `prompts` has it; `grader`, of what is not known of its sensitivity and
    specificity.
    """

    prompts: float
    resamples: float | None
    grader: float

    @property
    def total(self) -> float:
        """All of it; its square root is a standard error."""
        return self.prompts + (self.resamples or 0.0) + self.grader

    @property
    def shares(self) -> dict[str, float]:
        """What part of the total each is; empty if there is no variance."""
        parts = {"prompts": self.prompts, "resamples": self.resamples, "grader": self.grader}
        return {name: part / self.total for name, part in parts.items() if part is not None and self.total > 0}


def variance_parts(units: Units, errors: GraderErrors | None = None) -> VarianceParts:
    """The variance of a rate, by where it comes from.

    With `errors` it is the variance of the rate as it is truly, to first order: the verdicts' part grows by the square
    of `1 / (sensitivity + specificity - 1)`.

    **Arguments:** `units`, which say to which prompt each is an answer; `errors`, of the grader, if it has any.

    >>> import numpy as np
    >>> values = np.tile([1.0, 0.0], 50)  # every prompt is answered well once, and badly once
    >>> prompts = tuple(str(row // 2) for row in range(100))
    >>> parts = variance_parts(Units(tuple(map(str, range(100))), values, np.ones(100), prompts, prompts))
    >>> parts.shares["resamples"] > 0.9
    True
    """
    values, effectives, _, clusters = effective_rate(units)
    if clusters == 0:
        return VarianceParts(float("nan"), None, 0.0)
    value, effective = float(values[0]), float(effectives[0])
    # Half a success and half a failure, as in the interval: no variance is nought because all were alike.
    smooth = (value * effective + 0.5) / (effective + 1)
    sampled = smooth * (1 - smooth) / (effective + 1)
    within = _within(units)
    stretch, grader = (1.0, 0.0) if errors is None else _of_grader(value, errors)
    resamples = None if within is None else min(within, sampled) * stretch
    return VarianceParts(sampled * stretch - (resamples or 0.0), resamples, grader)


def _within(units: Units) -> float | None:
    """The variance of the rate that would be left with these very prompts; None where none was asked twice."""
    kept = units.weights > 0
    _, prompt = np.unique(np.asarray(units.prompts, str)[kept], return_inverse=True)
    prompt = np.asarray(prompt)
    weights = units.weights[kept] / units.weights[kept].sum()
    shares = units.values[kept] / units.weights[kept]
    counts = np.bincount(prompt)
    if counts.max() < 2:
        return None
    means = np.bincount(prompt, weights=shares) / counts
    squares = (shares - means[prompt]) ** 2
    # Pooled: a prompt that was asked once takes the variance of those that were asked more often.
    variance = float(squares.sum() / (counts - 1).sum())
    return variance * float(np.sum(weights**2))


def _of_grader(value: float, errors: GraderErrors) -> tuple[float, float]:
    """By what verdicts' variance grows, and the variance that the grader's own errors add (Rogan and Gladen 1978)."""
    (sensitivity, of_sensitivity), (specificity, of_specificity) = errors.moments()
    information = max(sensitivity + specificity - 1, 0.01)
    rate = min(max((value + specificity - 1) / information, 0.0), 1.0)
    return 1 / information**2, (rate**2 * of_sensitivity + (1 - rate) ** 2 * of_specificity) / information**2
