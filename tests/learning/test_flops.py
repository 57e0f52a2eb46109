"""Operations of programs whose count is known."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp

from gnothi.data import Dataset
from gnothi.enn import Plain
from gnothi.learning import count_flops, cross_entropy, fit
from gnothi.nn import MLP

MATRIX = jnp.ones((4, 4))
PRODUCT = 2 * 4**3


def flops(function, *args):
    return count_flops(jax.make_jaxpr(function)(*args))


def test_a_loop_counts_as_often_as_it_turns():
    def loop(m):
        return jax.lax.scan(lambda state, _: (state @ m, None), m, None, length=7)[0]

    assert flops(loop, MATRIX) == 7 * PRODUCT
    assert flops(lambda m: jax.lax.map(lambda row: loop(m) + row, jnp.arange(3.0)), MATRIX) == 3 * 7 * PRODUCT


def test_what_is_called_inside_counts():
    assert flops(jax.jit(lambda m: jax.checkpoint(lambda n: n @ n)(m)), MATRIX) == PRODUCT
    assert flops(lambda m: jax.lax.cond(m[0, 0] > 0, lambda: m @ m, lambda: m), MATRIX) == PRODUCT


def test_batched_products():
    assert flops(lambda a, b: jnp.einsum("kij,kjl->kil", a, b), jnp.ones((5, 2, 3)), jnp.ones((5, 3, 4))) == 240


def test_a_loop_of_unknown_length_has_no_count_and_one_without_products_has_none():
    assert math.isnan(flops(lambda m: jax.lax.while_loop(lambda s: s.sum() < 9, lambda s: s @ s, m), MATRIX))
    assert flops(lambda m: jax.lax.while_loop(lambda s: s.sum() < 9, lambda s: s + 1, m), MATRIX) == 0


def test_training_costs_three_products_a_layer_but_the_first_which_costs_two():
    net = MLP(10, (50, 50), 2, key=jax.random.key(0))
    data = Dataset(jnp.ones((20, 10)), jnp.zeros(20, int))
    arrays, rest = eqx.partition(Plain(net), eqx.is_array)

    def train(arrays):
        enn = fit(eqx.combine(arrays, rest), data, loss=cross_entropy(), steps=5, key=jax.random.key(1))
        return eqx.filter(enn, eqx.is_array)

    assert flops(train, arrays) == 5 * 2 * 20 * (2 * 10 * 50 + 3 * (50 * 50 + 50 * 2))
