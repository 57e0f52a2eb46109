"""What every agent must do, and what agents may know."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS, EnsembleAgent, PosteriorSample, PriorKnowledge, Sampler, find_agent, joint_draws
from gnothi.agents.agent import num_steps
from gnothi.data import Dataset
from gnothi.enn import FiniteIndexDistribution

QUICK = {
    "random_forest": {"trees": 20},
    "mlp": {"steps": 200, "learning_rate": 0.01},
    "dropout": {"steps": 200, "learning_rate": 0.01},
    "ensemble": {"steps": 200, "learning_rate": 0.01, "num_members": 4},
    "ensemble+": {"steps": 200, "learning_rate": 0.01, "num_members": 4},
    "epinet": {"steps": 200, "learning_rate": 0.01, "index_size": 3, "num_indices": 3},
    "bbb": {"steps": 200, "learning_rate": 0.01, "num_indices": 2, "prior_std": 3.0},
    "hypermodel": {"steps": 200, "learning_rate": 0.01, "num_indices": 4},
    "anchored_ensemble": {"steps": 200, "num_members": 8},
    "langevin_ensemble": {"steps": 200, "num_members": 4, "refreshments": 8, "snapshots": 2},
    "exact": {"num_prior": 5000, "num_members": 50},
    "hmc": {"num_chains": 2, "warm_up": 50, "draws": 20},
    "sgmcmc": {"steps": 600, "burn_in": 400, "interval": 20, "learning_rate": 0.05, "prior_variance": 1.0},
}


def separable(num_data, seed):
    """Three kinds of points, in three corners far from each other."""
    rng = np.random.default_rng(seed)
    y = np.arange(num_data) % 3
    corners = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 3.0]])
    x = corners[y] + 0.5 * rng.normal(size=(num_data, 2))
    return Dataset(x.astype(np.float32), y.astype(np.int32))


TRAIN, TEST = separable(40, 0), separable(30, 1)


SLOW = {"exact", "hmc", "langevin_ensemble"}


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in AGENTS],
)
def trained(request):
    agent = dataclasses.replace(AGENTS[request.param], **QUICK.get(request.param, {}))
    return request.param, agent, agent(TRAIN, PriorKnowledge(3), jax.random.key(0))


def test_an_agent_learns_what_can_be_learnt(trained):
    name, _, sampler = trained
    draws, _ = joint_draws(sampler, TEST.x, 50, jax.random.key(1))
    probs = np.asarray(jax.nn.softmax(draws).mean(axis=0))
    log_loss = -np.log(probs[np.arange(len(TEST)), TEST.y]).mean()
    if name == "uniform":
        np.testing.assert_allclose(probs, 1 / 3, rtol=1e-6)
    else:
        assert log_loss < 0.5 * np.log(3)
        assert (probs.argmax(axis=1) == TEST.y).mean() > 0.9


def test_one_index_is_shared_by_all_inputs(trained):
    _, _, sampler = trained
    x = TEST.x[[0, 1, 2, 0, 1]]
    draws, exhaustive = joint_draws(sampler, x, 20, jax.random.key(1))
    np.testing.assert_allclose(draws[:, 3:], draws[:, :2], rtol=1e-5, atol=1e-5)
    assert isinstance(sampler, Sampler)
    finite = isinstance(sampler.index, FiniteIndexDistribution)
    assert exhaustive == (finite and not isinstance(sampler, PosteriorSample))  # which is a sample of what it believes
    assert len(draws) == (len(sampler.index.enumerate()) if finite else 20)


def test_what_is_given_indices_answers_for_each(trained):
    _, _, sampler = trained
    indices = sampler.index.samples(jax.random.key(2), 3)
    assert sampler.predict(jnp.asarray(TEST.x), indices).shape == (3, len(TEST), 3)


def test_compiled_agents_give_networks_and_others_do_not(trained):
    _, agent, sampler = trained
    assert agent.compiled == isinstance(sampler, eqx.Module)


@pytest.mark.parametrize(
    ("num_data", "size", "steps"), [(9, 2, 200), (10, 2, 1000), (1000, 2, 1000), (1001, 2, 5000), (399, 100, 200)]
)
def test_the_tuned_number_of_steps_follows_data_over_dimension(num_data, size, steps):
    data = Dataset(np.zeros((num_data, size), np.float32), np.zeros(num_data, int))
    assert num_steps(1000, data) == steps


def test_decay_follows_temperature_dimension_and_data():
    data = Dataset(np.zeros((50, 10), np.float32), np.zeros(50, int))
    assert float(PriorKnowledge(2, 0.25).decay_factor(data)) == pytest.approx(0.5 * 10 / 50)
    assert PriorKnowledge(2).decay_factor(data) == pytest.approx(1 / 50)  # nobody knows the temperature
    assert (PriorKnowledge(2, 0.25).logit_scale, PriorKnowledge(2).logit_scale) == (4.0, 1.0)


def test_a_name_can_change_settings():
    found = find_agent("ensemble:num_members=10,l2=1,hidden=(5,5),bootstrap=bernoulli", AGENTS)
    assert found == EnsembleAgent(num_members=10, l2=1.0, hidden=(5, 5), bootstrap="bernoulli")
    assert type(found.l2) is float  # or l2=1 and l2=1.0 would be two agents in records
    assert find_agent("bbb:adaptive_steps=True", AGENTS).adaptive_steps is True


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mlp:depth=3", r"mlp has no setting 'depth'\. There are: hidden, l2, steps, "),
        ("uniform:l2=3", r"uniform has no setting 'l2'\. There are: none at all\."),
        ("mlp:steps=few", r"mlp: steps must be of type int, as 1000 is, got 'few'"),
        ("mlp:steps=0.5", r"steps must be of type int, as 1000 is, got 0\.5"),
        ("bbb:adaptive_kl=1", r"adaptive_kl must be of type bool, as True is, got 1"),
        ("mlp:steps", r"mlp:steps is not like mlp:field=value,field=value"),
        ("mlp:", r"mlp: is not like"),
        ("mlp:steps=3)+f(l2=1", r"is not like"),
        ("mlp:steps=int(3)", r"is not like"),
        ("mlq:steps=3", r"no agent is called 'mlq'\. Did you mean 'mlp'\?"),
    ],
)
def test_a_name_whose_settings_do_not_fit_is_refused(name, message):
    with pytest.raises(ValueError, match=message):
        find_agent(name, AGENTS)


def test_an_unknown_agent_is_refused_with_the_nearest():
    assert find_agent("epinet", AGENTS) is AGENTS["epinet"]
    with pytest.raises(ValueError, match=r"no agent is called 'epinte'\. Did you mean 'epinet'\? There are: uniform, "):
        find_agent("epinte", AGENTS)
    with pytest.raises(ValueError, match=r"no agent is called '77'\. There are:"):
        find_agent("77", AGENTS)
