import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS, AnchoredEnsembleAgent, PriorKnowledge
from gnothi.agents import anchored_ensemble as module
from gnothi.agents.exact import ExactAgent
from gnothi.agents.known_prior import NetworkPrior
from gnothi.data import Dataset

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 2)).astype(np.float32)
FEW = Dataset(RNG.normal(size=(6, 2)).astype(np.float32), np.array([0, 1, 1, 0, 1, 1], np.int32))
PRIOR = PriorKnowledge(2, 0.2)


def test_walkers_agree_with_the_exact_posterior_and_anchored_members_nearly():
    anchored = AnchoredEnsembleAgent(num_members=250, hidden=(8,), steps=1500)
    walking = dataclasses.replace(anchored, refreshments=80)
    exact = jax.jit(ExactAgent(num_prior=20_000, hidden=(8,)))(FEW, PRIOR, jax.random.key(1))
    agents = {"anchored": anchored, "walking": walking}
    samplers = {name: jax.jit(agent)(FEW, PRIOR, jax.random.key(0)) for name, agent in agents.items()}
    assert samplers["walking"].index.count == 1000
    probs = {
        name: jax.nn.softmax(sampler.predict(jnp.asarray(X)))[..., 0]
        for name, sampler in {**samplers, "exact": exact}.items()
    }
    joint = {name: jnp.einsum("mi,mj->ij", p, p) / len(p) for name, p in probs.items()}
    errors = {name: float(jnp.abs(joint[name] - joint["exact"]).mean()) for name in agents}
    assert errors["walking"] < 0.02 and errors["walking"] < errors["anchored"] < 0.1, errors


def test_an_anchored_member_is_where_data_and_anchor_hold_each_other():
    agent = AnchoredEnsembleAgent(num_members=3, hidden=(4,), steps=20_000)
    law = NetworkPrior(FEW, PRIOR, (4,))
    places = jax.jit(lambda key: agent.standard_parameters(law, FEW, key))(jax.random.key(0))
    anchors = law.draws(jax.random.split(jax.random.key(0), 4)[0], 3)
    x, y = jnp.asarray(FEW.x), jnp.asarray(FEW.y)
    pull = jax.grad(lambda places: law.log_likelihood(places, x, y).sum())(places)
    inside = ~law.cut | (jnp.abs(places) < 1.999)
    np.testing.assert_allclose((pull - (places - anchors))[inside], 0, atol=0.02)
    assert float(jnp.abs(pull).max()) > 0.5


def test_walls_keep_weights_where_the_prior_has_them():
    agent = AnchoredEnsembleAgent(num_members=10, hidden=(8,), steps=100, refreshments=20)
    law = NetworkPrior(FEW, PRIOR, (8,))
    places = jax.jit(lambda key: agent.standard_parameters(law, FEW, key))(jax.random.key(0))
    assert places.shape == (40, law.num_parameters)
    assert float(jnp.abs(jnp.where(law.cut, places, 0)).max()) <= 2


def test_with_many_data_nobody_walks():
    many = Dataset(np.zeros((3000, 2), np.float32), np.zeros(3000, np.int32))
    agent = dataclasses.replace(AGENTS["langevin_ensemble"], num_members=5, steps=2)
    shape = jax.eval_shape(lambda: agent(many, PRIOR, jax.random.key(0)).predict(jnp.asarray(X))).shape
    assert shape[0] == 5
    few = jax.eval_shape(lambda: agent(FEW, PRIOR, jax.random.key(0)).predict(jnp.asarray(X))).shape
    assert few[0] == 20


def test_where_a_leap_is_hopeless_the_walk_goes_back(monkeypatch):
    monkeypatch.setattr(module, "FIRST_LEAP", 1e12)
    agent = AnchoredEnsembleAgent(num_members=5, hidden=(8,), steps=50, refreshments=16)
    sampler = jax.jit(agent)(FEW, PriorKnowledge(2, 1e-3), jax.random.key(0))
    assert jnp.isfinite(sampler.predict(jnp.asarray(X))).all()


@pytest.mark.parametrize("refreshments", [0, 8])
def test_members_trained_a_few_at_a_time_are_those_trained_at_once(monkeypatch, refreshments):
    data = Dataset(X, RNG.integers(0, 2, 20).astype(np.int32))
    agent = AnchoredEnsembleAgent(4, (5,), steps=100, batch_size=7, refreshments=refreshments, energy_error=0.01)
    found = []
    for together in (4, 2):
        monkeypatch.setattr(module, "MEMBERS_IN_CACHE", together)
        found.append(agent(data, PRIOR, jax.random.key(0)).predict(jnp.asarray(X)))
    np.testing.assert_allclose(*found, rtol=5e-2, atol=5e-2)
