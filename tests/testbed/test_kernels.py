"""Kernels in closed form, held to wide random networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.testbed.kernels import KERNELS, condition, nngp, ntk

SIZE, WIDTH = 3, 512
X = np.random.default_rng(0).normal(size=(6, SIZE))
X[5] = -X[0]  # an angle of nearly pi


def forward(parameters, x):
    """A network of standard parameters, each divided by its deviation's inverse: the tangent kernel's own units."""
    first, bias, second, last = parameters
    hidden = jax.nn.relu((first @ x + bias) / np.sqrt(SIZE))
    hidden = jax.nn.relu(second @ hidden / np.sqrt(WIDTH))
    return last @ hidden / np.sqrt(WIDTH)


def draw(key):
    shapes = ((WIDTH, SIZE), (WIDTH,), (WIDTH, WIDTH), (WIDTH,))
    return tuple(jax.random.normal(k, shape) for k, shape in zip(jax.random.split(key, 4), shapes, strict=True))


def test_nngp_is_the_covariance_of_wide_random_networks():
    """Given the layers below, the read-out makes outputs normal: average their covariance, not their products."""

    def covariance(key):
        first, bias, second, _ = draw(key)
        hidden = jax.nn.relu((jnp.asarray(X) @ first.T + bias) / np.sqrt(SIZE))
        hidden = jax.nn.relu(hidden @ second.T / np.sqrt(WIDTH))
        return hidden @ hidden.T / WIDTH

    found = np.asarray(jax.lax.map(covariance, jax.random.split(jax.random.key(0), 100)))
    error = found.std(axis=0) / np.sqrt(100)
    assert np.all(np.abs(found.mean(axis=0) - nngp(X, X)) < 4 * error + 0.01 * nngp(X, X))
    assert np.all(error < 0.02 * nngp(X, X).max())


def test_ntk_is_the_product_of_gradients_of_wide_random_networks():
    def kernel(key):
        gradients = jax.jacobian(lambda p: jax.vmap(lambda x: forward(p, x))(jnp.asarray(X, jnp.float32)))(draw(key))
        flat = jnp.concatenate([leaf.reshape(len(X), -1) for leaf in gradients], axis=1)
        return flat @ flat.T

    found = np.asarray(jax.lax.map(kernel, jax.random.split(jax.random.key(1), 30)))
    error = found.std(axis=0) / np.sqrt(30)
    assert np.all(np.abs(found.mean(axis=0) - ntk(X, X)) < 4 * error + 0.01 * ntk(X, X))
    assert np.all(error < 0.03 * ntk(X, X).max())


@pytest.mark.parametrize("kernel", KERNELS.values())
def test_kernels_are_symmetric_positive_and_the_same_in_blocks(kernel):
    x = np.random.default_rng(1).normal(size=(600, 10))
    whole = kernel(x, x)
    np.testing.assert_allclose(whole, whole.T, rtol=1e-12)
    assert np.linalg.eigvalsh(whole[:100, :100]).min() > 0
    np.testing.assert_allclose(whole[550:], kernel(x[550:], x), rtol=1e-9)


def test_variance_halves_with_each_layer():
    np.testing.assert_allclose(np.diag(nngp(X, X)), (np.sum(X**2, axis=1) + 1) / SIZE / 4, rtol=1e-6)


def test_targets_and_posterior_are_jointly_those_of_the_process():
    """Both are linear in the standard normal numbers that they are made of: unit vectors give the whole law."""
    others, noise_std = X[:2] + 0.3, 0.2
    made = [condition(nngp, X, unit, others, noise_std) for unit in np.eye(len(X))]
    targets, means = np.array([y for y, _, _ in made]), np.array([mean for _, mean, _ in made])
    gram = nngp(X, X) + noise_std**2 * np.eye(len(X))
    np.testing.assert_allclose(targets.T @ targets, gram, atol=1e-12)
    np.testing.assert_allclose(targets.T @ means, nngp(X, others), atol=1e-12)
    np.testing.assert_allclose(means.T @ means + made[0][2], nngp(others, others), atol=1e-12)
    np.testing.assert_allclose(means, targets @ np.linalg.solve(gram, nngp(X, others)), atol=1e-12)
