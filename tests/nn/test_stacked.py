import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.nn import MLP, in_blocks, stack, stacked_outputs


def normal(rng, shape):
    return jnp.asarray(rng.normal(size=shape), jnp.float32)


def random_members(rng, count, sizes):
    """Every bias is random, not only the first layer's: a gradient that forgets one must show."""
    shapes = eqx.filter_eval_shape(stack, lambda key: MLP(*sizes, key=key), count, key=jax.random.key(0))
    return jax.tree.map(lambda leaf: normal(rng, leaf.shape), shapes)


def outputs_by_vmap(members, inputs):
    return eqx.filter_vmap(lambda member: jax.vmap(member)(inputs))(members)


@pytest.mark.parametrize(
    ("hidden", "classes"),
    [((), 1), ((), 3), ((6,), 2), ((6, 5), 1), ((6, 5), 3), ((6, 5, 4), 2), ((18, 17), 3), ((16, 20), 16)],
)
def test_outputs_and_gradients_equal_nested_vmaps(hidden, classes):
    rng = np.random.default_rng(len(hidden) + 10 * classes)
    members = random_members(rng, 4, (3, hidden, classes))
    inputs, upstream = normal(rng, (7, 3)), normal(rng, (4, 7, classes))

    def results(function, members, inputs):
        def weighed(members, inputs):
            outputs = function(members, inputs)
            return jnp.sum(upstream * outputs), outputs

        (_, outputs), gradients = jax.value_and_grad(weighed, (0, 1), has_aux=True)(members, inputs)
        return outputs, gradients

    fast, plain = jax.jit(lambda *a: (results(stacked_outputs, *a), results(outputs_by_vmap, *a)))(members, inputs)
    assert fast[0].shape == (4, 7, classes)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), fast, plain)


def test_members_do_not_touch_each_other():
    rng = np.random.default_rng(0)
    members, inputs = random_members(rng, 3, (2, (5,), 2)), normal(rng, (20, 2))
    of_the_second = jax.jit(jax.grad(lambda members: jnp.sum(stacked_outputs(members, inputs)[1] ** 2)))
    for leaf in map(np.asarray, jax.tree.leaves(of_the_second(members))):
        assert leaf[1].any() and not leaf[0].any() and not leaf[2].any()


def test_stack_draws_another_network_for_each_member():
    members = stack(lambda key: MLP(2, (5,), 2, key=key), 3, key=jax.random.key(0))
    assert [leaf.shape for leaf in members.weights] == [(3, 5, 2), (3, 2, 5)]
    assert len(np.unique(members.weights[0])) == members.weights[0].size


def test_an_empty_stack_is_refused():
    with pytest.raises(ValueError, match="count=0"):
        stack(lambda key: MLP(2, (5,), 2, key=key), 0, key=jax.random.key(0))


@pytest.mark.parametrize(("count", "most", "size"), [(100, 5, 5), (4, 5, 4), (7, 5, 1), (12, 5, 4), (1, 5, 1)])
def test_rows_are_dealt_into_equal_blocks(monkeypatch, count, most, size):
    seen = []

    def double(rows):
        seen.append(len(rows))
        return 2 * rows

    rows = jnp.arange(3 * count).reshape(count, 3)
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    np.testing.assert_array_equal(in_blocks(double, rows, most=most), 2 * rows)
    assert set(seen) == {size}
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    in_blocks(double, rows, most=most)
    assert seen[-1] == count


def test_what_is_not_a_number_stays_so():
    members = random_members(np.random.default_rng(0), 3, (2, (20,), 2))
    inputs = jnp.zeros((4, 2)).at[1, 0].set(jnp.nan)
    assert np.isnan(stacked_outputs(members, inputs)).all(axis=(0, 2)).tolist() == [False, True, False, False]


@pytest.mark.slow
def test_double_precision_has_gradients_too():
    with jax.enable_x64(True):
        members = stack(lambda key: MLP(2, (20, 20), 2, key=key), 3, key=jax.random.key(0))
        members = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), members)
        gradients = jax.grad(lambda m: stacked_outputs(m, jnp.ones((4, 2))).sum())(members)
        assert gradients.weights[1].dtype == jnp.float64
