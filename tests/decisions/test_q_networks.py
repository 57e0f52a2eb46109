"""Networks of action values: priors of the size that was asked for, whatever the observations' size."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.decisions.environments import DeepSea, SwingUp, play_randomly
from gnothi.decisions.q_networks import LOOK, DropoutQ, EnsembleQ, EpinetQ, PlainQ, QNetwork, network_input

KEY = jax.random.key(0)


@pytest.mark.parametrize("recipe", [EpinetQ(), EnsembleQ(3), EnsembleQ(3, prior_scale=0.0), DropoutQ(), PlainQ()])
@pytest.mark.parametrize("environment", [DeepSea(5), SwingUp()])
@pytest.mark.slow
def test_every_recipe_gives_a_value_for_each_action(recipe, environment):
    assert isinstance(recipe, QNetwork)
    enn = recipe(environment, KEY)
    state = environment.reset(KEY)
    seen = network_input(environment, state, recipe.looks_up)
    assert enn.predict(seen[None], enn.index.samples(KEY, 4)).shape == (4, 1, environment.num_actions)


@pytest.mark.parametrize("environment", [DeepSea(10), SwingUp()])
@pytest.mark.parametrize("recipe", [EpinetQ(prior_scale=0.7), EnsembleQ(10, prior_scale=0.7)])
def test_priors_have_the_deviation_that_was_asked_for(recipe, environment):
    enn = recipe(environment, KEY)
    states = play_randomly(environment, jax.random.key(1), LOOK).states
    seen = jax.vmap(lambda state: network_input(environment, state))(states)
    indices = enn.index.samples(KEY, 200)
    basis = enn.constants(seen)
    priors = jax.vmap(lambda z: jax.vmap(lambda row: enn.prior.combine(row, z))(basis))(indices)
    assert float(jnp.sqrt(jnp.mean(priors**2))) == pytest.approx(0.7, rel=0.35)


@pytest.mark.slow
def test_the_number_of_a_state_is_not_read_as_a_quantity():
    """It names a row of the base's table and a column of the epinet's first layer: where those are alike so is all."""
    enn = EpinetQ()(DeepSea(5), KEY)
    z = jnp.array([1.0, -1.0])
    first = enn.network.learnable.weights[0]
    columns = first.shape[1] - DeepSea(5).num_states
    alike = eqx.tree_at(
        lambda e: (e.network.base.table, e.network.learnable.weights[0]),
        enn,
        (jnp.ones_like(enn.network.base.table), first.at[:, columns:].set(0.3)),
    )
    states = jnp.arange(DeepSea(5).num_states)
    values = jax.vmap(lambda state: alike.network(state, z))(states)
    np.testing.assert_allclose(values, jnp.broadcast_to(values[0], values.shape), rtol=1e-5)
    assert len(np.unique(np.asarray(jax.vmap(lambda state: enn.network(state, z))(states))[:, 0])) == len(states)
