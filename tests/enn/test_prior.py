import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gnothi as gn
from gnothi.enn import Ensemble, Epinet, LinearPrior, MatchedPrior, WithPrior

X = jnp.asarray(np.random.default_rng(0).normal(size=(6, 2)), jnp.float32)


def make(key):
    return gn.nn.MLP(2, (4,), 3, key=key, first_bias_std=1.0)


@pytest.fixture(scope="module")
def functions():
    return gn.nn.stack(make, 5, key=jax.random.key(0))


def each(functions):
    return eqx.filter_vmap(lambda network: jax.vmap(network)(X))(functions)


def test_a_matched_prior_gives_each_member_a_function_of_its_own(functions):
    enn = WithPrior(Ensemble(gn.nn.stack(make, 5, key=jax.random.key(1))), MatchedPrior(functions, 3.0))
    np.testing.assert_allclose(enn.predict(X) - enn.network.predict(X), 3 * each(functions), rtol=1e-3, atol=1e-5)
    part = MatchedPrior(functions, 3.0, first=10)
    np.testing.assert_allclose(part.combine(part.basis(X[0]), jnp.array(12)), 3 * each(functions)[2, 0], rtol=1e-4)


def test_a_linear_prior_is_linear_in_the_index(functions):
    prior = LinearPrior(functions, 0.5)
    basis = prior.basis(X[0])
    z = jnp.asarray(np.random.default_rng(1).normal(size=5), jnp.float32)
    np.testing.assert_allclose(
        prior.combine(basis, z), 0.5 * jnp.einsum("k,kc->c", z, each(functions)[:, 0]), rtol=1e-4
    )
    np.testing.assert_allclose(prior.combine(basis, -2 * z), -2 * prior.combine(basis, z), rtol=1e-5)


def test_the_prior_adds_the_variance_of_its_functions(functions):
    """Over a standard normal index, a linear prior's covariance is the sum of its functions' squares."""
    k1, k2 = jax.random.split(jax.random.key(2))
    epinet = Epinet(make(k1), index_size=5, hidden=(), key=k2)
    silent = eqx.tree_at(lambda e: e.learnable, epinet, jax.tree.map(jnp.zeros_like, epinet.learnable))
    draws = gn.sample(WithPrior(silent, LinearPrior(functions, 1.0)), X, 20_000, key=jax.random.key(3))
    np.testing.assert_allclose(jnp.var(draws, axis=0), jnp.sum(each(functions) ** 2, axis=0), rtol=0.06)


def test_the_prior_is_not_computed_where_its_constants_are_given(functions):
    enn = WithPrior(Ensemble(gn.nn.stack(make, 5, key=jax.random.key(1))), MatchedPrior(functions, 3.0))
    basis = enn.constants(X)
    assert basis.shape == (6, 5, 3)
    np.testing.assert_allclose(
        enn.predict(X, None, 2 * basis) - enn.predict(X, None, basis), jnp.swapaxes(basis, 0, 1), rtol=1e-3, atol=1e-5
    )


def test_no_gradient_reaches_a_prior(functions):
    def total(functions, scale):
        prior = LinearPrior(functions, scale)
        return jnp.sum(jax.vmap(prior.basis)(X) ** 2)

    assert not any(leaf.any() for leaf in jax.tree.leaves(jax.grad(total)(functions, jnp.array(2.0))))
    trainable, _ = gn.nn.partition(LinearPrior(functions, jnp.array(2.0)))
    assert not jax.tree.leaves(trainable)
