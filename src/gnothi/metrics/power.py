"""How many units a comparison of two rates needs, and what a comparison of so many can see.

Both are normal approximations for two rates near `rate`: the variance of their difference over `units` units each is
`2 rate (1 - rate) (1 - correlation) design_effect / units`. Two models that were asked the same questions have a
`correlation` of answers, .3 to .7 as a rule among strong ones (Miller 2024, "Adding Error Bars to Evals", sec. 4), and
need that much fewer; where they were asked different ones it is 0.
"""

import math

from scipy import stats


def units_needed(
    rate: float,
    difference: float,
    *,
    correlation: float = 0.0,
    design_effect: float = 1.0,
    power: float = 0.8,
    level: float = 0.05,
) -> int:
    """How many units each of two models must be asked for their difference to be seen.

    **Arguments:** `rate`, about which the two lie, 0 to 1; `difference`, to be seen; `correlation`, between the two
    models' results on one unit (0: unpaired); `design_effect`, how many times the variance is that of independent
    units (1 without clusters); `power`, how likely it is to be seen; `level`, of the two-sided test.

    **Raises:** `ValueError` if an argument is out of its range.

    >>> units_needed(0.9, 0.03), units_needed(0.9, 0.03, correlation=0.5)
    (1570, 785)
    """
    if not 0 < difference < 1:
        raise ValueError(f"difference must be between 0 and 1, got {difference}")
    return math.ceil(_spread(rate, correlation, design_effect, power, level) / difference**2)


def detectable_difference(
    rate: float,
    units: int,
    *,
    correlation: float = 0.0,
    design_effect: float = 1.0,
    power: float = 0.8,
    level: float = 0.05,
) -> float:
    """The smallest difference of two rates that is seen with `units` units each; arguments as of `units_needed`.

    **Raises:** `ValueError` if an argument is out of its range.

    >>> round(detectable_difference(0.9, 250), 3)
    0.075
    """
    if units < 1:
        raise ValueError(f"units must be 1 or more, got {units}")
    return math.sqrt(_spread(rate, correlation, design_effect, power, level) / units)


def _spread(rate: float, correlation: float, design_effect: float, power: float, level: float) -> float:
    """What the square of a detectable difference is, times the number of units."""
    if not 0 < rate < 1:
        raise ValueError(f"rate must be between 0 and 1, got {rate}: at 0 and 1 nothing varies")
    if not -1 <= correlation < 1:
        raise ValueError(f"correlation must be at least -1 and below 1, got {correlation}")
    if design_effect <= 0:
        raise ValueError(f"design_effect must be above 0, got {design_effect}")
    if not 0 < power < 1 or not 0 < level < 1:
        raise ValueError(f"power and level must be between 0 and 1, got {power} and {level}")
    reach = float(stats.norm.isf(level / 2) + stats.norm.ppf(power))
    return reach**2 * 2 * rate * (1 - rate) * (1 - correlation) * design_effect
