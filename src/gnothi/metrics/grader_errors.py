"""Rates that know their grader: what a grader gets wrong, carried into the number that it gives.

A grader that finds 90 % of what it should and raises a false alarm on 10 % turns a rate of .98 into one of .88, with an
interval round it that leaves .98 out. Two ways back:

* `prediction_powered`, where people looked at a random part of these very answers: what the grader says of all, and
  what people say of the answers that it passed, and of those that it failed (Angelopoulos et al. 2023,
  "Prediction-powered inference"; with two verdicts, the weight that makes it tightest is that of strata).
* `corrected`, where they looked at other answers: a posterior of the rate over which sensitivity and specificity are
  integrated out, with the data's own say in what these are (Rogan and Gladen 1978; Flor et al. 2020 compare ways).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import special, stats

from gnothi.metrics.intervals import Estimate
from gnothi.metrics.rates import Clustered, Rates, Units, clustered, effective_number, limits, share_limits

GRID = 512  # rates at which the posterior is worked out
TAIL = 0.025
Moments = Float[np.ndarray, "two runs"]


@dataclass(frozen=True)
class GraderErrors:
    """What a grader said of answers whose truth people gave.

    Of `positives`, it called `true_positives` positive; of `negatives`, it called `true_negatives` negative.

    **Raises:** `ValueError` if a count is below 0, or more were right than there are.

    >>> GraderErrors(true_positives=90, positives=100, true_negatives=45, negatives=50).sensitivity
    0.9 [0.8299, 0.9474] (n=100)
    """

    true_positives: int
    positives: int
    true_negatives: int
    negatives: int

    def __post_init__(self) -> None:
        for name, right, count in (
            ("true_positives", self.true_positives, self.positives),
            ("true_negatives", self.true_negatives, self.negatives),
        ):
            if not 0 <= right <= count:
                raise ValueError(f"{name} must be between 0 and the {count} there are, got {right}")

    def swapped(self) -> "GraderErrors":
        """Of the opposite outcome: what was negative is what counts."""
        return GraderErrors(self.true_negatives, self.negatives, self.true_positives, self.positives)

    @property
    def sensitivity(self) -> Estimate:
        """How much of what is positive the grader calls so; NaN if nobody looked at any."""
        return _share(self.true_positives, self.positives)

    @property
    def specificity(self) -> Estimate:
        """How much of what is negative the grader calls so; NaN if nobody looked at any."""
        return _share(self.true_negatives, self.negatives)

    def moments(self, transport: float = 0.0) -> tuple[tuple[float, float], tuple[float, float]]:
        """Means and variances of the sensitivity and of the specificity, from Jeffreys' priors.

        **Arguments:** `transport`, the standard deviation, in logits, by which either may differ where the grader is
        used from what it was where people looked.
        """
        counts = ((self.true_positives, self.positives), (self.true_negatives, self.negatives))
        means = [(right + 0.5) / (count + 1) for right, count in counts]
        odds = [mean * (1 - mean) for mean in means]
        sensitivity, specificity = (
            # A logit's spread, as one of the share; a share between 0 and 1 spreads by its odds at most.
            (mean, min(odd / (count + 2) + (transport * odd) ** 2, 0.99 * odd))
            for mean, odd, (_, count) in zip(means, odds, counts, strict=True)
        )
        return sensitivity, specificity


def corrected(units: Units, errors: GraderErrors, *, transport: float = 0.0) -> Estimate:
    """The rate that is true, where `units` are what a grader said.

    The posterior from a uniform prior on the rate, and Jeffreys' on the sensitivity and the specificity; verdicts count
    for as many independent ones as their clusters are worth.

    **Arguments:** `units`, 1 (times its weight) where the grader said positive; `errors`, of that grader; `transport`,
    how much else its errors may be here than where people looked, a standard deviation in logits: 0 says that these
    answers are like those.

    **Returns:** the rate for which verdicts speak most; the shortest interval that holds 95 % of the posterior, with
    all rates that a likelihood-ratio test at 5 % does not reject; NaN and 0 to 1 if nothing has weight.

    **Raises:** `ValueError` if `transport` is below 0.

    >>> import numpy as np
    >>> names = tuple(map(str, range(300)))
    >>> seen = Units(names, (np.arange(300) < 264).astype(float), np.ones(300), names, names)  # 88 %
    >>> corrected(seen, GraderErrors(90, 100, 90, 100))
    0.9798 [0.8944, 1] (n=300)
    """
    if transport < 0:
        raise ValueError(f"transport is a standard deviation, 0 or more, got {transport}")
    seen = clustered(units)
    if seen is None:
        return Estimate(float("nan"), 0.0, 1.0, 0)
    value, low, high = true_rate(seen, *np.array(errors.moments(transport))[..., None])
    return Estimate(float(value[0]), float(low[0]), float(high[0]), seen.shares.shape[1])


def true_rate(seen: Clustered, sensitivity: Moments, specificity: Moments) -> tuple[Rates, Rates, Rates]:
    """The true rate and its interval, of many runs at once.

    Given the true rate, how often the grader says positive is a weighted sum of two Beta variables, its sensitivity and
    its false alarms. A Beta distribution of the same mean and variance takes its place (the very one at rates of 0 and
    1), so that the likelihood is beta-binomial, and nothing is drawn. The truth comes in clusters and the grader's
    errors do not, so how many independent verdicts these are worth depends on the true rate.

    **Arguments:** `seen`, the rate of positive verdicts; `sensitivity` and `specificity`, mean and variance each.
    """
    likeliest, worth = _truth_behind(seen, sensitivity[0], specificity[0])
    ends = np.linspace(0, np.pi / 2, GRID + 1)
    rates = np.sin((ends[1:] + ends[:-1]) / 2) ** 2  # closest at 0 and 1, where rates are told apart best
    (hit, hit_variance), (spared, spared_variance) = (moments[..., None] for moments in (sensitivity, specificity))
    mean = rates * hit + (1 - rates) * (1 - spared)
    uncertain = rates**2 * hit_variance + (1 - rates) ** 2 * spared_variance
    slips = rates * hit * (1 - hit) + (1 - rates) * spared * (1 - spared)
    sampled = (hit + spared - 1) ** 2 * rates * (1 - rates) / worth[:, None] + slips / seen.number[:, None]
    verdicts = mean * (1 - mean) / sampled
    strength = np.minimum(mean * (1 - mean) / uncertain - 1, 1e7)  # beyond, logarithms of gamma functions cancel
    alpha, beta = mean * strength, (1 - mean) * strength
    value = seen.value[:, None]
    # Relative to the best that so many verdicts could say of any rate, as their number is not the same for all.
    best = special.xlogy(value, value) + special.xlog1py(1 - value, -value)
    density = (
        special.betaln(alpha + value * verdicts, beta + (1 - value) * verdicts)
        - special.betaln(alpha, beta)
        - verdicts * best
    )
    low, high = credible(density, rates, np.sin(ends) ** 2)
    return np.clip(likeliest, low, high), low, high


def _truth_behind(seen: Clustered, sensitivity: Rates, specificity: Rates) -> tuple[Rates, Rates]:
    """The true rate that verdicts suggest, and how many independent answers it is the mean of."""
    information = np.maximum(sensitivity + specificity - 1, 0.05)
    rate = np.clip((seen.value + specificity - 1) / information, 0.0, 1.0)
    slips = rate * sensitivity * (1 - sensitivity) + (1 - rate) * specificity * (1 - specificity)
    noise = slips / (seen.number * information**2)
    worth = effective_number(rate, seen.residuals / information[:, None], seen.shares, seen.number, noise)
    return rate, np.minimum(worth, seen.number)


def credible(
    log_density: Float[np.ndarray, "runs grid"], nodes: Float[np.ndarray, " grid"], ends: Float[np.ndarray, " edges"]
) -> tuple[Rates, Rates]:
    """The shortest intervals that hold 95 % of distributions with one peak, and all that is not unlikely beside it.

    Where verdicts say little, 5 % of what is possible lies at an end for want of a better place, so that truths at that
    end would be missed; hence the second.

    **Arguments:** `log_density`, up to a constant, at `nodes`, which stand for what lies between their two `ends`.
    """
    log_density = log_density - log_density.max(axis=1, keepdims=True)
    weights = np.exp(log_density) * np.diff(ends)
    order = np.argsort(-log_density, axis=1)
    levels, weights = (np.take_along_axis(numbers, order, axis=1) for numbers in (log_density, weights))
    held = (np.cumsum(weights, axis=1) - weights / 2) / weights.sum(axis=1, keepdims=True)  # half of the last node
    rows, after = np.arange(len(held)), np.minimum(np.sum(held < 1 - 2 * TAIL, axis=1), len(nodes) - 1)
    before = np.maximum(after - 1, 0)
    step = held[rows, after] - held[rows, before]
    part = np.clip((1 - 2 * TAIL - held[rows, before]) / np.where(step > 0, step, 1.0), 0.0, 1.0)
    shortest = levels[rows, before] + part * (levels[rows, after] - levels[rows, before])
    level = np.minimum(shortest, -stats.chi2.ppf(1 - 2 * TAIL, 1) / 2)
    low = _rise(log_density, nodes, level, float(ends[0]))
    return low, _rise(log_density[:, ::-1], nodes[::-1], level, float(ends[-1]))


def _rise(
    log_density: Float[np.ndarray, "runs grid"], nodes: Float[np.ndarray, " grid"], level: Rates, end: float
) -> Rates:
    """Where densities first reach a level, between nodes; `end`, if they begin above it."""
    rows, place = np.arange(len(level)), np.argmax(log_density >= level[:, None], axis=1)
    before = np.maximum(place - 1, 0)
    lower, upper = log_density[rows, before], log_density[rows, place]
    part = np.where(upper > lower, (level - lower) / np.where(upper > lower, upper - lower, 1.0), 1.0)
    return np.where(place > 0, nodes[before] + part * (nodes[place] - nodes[before]), end)


def prediction_powered(units: Units, labels: Mapping[str, bool]) -> Estimate:
    """The rate that is true, where people labelled a random part of the answers that a grader judged.

    Among answers of one verdict, the share that people call positive stands for all of that verdict: unbiased whatever
    the grader's errors, and the tighter the better it is. The parts' intervals are put together as those of
    `difference` are, so that a verdict of which few were labelled, or all labels agree, still has a width.

    **Arguments:** `units`, 1 (times its weight) where the grader said positive, else 0; `labels`, what people say, by
    the unit's name. They must be of units drawn at random, not of those that somebody wondered about.

    **Returns:** the rate; NaN and 0 to 1 if nothing has weight.

    **Raises:** `ValueError` if there are no labels, a label is of no unit, or a value is neither 0 nor its weight.

    >>> import numpy as np
    >>> names = tuple(map(str, range(300)))
    >>> seen = Units(names, (np.arange(300) < 264).astype(float), np.ones(300), names, names)
    >>> truth = {name: int(name) < 290 for name in names}  # of the grader's 36 failures, 26 are none
    >>> prediction_powered(seen, {name: truth[name] for name in names[::3]})
    0.97 [0.9243, 0.9925] (n=300)
    """
    seen = clustered(units)
    if seen is None:
        return Estimate(float("nan"), 0.0, 1.0, 0)
    positive = _verdicts(units)
    place = {name: where for where, name in enumerate(units.names)}
    strange = [name for name in labels if name not in place]
    if strange or not labels:
        raise ValueError(
            f"labels must be of units, at least of one: {strange[0]!r} is none" if strange else "no labels"
        )
    clusters = sorted({name for name, weight in zip(units.clusters, units.weights, strict=True) if weight > 0})
    strata = []
    for verdict in (True, False):
        rows = [place[name] for name in labels if positive[place[name]] == verdict]
        truth = np.array([float(labels[units.names[row]]) for row in rows])
        columns = [tuple(field[row] for row in rows) for field in (units.names, units.clusters, units.prompts)]
        part = Units(columns[0], truth * units.weights[rows], units.weights[rows], columns[1], columns[2])
        strata.append(clustered(part, clusters) or unseen(seen))
    value, low, high = stratified(seen, strata[0], strata[1])
    return Estimate(float(value[0]), float(low[0]), float(high[0]), seen.shares.shape[1])


def unseen(like: Clustered) -> Clustered:
    """A share of which nothing was seen, by the same clusters."""
    nothing = np.zeros_like(like.shares)
    return Clustered(np.full_like(like.value, 0.5), nothing, nothing, np.zeros_like(like.value))


def stratified(passed: Clustered, right: Clustered, wrong: Clustered) -> tuple[Rates, Rates, Rates]:
    """A rate put together of strata, and its limits, of many runs at once.

    **Arguments:** `passed`, the share of positive verdicts; `right`, the share of true positives among these, by the
    same clusters; `wrong`, the share of true positives among negative verdicts.
    """
    parts = (passed, right, wrong)
    slopes = (right.value - wrong.value, passed.value, 1 - passed.value)
    value = slopes[0] * passed.value + wrong.value
    # What answers vary by if they are independent, with half a success and half a failure, so that it is not nought.
    counts = [np.maximum(part.number, 1.0) for part in parts]
    alone = sum(slope**2 * _smooth_variance(p.value, n) / n for slope, p, n in zip(slopes, parts, counts, strict=True))
    number = _smooth_variance(value, right.number + wrong.number) / np.maximum(alone, 1e-300)
    # Strata of one cluster rise and fall together, so that clusters are looked at once, with all strata in.
    residuals = sum(slope[:, None] * part.residuals for slope, part in zip(slopes, parts, strict=True))
    clusters = 1 / np.sum(passed.shares**2, axis=1)
    worth = effective_number(value, np.asarray(residuals), passed.shares, np.maximum(number, clusters))
    effect = np.maximum(number / worth, 1.0)
    down, up = np.zeros_like(value), np.zeros_like(value)
    for slope, part in zip(slopes, parts, strict=True):
        some = part.number > 0
        count = np.where(some, part.number, 1.0) / effect
        low, high = limits(part.value, count, count)
        ends = slope * (part.value - np.where(some, [low, high], [[0.0], [1.0]]))
        down, up = down + ends.max(axis=0) ** 2, up + ends.min(axis=0) ** 2
    # Where the truth is rare and verdicts are common, no part knows that it is rare, and on which side to reach out.
    low, high = limits(value, number / effect, number / effect)
    low, high = np.minimum(low, value - np.sqrt(down)), np.maximum(high, value + np.sqrt(up))
    return value, np.maximum(low, 0.0), np.minimum(high, 1.0)


def _smooth_variance(value: Rates, number: Rates) -> Rates:
    """Of one answer, from a share of `number` and half a success and half a failure beside them."""
    smooth = (value * number + 0.5) / (number + 1)
    return smooth * (1 - smooth)


def _verdicts(units: Units) -> np.ndarray:
    positive = units.values > 0
    odd = positive & (units.values < units.weights * (1 - 1e-9))
    if odd.any():
        where = int(np.argmax(odd))
        raise ValueError(
            f"values must be verdicts, 0 or their weight, got {units.values[where]} of {units.weights[where]} for "
            f"{units.names[where]!r}"
        )
    return positive


def _share(right: int, count: int) -> Estimate:
    low, high = share_limits(np.array([float(right)]), np.array([float(count)]))
    return Estimate(right / count if count else float("nan"), float(low[0]), float(high[0]), count)
