from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import jaxprs_in_params

import gnothi as gn
from gnothi.enn import Epinet
from gnothi.learning.losses import Batch
from gnothi.nn import TableMLP

X = jnp.asarray(np.random.default_rng(0).normal(size=(6, 3)), jnp.float32)
Z = jnp.asarray(np.random.default_rng(1).normal(size=(11, 4)), jnp.float32)
WIDTH = 37  # of the base network: a number that nothing else has


@cache
def make(hidden=(5,), **options) -> gn.enn.Epinet:
    k1, k2 = jax.random.split(jax.random.key(0))
    base = gn.nn.MLP(3, (WIDTH, WIDTH), 2, key=k1, first_bias_std=1.0)
    return gn.enn.Epinet(base, index_size=4, hidden=hidden, key=k2, **options)


def correction(enn, z):
    difference = eqx.filter_jit(lambda enn, z: jax.vmap(lambda x: enn(x, z))(X) - jax.vmap(enn.base)(X))
    return np.asarray(difference(enn, z))


def matrix_products(jaxpr):
    """The shapes of (left, right, product) of every matrix product, inner programs included."""
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            yield [v.aval.shape for v in (*equation.invars, *equation.outvars)]
        for inner in jaxprs_in_params(equation.params):
            yield from matrix_products(inner)


def of_the_base(products):
    """Those that read or write the base's layers; the epinet's own first layer reads the features too."""
    return [shapes for shapes in products if any({WIDTH, WIDTH + 3} & set(shape) for shape in shapes)]


@pytest.mark.parametrize("training", [False, True])
def test_the_base_runs_once_a_batch_whatever_the_number_of_indices(training):
    enn = make((5, 5), prior_scale=1.0)
    batch = Batch(X, jnp.zeros(6, int), jnp.arange(6))

    def loss(enn, indices):
        return gn.learning.cross_entropy(num_indices=11)(enn, batch, indices)

    function = eqx.filter_grad(loss) if training else lambda enn, indices: enn.predict(X, indices)
    dynamic, static = eqx.partition(enn, eqx.is_array)
    jaxpr = jax.make_jaxpr(lambda enn, indices: function(eqx.combine(enn, static), indices))(dynamic, Z).jaxpr
    products = of_the_base(matrix_products(jaxpr))
    assert len(products) >= 3 + 2  # three layers of the base, and the features' part of two epinets
    assert not any(len(Z) in shape for shapes in products for shape in shapes)


def test_the_definition():
    """mu(x) + sigma([z, features, x])' z + scale * prior([z, features, x])' z."""
    enn = make((5,), prior_scale=0.7)
    x, z = X[0], Z[0]
    features = enn.base.features(x)
    seen = jnp.concatenate([z, features, x])
    wanted = enn.base(x) + enn.learnable(seen).reshape(2, 4) @ z + 0.7 * enn.prior.mlp(seen).reshape(2, 4) @ z
    np.testing.assert_allclose(enn(x, z), wanted, rtol=1e-4, atol=1e-5)


def test_without_hidden_layers_the_correction_is_a_quadratic_form_of_the_index():
    enn = make(())
    zero, plus, minus, double = (correction(enn, z) for z in (0 * Z[0], Z[0], -Z[0], 2 * Z[0]))
    np.testing.assert_allclose(zero, 0, atol=1e-6)  # the mean index gives the base
    odd, even = (plus - minus) / 2, (plus + minus) / 2
    np.testing.assert_allclose(double, 2 * odd + 4 * even, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(even, np.broadcast_to(even[0], even.shape), atol=1e-5)  # z'Wz: the same at every input
    assert np.ptp(odd, axis=0).min() > 0.01


def test_an_epinet_that_does_not_read_the_index_is_linear_in_it():
    """mu(x) + (sigma([features, x]) + scale * prior([features, x]))' z."""
    enn = make((5,), prior_scale=0.7, reads_index=False)
    x, z = X[0], Z[0]
    seen = jnp.concatenate([enn.base.features(x), x])
    wanted = enn.base(x) + (enn.learnable(seen) + 0.7 * enn.prior.mlp(seen)).reshape(2, 4) @ z
    np.testing.assert_allclose(enn(x, z), wanted, rtol=1e-4, atol=1e-5)
    sums, differences = correction(enn, 2 * Z[0] - 3 * Z[1]), 2 * correction(enn, Z[0]) - 3 * correction(enn, Z[1])
    np.testing.assert_allclose(sums, differences, rtol=1e-3, atol=1e-4)


def test_an_epinet_that_does_not_read_the_index_runs_once_a_batch():
    enn = make((5, 5), reads_index=False)
    dynamic, static = eqx.partition(enn, eqx.is_array)
    jaxpr = jax.make_jaxpr(lambda enn, indices: eqx.combine(enn, static).predict(X, indices))(dynamic, Z).jaxpr
    with_samples = [shapes for shapes in matrix_products(jaxpr) if any(len(Z) in shape for shape in shapes)]
    assert len(with_samples) == 1  # the product of what it put out with the indices


def test_stop_gradient_keeps_the_correction_from_the_base():
    @eqx.filter_jit
    def gradient(enn):
        def total(enn):
            base = jax.vmap(enn.base)(X)
            return jnp.sum((enn.predict(X, Z) - base) ** 2)

        return eqx.filter_grad(total)(enn)

    blocked, open_ = gradient(make(stop_gradient=True)), gradient(make(stop_gradient=False))
    for leaf in jax.tree.leaves((blocked.base.weights[:-1], blocked.base.biases[:-1])):
        np.testing.assert_allclose(leaf, 0, atol=1e-4)
    assert all(jnp.abs(leaf).max() > 0.1 for leaf in open_.base.weights[:-1])
    assert all(jnp.abs(leaf).max() > 0.1 for leaf in blocked.learnable.weights)
    np.testing.assert_allclose(make(stop_gradient=True).predict(X, Z), make(stop_gradient=False).predict(X, Z))


def test_the_prior_epinet_is_there_only_with_a_scale():
    without, one, two = (make(prior_scale=scale).predict(X, Z) for scale in (0.0, 1.0, 2.0))
    assert make().prior is None
    np.testing.assert_allclose(two - without, 2 * (one - without), rtol=1e-3, atol=1e-5)
    assert jnp.abs(one - without).max() > 0.1


def test_nothing_of_the_prior_epinet_is_trainable():
    """Nor is its scale, when many epinets are made with `vmap` and every number becomes an array."""
    epinets = jax.jit(
        jax.vmap(lambda key: gn.enn.Epinet(make().base, index_size=4, hidden=(5,), prior_scale=0.7, key=key))
    )(jax.random.split(jax.random.key(0), 3))
    trainable, rest = gn.nn.partition(epinets)
    assert not jax.tree.leaves(trainable.prior)
    assert len(jax.tree.leaves(trainable)) == 6 + 4  # weights and biases of the base, and of the epinet
    np.testing.assert_array_equal(rest.prior.scale, np.full(3, 0.7, np.float32))


def test_sizes_that_cannot_be_read_off_must_be_said():
    class Base(gn.nn.FeatureNetwork):
        def features(self, x):
            return x

        def head(self, features):
            return features

    with pytest.raises(ValueError, match="say input_size, feature_size and output_size"):
        gn.enn.Epinet(Base(), index_size=2, hidden=(), key=jax.random.key(0), feature_size=3)


@pytest.mark.parametrize(("hidden", "reads_index"), [((6,), True), ((), True), ((6,), False)])
def test_the_number_of_a_state_is_what_one_hot_is(hidden, reads_index):
    table = TableMLP(5, (4,), 2, key=jax.random.key(0))
    sizes = {"input_size": 5, "feature_size": 4, "output_size": 2, "prior_scale": 0.7}
    enn = Epinet(table, index_size=3, hidden=hidden, key=jax.random.key(1), reads_index=reads_index, **sizes)
    states, z = jnp.array([4, 0, 2]), jax.random.normal(jax.random.key(2), (6, 3))
    features = jax.vmap(table.features)(states)
    seen = jnp.concatenate([features, jax.nn.one_hot(states, 5)], axis=1)

    def correction(head, row, index):
        given = jnp.concatenate([index, row]) if reads_index else row
        return head(given).reshape(2, 3) @ index

    def output(state, row, index):
        own = 0.7 * correction(enn.prior.mlp, row, index) + correction(enn.learnable, row, index)
        return table(state) + own

    expected = jnp.stack([jnp.stack([output(*pair, index) for pair in zip(states, seen, strict=True)]) for index in z])
    np.testing.assert_allclose(enn.predict(states, z), expected, atol=1e-5)
