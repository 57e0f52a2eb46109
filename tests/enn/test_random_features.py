import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gnothi as gn
from gnothi.enn.random_features import FourierFeatures, RandomFeatureNetwork, spectral_normalised


def test_no_singular_value_is_above_the_bound():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(3, 20, 20)).astype(np.float32) * np.array([1.0, 0.01, 0.3], np.float32)[:, None, None]
    bounded = np.asarray(spectral_normalised(jnp.asarray(weights), 0.9))
    before, after = (np.linalg.norm(w, 2, axis=(1, 2)) for w in (weights, bounded))
    np.testing.assert_allclose(after, np.minimum(before, 0.9), rtol=0.01)
    np.testing.assert_array_equal(bounded[1], weights[1])  # below the bound: left alone


def test_matrices_of_zeros_stay_zero():
    np.testing.assert_array_equal(spectral_normalised(jnp.zeros((1, 4, 4)), 0.9), 0)


def test_features_approach_the_gaussian_kernel():
    keys = jax.random.split(jax.random.key(0), 2)
    count = 100_000
    phases = jax.random.uniform(keys[1], (count,), maxval=2 * np.pi)
    features = FourierFeatures(jax.random.normal(keys[0], (count, 2)) / 0.7, phases, 3.0)
    x, y = jnp.asarray([0.1, 0.4]), jnp.asarray([0.6, -0.2])
    wanted = 9 * np.exp(-np.sum((x - y) ** 2) / (2 * 0.7**2))
    assert float(features(x) @ features(y)) == pytest.approx(float(wanted), abs=9 * 4 / np.sqrt(count))
    assert float(features(x) @ features(x)) == pytest.approx(9, abs=9 * 4 / np.sqrt(count))


@pytest.mark.slow
def test_the_trunk_keeps_distances():
    """Each residual with slope at most 0.5 keeps a distance within a factor of 0.5 and 1.5."""
    net = RandomFeatureNetwork(3, 2, width=40, depth=3, count=8, bound=0.5, key=jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (30, 3))
    before, after = (jax.vmap(f)(x) for f in (lambda x: net.projection.weight @ x, net.trunk))
    ratios = jnp.linalg.norm(after[1:] - after[0], axis=1) / jnp.linalg.norm(before[1:] - before[0], axis=1)
    assert float(ratios.min()) > 0.5**3 * 0.99 and float(ratios.max()) < 1.5**3 * 1.01


def test_projection_and_cosines_are_not_trained():
    net = RandomFeatureNetwork(3, 2, width=4, depth=1, count=8, key=jax.random.key(0))
    trained = gn.nn.partition(net)[0]
    assert sorted(leaf.shape for leaf in jax.tree.leaves(trained)) == [(1, 4), (1, 4, 4), (2, 8)]


def test_bad_sizes_are_refused():
    with pytest.raises(ValueError, match="every size must be 1 or more"):
        RandomFeatureNetwork(3, 2, width=0, depth=1, count=8, key=jax.random.key(0))
    with pytest.raises(ValueError, match="must be positive, got 0"):
        RandomFeatureNetwork(3, 2, width=4, depth=1, count=8, bound=0, key=jax.random.key(0))
