import jax
import numpy as np
import pytest

from gnothi.agents import AGENTS, EnsembleAgent, PriorKnowledge
from gnothi.agents import ensemble as module
from gnothi.data import Dataset
from gnothi.enn import Ensemble, MatchedPrior, WithPrior
from gnothi.learning import cross_entropy


def leaves_close(a, b):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4), a, b)


@pytest.mark.slow
def test_the_published_ensembles(recipe):
    network, told = recipe(AGENTS["ensemble"])
    assert isinstance(network, Ensemble) and network.index.count == 100
    assert not network.members.biases[0].any()
    assert told["steps"] == 1000 and told["loss"] == cross_entropy()  # summed over members: none shares its gradient
    assert float(told["decay"]) == pytest.approx(np.sqrt(0.25) * 4 / 50)


@pytest.mark.slow
def test_the_published_priors(recipe):
    network, _ = recipe(AGENTS["ensemble+"])
    assert isinstance(network, WithPrior) and isinstance(network.prior, MatchedPrior)
    assert float(network.prior.scale) == pytest.approx(3.0 / np.sqrt(0.25))
    for nets in (network.prior.networks, network.network.members):
        assert np.std(nets.biases[0]) == pytest.approx(0.88 / 2, rel=0.05)
    assert (network.prior.networks.weights[0] != network.network.members.weights[0]).all()


@pytest.mark.parametrize("prior_scale", [0.0, 3.0])
@pytest.mark.slow
def test_members_trained_a_few_at_a_time_are_those_trained_at_once(monkeypatch, prior_scale):
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(30, 2)).astype(np.float32), rng.integers(0, 2, 30).astype(np.int32))
    agent = EnsembleAgent(4, prior_scale, "exponential", (5,), steps=30, batch_size=7)
    found = []
    for together in (4, 2):
        monkeypatch.setattr(module, "MEMBERS_IN_CACHE", together)
        found.append(agent(data, PriorKnowledge(2, 0.5), jax.random.key(0)))
    leaves_close(*found)
