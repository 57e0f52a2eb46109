"""Which of many differences are real: p-values of estimates, and what they are worth when one looks at many.

A card compares two models on dozens of numbers. At one in twenty each, some differ by luck. `holm` bounds the chance
that any of the differences that one calls real is luck; `benjamini_hochberg` bounds the share of them that are.
"""

import numpy as np
from jaxtyping import Float
from scipy import stats

from gnothi.metrics.intervals import Estimate

PValues = Float[np.ndarray, " tests"]


def p_value(estimate: Estimate, null: float = 0.0) -> float:
    """How surprising an estimate is if the truth is `null`: below .05 just where its 95 % interval leaves `null` out.

    Either half of the interval is taken for 1.96 standard errors, as one half may be longer: near 0 and 1 it is.

    **Returns:** a two-sided p-value; 1 where nothing was measured.

    >>> round(p_value(Estimate(0.03, 0.0, 0.06, units=500)), 2)
    0.05
    """
    if not np.isfinite(estimate.value) or estimate.value == null:
        return 1.0
    length = estimate.value - estimate.low if null < estimate.value else estimate.high - estimate.value
    distance = abs(estimate.value - null)
    if length <= 0:  # the interval ends at its own value: whatever lies beyond is left out for certain
        return 0.0
    return float(2 * stats.norm.sf(stats.norm.ppf(0.975) * distance / length))


def holm(p_values: PValues) -> PValues:
    """P-values adjusted for their number by Holm 1979: reject those of at most .05, and the chance of one wrong
    rejection or more is at most .05, however the tests depend on each other.

    **Raises:** `ValueError` if a p-value is not between 0 and 1.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    checked = _checked(p_values)
    order = np.argsort(checked, kind="stable")
    stepped = np.maximum.accumulate(checked[order] * np.arange(checked.size, 0, -1))
    adjusted = np.empty_like(checked)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p_values: PValues) -> PValues:
    """P-values adjusted for their number by Benjamini and Hochberg 1995: of those of at most .05, at most one in twenty
    is expected to be wrong, if tests are independent or depend on each other positively.

    **Raises:** `ValueError` if a p-value is not between 0 and 1.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.04, 0.04]
    """
    checked = _checked(p_values)
    return np.asarray(stats.false_discovery_control(checked), float) if checked.size else checked


def _checked(p_values: PValues) -> PValues:
    checked = np.asarray(p_values, float)
    wrong = ~((checked >= 0) & (checked <= 1))
    if wrong.any():
        raise ValueError(f"p_values must be between 0 and 1, got {checked[wrong][0]} at {int(wrong.argmax())}")
    return checked
