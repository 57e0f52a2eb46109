import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import PriorKnowledge, SGMCMCAgent, sgmcmc
from gnothi.data import Dataset
from gnothi.enn import Ensemble
from gnothi.learning import cross_entropy

QUICK = dataclasses.replace(SGMCMCAgent(), hidden=(5,), steps=60, burn_in=20, interval=5, batch_size=8)


def data(num_data, size):
    rng = np.random.default_rng(0)
    return Dataset(rng.normal(size=(num_data, size)).astype(np.float32), rng.integers(0, 2, num_data).astype(np.int32))


def told(agent, monkeypatch, *, size=4, temperature=0.25):
    """What the agent tells the walk, and what of it becomes of a walk that goes nowhere."""
    heard = {}

    def langevin(enn, data, **options):
        heard.update(options, start=enn)
        return jax.tree.map(lambda leaf: np.repeat(np.asarray(leaf)[None], 3, axis=0), enn)

    monkeypatch.setattr(sgmcmc, "langevin", langevin)
    return agent(data(50, size), PriorKnowledge(2, temperature), jax.random.key(0)), heard


def test_the_published_sgmcmc(monkeypatch):
    heard = told(SGMCMCAgent(), monkeypatch)[1]
    assert (heard["steps"], heard["burn_in"], heard["interval"]) == (500_000, 100_000, 1000)
    assert (heard["learning_rate"], heard["momentum"], heard["temperature"]) == (1e-4, 0.9, 1.0)
    assert (heard["batch_size"], heard["preconditioner"], heard["loss"]) == (100, "none", cross_entropy())
    assert float(heard["decay"]) == pytest.approx(np.sqrt(0.25) * 4 / 50 / 0.1)
    assert [w.shape for w in heard["start"].members.weights] == [(1, 50, 4), (1, 50, 50), (1, 2, 50)]
    assert not heard["start"].members.biases[0].any()


@pytest.mark.parametrize(("size", "adaptive", "factor"), [(99, True, 1), (100, True, 2), (100, False, 1)])
def test_its_prior_variance_is_doubled_where_inputs_have_many_dimensions(monkeypatch, size, adaptive, factor):
    agent = SGMCMCAgent(prior_variance=0.5, adaptive_prior_variance=adaptive)
    heard = told(agent, monkeypatch, size=size, temperature=None)[1]
    assert float(heard["decay"]) == pytest.approx(1 / 50 / (0.5 * factor))


def test_its_snapshots_are_members_of_an_ensemble():
    sampler = QUICK(data(20, 2), PriorKnowledge(2, 0.1), jax.random.key(0))
    assert isinstance(sampler, Ensemble) and sampler.index.count == 9
    assert [w.shape for w in sampler.members.weights] == [(9, 5, 2), (9, 2, 5)]
    first = sampler.members.weights[0]
    assert (first[1:] != first[:-1]).all()
    x = jnp.ones((3, 2))
    assert sampler.predict(x).shape == (9, 3, 2)
    np.testing.assert_array_equal(sampler.predict(x)[:, 0], sampler.predict(x)[:, 2])
