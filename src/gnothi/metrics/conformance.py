"""Is it a joint prediction at all? Checks that any framework's posterior sampler can be put through, as NumPy arrays.

A joint prediction is one random function, drawn whole: all inputs of a batch see the same draw. What samples that are
made input by input, or noise that is shared where it should not be, look like from outside is what is checked here.

    fit(X, y)       returns `sample`; it is told `num_classes`, `temperature` (None) or `seed` if it has such parameters
    sample(X, n)    returns an array [n, inputs, outputs]; a finite ensemble may return all its members, fewer than n;
                    if it has a parameter called `seed`, it gets one: the same seed, the same samples

Each row is an independent draw. Outputs are class probabilities (problem "classification") or values of the regression
function, without the noise of observations ("regression", and "linear", whose posterior is known). All that is random
here is tested at a level of 1e-4, four tests at the most, and the other thresholds lie far from what a right sampler
gives: a right one fails somewhere with a probability below 1e-3.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int
from scipy import stats

from gnothi.metrics.conformance_problems import PROBLEMS, ConformanceProblem, Design
from gnothi.metrics.two_sample import correlation_interval, rank_correlation, same_law, same_means

Sample = Callable[..., Float[np.ndarray, "samples inputs outputs"]]
Fit = Callable[..., Sample]
Draws = Float[np.ndarray, "samples inputs outputs"]
Verdict = Literal["pass", "fail", "not applicable"]

NUM_SAMPLES = 400
LEVEL = 1e-4  # of each test
SAME = 0.05  # standard deviations over samples: what two values that should be one may differ by
NEAR = 0.9  # least correlation of inputs that almost coincide
FAR = 0.9  # greatest correlation of the least correlated inputs
CONSTANT = 0.1  # least deviation over inputs, in deviations over samples, of what is a function of its input at all
ENOUGH = 8  # distinct samples: log 8 = 2.1 nats, more than two inputs' labels usually tell of the function
CLOSED_FORM = 0.1  # what a correlation may differ by from the closed form, beside the error of its estimate
ORDER = 10  # of the joint prediction whose two computations must agree
LABELLINGS = 32

#: What each check asks, what a failure means, and what usually causes it.
MEANING = {
    "values": "Outputs must be finite and, for a classifier, probabilities that sum to 1. Usual causes: logits "
    "returned in place of probabilities; training that diverged.",
    "seed": "The same seed must give the same samples. Usual cause: a generator of the framework's own that the seed "
    "does not reach.",
    "duplicates": "An input that stands twice in a batch must have one value in a sample. Usual causes: a dropout mask "
    "or a weight perturbation for every row, or fresh weights for every mini-batch of a long one: the samples are then "
    "marginal, not joint.",
    "exchangeability": "Samples must not depend on the order of the batch. Usual causes: state carried from row to "
    "row, or one row that serves as a reference.",
    "batch invariance": "What is said of an input must not depend on which others are asked about beside it. Usual "
    "causes: batch normalisation left in training mode; inputs standardised by the batch.",
    "correlation": "Neighbours must agree within a sample and distant inputs must be free to differ. Usual causes: one "
    "normal number scaled to each input's own deviation (all inputs move together), or a number for each input (none "
    "do): both have right marginals and wrong joints.",
    "tau-consistency": "A joint prediction of some labels must be the same alone and as part of a larger one, or its "
    "log-loss has no meaning. Usual causes: noise, jitter or a number of samples that depends on the size of the "
    "batch.",
    "distinct samples": f"K distinct samples can carry log K nats about the function: under {ENOUGH}, joint scores "
    "measure K. Usual causes: a small ensemble; a chain that hardly moves; a seed reset in every draw.",
}


@dataclass(frozen=True)
class Check:
    """What one check found. `low` and `high` are a 95 % interval where there is one, `p_value` where it is a test."""

    name: str
    verdict: Verdict
    found: str
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None

    @property
    def meaning(self) -> str:
        """What the check asks, what a failure means, and what usually causes it."""
        return MEANING[self.name]


def conform(fit: Fit, problem: str = "classification", *, num_samples: int = NUM_SAMPLES, seed: int = 0) -> list[Check]:
    """Puts a posterior sampler through all checks, on a small problem that it is fitted to first.

    A check that an earlier failure decides is not applicable, so that what fails names the defect.

    **Arguments:** `fit`, see the module; `problem`: "classification" (2 classes), "regression", or "linear" for
    samplers that claim the model y = x.w + noise, w ~ N(0, I), noise of deviation 0.5; `num_samples` a call;
    `seed`, of the suite and of its calls.

    **Returns:** a check of each name in `MEANING`, in that order.

    **Raises:** `ValueError` if there is no such problem, or if what `fit` gives does not follow the contract.

    >>> import numpy as np
    >>> def fit(X, y):
    ...     rng = np.random.default_rng(0)
    ...     return lambda X, n: 1 / (1 + np.exp(np.einsum("nio,zic->nzo", rng.normal(size=(n, 4, 1)), X[:, :, None])
    ...         * np.array([-1.0, 1.0])))
    >>> [check.verdict for check in conform(fit)][2:5]
    ['pass', 'pass', 'pass']
    """
    if problem not in PROBLEMS:
        raise ValueError(f"there is no problem {problem!r}: choose one of {', '.join(PROBLEMS)}")
    if num_samples < 50:
        raise ValueError(f"num_samples must be 50 or more for the tests to see anything, got {num_samples}")
    chosen = PROBLEMS[problem]()
    told = {"num_classes": 2, "temperature": None} if chosen.probabilities else {}
    sample = fit(chosen.x, chosen.y, **_known(fit, {**told, "seed": seed}))
    if not callable(sample):
        raise ValueError(f"fit(X, y) must return a function sample(X, n), got {type(sample).__name__}")
    return _Suite(sample, chosen, num_samples, seed).checks()


def passed(checks: list[Check]) -> bool:
    """Whether none failed."""
    return all(check.verdict != "fail" for check in checks)


class _Suite:
    """One sampler, its draws, and what they show."""

    def __init__(self, sample: Sample, problem: ConformanceProblem, num_samples: int, seed: int):
        self.sample, self.problem, self.num_samples, self.seed = sample, problem, num_samples, seed
        self.design: Design = problem.design
        self.takes_seed = bool(_known(sample, {"seed": 0}))
        self.rng = np.random.default_rng(seed)
        self.faults: list[str] = []

    def draw(self, inputs: Float[np.ndarray, "inputs features"], call: int = 0) -> Draws:
        """One call of the sampler; calls of one number share a seed where the sampler takes one."""
        seeds = {"seed": 1000 * self.seed + call} if self.takes_seed else {}
        draws = np.asarray(self.sample(inputs.copy(), self.num_samples, **seeds), float)
        if draws.ndim != 3 or draws.shape[1] != len(inputs) or not 1 <= len(draws) <= self.num_samples:
            raise ValueError(
                f"sample(X, n) must return an array [n, inputs, outputs]: for n = {self.num_samples} and {len(inputs)} "
                f"inputs it returned shape {draws.shape}"
            )
        if self.problem.probabilities and draws.shape[2] != 2:
            raise ValueError(f"the problem has 2 classes, and sample(X, n) returned {draws.shape[2]} outputs an input")
        if not np.isfinite(draws).all():
            self.faults.append(f"{np.mean(~np.isfinite(draws)):.1%} of the values are not finite")
        elif self.problem.probabilities:
            wrong = max(-draws.min(), np.abs(draws.sum(axis=2) - 1).max())
            if wrong > 1e-3:
                self.faults.append(f"probabilities lie outside [0, 1], or their sum differs from 1, by {wrong:.3g}")
        return draws

    @cached_property
    def batch(self) -> Draws:
        """The probes among ordinary companions."""
        return self.draw(self.design.batch)

    def checks(self) -> list[Check]:
        """All checks, in order."""
        self.batch  # noqa: B018
        done: list[Check] = []
        for name, check in {
            "seed": self.seeds,
            "duplicates": self.duplicates,
            "exchangeability": self.exchangeability,
            "batch invariance": self.batch_invariance,
            "correlation": self.correlation,
            "tau-consistency": self.tau_consistency,
            "distinct samples": self.distinct_samples,
        }.items():
            failed = [one.name for one in done if one.verdict == "fail"]
            decided = name in DECIDED and DECIDED[name] in failed
            found = None if decided or self.faults else check()
            if self.faults:  # of this check's draws, or of earlier ones
                done.append(Check(name, "not applicable", "the values themselves are wrong"))
            elif found is None:
                done.append(Check(name, "not applicable", f"decided by {DECIDED[name]}"))
            else:
                done.append(replace(found, name=name))
        kind = "probabilities of 2 classes" if self.problem.probabilities else "finite values"
        fault = self.faults[0] if self.faults else kind
        return [Check("values", "fail" if self.faults else "pass", fault), *done]

    # ------------------------------------------------------------------ what the checks look at

    def flat(self, draws: Draws) -> Float[np.ndarray, "samples features"]:
        """A draw a row; of two probabilities one is enough."""
        return (draws[..., :1] if self.problem.probabilities else draws).reshape(len(draws), -1)

    def scores(self, draws: Draws) -> Float[np.ndarray, "samples inputs"]:
        """One number an input: the first output, for probabilities as log-odds, which saturate least."""
        if not self.problem.probabilities:
            return draws[..., 0]
        log_probs = np.log(np.clip(draws, 1e-30, None))
        return log_probs[..., 0] - log_probs[..., 1]

    @cached_property
    def num_distinct(self) -> int:
        """How many rows of a batch differ, by their order along a random direction."""
        values = self.flat(self.batch)
        spread = values.std(axis=0)
        if spread.max() <= 1e-5 * np.abs(values).max():
            return 1
        z = (values - values.mean(axis=0)) / spread.max()
        along = np.sort(z @ np.random.default_rng(1).normal(size=z.shape[1]))
        return 1 + int(np.sum(np.diff(along) > 1e-6))

    # ------------------------------------------------------------------ the checks

    def seeds(self) -> Check:
        """The same seed twice."""
        if not self.takes_seed:
            return Check("", "not applicable", "sample(X, n) takes no seed")
        again = self.draw(self.design.batch)
        if again.shape != self.batch.shape:
            return Check("", "fail", f"two calls of one seed give {len(self.batch)} and {len(again)} samples")
        gap = _gap(self.batch, again)
        return Check("", _verdict(gap <= SAME), f"two calls of one seed differ by {gap:.2g} deviations", gap)

    def duplicates(self) -> Check:
        """The first inputs of a long batch stand at its end again."""
        number = self.design.num_duplicates
        draws = self.draw(self.design.long_batch, 1)
        first, again = draws[:, :number], draws[:, -number:]
        gap = _gap(first, again)
        found = f"copies of an input differ by up to {gap:.2g} deviations"
        if self.num_distinct > 2:
            pair = rank_correlation(np.concatenate([self.scores(first), self.scores(again)], axis=1))
            found += f" (correlation {np.median(np.diagonal(pair, number)):.2f})"
        return Check("", _verdict(gap <= SAME), found, gap)

    def exchangeability(self) -> Check:
        """The batch in another order, every input moved."""
        order = self.design.order
        back = np.argsort(order)
        return self._compare(lambda call: self.draw(self.design.batch[order], call)[:, back], "in another order")

    def batch_invariance(self) -> Check:
        """The probes among companions from elsewhere."""
        return self._compare(lambda call: self.draw(self.design.other_batch, call), "among other companions")

    def _compare(self, draw: Callable[[int], Draws], where: str) -> Check:
        """Equality where it holds draw by draw, else in law."""
        probes = slice(0, self.design.num_probes)
        first, second = self.batch[:, probes], draw(0)[:, probes]
        gap = _gap(first, second)
        if gap <= SAME:
            return Check("", "pass", f"the same samples {where}, to {gap:.2g} deviations", gap)
        if self.takes_seed:  # shared random numbers would make two laws look more alike than they are
            second = draw(2)[:, probes]
        test = same_law(self.flat(first), self.flat(second), self.rng)
        found = f"laws lie {test.distance:.3f} apart {where} (0: the same, 1: nothing in common)"
        return Check("", _verdict(test.p_value > LEVEL), found, test.distance, p_value=test.p_value)

    def correlation(self) -> Check:
        """Between inputs: against the closed form where there is one, else by what any continuous function does."""
        if self.num_distinct < ENOUGH:
            return Check("", "not applicable", f"distinct samples ({self.num_distinct}) are too few to tell")
        values = self.scores(self.draw(self.design.neighbours, 1))
        if self.problem.covariance is not None:
            return self._closed_form(values, self.problem.covariance)
        number = len(values[0]) // 3
        kept = values[:, :number].std(axis=0) > 1e-6 * np.abs(values).max()
        kept &= np.ptp(values[:, number : 2 * number], axis=0) > 0
        if kept.sum() < 3:
            return Check("", "not applicable", "samples differ at fewer than 3 inputs")
        chosen = np.flatnonzero(kept)
        ranks = rank_correlation(values[:, np.concatenate([chosen, number + chosen])])
        near = float(np.median(np.diagonal(ranks, len(chosen))))
        pairs = ranks[: len(chosen), : len(chosen)][np.triu_indices(len(chosen), 1)]
        least = float(pairs[np.argmin(np.abs(pairs))])
        apart = values[:, chosen].std(axis=1).mean() / values[:, chosen].std(axis=0).mean()
        if apart < CONSTANT:
            return Check("", "not applicable", "each sample is almost constant: the model does not look at its input")
        low, high = correlation_interval(least, self.num_distinct)
        found = f"{near:.3f} at a distance of 0.001; from {least:.2f} upward in size between distant inputs"
        return Check("", _verdict(near >= NEAR and abs(least) < FAR), found, least, low, high)

    def _closed_form(
        self, values: Float[np.ndarray, "samples inputs"], covariance: Float[np.ndarray, "inputs inputs"]
    ) -> Check:
        """Every pair within `CLOSED_FORM` of the truth, beyond the error of its estimate (Bonferroni over pairs)."""
        pairs = np.triu_indices(len(covariance), 1)
        deviation = np.sqrt(np.diagonal(covariance))
        truth = (covariance / np.outer(deviation, deviation))[pairs]
        if np.any(values.std(axis=0) <= 1e-6 * np.abs(values).max()):
            return Check("", "not applicable", "samples do not differ at every input")
        measured = np.corrcoef(values, rowvar=False)[pairs]
        slack = stats.norm.isf(LEVEL / (2 * truth.size)) / np.sqrt(self.num_distinct - 3)
        limit = 1 - 1e-9

        def bend(correlation: Float[np.ndarray, " pairs"]) -> Float[np.ndarray, " pairs"]:
            return np.arctanh(np.clip(correlation, -limit, limit))

        right = (bend(measured) < bend(truth + CLOSED_FORM) + slack) & (
            bend(measured) > bend(truth - CLOSED_FORM) - slack
        )
        error = float(np.mean(np.abs(measured - truth)))
        ratio = float(np.mean(values.var(axis=0) / np.diagonal(covariance)))
        found = (
            f"size {np.mean(np.abs(measured)):.3f} on average against {np.mean(np.abs(truth)):.3f} in closed form, "
            f"{np.mean(~right):.0%} of pairs wrong; variances {ratio:.2f} of the posterior's"
        )
        return Check("", _verdict(bool(right.all())), found, error)

    def tau_consistency(self) -> Check:
        """The joint likelihood of labels, asked for by themselves and as part of the batch; of order 1 and 10."""
        p_values, gaps, difference, error = [], [], 0.0, 0.0
        for order, inputs in ((1, 1), (ORDER, self.design.num_anchors)):
            part, alone = self.batch[:, :inputs], self.draw(self.design.batch[:inputs])
            gaps.append(_gap(part, alone))
            if gaps[-1] > SAME and self.takes_seed:
                alone = self.draw(self.design.batch[:inputs], 2 + order)
            first, second = _likelihoods([part, alone], order, self.problem.probabilities, self.rng)
            p_values.append(1.0 if gaps[-1] <= SAME else same_means(first, second, self.rng))
            difference = float(np.mean(np.log(first.mean(axis=0)) - np.log(second.mean(axis=0))))
            error = float(np.hypot(_std_error(first), _std_error(second)))
        exact = max(gaps) <= SAME
        p_value = None if exact else min(1.0, 2 * min(p_values))
        low, high = (None, None) if exact else (difference - 1.96 * error, difference + 1.96 * error)
        found = f"joint log-loss of {ORDER} labels differs by {abs(difference):.3g} nats, alone and in a batch"
        return Check("", _verdict(p_value is None or p_value > LEVEL), found, difference, low, high, p_value)

    def distinct_samples(self) -> Check:
        """How many rows differ, and in how many directions."""
        number, size = self.num_distinct, len(self.batch)
        if number == 1:
            return Check("", "not applicable", "a point prediction: one sample, which declares no uncertainty", 1.0)
        values = self.flat(self.batch)
        spectrum = np.linalg.svd(values - values.mean(axis=0), compute_uv=False) ** 2
        rank = spectrum.sum() ** 2 / np.sum(spectrum**2)
        found = f"{number} of {size} samples differ, with an effective rank of {rank:.1f}"
        return Check("", _verdict(number >= ENOUGH), found, float(number))


#: A check and the failure that decides it beforehand.
DECIDED = {"correlation": "duplicates", "tau-consistency": "batch invariance"}


def _known(function: Callable, offers: dict[str, Any]) -> dict[str, Any]:
    """Those of some named arguments that a function has parameters for."""
    parameters = inspect.signature(function).parameters
    return {name: value for name, value in offers.items() if name in parameters}


def _verdict(right: bool) -> Verdict:
    return "pass" if right else "fail"


def _gap(first: Draws, second: Draws) -> float:
    """The largest difference draw by draw, in deviations over samples; infinite where the numbers of draws differ.

    The unit is an output's deviation or, if it is smaller, the mean deviation, or a thousandth of the values' size.
    """
    if first.shape != second.shape:
        return np.inf
    deviation = first.std(axis=0)
    unit = np.maximum(deviation, max(deviation.mean(), 1e-3 * np.abs(first).max()))
    return float((np.abs(first - second) / np.where(unit > 0, unit, 1.0)).max())


def _likelihoods(
    sets: list[Draws], order: int, probabilities: bool, rng: np.random.Generator
) -> list[Float[np.ndarray, "samples labellings"]]:
    """How likely each draw makes each of some labellings of `order` labels; labellings are drawn from the draws.

    Values are given normal noise as large as their deviation over samples.
    """
    pooled = np.concatenate(sets)
    inputs: Int[np.ndarray, " order"] = np.arange(order) % pooled.shape[1]
    drawn = pooled[rng.integers(0, len(pooled), LABELLINGS)][:, inputs]
    if probabilities:
        labels = (rng.uniform(size=drawn.shape[:2]) < drawn[..., 1]).astype(int)
        return [np.prod(draws[:, inputs[None], labels], axis=2) for draws in sets]
    noise = pooled.std(axis=0)[inputs] + 1e-3 * np.abs(pooled).max() + 1e-300
    targets = (drawn / noise) + rng.normal(size=drawn.shape)
    return [
        np.exp(-0.5 * np.sum((targets[None] - (draws[:, inputs] / noise)[:, None]) ** 2, axis=(2, 3))) for draws in sets
    ]


def _std_error(likelihoods: Float[np.ndarray, "samples labellings"]) -> float:
    """That of the mean log of the mean likelihood, by the delta method."""
    influence = np.mean(likelihoods / likelihoods.mean(axis=0), axis=1)
    return float(influence.std() / np.sqrt(len(influence)))
