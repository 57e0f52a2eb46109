"""Draws have the law's mean and variance, and make a logistic likelihood Gaussian."""

import numpy as np
import pytest

from gnothi.safety.redteam.polya_gamma import polya_gamma, polya_gamma_mean

TILTS = np.array([0.0, 0.5, -2.0, 6.0])


def test_mean_and_variance_are_the_laws():
    draws = polya_gamma(np.repeat(TILTS, 20_000), np.random.default_rng(0)).reshape(4, -1)
    assert (draws > 0).all()
    assert draws.mean(axis=1) == pytest.approx(polya_gamma_mean(TILTS), rel=0.02)
    tilt = np.abs(TILTS[1:])
    variance = (np.sinh(tilt) - tilt) / (4 * tilt**3 * np.cosh(tilt / 2) ** 2)
    assert draws.var(axis=1) == pytest.approx(np.r_[1 / 24, variance], rel=0.05)


def test_the_mixture_is_the_logistic_function():
    """E exp(-w x^2 / 2) of PG(1, 0) is 1 / cosh(x / 2): theorem 1 of the paper with nothing observed."""
    draws = polya_gamma(np.zeros(30_000), np.random.default_rng(1))
    for x in (0.5, 2.0, 5.0):
        assert np.exp(-draws * x**2 / 2).mean() == pytest.approx(1 / np.cosh(x / 2), rel=0.02)


def test_the_mean_is_smooth_where_the_tilt_is_nothing():
    assert polya_gamma_mean(np.array([0.0, 1e-5, 1e-3])) == pytest.approx([0.25, 0.25, 0.25 - 1e-6 / 48])
