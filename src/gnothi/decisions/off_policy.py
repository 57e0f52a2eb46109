"""Off-policy evaluation: what a target policy would have earned, from decisions that another policy logged.

The importance weight of a decision is how likely the target policy takes the logged arm, over how likely the logging
policy was to (its propensity). Three estimates of the target's mean reward a decision:

- inverse propensity score (IPS): the mean weighted reward (Horvitz and Thompson 1952). Unbiased, noisy.
- self-normalised IPS: that over the mean weight (Swaminathan and Joachims 2015, "The Self-Normalized Estimator for
  Counterfactual Learning"). Consistent, and shifts with the rewards where IPS does not.
- doubly robust (DR): what a reward model predicts for the target policy, plus the mean weighted error of the model
  (Dudik, Langford and Li 2011, "Doubly Robust Policy Evaluation and Learning"). Right if the model or the propensities
  are.

All need the logging policy to have had a chance at each arm that the target may take. Intervals take decisions for
independent. A log whose policy learnt as it went is a martingale instead: means stay unbiased, intervals are those of
the same central limit.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from gnothi.metrics.intervals import Estimate, mean_interval

Values = Float[np.ndarray, " decisions"]
Table = Float[np.ndarray, "decisions arms"]

#: By how much probabilities may miss a sum of 1.
ROUNDING = 1e-6


@dataclass(frozen=True)
class OffPolicyEstimate:
    """A policy's mean reward a decision with its 95 % interval, and how much of the log stands behind it.

    `effective_sample_size` is (sum w)^2 / sum w^2 of the importance weights (Kish 1965); `largest_weight` says how much
    one decision counts. A small size, or a largest weight that is a good part of the number of decisions, means that
    the log hardly shows the target policy: the interval is then too narrow.

    >>> inverse_propensity_score([1.0, 0.0, 1.0, 1.0], [0.5] * 4, [1.0, 0.0, 0.0, 1.0])
    1 [-0.8374, 2.837] (n=4), 2.0 effective decisions, largest weight 2
    """

    estimate: Estimate
    effective_sample_size: float
    largest_weight: float

    def __repr__(self) -> str:
        """A line for people."""
        size, largest = self.effective_sample_size, self.largest_weight
        return f"{self.estimate}, {size:.1f} effective decisions, largest weight {largest:.4g}"


def inverse_propensity_score(
    rewards: ArrayLike, propensities: ArrayLike, target_probabilities: ArrayLike
) -> OffPolicyEstimate:
    """The mean of rewards times importance weights.

    **Arguments:** `rewards`, `[decisions]`; `propensities`, `[decisions]`, how likely the logging policy was to take
    the arm it took; `target_probabilities`, `[decisions]`, how likely the target policy is to take that arm.

    **Raises:** `ValueError` if shapes differ, there are no decisions, rewards are not finite, propensities are not in
    (0, 1], or target probabilities not in [0, 1] or all 0.
    """
    rewards, propensities = _logged(rewards, propensities)
    weights = _weights(propensities, _column(target_probabilities, "target_probabilities", len(rewards)))
    _need_overlap(weights)
    return _with_weights(mean_interval(weights * rewards), weights)


def self_normalised_ips(
    rewards: ArrayLike, propensities: ArrayLike, target_probabilities: ArrayLike
) -> OffPolicyEstimate:
    """The mean of rewards, weighted by importance.

    The interval is the delta method's: that of the mean of v + w (r - v) / mean(w), where v is the estimate.

    **Arguments** and **Raises:** as of `inverse_propensity_score`.
    """
    rewards, propensities = _logged(rewards, propensities)
    weights = _weights(propensities, _column(target_probabilities, "target_probabilities", len(rewards)))
    _need_overlap(weights)
    value = weights @ rewards / weights.sum()
    return _with_weights(mean_interval(value + weights * (rewards - value) / weights.mean()), weights)


def doubly_robust(
    rewards: ArrayLike,
    propensities: ArrayLike,
    arms: ArrayLike,
    target_probabilities: ArrayLike,
    predictions: ArrayLike,
) -> OffPolicyEstimate:
    """What a reward model predicts for the target policy, corrected by the model's weighted errors on the log.

    The model must not have learnt from these rewards (another part of the log will do), or its errors on them are too
    small and the interval with them.

    **Arguments:** `rewards` and `propensities`, `[decisions]`, as of `inverse_propensity_score`; `arms`, `[decisions]`,
    the logged arms as columns of the next two; `target_probabilities`, `[decisions, arms]`, the target policy;
    `predictions`, `[decisions, arms]`, the rewards that the model expects.

    **Raises:** `ValueError` as of `inverse_propensity_score` (but weights may all be 0: the model then stands alone),
    or if an arm is no column, predictions are not finite, or a row of `target_probabilities` does not sum to 1.
    """
    rewards, propensities = _logged(rewards, propensities)
    target = _table(target_probabilities, "target_probabilities", len(rewards))
    model = _table(predictions, "predictions", len(rewards))
    if target.shape != model.shape:
        raise ValueError(
            f"target_probabilities have shape {target.shape} and predictions {model.shape}: give both arms"
        )
    _check_probabilities(target)
    sums = target.sum(axis=1)
    if np.abs(sums - 1).max() > ROUNDING:
        row = int(np.abs(sums - 1).argmax())
        raise ValueError(f"each row of target_probabilities must sum to 1, got {sums[row]:g} in row {row}")
    taken = _positions(arms, *target.shape)
    rows = np.arange(len(rewards))
    weights = _weights(propensities, target[rows, taken])
    values = (target * model).sum(axis=1) + weights * (rewards - model[rows, taken])
    return _with_weights(mean_interval(values), weights)


def _with_weights(estimate: Estimate, weights: Values) -> OffPolicyEstimate:
    squares = float(weights @ weights)
    size = float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
    return OffPolicyEstimate(estimate, size, float(weights.max()))


def _logged(rewards: ArrayLike, propensities: ArrayLike) -> tuple[Values, Values]:
    """Rewards and propensities, once looked at."""
    rewards = np.asarray(rewards, float)
    if rewards.ndim != 1 or len(rewards) == 0:
        raise ValueError(f"rewards must be one number a decision, of one decision or more, got shape {rewards.shape}")
    _check_finite(rewards, "rewards")
    propensities = _column(propensities, "propensities", len(rewards))
    wrong = ~((propensities > 0) & (propensities <= 1))
    if wrong.any():
        raise ValueError(
            f"propensities must be more than 0 and at most 1, got {propensities[wrong][0]:g} in row "
            f"{int(wrong.argmax())} ({wrong.sum()} such): log how likely the policy was to take the arm it took"
        )
    return rewards, propensities


def _column(values: ArrayLike, name: str, decisions: int) -> Values:
    values = np.asarray(values, float)
    if values.shape != (decisions,):
        raise ValueError(f"{name} must be one number for each of {decisions} rewards, got shape {values.shape}")
    return values


def _table(values: ArrayLike, name: str, decisions: int) -> Table:
    values = np.asarray(values, float)
    if values.ndim != 2 or len(values) != decisions:
        raise ValueError(f"{name} must have a row for each of {decisions} rewards, got shape {values.shape}")
    _check_finite(values, name)
    return values


def _positions(arms: ArrayLike, decisions: int, columns: int) -> Int[np.ndarray, " decisions"]:
    taken = np.asarray(arms)
    if taken.shape != (decisions,) or not np.issubdtype(taken.dtype, np.integer):
        raise ValueError(
            f"arms must be one whole number for each of {decisions} rewards, the column of the arm taken, got "
            f"shape {taken.shape} of {taken.dtype}"
        )
    if taken.min() < 0 or taken.max() >= columns:
        wrong = taken[(taken < 0) | (taken >= columns)][0]
        raise ValueError(f"arms must be columns 0 .. {columns - 1} of target_probabilities, got {wrong}")
    return taken


def _weights(propensities: Values, target: Values) -> Values:
    _check_probabilities(target)
    return target / propensities


def _check_finite(values: Float[np.ndarray, "decisions ..."], name: str) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        raise ValueError(f"{name} must be finite, got {values[bad][0]} ({bad.sum()} such)")


def _check_probabilities(target: Float[np.ndarray, "decisions ..."]) -> None:
    wrong = ~((target >= 0) & (target <= 1 + ROUNDING))
    if wrong.any():
        raise ValueError(f"target_probabilities must lie between 0 and 1, got {target[wrong][0]:g}")


def _need_overlap(weights: Values) -> None:
    if not weights.any():
        raise ValueError("the target policy takes none of the logged arms: this log says nothing of it")
