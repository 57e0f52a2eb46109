"""Do two sets of draws have the same law? Permutation tests, and correlation by ranks, in NumPy alone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats
from scipy.spatial.distance import cdist

Rows = Float[np.ndarray, "samples features"]

FEW, MANY = 999, 19_999  # permutations: those that settle most questions, and those that settle a doubtful one
DOUBTFUL = 0.01
CLIP = 4.0  # standard deviations


@dataclass(frozen=True)
class LawTest:
    """How far two laws lie apart, from 0 (the same) to 1, and how often chance alone does that."""

    distance: float
    p_value: float


def same_law(first: Rows, second: Rows, rng: np.random.Generator) -> LawTest:
    """Tests whether two sets of independent rows have one joint law, by their energy distance (Székely and Rizzo 2013).

    Columns are standardised, and products of two columns stand beside them, so that a difference in correlation shows
    as plainly as one in means. The distance is `E / (2 mean |a - b|)`, which is 1 for laws that share no point.

    **Arguments:** `first`, `second`, a row a draw; `rng`, for the permutations: 999, and 19,999 where those leave
    doubt, so that the smallest p-value is 1 / 20,000.
    """
    pooled = np.concatenate([first, second])
    spread = pooled.std(axis=0)
    kept = spread > 1e-9 * (np.abs(pooled).max(axis=0) + 1e-300)
    if not kept.any():
        return LawTest(0.0, 1.0)
    z = np.clip((pooled[:, kept] - pooled[:, kept].mean(axis=0)) / spread[kept], -CLIP, CLIP)
    left, right = np.triu_indices(z.shape[1])
    distances = cdist(*[np.concatenate([z, z[:, left] * z[:, right]], axis=1)] * 2)
    weights = _weights(len(first), len(second))
    energy = -float(weights @ distances @ weights)

    def permuted(number: int) -> Float[np.ndarray, " permutations"]:
        signs = rng.permuted(np.tile(weights, (number, 1)), axis=1)
        return -np.sum((signs @ distances) * signs, axis=1)

    between = float(distances[: len(first), len(first) :].mean())
    return LawTest(max(0.0, energy) / (2 * between) if between else 0.0, _p_value(energy, permuted))


def same_means(first: Rows, second: Rows, rng: np.random.Generator) -> float:
    """The p-value of the largest standardised difference of two sets' column means, by permutation."""
    pooled = np.concatenate([first, second])
    pooled = pooled / (pooled.std(axis=0) + 1e-9 * np.abs(pooled).max(axis=0) + 1e-300)
    weights = _weights(len(first), len(second))

    def permuted(number: int) -> Float[np.ndarray, " permutations"]:
        return np.abs(rng.permuted(np.tile(weights, (number, 1)), axis=1) @ pooled).max(axis=1)

    return _p_value(float(np.abs(weights @ pooled).max()), permuted)


def _weights(first: int, second: int) -> Float[np.ndarray, " rows"]:
    return np.concatenate([np.full(first, 1 / first), np.full(second, -1 / second)])


def _p_value(statistic: float, permuted: Callable[[int], Float[np.ndarray, " permutations"]]) -> float:
    """How often a permutation does as much; rounding must not let equal sets look different."""
    for number in (FEW, MANY):
        p_value = (1 + int(np.sum(permuted(number) >= statistic * (1 - 1e-9) - 1e-12))) / (1 + number)
        if p_value > DOUBTFUL:
            break
    return float(p_value)


def rank_correlation(values: Float[np.ndarray, "samples inputs"]) -> Float[np.ndarray, "inputs inputs"]:
    """Spearman's correlation between columns: that of their ranks, which no monotone transform changes.

    It is 0 with a column that does not vary.
    """
    ranks = stats.rankdata(values, axis=0) - (len(values) + 1) / 2
    length = np.linalg.norm(ranks, axis=0)
    return ranks.T @ ranks / np.outer(length, length).clip(1.0)


def correlation_interval(correlation: float, units: int) -> tuple[float, float]:
    """A 95 % interval of a correlation over `units` independent draws, by Fisher's transform."""
    if units <= 3:
        return -1.0, 1.0
    centre, half = np.arctanh(np.clip(correlation, -1 + 1e-12, 1 - 1e-12)), 1.96 / np.sqrt(units - 3)
    return float(np.tanh(centre - half)), float(np.tanh(centre + half))
