"""Weights have the law they are named after, whatever the index law that their noise comes from."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from gnothi.enn import Gaussian, Mask, OneOf
from gnothi.learning import BOOTSTRAPS

NUMBERS = 20_000
INDEX_LAWS = {"one_of": OneOf(NUMBERS), "gaussian": Gaussian(100), "mask": Mask(200, 0.5)}


def noise(law, num_data, num_indices):
    indices = law.enumerate()[:num_indices] if isinstance(law, OneOf) else law.samples(jax.random.key(1), num_indices)
    keys = jax.random.split(jax.random.key(2), num_data)
    table = jax.jit(lambda keys, zs: jax.vmap(lambda z: jax.vmap(lambda key: law.noise(key, z))(keys))(zs))
    return indices, table(keys, indices)  # indices, and noise by (index, data point)


@pytest.fixture(scope="module", params=INDEX_LAWS)
def tables(request):
    law = INDEX_LAWS[request.param]
    return law, noise(law, 3, NUMBERS), noise(law, NUMBERS, 3)


def mean_under(weigh, spread):
    """The mean weight of noise that is normal of deviation `spread`, by quadrature."""
    grid = np.linspace(-8, 8, 200_001)
    return integrate.trapezoid(np.asarray(weigh(jnp.asarray(spread * grid))) * stats.norm.pdf(grid), grid)


@pytest.mark.parametrize("name", BOOTSTRAPS)
@pytest.mark.slow
def test_weights_have_mean_1_over_indices_and_over_data(tables, name):
    law, (_, over_indices), (indices, over_data) = tables
    weigh = BOOTSTRAPS[name]
    tolerance = 5 / np.sqrt(NUMBERS)  # weights have deviation 1 at most
    np.testing.assert_allclose(jnp.mean(weigh(over_indices), axis=0), 1, atol=tolerance)
    # Over data, an index of unusual length gives weights of unusual mean (except when only signs count): the noise of
    # a vector index is its component along a random direction, so its spread is the index's length over sqrt(size).
    spreads = np.ones(3)
    if isinstance(law, Gaussian):
        spreads = np.linalg.norm(indices, axis=1) / np.sqrt(law.size)
    wanted = [mean_under(weigh, spread) for spread in spreads]
    np.testing.assert_allclose(jnp.mean(weigh(over_data), axis=1), wanted, atol=1.5 * tolerance)
    np.testing.assert_allclose(wanted, 1, atol=0.15)


def test_a_member_weighs_each_data_point_anew(tables):
    law, (_, over_indices), (_, over_data) = tables
    limit = 0.03 if isinstance(law, OneOf) else 0.35  # random directions in many dimensions are nearly orthogonal
    assert np.abs(np.corrcoef(over_indices.T) - np.eye(3)).max() < limit
    assert np.abs(np.corrcoef(over_data) - np.eye(3)).max() < limit


@pytest.fixture(scope="module")
def normal():
    return jnp.asarray(np.random.default_rng(0).normal(size=50_000), jnp.float32)


def test_no_bootstrap_weighs_everything_by_1(normal):
    assert (BOOTSTRAPS["none"](normal) == 1).all()


def test_bernoulli_weights_are_0_or_2(normal):
    weights = np.asarray(BOOTSTRAPS["bernoulli"](normal))
    assert set(np.unique(weights)) == {0.0, 2.0}
    assert stats.binomtest(int((weights > 0).sum()), len(weights)).pvalue > 1e-3


def test_exponential_weights_are_exponential(normal):
    weights = np.asarray(BOOTSTRAPS["exponential"](normal))
    assert stats.kstest(weights, stats.expon.cdf).pvalue > 1e-3


def test_poisson_weights_are_poisson(normal):
    weights = np.asarray(BOOTSTRAPS["poisson"](normal))
    counts = np.bincount(weights.astype(int), minlength=7)
    expected = stats.poisson.pmf(np.arange(7), 1.0) * len(weights)
    expected[6] = stats.poisson.sf(5, 1.0) * len(weights)
    assert stats.chisquare(np.append(counts[:6], counts[6:].sum()), expected).pvalue > 1e-3


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_extreme_noise_gives_finite_weights_that_grow_with_it(name):
    weights = np.asarray(BOOTSTRAPS[name](jnp.array([-40.0, -9.0, -1.0, 0.5, 1.0, 9.0, 12.0])))
    assert np.isfinite(weights).all() and (weights >= 0).all() and (np.diff(weights) >= 0).all()
