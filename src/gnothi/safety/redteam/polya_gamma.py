"""Pólya-Gamma draws, by which a logistic likelihood becomes a Gaussian one (Polson, Scott and Windle 2013)."""

import numpy as np
from jaxtyping import Float

TERMS = 64  # of the infinite sum; what is left has a ten-millionth of the variance, and is put in by its mean


def polya_gamma(tilts: Float[np.ndarray, " rows"], random: np.random.Generator) -> Float[np.ndarray, " rows"]:
    """A draw of PG(1, tilt) for each tilt.

    It is a sum of exponential draws with weights 1 / (2 pi^2 ((k - 1/2)^2 + tilt^2 / (4 pi^2))), k from 1 on (eq. 2 of
    the paper), whose mean is tanh(tilt / 2) / (2 tilt).
    """
    tilts = np.abs(np.asarray(tilts, float))
    squares = (np.arange(TERMS) + 0.5) ** 2 + (tilts[:, None] / (2 * np.pi)) ** 2
    weights = 1 / (2 * np.pi**2 * squares)
    rest = polya_gamma_mean(tilts) - weights.sum(axis=1)
    return (weights * random.standard_exponential(weights.shape)).sum(axis=1) + rest


def polya_gamma_mean(tilts: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " rows"]:
    """The mean of PG(1, tilt)."""
    safe = np.where(np.abs(tilts) < 1e-4, 1.0, tilts)
    return np.where(np.abs(tilts) < 1e-4, 0.25 - tilts**2 / 48, np.tanh(safe / 2) / (2 * safe))
