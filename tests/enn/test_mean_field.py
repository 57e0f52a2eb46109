"""Mean-field weights are held to their law, to Monte Carlo, and to a posterior that is known."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from scipy import stats

import gnothi as gn

KEY = jax.random.key(0)
X = jnp.asarray(np.random.default_rng(0).normal(size=(5, 2)), jnp.float32)


@pytest.fixture(scope="module")
def enn():
    return gn.enn.MeanField(gn.nn.MLP(2, (6, 4), 3, key=KEY), std=0.3)


def test_every_weight_is_normal_with_a_mean_and_a_deviation_of_its_own(enn):
    raw = enn.spread.biases[0] + 2.0
    enn = eqx.tree_at(lambda e: e.spread.biases[0], enn, raw)
    assert enn.index.size == (2 * 6 + 6) + (6 * 4 + 4) + (4 * 3 + 3)
    drawn = enn.networks(enn.index.samples(KEY, 4000))
    for leaf, mean, std in (
        (drawn.weights[1], enn.mean.weights[1], 0.3),
        (drawn.biases[0], enn.mean.biases[0], float(jax.nn.softplus(raw[0]))),
    ):
        np.testing.assert_allclose(leaf.mean(axis=0), mean, atol=5 * std / np.sqrt(4000))
        assert stats.kstest(np.asarray((leaf - mean) / std).ravel(), stats.norm.cdf).pvalue > 1e-3
    flat = np.stack([np.asarray(ravel_pytree(jax.tree.map(lambda leaf, i=i: leaf[i], drawn))[0]) for i in range(500)])
    correlations = np.corrcoef(flat.T) - np.eye(enn.index.size)
    assert np.abs(correlations).max() < 0.25  # each weight has a number of the index to itself


@pytest.mark.slow
def test_many_at_once_are_one_by_one_and_gradients_are_too(enn):
    indices = enn.index.samples(KEY, 4)

    def alone(enn):
        return jax.vmap(lambda z: jax.vmap(lambda x: enn(x, z))(X))(indices)

    np.testing.assert_allclose(enn.predict(X, indices), alone(enn), atol=1e-5)

    def gradient(predict):
        return jax.jit(jax.grad(lambda enn: jnp.sum(jnp.sin(predict(enn)))))(enn)

    found = gradient(lambda enn: enn.predict(X, indices))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), found, gradient(alone))
    assert all(leaf.any() for leaf in jax.tree.leaves(found.spread))


def test_the_same_input_twice_has_one_value_in_a_joint_sample(enn):
    draws = gn.sample(enn, X[jnp.array([0, 1, 0])], 20, key=KEY)
    np.testing.assert_allclose(draws[:, 0], draws[:, 2], atol=1e-6)
    assert draws[:, 0].std(axis=0).min() > 0.01


def test_the_divergence_is_that_of_monte_carlo(enn):
    drawn = np.asarray(jax.vmap(lambda net: ravel_pytree(net)[0])(enn.networks(enn.index.samples(KEY, 20_000))))
    mean = np.asarray(ravel_pytree(enn.mean)[0])
    logs = stats.norm.logpdf(drawn, mean, 0.3).sum(axis=1) - stats.norm.logpdf(drawn, 0, 0.8).sum(axis=1)
    assert float(enn.kl(0.8)) == pytest.approx(logs.mean(), abs=5 * logs.std() / np.sqrt(len(logs)))


def test_the_divergence_from_itself_is_0(enn):
    zero = gn.enn.MeanField(jax.tree.map(jnp.zeros_like, enn.mean), std=0.7)
    assert float(zero.kl(0.7)) == pytest.approx(0, abs=1e-4)


def test_with_the_divergence_as_penalty_the_exact_posterior_is_learnt():
    """With orthogonal inputs the posterior of a linear model is mean-field itself."""
    num_data, noise, prior_std = 20, 0.5, 0.8
    x = jnp.tile(jnp.array([[1.0], [-1.0]]), (num_data // 2, 1))
    y = 0.7 * x[:, 0] - 0.4 + noise * jax.random.normal(KEY, (num_data,))
    enn = gn.learning.fit(
        gn.enn.MeanField(gn.nn.MLP(1, (), 1, key=KEY), std=0.1),
        gn.data.Dataset(x, y),
        loss=gn.learning.squared_error(num_indices=32, noise_std=noise),
        penalty=lambda enn: enn.kl(prior_std) / num_data,
        steps=3000,
        learning_rate=0.003,
        key=KEY,
    )
    precision = num_data / noise**2 + 1 / prior_std**2
    wanted = np.array([x[:, 0] @ y, y.sum()]) / noise**2 / precision
    std = 1 / np.sqrt(precision)
    np.testing.assert_allclose([enn.mean.weights[0][0, 0], enn.mean.biases[0][0]], wanted, atol=0.1 * std)
    found = jax.nn.softplus(jnp.stack([enn.spread.weights[0][0, 0], enn.spread.biases[0][0]]))
    np.testing.assert_allclose(found, std, rtol=0.1)


def test_a_deviation_of_0_is_refused():
    with pytest.raises(ValueError, match=r"std must be positive, got 0\.0"):
        gn.enn.MeanField(gn.nn.MLP(2, (), 2, key=KEY), std=0.0)
    with pytest.raises(ValueError, match="endlessly many indices"):
        gn.enn.MeanField(gn.nn.MLP(2, (), 2, key=KEY)).predict(X)
