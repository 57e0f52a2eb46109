import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gnothi.nn import Frozen, partition


class Inner(eqx.Module):
    weight: jax.Array
    count: jax.Array
    prior_name_means_nothing: jax.Array


class Kept(Frozen):
    inner: Inner


class Outer(eqx.Module):
    free: Inner
    kept: Kept
    pair: tuple[Kept, jax.Array]
    rate: float
    label: str = eqx.field(static=True)


def make() -> Outer:
    inner = Inner(jnp.ones(3), jnp.arange(4), jnp.full(2, 5.0))
    return Outer(inner, Kept(inner), (Kept(inner), jnp.zeros(1)), 0.5, "name")


def test_trainable_are_the_floating_arrays_outside_frozen_parts():
    trainable, rest = partition(make())
    assert [leaf.shape for leaf in jax.tree.leaves(trainable)] == [(3,), (2,), (1,)]
    assert trainable.free.count is None and trainable.rate is None
    assert not jax.tree.leaves((trainable.kept, trainable.pair[0]))
    assert rest.free.weight is None and rest.rate == 0.5
    assert len(jax.tree.leaves(rest)) == 1 + 3 + 3 + 1


def test_the_two_parts_make_the_whole():
    tree = make()
    joined = eqx.combine(*partition(tree))
    assert jax.tree.structure(joined) == jax.tree.structure(tree)
    jax.tree.map(np.testing.assert_array_equal, joined, tree)


def test_a_tree_that_is_frozen_itself_has_nothing_to_train():
    assert not jax.tree.leaves(partition(make().kept)[0])


def test_gradients_reach_trainable_parts_only():
    trainable, rest = partition(make())

    def total(part):
        tree = eqx.combine(part, rest)
        return sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree) if eqx.is_inexact_array(leaf))

    gradient = jax.grad(total)(trainable)
    assert jax.tree.structure(gradient) == jax.tree.structure(trainable)
    np.testing.assert_array_equal(gradient.free.weight, 2 * np.ones(3))
