import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from gnothi.enn import FiniteIndexDistribution, Gaussian, Mask, NoIndex, OneOf, ScaledGaussian, UnitSphere

LAWS = {
    "gaussian": Gaussian(8),
    "scaled": ScaledGaussian(8),
    "sphere": UnitSphere(200),
    "one_of": OneOf(5000, 7),
    "mask": Mask(200, 0.9),
}


def test_a_gaussian_index_is_standard_normal():
    z = np.asarray(Gaussian(3).samples(jax.random.key(0), 4000))
    assert z.shape == (4000, 3) and stats.kstest(z.ravel(), stats.norm.cdf).pvalue > 1e-3
    np.testing.assert_allclose(np.cov(z.T), np.eye(3), atol=0.1)


def test_an_index_on_the_sphere_has_length_1_and_no_direction():
    z = np.asarray(UnitSphere(3).samples(jax.random.key(0), 4000))
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-6)
    # Archimedes: on the sphere in three dimensions each coordinate is uniform.
    assert stats.kstest(z.ravel(), stats.uniform(-1, 2).cdf).pvalue > 1e-3


def test_members_are_drawn_alike_and_counted_from_the_first():
    law = OneOf(4, 10)
    drawn = np.asarray(law.samples(jax.random.key(0), 4000))
    assert stats.chisquare(np.bincount(drawn - 10)).pvalue > 1e-3
    assert law.enumerate().tolist() == [10, 11, 12, 13]


def test_masks_keep_each_unit_with_its_probability():
    z = np.asarray(Mask(50, 0.8).samples(jax.random.key(0), 2000))
    assert set(np.unique(z)) == {0.0, 1.0}
    assert z.mean() == pytest.approx(0.8, abs=5 * np.sqrt(0.16 / z.size))
    assert np.abs(np.corrcoef(z.T) - np.eye(50)).max() < 0.12


def test_no_index_says_nothing():
    assert not NoIndex().samples(jax.random.key(0), 3).any() and NoIndex().enumerate().shape == (1,)


@pytest.mark.parametrize("law", [Gaussian(3), ScaledGaussian(3), UnitSphere(3), OneOf(9), Mask(4, 0.5), NoIndex()])
def test_one_index_is_the_first_of_a_sample_of_one(law):
    key = jax.random.key(5)
    np.testing.assert_array_equal(law.sample(key), law.samples(key, 1)[0])
    assert isinstance(law, FiniteIndexDistribution) == isinstance(law, OneOf | NoIndex)


@pytest.mark.parametrize("name", LAWS)
def test_noise_is_standard_normal_over_indices_and_fixed_by_key_and_index(name):
    law = LAWS[name]
    indices = law.samples(jax.random.key(1), 4000)
    if name == "one_of":  # two draws of one member share their noise, and the test of the law needs independence
        indices = law.enumerate()[:4000]
    keys = jax.random.split(jax.random.key(2), 2)
    both = jax.jit(jax.vmap(lambda key: jax.vmap(lambda z: law.noise(key, z))(indices)))
    noise = np.asarray(both(keys))
    for row in noise:
        assert stats.kstest(row, stats.norm.cdf).pvalue > 1e-3
    assert np.abs(np.corrcoef(noise)[0, 1]) < (
        1 if name in ("gaussian", "scaled") else 0.3
    )  # directions in 8 dimensions may be near
    np.testing.assert_allclose(law.noise(keys[1], indices[3]), noise[1, 3], atol=1e-5)


def test_a_plain_network_has_one_noise_for_each_data_point():
    keys = jax.random.split(jax.random.key(0), 4000)
    noise = jax.vmap(lambda key: NoIndex().noise(key, jnp.zeros((), int)))(keys)
    assert stats.kstest(np.asarray(noise), stats.norm.cdf).pvalue > 1e-3


def test_a_scaled_index_has_squared_length_1_on_average():
    squares = np.sum(np.asarray(ScaledGaussian(6).samples(jax.random.key(0), 4000)) ** 2, axis=1)
    assert squares.mean() == pytest.approx(1, abs=5 * np.sqrt(2 / 6 / 4000))
