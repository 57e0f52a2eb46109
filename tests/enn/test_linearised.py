import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gnothi as gn
from gnothi.enn import Block, Linearised

X = jnp.asarray(np.random.default_rng(0).normal(size=(6, 2)), jnp.float32)
NET = gn.nn.MLP(2, (4, 5), 3, key=jax.random.key(0), first_bias_std=1.0)


def linearised():
    rng = np.random.default_rng(1)

    def block(weight):
        rows, columns = len(weight), weight.shape[1] + 1
        left, right = (np.linalg.qr(rng.normal(size=(n, n)))[0].astype(np.float32) for n in (rows, columns))
        values = rng.uniform(0.5, 2, (rows, columns)).astype(np.float32)
        return Block(*map(jnp.asarray, (left, right, values)))

    return Linearised(NET, tuple(block(weight) for weight in NET.weights))


@pytest.mark.slow
def test_predictions_are_jacobian_vector_products():
    enn = linearised()
    indices = enn.index.samples(jax.random.key(0), 5)
    changes = enn.weights(indices)

    def one(z):
        weights = tuple(change[z, :, :-1] for change in changes)
        biases = tuple(change[z, :, -1] for change in changes)
        tangent = eqx.tree_at(lambda net: (net.weights, net.biases), NET, (weights, biases))
        mean, change = jax.jvp(lambda net: jax.vmap(net)(X), (NET,), (tangent,))
        return mean + change

    wanted = jnp.stack([one(z) for z in range(5)])
    np.testing.assert_allclose(enn.predict(X, indices), wanted, rtol=1e-3, atol=1e-4)


def test_weights_have_the_covariance_of_their_block():
    enn = linearised()
    effects = enn.weights(jnp.eye(enn.index.size))
    start = 0
    for change, block in zip(effects, enn.deviations.layers, strict=True):
        size = block.values.size
        own = np.asarray(change)[start : start + size].reshape(size, size)
        vectors = np.kron(block.left, block.right)
        wanted = vectors @ np.diag(np.asarray(block.values).ravel() ** 2) @ vectors.T
        np.testing.assert_allclose(own.T @ own, wanted, rtol=1e-3, atol=1e-4)
        start += size
    assert start == enn.index.size == 12 + 25 + 18


def test_blocks_must_fit_the_layers():
    with pytest.raises(ValueError, match="one block for each of 3 layers"):
        Linearised(NET, linearised().deviations.layers[:2])
