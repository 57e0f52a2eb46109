import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import gnothi as gn
from gnothi.enn.curvature import gauss_newton, layer_slopes, softmax_root, sum_over_data

X = jnp.asarray(np.random.default_rng(0).normal(size=(9, 2)), jnp.float32)
NET = gn.nn.MLP(2, (4, 5), 3, key=jax.random.key(0), first_bias_std=1.0)


def order(network):
    """Where `ravel_pytree` puts the weights that blocks number layer by layer, outputs x (inputs and bias)."""
    flat, restore = ravel_pytree(network)
    numbers = restore(jnp.arange(flat.size, dtype=jnp.float32))
    layers = [np.column_stack([w, b]).ravel() for w, b in zip(numbers.weights, numbers.biases, strict=True)]
    return np.concatenate(layers).astype(int)


def exact(network, x):
    """Gauss-Newton by its definition, from automatic derivatives."""
    flat, restore = ravel_pytree(network)
    jacobian = np.asarray(jax.jacobian(lambda theta: jax.vmap(restore(theta))(x))(flat))
    probs = np.asarray(jax.nn.softmax(jax.vmap(network)(x)))
    total = 0
    for j, p in zip(jacobian, probs, strict=True):
        total = total + j.T @ (np.diag(p) - np.outer(p, p)) @ j
    numbers = order(network)
    return total[np.ix_(numbers, numbers)]


def dense(block):
    vectors = np.kron(block.left, block.right)
    return vectors @ np.diag(np.asarray(block.values).ravel()) @ vectors.T


def test_full_is_the_gauss_newton_matrix():
    (block,) = gauss_newton(NET, X, "full")
    np.testing.assert_allclose(dense(block), exact(NET, X), rtol=1e-3, atol=1e-4)


def test_for_a_linear_model_it_is_the_hessian():
    net = gn.nn.MLP(2, (), 3, key=jax.random.key(1))
    flat, restore = ravel_pytree(net)

    def loss(theta):  # the Hessian of the cross-entropy does not depend on the labels
        return -jnp.sum(jax.nn.log_softmax(jax.vmap(restore(theta))(X))[:, 0])

    numbers = order(net)
    wanted = np.asarray(jax.hessian(loss)(flat))[np.ix_(numbers, numbers)]
    np.testing.assert_allclose(dense(gauss_newton(net, X, "full")[0]), wanted, rtol=1e-3, atol=1e-4)


def test_the_last_layer_is_a_corner_of_the_whole():
    corner = exact(NET, X)[-18:, -18:]
    np.testing.assert_allclose(dense(gauss_newton(NET, X, "full", first=2)[0]), corner, rtol=1e-3, atol=1e-4)


def test_diag_is_the_diagonal():
    found = np.concatenate([np.diag(dense(block)) for block in gauss_newton(NET, X, "diag")])
    np.testing.assert_allclose(found, np.diag(exact(NET, X)), rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_for_one_datum_kron_is_each_layers_full_block():
    whole, start = exact(NET, X[:1]), 0
    for block in gauss_newton(NET, X[:1], "kron"):
        end = start + block.values.size
        np.testing.assert_allclose(dense(block), whole[start:end, start:end], rtol=1e-3, atol=1e-5)
        start = end
    assert start == len(whole)


def test_for_equal_curvature_kron_is_full_too():
    """Where all outputs are as sure, the curvature factors: a last layer at 0."""
    net = gn.nn.MLP(2, (), 3, key=jax.random.key(1))
    net = jax.tree.map(jnp.zeros_like, net)
    full, kron = (dense(gauss_newton(net, X, hessian)[0]) for hessian in ("full", "kron"))
    np.testing.assert_allclose(kron, full, rtol=1e-3, atol=1e-4)


def test_slopes_times_inputs_are_derivatives():
    logits, layers = layer_slopes(NET, X)
    np.testing.assert_allclose(logits, jax.vmap(NET)(X), rtol=1e-5, atol=1e-6)
    jacobian = jax.jacobian(lambda net: jax.vmap(net)(X))(NET)
    for layer, weight, bias in zip(layers, jacobian.weights, jacobian.biases, strict=True):
        product = jnp.einsum("nco,ni->ncoi", layer.slopes, layer.inputs)
        np.testing.assert_allclose(product[..., :-1], weight, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(product[..., -1], bias, rtol=1e-4, atol=1e-5)


def test_a_root_of_the_softmax_hessian():
    p = np.asarray([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]], np.float32)
    root = np.asarray(softmax_root(jnp.asarray(p)))
    wanted = np.stack([np.diag(row) - np.outer(row, row) for row in p])
    np.testing.assert_allclose(root @ np.swapaxes(root, 1, 2), wanted, atol=1e-6)


@pytest.mark.parametrize("most", [1, 4, 9, 100])
def test_sums_do_not_depend_on_the_blocks(most):
    found = sum_over_data(lambda rows, weights: (jnp.cos(rows) * weights[:, None]).sum(axis=0), X, most=most)
    np.testing.assert_allclose(found, jnp.cos(X).sum(axis=0), rtol=1e-5)


def test_an_unknown_structure_is_refused():
    with pytest.raises(ValueError, match="hessian must be one of 'full', 'kron', 'diag', got 'kfac'"):
        gauss_newton(NET, X, "kfac")
