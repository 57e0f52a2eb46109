"""A trunk beneath an epistemic network: priors stay where they were, one index is one function."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gnothi as gn
from gnothi.agents import AGENTS, MLPAgent, PriorKnowledge, gradient_steps, network_for
from gnothi.enn import Trunked
from gnothi.learning.losses import Batch
from gnothi.nn import partition

KEY = jax.random.key(0)
PRIOR = PriorKnowledge(2)
SMALL = dataclasses.replace(AGENTS["ensemble+"], num_members=3, hidden=(5,))
TRUNK = gn.nn.MLP(5, (16,), 8, key=KEY)
INPUTS = jax.random.normal(KEY, (100, 5))  # more than are worked through at once


def moved(enn: Trunked) -> Trunked:
    return eqx.tree_at(lambda net: net.trunk, enn, gn.nn.MLP(5, (16,), 8, key=jax.random.key(9)))


@pytest.mark.parametrize("agent", [AGENTS["epinet"], SMALL], ids=["epinet", "ensemble+"])
def test_it_is_the_network_of_the_trunks_features(agent):
    enn = network_for(agent, INPUTS, PRIOR, KEY, TRUNK)
    indices = enn.index.samples(KEY, 4)
    expected = enn.head.predict(jax.vmap(TRUNK)(INPUTS), indices)
    np.testing.assert_allclose(enn.predict(INPUTS, indices), expected, atol=1e-5)
    np.testing.assert_allclose(enn(INPUTS[3], indices[2]), expected[2, 3], atol=1e-5)


def test_priors_do_not_move_with_the_trunk():
    enn = network_for(SMALL, INPUTS, PRIOR, KEY, TRUNK)
    np.testing.assert_array_equal(enn.constants(INPUTS), moved(enn).constants(INPUTS))
    assert not np.allclose(enn.predict(INPUTS), moved(enn).predict(INPUTS), atol=1e-2)
    known = enn.constants(INPUTS)
    np.testing.assert_allclose(enn.predict(INPUTS, None, known), enn.predict(INPUTS), atol=1e-6)
    assert network_for(AGENTS["mlp"], INPUTS, PRIOR, KEY, TRUNK).constants(INPUTS) is None


def test_the_trunk_learns_once_and_at_its_own_rate():
    agent = MLPAgent(hidden=(5,))
    enn = network_for(agent, INPUTS, PRIOR, KEY, TRUNK, rate=0.1)
    trained = sum(leaf.size for leaf in jax.tree.leaves(partition(enn)[0]))
    head = sum(leaf.size for leaf in jax.tree.leaves(partition(enn.head)[0]))
    assert trained == head + sum(leaf.size for leaf in jax.tree.leaves(TRUNK))  # and not the trunk as it was
    training = gradient_steps(agent, enn, PRIOR)
    batch = Batch(INPUTS, (INPUTS[:, 0] > 0).astype(int), jnp.arange(100))
    after = training.network(training.step(training.start, batch, jnp.int32(100), KEY))
    # Adam's first step is as long as the rate, whatever the gradient.
    for part, rate in ((lambda net: net.trunk, 0.1), (lambda net: net.head, 1.0)):
        steps = jax.tree.map(lambda a, b: jnp.abs(a - b).max(), part(after), part(enn))
        assert max(map(float, jax.tree.leaves(steps))) == pytest.approx(rate * agent.learning_rate, rel=1e-2)


def test_decay_is_of_the_head_alone():
    """With a loss that is the same for every class, nothing but decay moves a parameter."""
    agent = MLPAgent(hidden=(5,))
    training = gradient_steps(agent, network_for(agent, INPUTS, PriorKnowledge(1), KEY, TRUNK), PriorKnowledge(1))
    batch = Batch(INPUTS, jnp.zeros(100, int), jnp.arange(100))
    after = training.network(training.step(training.start, batch, jnp.int32(100), KEY))
    for before, now in zip(jax.tree.leaves(TRUNK), jax.tree.leaves(after.trunk), strict=True):
        np.testing.assert_array_equal(before, now)


def test_a_rate_is_positive():
    with pytest.raises(ValueError, match="must be positive, got 0"):
        network_for(AGENTS["mlp"], INPUTS, PRIOR, KEY, TRUNK, rate=0.0)
