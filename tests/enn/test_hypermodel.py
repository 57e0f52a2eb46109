"""Hypermodels: linear in the index, with the original's laws at the start, and a prior that stays."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gnothi as gn

KEY = jax.random.key(0)
X = jnp.asarray(np.random.default_rng(0).normal(size=(5, 2)), jnp.float32)


@eqx.filter_jit
def make(prior_scale=2.0, index_size=6, **options):
    return gn.enn.Hypermodel(2, (6, 4), 3, index_size=index_size, prior_scale=prior_scale, key=KEY, **options)


def close(a, b, atol=1e-5):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=atol), a, b)


@pytest.mark.parametrize(("size", "count"), [(2, 19_614), (10, 22_414), (100, 53_914)])
def test_the_published_number_of_trainable_parameters(size, count):
    """As published: 19.6k, 22.4k and 53.9k; the prior is not among them."""
    enn = gn.enn.Hypermodel(size, (50, 50), 2, index_size=6, prior_scale=1.0, key=KEY)
    assert sum(leaf.size for leaf in jax.tree.leaves(gn.nn.partition(enn)[0])) == count


def test_weights_are_linear_in_the_index():
    enn = make()
    a, b = enn.index.samples(KEY, 2)
    net_a, net_b, both, centre = (enn.networks(z[None]) for z in (a, b, a + b, 0 * a))
    close(jax.tree.map(lambda a, b, c: a + b - c, net_a, net_b, centre), both)
    close(jax.tree.map(lambda leaf: leaf[0], centre), enn.centre)
    assert all((x != y).all() for x, y in zip(jax.tree.leaves(net_a), jax.tree.leaves(net_b), strict=True))


def test_each_array_starts_as_a_linear_layer_of_its_own():
    """Deviation 1 / sqrt(fan_avg): the index has 6 numbers, the array `size`, and the centre is an array of its own."""
    enn = gn.enn.Hypermodel(100, (50, 50), 2, index_size=6, key=KEY)
    for layer, size in ((0, 5000), (1, 2500)):
        assert np.std(enn.centre.weights[layer]) == pytest.approx(size**-0.5, rel=0.06)
        assert np.std(enn.slopes.weights[layer]) == pytest.approx(((6 + size) / 2) ** -0.5, rel=0.03)
        assert np.abs(enn.centre.weights[layer]).max() <= 2 / 0.87962 * size**-0.5


@pytest.mark.slow
def test_many_at_once_are_one_by_one_and_gradients_are_too():
    enn = make()
    indices = enn.index.samples(KEY, 4)

    def alone(enn):
        return jax.vmap(lambda z: jax.vmap(lambda x: enn(x, z))(X))(indices)

    close(enn.predict(X, indices), alone(enn))
    trainable, rest = gn.nn.partition(enn)

    def total(predict):
        return jax.jit(jax.grad(lambda p: jnp.sum(jnp.sin(predict(eqx.combine(p, rest))))))(trainable)

    found = total(lambda e: e.predict(X, indices))
    close(found, total(alone))
    assert all(leaf.any() for leaf in jax.tree.leaves(found))


def test_the_same_input_twice_has_one_value_in_a_joint_sample():
    draws = gn.sample(make(), X[jnp.array([0, 1, 0])], 20, key=KEY)
    np.testing.assert_allclose(draws[:, 0], draws[:, 2], atol=1e-6)
    assert draws[:, 0].std(axis=0).min() > 0.01


@pytest.mark.slow
def test_training_lowers_the_loss_and_leaves_the_prior():
    x = jax.random.normal(KEY, (64, 2))
    data = gn.data.Dataset(x, (x[:, 0] > 0).astype(int))
    before = gn.enn.Hypermodel(2, (6, 4), 2, index_size=6, prior_scale=2.0, key=KEY)
    loss = gn.learning.cross_entropy(num_indices=4)
    after = gn.learning.fit(before, data, loss=loss, steps=300, learning_rate=0.01, decay=0.01, key=KEY)
    for a, b in zip(jax.tree.leaves(before.prior), jax.tree.leaves(after.prior), strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
    for part in ("centre", "slopes"):
        for a, b in zip(*(jax.tree.leaves(getattr(enn, part)) for enn in (before, after)), strict=True):
            assert (a != b).any()

    def value(enn):
        probs = jax.nn.softmax(gn.sample(enn, x, 100, key=KEY)).mean(axis=0)
        return -jnp.mean(jnp.log(probs[jnp.arange(64), data.y]))

    assert value(after) < 0.5 * value(before)


def test_rows_of_the_prior_have_length_1_and_only_later_layers_are_divided_by_their_inputs():
    slopes = make(prior_hidden=(16, 9)).prior.slopes
    lengths = [np.linalg.norm(leaf, axis=0) for leaf in (*slopes.weights, *slopes.biases)]
    for length, wanted in zip(lengths, (1, 1 / 4, 1 / 3, 1, 1, 1), strict=True):
        np.testing.assert_allclose(length, wanted, rtol=1e-5)


@pytest.mark.parametrize(("index_size", "parts"), [(6, [3, 3]), (5, [3, 2]), (2, [1, 1]), (1, [1, 1])])
def test_each_layer_of_the_prior_reads_its_own_part_of_the_index(index_size, parts):
    slopes = make(index_size=index_size).prior.slopes
    reads = [(np.asarray(w) != 0).any(axis=(1, 2)) for w in slopes.weights]
    assert [mask.sum() for mask in reads] == parts
    assert index_size == 1 or not (reads[0] & reads[1]).any()
    assert all(((np.asarray(b) != 0).any(axis=1) == mask).all() for b, mask in zip(slopes.biases, reads, strict=True))


def test_the_prior_is_scaled_and_can_be_left_out():
    indices = make().index.samples(KEY, 3)
    without = make(0.0)
    assert without.prior is None
    once, thrice = (make(scale).predict(X, indices) - without.predict(X, indices) for scale in (1.0, 3.0))
    close(3 * once, thrice, 1e-4)
    assert once.std() > 0.1


def test_an_index_of_no_numbers_is_refused():
    with pytest.raises(ValueError, match="index_size must be 1 or more, got 0"):
        make(index_size=0)
