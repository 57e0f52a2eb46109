"""What is believed of how often each attack succeeds: a hierarchical logistic model, drawn by Gibbs sampling.

The log-odds of a success are a sum of effects: of the technique, the topic, each transform, pairs of them (an arm's
residual), and the base prompt. Effects of a group are normal around 0 with a scale of their own, which is learnt: so a
few successes of a technique say something of all topics, and how much is what the data say. Pólya-Gamma variables make
every step exact (Polson, Scott and Windle 2013); scales have half-t priors (Huang and Wand 2013).

A grader errs. What it said is a noisy sight of what happened: the truth of every answer is drawn too, given the
grader's verdict, its sensitivity and its specificity; these are drawn from what people's labels say of the grader, and
from nothing else, so that a misfit of the effects is not explained away as the grader's mistake.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy import linalg, sparse
from scipy.special import expit
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.safety.redteam.arms import Features
from gnothi.safety.redteam.polya_gamma import polya_gamma
from gnothi.safety.redteam.verdicts import chance_of_truth, draw_errors

INTERCEPT = (-2.0, 1.5)  # mean and standard deviation of the log-odds of an average attack: .6 to 73 % in 95 of 100
SCALE, FREEDOM = 1.0, 4  # of the half-t prior of a group's scale
SCALE_RANGE = (0.05, 6.0)  # logits; beyond it nothing changes but the numerics
BURN_IN = 25  # steps of the chain before the first draw
DRAWS = 32
#: The same for what is reported: a short chain chooses attacks as well, but its intervals are too short.
LONG_BURN_IN, LONG_DRAWS = 300, 400


class FailurePosterior:
    """The chances of success of all attacks, given what was seen.

    Draws depend on what was seen and on the seed, and on nothing else: a campaign that is resumed goes on as it would.

    **Arguments:** `features`, of all attacks; `errors`, of the grader, if people's labels tell them: else it is
    believed; `seed`.

    **Raises:** `ValueError` if the labels say that the grader is no better than a coin.
    """

    def __init__(self, features: Features, errors: GraderErrors | None = None, *, seed: int = 0):
        if errors is not None:
            draw_errors(errors, np.random.default_rng(seed))  # or it says why not
        self.features, self.errors, self.seed = features, errors, seed
        self._verdicts: dict[int, tuple[bool, bool]] = {}  # by attack: whether it succeeded, and whether people say so
        self._draws: Float[np.ndarray, "draws attacks"] | None = None

    def __len__(self) -> int:
        return len(self._verdicts)

    def observe(self, places: Sequence[int], failed: Sequence[bool], *, known: bool = False) -> None:
        """Takes in what came of attacks; of one that was seen before, what is said now holds.

        **Arguments:** `places` of attacks; `failed`, whether the model failed; `known`, whether a person says so, who
        is taken not to err.
        """
        for place, bad in zip(places, failed, strict=True):
            self._verdicts[int(place)] = (bool(bad), known)
        self._draws = None

    def forget(self, place: int) -> None:
        """Takes back what was seen of an attack, if anything was."""
        self._verdicts.pop(place, None)
        self._draws = None

    @property
    def draws(self) -> Float[np.ndarray, "draws attacks"]:
        """Chances of success of all attacks, `DRAWS` times as they may be."""
        if self._draws is None:
            self._draws = self._drawn(BURN_IN, DRAWS)
        return self._draws

    def long_draws(self) -> Float[np.ndarray, "draws attacks"]:
        """The same from a longer chain, `LONG_DRAWS` of them: for intervals. It takes a second or two."""
        return self._drawn(LONG_BURN_IN, LONG_DRAWS)

    def _drawn(self, burn_in: int, count: int) -> Float[np.ndarray, "draws attacks"]:
        random = np.random.default_rng([self.seed, 20, len(self)])
        with threadpool_limits(1, user_api="blas"):  # matrices are small: threads would wait for each other
            chain = _Chain(self.features, self.errors, self._verdicts, random, burn_in)
            return np.array([chain.draw() for _ in range(count)])

    @property
    def means(self) -> Float[np.ndarray, " attacks"]:
        """The expected chances of success of all attacks."""
        return self.draws.mean(axis=0)


class _Chain:
    """The Gibbs sampler: from a start that is the same for all data, and burnt in when it is made."""

    def __init__(
        self,
        features: Features,
        errors: GraderErrors | None,
        verdicts: Mapping[int, tuple[bool, bool]],
        random: np.random.Generator,
        burn_in: int,
    ):
        self._features, self._errors, self._random = features, errors, random
        self._failed, self._known = np.array(list(verdicts.values()), bool).reshape(-1, 2).T
        rows = features.matrix[np.fromiter(verdicts, int)]
        self._seen = np.unique(rows.indices)  # features that have data
        self._rows = rows[:, self._seen].tocsr()
        self._columns = self._rows.T.tocsr()
        self._pairs = _pairs(self._rows)
        groups = len(features.groups)
        self._scales = np.full(groups, 0.5 * SCALE)
        self._slack = np.ones(groups)  # the auxiliary variables of the half-t priors
        self._intercept = INTERCEPT[0]
        self._effects = np.zeros(len(features.group_of))
        if verdicts:
            for _ in range(burn_in):
                self._step()

    def draw(self) -> Float[np.ndarray, " attacks"]:
        """The chances of all attacks, a step on; from the prior, where nothing was seen."""
        if self._failed.size:
            self._step()
        else:
            self._from_prior()
        return expit(self._intercept + self._features.matrix @ self._effects)

    def _from_prior(self) -> None:
        student = self._random.standard_t(FREEDOM, size=len(self._features.groups))
        self._scales = np.clip(np.abs(student) * SCALE, *SCALE_RANGE)
        self._intercept = self._random.normal(*INTERCEPT)
        noise = self._random.normal(size=len(self._features.group_of))
        self._effects = noise * self._scales[self._features.group_of]

    def _step(self) -> None:
        """One sweep: the truth of answers, the Pólya-Gamma variables, the effects, their scales."""
        logits = self._intercept + self._rows @ self._effects[self._seen]
        truth = self._truth(expit(logits))
        self._draw_effects(truth - 0.5, polya_gamma(logits, self._random))
        self._draw_scales()

    def _truth(self, chances: Float[np.ndarray, " answers"]) -> Float[np.ndarray, " answers"]:
        """Whether the model failed, each answer drawn given what was said of it."""
        if self._errors is None:
            return self._failed.astype(float)
        belief = chance_of_truth(chances, self._failed, *draw_errors(self._errors, self._random))
        drawn = self._random.random(chances.size) < belief
        return np.where(self._known, self._failed, drawn).astype(float)

    def _draw_effects(self, halves: Float[np.ndarray, " answers"], weights: Float[np.ndarray, " answers"]) -> None:
        """The intercept and the effects that have data, together; those that have none, from their prior."""
        seen, scales = self._seen, self._scales[self._features.group_of]
        mean, std = INTERCEPT
        answers, places = self._pairs
        products = np.bincount(places, weights=weights[answers], minlength=seen.size**2)
        precision = np.empty((seen.size + 1, seen.size + 1))
        precision[0, 0] = weights.sum() + std**-2
        precision[0, 1:] = precision[1:, 0] = self._columns @ weights
        precision[1:, 1:] = products.reshape(seen.size, seen.size)
        precision[np.arange(1, seen.size + 1), np.arange(1, seen.size + 1)] += scales[seen] ** -2.0
        pull = np.concatenate([[halves.sum() + mean * std**-2], self._columns @ halves])
        factor = linalg.cholesky(precision, lower=True, overwrite_a=True, check_finite=False)
        half = linalg.solve_triangular(factor, pull, lower=True, check_finite=False)
        noisy = half + self._random.normal(size=half.size)
        found = linalg.solve_triangular(factor, noisy, lower=True, trans=1, check_finite=False)
        self._intercept = float(found[0])
        self._effects = self._random.normal(size=scales.size) * scales
        self._effects[seen] = found[1:]

    def _draw_scales(self) -> None:
        """Each group's scale, from those effects alone that have data: others follow it, and say nothing of it."""
        groups = len(self._features.groups)
        group_of, effects = self._features.group_of[self._seen], self._effects[self._seen]
        counts = np.bincount(group_of, minlength=groups)
        squares = np.bincount(group_of, weights=effects**2, minlength=groups)
        rates = squares / 2 + FREEDOM / self._slack
        variances = rates / self._random.standard_gamma((counts + FREEDOM) / 2)
        self._scales = np.clip(np.sqrt(variances), *SCALE_RANGE)
        slack_rates = FREEDOM / self._scales**2 + SCALE**-2.0
        self._slack = slack_rates / self._random.standard_gamma(np.full(groups, (FREEDOM + 1) / 2))


def _pairs(rows: sparse.csr_matrix) -> tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]:
    """All pairs of features that an answer has: which answer, and the pair's place in a flat square of features."""
    sizes = np.diff(rows.indptr)
    answers = np.repeat(np.arange(sizes.size), sizes**2)
    first = np.repeat(rows.indices, np.repeat(sizes, sizes)).astype(int)
    starts = np.repeat(rows.indptr[:-1], sizes**2)
    within = np.arange(answers.size) - np.repeat(np.cumsum(sizes**2) - sizes**2, sizes**2)
    second = rows.indices[starts + within % np.repeat(sizes, sizes**2)] if answers.size else np.zeros(0, int)
    return answers, first * rows.shape[1] + second
