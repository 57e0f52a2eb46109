"""What a verdict is worth, when the grader that gave it errs."""

import numpy as np
from jaxtyping import Bool, Float

from gnothi.metrics.grader_errors import GraderErrors


def draw_errors(errors: GraderErrors, random: np.random.Generator) -> tuple[float, float]:
    """A sensitivity and a specificity, as likely as labels make them, from Jeffreys' priors.

    Those of a grader worse than a coin, whose verdicts one would turn round, are left out.

    **Raises:** `ValueError` if the labels say that the grader is no better than that.
    """
    if errors.true_positives * errors.negatives + errors.true_negatives * errors.positives <= (
        errors.positives * errors.negatives
    ):
        raise ValueError(f"{errors}: sensitivity and specificity sum to 1 or less, so the grader tells nothing")
    while True:
        misses, alarms = errors.positives - errors.true_positives, errors.negatives - errors.true_negatives
        sensitivity = float(random.beta(errors.true_positives + 0.5, misses + 0.5))
        specificity = float(random.beta(errors.true_negatives + 0.5, alarms + 0.5))
        if sensitivity + specificity > 1:
            return sensitivity, specificity


def chance_of_truth(
    chances: Float[np.ndarray, " answers"],
    verdicts: Bool[np.ndarray, " answers"],
    sensitivity: float,
    specificity: float,
) -> Float[np.ndarray, " answers"]:
    """How likely each answer is a failure, given the chance of that before and what the grader said (Bayes' rule).

    >>> chance_of_truth(np.array([0.5, 0.5]), np.array([True, False]), 0.9, 0.8).round(2)
    array([0.82, 0.11])
    """
    if_failed = np.where(verdicts, sensitivity, 1 - sensitivity)
    if_held = np.where(verdicts, 1 - specificity, specificity)
    both = chances * if_failed + (1 - chances) * if_held
    return np.divide(chances * if_failed, both, out=chances.copy(), where=both > 0)
