"""Rates with intervals that cover: shares of clustered answers, few or many, near 0 and 1 too.

A rate is the sum of values over the sum of weights. Its interval is Jeffreys', a Beta distribution of as many units as
would be worth as much, were they independent and all or nothing (Korn and Graubard 1998, "Confidence intervals for
proportions with small expected number of positive counts estimated from survey data"). What they are worth is read off
the spread of clusters, and off a guess where that says little: a handful of failures, each in a cluster of its own,
says next to nothing of whether failures come in clusters, so that until some were seen a cluster counts as one unit.
`docs/coverage.md` says how often these intervals cover, and where they are too wide or too narrow.

Differences of two rates are put together from the units that went up and those that went down, each with its own
interval (Zou and Donner 2008, "Construction of confidence limits about effect measures").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy import special, stats

from gnothi.metrics.intervals import Estimate

Rates = Float[np.ndarray, " runs"]
ByCluster = Float[np.ndarray, "runs clusters"]

TAIL = 0.025
DOUBT = 3.0  # clusters that come all or nothing, in the guess; it wears off with the number of failures seen


@dataclass(frozen=True)
class Units:
    """What a rate is the mean of: the sum of `values` over the sum of `weights`, each value from 0 to its weight.

    `names` pair the units of two models; units of one of `clusters` are not independent; those of one of `prompts` are
    answers to the same one.

    **Raises:** `ValueError` if they are not of one length, a number is not finite, or a value is below 0 or above its
    weight.
    """

    names: tuple[str, ...]
    values: Float[np.ndarray, " units"]
    weights: Float[np.ndarray, " units"]
    clusters: tuple[str, ...]
    prompts: tuple[str, ...]

    def __post_init__(self) -> None:
        fields = ("names", "values", "weights", "clusters", "prompts")
        lengths = {name: len(getattr(self, name)) for name in fields}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"units need one of each a unit, got {lengths}")
        for name, numbers in (("values", self.values), ("weights", self.weights)):
            finite = np.isfinite(numbers)
            if not finite.all():
                place = int(np.argmin(finite))
                raise ValueError(f"{name} must be finite, got {numbers[place]} for {self.names[place]!r}")
        outside = (self.values < 0) | (self.values > self.weights * (1 + 1e-9))
        if outside.any():
            place = int(np.argmax(outside))
            raise ValueError(
                f"values must be between 0 and their weights, got {self.values[place]} of {self.weights[place]} for "
                f"{self.names[place]!r}: scale scores to 0 to 1"
            )


def rate(units: Units) -> Estimate:
    """The sum of values over the sum of weights, with a 95 % interval that has a width whatever was seen.

    **Returns:** the rate; `units` of it are the clusters that have weight. Where none has, the value is NaN and the
    interval is 0 to 1: nothing is known.

    >>> import numpy as np
    >>> names = tuple(map(str, range(300)))
    >>> rate(Units(names, np.ones(300), np.ones(300), names, names))  # never a failure: the rule of three
    1 [0.9901, 1] (n=300)
    """
    value, effective, number, clusters = effective_rate(units)
    if clusters == 0:
        return Estimate(float("nan"), 0.0, 1.0, 0)
    low, high = limits(value, effective, number)
    return Estimate(float(value[0]), float(low[0]), float(high[0]), clusters)


def difference(first: Units, second: Units) -> Estimate:
    """How much higher the rate of `first` is than that of `second`, with a 95 % interval.

    Units of one name are a pair; what both models find hard or easy cancels. Where only some names are shared, the
    others count by themselves, and clusters that both have still tie the two together; where neither is shared it is
    the difference of two independent rates.

    **Returns:** the difference; `units` of it are the clusters that have weight in either. NaN and -1 to 1 if there is
    no weight in one of them.

    **Raises:** `ValueError` if a name stands twice in one of them, or in different clusters in the two.

    >>> import numpy as np
    >>> names = tuple(map(str, range(100)))
    >>> same = Units(names, np.ones(100), np.ones(100), names, names)
    >>> difference(same, same)
    0 [-0.02951, 0.02951] (n=100)
    """
    clusters = _checked_pairs(first, second)
    if first.weights.sum() <= 0 or second.weights.sum() <= 0:
        return Estimate(float("nan"), -1.0, 1.0, 0)
    names = {name: place for place, name in enumerate(dict.fromkeys(first.names + second.names))}
    codes = {name: code for code, name in enumerate(dict.fromkeys(clusters.values()))}
    cluster = np.array([codes[clusters[name]] for name in names])
    parts, shares = np.zeros((2, len(names))), np.zeros((2, len(names)))
    for side, units in enumerate((first, second)):
        places = [names[name] for name in units.names]
        parts[side, places] = units.values / units.weights.sum()
        shares[side, places] = units.weights / units.weights.sum()
    moved = np.maximum(np.stack([parts[0] - parts[1], parts[1] - parts[0]]), 0.0)
    up, down = (_by_cluster(numbers, cluster, len(codes)) for numbers in moved)
    first_shares, second_shares = (_by_cluster(numbers, cluster, len(codes)) for numbers in shares)
    numbers = 1 / np.sum(shares**2, axis=1, keepdims=True)
    low, high = difference_limits(up, down, first_shares, second_shares, *numbers)
    present = int(np.count_nonzero(first_shares + second_shares))
    value = max(-1.0, min(1.0, float(parts[0].sum() - parts[1].sum())))
    return Estimate(value, min(float(low[0]), value), max(float(high[0]), value), present)


def difference_limits(
    up: ByCluster, down: ByCluster, first_shares: ByCluster, second_shares: ByCluster, first: Rates, second: Rates
) -> tuple[Rates, Rates]:
    """The interval of `up` less `down`, both summed over clusters, one run each.

    **Arguments:** `up`, `down`, what the units of each cluster that moved up, or down, add to the rates;
    `first_shares`, `second_shares`, of the weights of each side; `first`, `second`, the number of units of each.
    """
    sides = []
    for part, shares, number in ((up, first_shares, first), (down, second_shares, second)):
        value = np.clip(part.sum(axis=-1), 0.0, 1.0)
        residuals = part - value[..., None] * shares
        low, high = limits(value, effective_number(value, residuals, shares, number), number)
        sides.append((value, low, high, residuals))
    (rose, rose_low, rose_high, rose_by), (fell, fell_low, fell_high, fell_by) = sides
    spread = np.sqrt(np.sum(rose_by**2, axis=-1) * np.sum(fell_by**2, axis=-1))
    correlation = np.clip(np.sum(rose_by * fell_by, axis=-1) / np.where(spread > 0, spread, 1.0), -1.0, 1.0)
    value = rose - fell
    return (
        np.maximum(value - _length(rose - rose_low, fell_high - fell, correlation), -1.0),
        np.minimum(value + _length(rose_high - rose, fell - fell_low, correlation), 1.0),
    )


def _length(first: Rates, second: Rates, correlation: Rates) -> Rates:
    """How far the limit of a difference lies from it, if those of its two parts lie so far from theirs."""
    return np.sqrt(np.maximum(first**2 + second**2 - 2 * correlation * first * second, 0.0))


def effective_number(
    value: Rates, residuals: ByCluster, shares: ByCluster, number: Rates, noise: Rates | None = None
) -> Rates:
    """How many independent units that are all or nothing would tell as much of a rate as these clusters do.

    **Arguments:** `value`, the rate; `residuals`, what each cluster adds to it beyond its share, so that they sum to 0;
    `shares`, of the clusters in all weight, which sum to 1; `number`, of units; `noise`, how much of the variance has
    nothing to do with what is asked (a grader's errors), and is left out. A row, or an entry, is a run.
    """
    concentration = np.sum(shares**2, axis=-1)
    clusters = 1 / concentration  # as many of equal size would be as concentrated
    binomial = value * (1 - value)
    # The square of a cluster's residual is too small by its own part in the mean; by how much if answers of a cluster
    # are all the same (Bell and McCaffrey 2002, with that as the working model).
    shrinkage = np.maximum(1 - 2 * shares + concentration[..., None], 1e-9)
    variance = np.sum(residuals**2 / shrinkage, axis=-1)
    clear = np.ones_like(value)
    if noise is not None:
        variance = np.maximum(variance - noise, binomial / number)
        clear = binomial / np.maximum(binomial + number * noise, 1e-12)
    # The variance as a multiple of that of independent units, and what it would be if clusters were all or nothing.
    total = binomial + variance
    effect = np.where(clusters > 1 + 1e-9, number * variance / np.where(total > 0, total, 1.0), number / clusters)
    seen = clear * number * binomial / np.maximum(effect, 1.0)  # failures (or the rarer successes), a cluster's as one
    doubt = DOUBT / (1 + seen)
    effective = number * (seen + doubt) / (seen * effect + doubt * number / clusters)
    # A variance that is itself an estimate: by what Student's quantile is longer than the normal one.
    student = stats.t.ppf(1 - TAIL, np.clip(_freedom(value, residuals, shares, number, clusters), 1.0, 1e6))
    corrected = effective * (stats.norm.ppf(1 - TAIL) / student) ** 2
    return np.maximum(corrected, np.minimum(effective, clusters))


def _freedom(value: Rates, residuals: ByCluster, shares: ByCluster, number: Rates, clusters: Rates) -> Rates:
    """The degrees of freedom of the design effect: 2 over its relative variance, by its influence function.

    It is infinite for independent answers that are all or nothing, whose variance follows from the rate; and about the
    number of clusters where these have bell-shaped means. However even a few clusters look, it is not above what it is
    where answers are independent.
    """
    present = shares > 0
    squares = residuals**2
    total = np.sum(squares, axis=-1)
    binomial = value * (1 - value)
    slope = np.where(binomial > 0, (1 - 2 * value) / np.where(binomial > 0, binomial, 1.0), 0.0)
    influence = squares / np.where(total > 0, total, 1.0)[..., None] - slope[..., None] * residuals
    influence = np.where(present, influence - 1 / np.sum(present, axis=-1, keepdims=True), 0.0)
    freedom = np.where(total > 0, 2 / np.maximum(np.sum(influence**2, axis=-1), 1e-12) - 1, np.inf)
    return np.minimum(freedom, (clusters - 1) * number / np.maximum(number - clusters, 1e-9))


def limits(value: Rates, effective: Rates, number: Rates) -> tuple[Rates, Rates]:
    """Jeffreys' interval of a rate over `effective` units, and never shorter than the rule of three over `number`.

    Of units of which none was seen to fail, 3 in `number` may: the chance to see none is then .05 (Hanley and Lippman-
    Hand 1983). Jeffreys' own limit is a little shorter, and there covers least (Brown, Cai and DasGupta 2001).
    """
    hits, misses = value * effective, (1 - value) * effective
    unseen = np.power(2 * TAIL, 1 / np.minimum(effective, number))
    rare = np.power(2 * TAIL, 1 / effective)
    low = np.minimum(special.betaincinv(hits + 0.5, misses + 0.5, TAIL), np.minimum(value * unseen, rare))
    high = np.maximum(
        special.betaincinv(hits + 0.5, misses + 0.5, 1 - TAIL), np.maximum(1 - (1 - value) * unseen, 1 - rare)
    )
    return np.where(value <= 0, 0.0, low), np.where(value >= 1, 1.0, high)


def share_limits(hits: Rates, number: Rates) -> tuple[Rates, Rates]:
    """The interval of a share of independent units; 0 to 1 where there are none."""
    some = number > 0
    count = np.where(some, number, 1.0)
    low, high = limits(np.where(some, hits / count, 0.5), count, count)
    return np.where(some, low, 0.0), np.where(some, high, 1.0)


class Clustered(NamedTuple):
    """A rate of several runs, by cluster: arguments of `effective_number`."""

    value: Rates
    residuals: ByCluster
    shares: ByCluster
    number: Rates

    @property
    def effective(self) -> Rates:
        """How many independent units that are all or nothing would tell as much."""
        return effective_number(*self)


def clustered(units: Units, names: Sequence[str] = ()) -> Clustered | None:
    """One run of a rate, by cluster: by those of `names` where they are given; None where nothing has weight."""
    kept = units.weights > 0
    if not kept.any():
        return None
    labels = np.asarray(units.clusters, str)[kept]
    codes, cluster = np.unique([*names, *labels] if len(names) else labels, return_inverse=True)
    cluster = cluster[len(names) :]
    weights = units.weights[kept] / units.weights.sum()
    shares = _by_cluster(weights, cluster, codes.size)
    parts = _by_cluster(units.values[kept] / units.weights.sum(), cluster, codes.size)
    value = np.clip(parts.sum(axis=1), 0.0, 1.0)
    return Clustered(value, parts - value * shares, shares, 1 / np.sum(weights**2, keepdims=True))


def effective_rate(units: Units) -> tuple[Rates, Rates, Rates, int]:
    """The rate, how many independent units it is worth, how many there are, and how many clusters have weight.

    The first three are arrays of one run; NaN and 0 where nothing has weight.
    """
    found = clustered(units)
    if found is None:
        return np.array([np.nan]), np.zeros(1), np.zeros(1), 0
    return found.value, found.effective, found.number, found.shares.shape[1]


def _by_cluster(numbers: Float[np.ndarray, " units"], cluster: Int[np.ndarray, " units"], count: int) -> ByCluster:
    return np.bincount(cluster, weights=numbers, minlength=count)[None]


def _checked_pairs(first: Units, second: Units) -> dict[str, str]:
    """The cluster of every name."""
    for side, units in (("first", first), ("second", second)):
        if len(set(units.names)) < len(units.names):
            raise ValueError(f"{side} has the name {_twice(units.names)!r} twice: a unit needs a name of its own")
    clusters = dict(zip(first.names, first.clusters, strict=True))
    for name, cluster in zip(second.names, second.clusters, strict=True):
        if clusters.setdefault(name, cluster) != cluster:
            raise ValueError(
                f"{name!r} is in cluster {clusters[name]!r} of first and in {cluster!r} of second: were these the same "
                "prompts?"
            )
    return clusters


def _twice(names: Sequence[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
