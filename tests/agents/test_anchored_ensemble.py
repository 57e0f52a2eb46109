import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS, AnchoredEnsembleAgent, PriorKnowledge
from gnothi.agents import anchored_ensemble as module
from gnothi.agents.exact import ExactAgent
from gnothi.agents.known_prior import NetworkPrior
from gnothi.data import Dataset
from gnothi.enn import Ensemble, WithPrior

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 2)).astype(np.float32)
FEW = Dataset(RNG.normal(size=(6, 2)).astype(np.float32), np.array([0, 1, 1, 0, 1, 1], np.int32))
PRIOR = PriorKnowledge(2, 0.2)


@pytest.mark.slow
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


@pytest.mark.slow
def test_an_anchored_member_is_where_data_and_anchor_hold_each_other():
    agent = AnchoredEnsembleAgent(num_members=3, hidden=(4,), steps=10_000)
    law = NetworkPrior(FEW, PRIOR, (4,))
    places = jax.jit(lambda key: agent.standard_parameters(law, FEW, key))(jax.random.key(0))
    anchors = law.draws(jax.random.split(jax.random.key(0), 4)[0], 3)

    def objective(places):
        return 0.5 * jnp.sum((places - anchors) ** 2, axis=1) - law.log_likelihood(
            places, jnp.asarray(FEW.x), jnp.asarray(FEW.y)
        )

    # ReLUs have corners and weights have walls, so the gradient need not vanish: but no small step is one down.
    steps = 0.01 * jax.random.normal(jax.random.key(2), (100, *places.shape))
    around = jax.vmap(objective)(jnp.where(law.cut, jnp.clip(places + steps, -2, 2), places + steps))
    assert (around > objective(places) - 1e-3).all()
    assert (objective(places) < objective(anchors) - 0.1).all()


def test_walls_keep_weights_where_the_prior_has_them():
    agent = AnchoredEnsembleAgent(num_members=10, hidden=(8,), steps=100, refreshments=20)
    law = NetworkPrior(FEW, PRIOR, (8,))
    places = jax.jit(lambda key: agent.standard_parameters(law, FEW, key))(jax.random.key(0))
    assert places.shape == (40, law.num_parameters)
    assert float(jnp.abs(jnp.where(law.cut, places, 0)).max()) <= 2


def test_with_too_many_data_to_walk_it_is_ensemble_plus():
    agent = dataclasses.replace(AGENTS["langevin_ensemble"], num_members=5, steps=2)
    for num_data, members in ((2000, 20), (2001, 5)):
        data = Dataset(np.zeros((num_data, 2), np.float32), np.zeros(num_data, np.int32))
        sampler = eqx.filter_eval_shape(agent, data, PRIOR, jax.random.key(0))
        assert sampler.index.count == members and isinstance(sampler, WithPrior) == (num_data > 2000)
    assert isinstance(eqx.filter_eval_shape(AnchoredEnsembleAgent(), data, PRIOR, jax.random.key(0)), Ensemble)


def test_a_walk_too_short_for_its_snapshots_is_refused():
    with pytest.raises(ValueError, match="refreshments must be 0, or 8 or more"):
        AnchoredEnsembleAgent(refreshments=7)


def test_where_a_leap_is_hopeless_the_walk_goes_back(monkeypatch):
    monkeypatch.setattr(module, "FIRST_LEAP", 1e12)
    agent = AnchoredEnsembleAgent(num_members=5, hidden=(8,), steps=50, refreshments=16)
    sampler = jax.jit(agent)(FEW, PriorKnowledge(2, 1e-3), jax.random.key(0))
    assert jnp.isfinite(sampler.predict(jnp.asarray(X))).all()


@pytest.mark.parametrize("refreshments", [0, 8])
@pytest.mark.slow
def test_members_trained_a_few_at_a_time_are_those_trained_at_once(monkeypatch, refreshments):
    data = Dataset(X, RNG.integers(0, 2, 20).astype(np.int32))
    agent = AnchoredEnsembleAgent(4, (5,), steps=100, batch_size=7, refreshments=refreshments, energy_error=0.01)
    found = []
    for together in (4, 2):
        monkeypatch.setattr(module, "MEMBERS_IN_CACHE", together)
        found.append(agent(data, PRIOR, jax.random.key(0)).predict(jnp.asarray(X)))
    # Rounding grows along a walk; other random numbers would move logits by about 1.
    assert float(jnp.abs(found[0] - found[1]).mean()) < 0.01
