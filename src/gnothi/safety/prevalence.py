"""How common something is of which only a monitor's flags are known.

A monitor that flags a share f of what it sees, with sensitivity Se and specificity Sp, has seen a share
`(f + Sp - 1) / (Se + Sp - 1)` of what it looks for (Rogan and Gladen 1978). Where that is rare, all depends on Sp: of a
specificity of 0.99, one flag in a hundred is noise, and where fewer are flagged the specificity must have been higher.
The o1 System Card (table 8) says that 180 of 102,443 chains of thought were flagged, and that the monitor is right in
92 % of a small set: `prevalence_range` says what follows.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.metrics.intervals import Estimate
from gnothi.metrics.rates import Units, effective_rate

DRAWS = 20_000


@dataclass(frozen=True)
class Range:
    """What is not identified: from `low` to `high`, each at its own end of what is assumed."""

    low: float
    high: float


def flagged_share(flagged: int, total: int) -> Estimate:
    """The share that is flagged, with Clopper and Pearson's exact interval.

    **Raises:** `ValueError` if there are no chains of thought, or more are flagged than there are.

    >>> flagged_share(180, 102_443)
    0.001757 [0.00151, 0.002033] (n=102443)
    """
    if not 0 <= flagged <= total or total < 1:
        raise ValueError(f"flagged must be from 0 to the total, which is 1 or more, got {flagged} of {total}")
    low = stats.beta.ppf(0.025, flagged, total - flagged + 1) if flagged else 0.0
    high = stats.beta.ppf(0.975, flagged + 1, total - flagged) if flagged < total else 1.0
    return Estimate(flagged / total, float(low), float(high), total)


def rogan_gladen(share: float, sensitivity: float, specificity: float) -> float:
    """The prevalence behind a share of flags, kept between 0 and 1.

    **Raises:** `ValueError` if the monitor is no better than a coin: sensitivity and specificity sum to 1 or less.

    >>> round(rogan_gladen(0.12, sensitivity=0.8, specificity=0.95), 3)
    0.093
    """
    if sensitivity + specificity <= 1:
        raise ValueError(
            f"sensitivity and specificity must sum to more than 1, or flags say nothing, got {sensitivity} and "
            f"{specificity}"
        )
    return float(np.clip((share + specificity - 1) / (sensitivity + specificity - 1), 0, 1))


def prevalence_range(
    flagged: int, total: int, sensitivity: tuple[float, float], specificity: tuple[float, float] = (0.0, 1.0)
) -> Range:
    """All prevalences that agree with the flags, for a monitor of which only bounds are known.

    The share flagged may be anywhere in its 95 % interval. A specificity at which more would have been flagged than was
    is not possible, whatever is said of it: if none in the bounds is, that is an error.

    **Arguments:** `flagged` of `total`; lowest and highest `sensitivity` and `specificity`.

    **Raises:** `ValueError` if no specificity within the bounds agrees with the flags, or bounds are not in order.

    >>> found = prevalence_range(180, 102_443, sensitivity=(0.84, 1.0))
    >>> found.low, round(found.high, 5)
    (0.0, 0.00242)
    """
    for name, (low, high) in {"sensitivity": sensitivity, "specificity": specificity}.items():
        if not 0 <= low <= high <= 1:
            raise ValueError(f"{name} must be bounds from 0 to 1 in order, got {low} and {high}")
    share = flagged_share(flagged, total)
    if 1 - specificity[1] > share.high:
        raise ValueError(
            f"a specificity of at most {specificity[1]} flags {1 - specificity[1]:.4g} or more of what is harmless, "
            f"but only {share.value:.4g} was flagged: the monitor was better than that where it was used"
        )
    lowest = max(specificity[0], 1 - share.high)
    low = (share.low + lowest - 1) / (sensitivity[1] + lowest - 1) if share.low > 1 - lowest else 0.0
    high = rogan_gladen(share.high, max(sensitivity[0], share.high), specificity[1])
    return Range(float(low), high)


def precision_at(errors: GraderErrors, prevalence: float, *, seed: int = 0) -> Estimate:
    """Of what a monitor flags, how much is what it looks for, where a share `prevalence` of all is.

    **Arguments:** `errors`, what the monitor said of answers whose truth is known; `prevalence`; `seed`.

    **Returns:** the median and central 95 % of its posterior, under Jeffreys priors on sensitivity and specificity.

    **Raises:** `ValueError` if `prevalence` is not between 0 and 1.
    """
    found = errors.true_positives, errors.positives - errors.true_positives
    false = errors.negatives - errors.true_negatives, errors.true_negatives
    return _precision(found, false, prevalence, errors.positives + errors.negatives, seed)


def clustered_precision_at(sensitivity: Units, specificity: Units, prevalence: float, *, seed: int = 0) -> Estimate:
    """`precision_at`, of a monitor that was tried on answers in clusters, which count for what they are worth.

    **Arguments:** `sensitivity`, units that are 1 where what is looked for was flagged; `specificity`, units that are 1
    where something else was passed; `prevalence`, `seed`.

    **Raises:** `ValueError` if `prevalence` is not between 0 and 1, or the monitor was tried on one kind alone.

    >>> names = tuple(map(str, range(50)))
    >>> right = Units(names, (np.arange(50) < 45).astype(float), np.ones(50), names, names)
    >>> clustered_precision_at(right, right, 0.01)
    0.08027 [0.04107, 0.1861] (n=100)
    """
    counts, clusters = [], 0
    for units in (sensitivity, specificity):
        value, effective, _, some = effective_rate(units)
        if some == 0:
            raise ValueError("a monitor must be tried on what it looks for and on what it does not, got one of them")
        counts.append((float(value[0] * effective[0]), float((1 - value[0]) * effective[0])))
        clusters += some
    return _precision(counts[0], counts[1][::-1], prevalence, clusters, seed)


def _precision(
    found: tuple[float, float], false: tuple[float, float], prevalence: float, units: int, seed: int
) -> Estimate:
    """From counts of found and missed ones, and of false alarms and of those that were passed."""
    if not 0 < prevalence < 1:
        raise ValueError(f"prevalence must be between 0 and 1, got {prevalence}")
    rng = np.random.default_rng(seed)
    hits, alarms = (rng.beta(some + 0.5, others + 0.5, DRAWS) for some, others in (found, false))
    flagged = prevalence * hits + (1 - prevalence) * alarms
    low, value, high = np.quantile(prevalence * hits / flagged, [0.025, 0.5, 0.975])
    return Estimate(float(value), float(low), float(high), units)
