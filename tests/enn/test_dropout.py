from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gnothi as gn

X = jnp.asarray(np.random.default_rng(0).normal(size=(6, 3)), jnp.float32)


@cache
def make(hidden=(5, 4), rate=0.5):
    return gn.enn.Dropout(gn.nn.MLP(3, hidden, 2, key=jax.random.key(0), first_bias_std=1.0), rate)


def test_a_mask_scales_up_what_it_keeps():
    enn = make((4,), 0.5)
    (w1, w2), (b1, b2) = enn.network.weights, enn.network.biases
    mask = jnp.array([1.0, 0.0, 1.0, 1.0])
    hidden = 2 * np.asarray(mask) * np.maximum(w1 @ X[0] + b1, 0)
    np.testing.assert_allclose(enn(X[0], mask), w2 @ hidden + b2, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.3])
def test_a_mask_at_its_mean_gives_the_plain_network(rate):
    """Rate 0 keeps all; at any rate the mean mask, which is `keep` everywhere, cancels the scaling."""
    enn = make(rate=rate)
    mean_mask = jnp.full((1, 9), 1 - rate)
    np.testing.assert_allclose(enn.predict(X, mean_mask)[0], jax.vmap(enn.network)(X), rtol=1e-5, atol=1e-6)
    if rate == 0:
        np.testing.assert_array_equal(enn.index.samples(jax.random.key(0), 3), 1)


def test_rows_share_their_mask():
    """All rows of a sample are the outputs of one thinned network: linear in the rows where no unit switches."""
    enn = make((5,), 0.5)
    net = jax.tree.map(lambda leaf: jnp.abs(leaf), enn.network)  # positive weights and inputs: every unit is on
    enn = gn.enn.Dropout(net, 0.5)
    x = jnp.abs(X)
    draws = enn.predict(jnp.concatenate([x, (x[:1] + x[1:2]) / 2]), enn.index.samples(jax.random.key(1), 20))
    np.testing.assert_allclose(draws[:, -1], (draws[:, 0] + draws[:, 1]) / 2, rtol=1e-4, atol=1e-5)
    assert np.ptp(np.asarray(draws), axis=0).min() > 0.01


def test_dropping_everything_leaves_the_last_bias():
    enn = make()
    np.testing.assert_allclose(enn.predict(X, jnp.zeros((1, 9)))[0], jnp.tile(enn.network.biases[-1], (6, 1)))


def test_a_linear_model_has_nothing_to_drop():
    enn = make(())
    draws = enn.predict(X, enn.index.samples(jax.random.key(0), 3))
    np.testing.assert_allclose(draws, jnp.broadcast_to(jax.vmap(enn.network)(X), (3, 6, 2)), atol=1e-6)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_rate_outside_its_range_is_refused(rate):
    with pytest.raises(ValueError, match=rf"rate must lie in \[0, 1\), got {rate}"):
        make(rate=rate)
