"""How many units a comparison of two rates needs, and what a comparison of so many can see.

Both are normal approximations for two rates near `rate`: the variance of their difference over `units` units each is
`2 rate (1 - rate) (1 - correlation) design_effect / units`. Two models that were asked the same questions have a
`correlation` of answers, .3 to .7 as a rule among strong ones (Miller 2024, "Adding Error Bars to Evals", sec. 4), and
need that much fewer; where they were asked different ones it is 0.

`visible_difference` starts from a run that there is: its rate may be 0 or 1, of which nothing is known but that the
other's may vary more. `paired_visible` starts from two runs on the same prompts.
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


def visible_difference(rate: float, units: float, *, power: float = 0.8, level: float = 0.05) -> float | None:
    """How far from a rate that was measured that of another run of the same size must lie to be told from it.

    It is on the side of 1/2, where there is room, and each run varies by its own rate: from 0 of 300 a difference is
    seen sooner than from 150 of 300, but not at once. For runs of different prompts; on the same ones less is seen.

    **Arguments:** `rate`, 0 to 1; `units`, how many independent ones it stands on; `power`, `level` as of
    `units_needed`.

    **Returns:** the difference; None if there is no rate so far away.

    **Raises:** `ValueError` if an argument is out of its range.

    >>> round(visible_difference(0.9, 250), 3), round(visible_difference(0.0, 300), 3), visible_difference(0.5, 3)
    (0.087, 0.025, None)
    """
    if not 0 <= rate <= 1 or units <= 0:
        raise ValueError(f"rate must be between 0 and 1 and units above 0, got {rate} and {units}")
    share = _reach(power, level) ** 2 / units
    lean = abs(1 - 2 * rate)
    # The root of d^2 = share (r (1 - r) + q (1 - q)), where q is d from r, towards 1/2.
    root = math.sqrt((share * lean) ** 2 + 8 * share * (1 + share) * rate * (1 - rate))
    difference = (share * lean + root) / (2 * (1 + share))
    return difference if difference <= max(rate, 1 - rate) else None


def paired_visible(spread: float, tests: int = 1, *, power: float = 0.8, level: float = 0.05) -> float:
    """The smallest true difference that a paired comparison of this size would call real.

    **Arguments:** `spread`, the standard error of the difference; `tests`, differences that are tested together, each
    at `level / tests` (Bonferroni: with Holm's rule a little less is seen); `power`, how likely it is to be seen.

    **Raises:** `ValueError` if an argument is out of its range.

    >>> round(paired_visible(0.02), 3), round(paired_visible(0.02, tests=40), 3)
    (0.056, 0.081)
    """
    if not spread >= 0 or tests < 1:
        raise ValueError(f"spread must be 0 or more and tests 1 or more, got {spread} and {tests}")
    return _reach(power, level / tests) * spread


def _reach(power: float, level: float) -> float:
    """How many standard errors a difference must be long."""
    if not 0 < power < 1 or not 0 < level < 1:
        raise ValueError(f"power and level must be between 0 and 1, got {power} and {level}")
    return float(stats.norm.isf(level / 2) + stats.norm.ppf(power))


def _spread(rate: float, correlation: float, design_effect: float, power: float, level: float) -> float:
    """What the square of a detectable difference is, times the number of units."""
    if not 0 < rate < 1:
        raise ValueError(f"rate must be between 0 and 1, got {rate}: at 0 and 1 nothing varies")
    if not -1 <= correlation < 1:
        raise ValueError(f"correlation must be at least -1 and below 1, got {correlation}")
    if design_effect <= 0:
        raise ValueError(f"design_effect must be above 0, got {design_effect}")
    return _reach(power, level) ** 2 * 2 * rate * (1 - rate) * (1 - correlation) * design_effect
