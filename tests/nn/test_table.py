"""A look-up is what an MLP does to a one-hot input."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.nn import MLP, TableMLP

STATES = jnp.arange(7)


@pytest.mark.parametrize("hidden", [(), (5,), (6, 4)])
def test_a_table_is_an_mlp_of_one_hot_inputs(hidden):
    table = TableMLP(7, hidden, 3, key=jax.random.key(0))
    weights = (table.table.T, *(table.rest.weights if table.rest else ()))
    biases = (table.bias, *(table.rest.biases if table.rest else ()))
    mlp = eqx.tree_at(lambda m: (m.weights, m.biases), MLP(7, hidden, 3, key=jax.random.key(1)), (weights, biases))
    np.testing.assert_allclose(jax.vmap(table)(STATES), jax.vmap(mlp)(jnp.eye(7)), rtol=1e-5)


def test_the_first_layer_has_the_law_of_an_mlp_unless_told():
    usual = TableMLP(400, (50,), 2, key=jax.random.key(0)).table
    assert float(usual.std()) == pytest.approx(0.88 / 20, rel=0.02)
    unit = TableMLP(400, (50,), 2, key=jax.random.key(0), first_std=1.0).table
    assert float(unit.std()) == pytest.approx(0.88, rel=0.02)


def test_an_empty_layer_is_refused():
    with pytest.raises(ValueError, match="at least one unit"):
        TableMLP(0, (5,), 2, key=jax.random.key(0))
