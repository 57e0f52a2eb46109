from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gnothi as gn
from gnothi.enn import GaussianHead, inverse_root, read_features

X = jnp.asarray(np.random.default_rng(0).normal(size=(6, 2)), jnp.float32)


@cache
def factors():
    rng = np.random.default_rng(1)
    return {
        "dense": ("biased", jnp.asarray(rng.normal(size=(1, 3 * 6, 4)), jnp.float32)),
        "by_class": ("features", jnp.asarray(rng.normal(size=(3, 5, 4)), jnp.float32)),
        "unit": ("unit", jnp.asarray(rng.normal(size=(3, 5, 5)), jnp.float32)),
    }


def head(kind):
    read, factor = factors()[kind]
    return GaussianHead(gn.nn.MLP(2, (7, 5), 3, key=jax.random.key(0), first_bias_std=1.0), factor, read=read)


@pytest.mark.parametrize("kind", ["dense", "by_class", "unit"])
def test_outputs_vary_with_the_covariance_of_the_weights(kind):
    """Cov[f_c(x), f_d(y)] = phi(x)' S_cd phi(y), where S is F F', block by block."""
    enn, (read, factor) = head(kind), factors()[kind]
    phi = np.asarray(read_features(jax.vmap(enn.network.features)(X), read))
    size, count = phi.shape[1], len(factor)
    covariance = np.zeros((3 * size, 3 * size))
    width = 3 * size // count
    for number, root in enumerate(np.asarray(factor)):
        rows = slice(number * width, (number + 1) * width)
        covariance[rows, rows] = root @ root.T
    wanted = np.einsum("if,cfdg,jg->icjd", phi, covariance.reshape(3, size, 3, size), phi).reshape(18, 18)
    # The outputs are linear in the index, so the columns of the identity give the covariance exactly.
    effects = enn.predict(X, jnp.eye(enn.index.size)) - jax.vmap(enn.network)(X)
    effects = np.asarray(effects).reshape(enn.index.size, -1)
    np.testing.assert_allclose(effects.T @ effects, wanted, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(enn.predict(X, jnp.zeros((1, enn.index.size)))[0], jax.vmap(enn.network)(X), rtol=1e-5)


def test_the_length_of_unit_features():
    np.testing.assert_allclose(jnp.linalg.norm(read_features(3 * X, "unit"), axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(read_features(0 * X, "unit"), 0)  # of dead features: no NaN


def test_a_root_of_the_inverse():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(5, 9))
    precision = root @ root.T + np.eye(5)
    factor = np.asarray(inverse_root(jnp.asarray(precision, jnp.float32)))
    np.testing.assert_allclose(factor @ factor.T, np.linalg.inv(precision), rtol=1e-3, atol=1e-5)


def test_the_covariance_is_not_trained():
    assert not jax.tree.leaves(gn.nn.partition(head("dense"))[0].factor)


def test_an_unknown_reading_is_refused():
    with pytest.raises(ValueError, match="read must be one of 'features', 'unit', 'biased', got 'bias'"):
        GaussianHead(head("unit").network, factors()["unit"][1], read="bias")
