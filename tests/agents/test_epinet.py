import numpy as np
import pytest

from gnothi.agents import EpinetAgent
from gnothi.enn import Epinet, LinearPrior
from gnothi.learning import cross_entropy


@pytest.mark.slow
def test_the_published_epinet(recipe):
    network, told = recipe(EpinetAgent())
    epinet, prior = network.network, network.prior
    assert isinstance(epinet, Epinet) and isinstance(prior, LinearPrior)
    assert [w.shape for w in epinet.base.weights] == [(50, 4), (50, 50), (3, 50)]
    assert [w.shape for w in epinet.learnable.weights] == [(15, 8 + 50 + 4), (15, 15), (3 * 8, 15)]
    assert [w.shape for w in prior.networks.weights] == [(8, 5, 4), (8, 5, 5), (8, 3, 5)]
    assert float(prior.scale) == pytest.approx(0.3 / 0.25)  # linear in 1 / temperature, unlike an ensemble's
    assert epinet.prior is None and epinet.stop_gradient and epinet.index.size == 8
    assert told["loss"] == cross_entropy(num_indices=8) and told["steps"] == 1000
    assert told["decay"] == pytest.approx(0.2 * (4 / 50) ** 0.7)


@pytest.mark.parametrize(
    ("num_data", "steps"), [pytest.param(4, 1000, marks=pytest.mark.slow), (2000, 1000), (2001, 10_000)]
)
def test_only_many_data_change_its_number_of_steps(recipe, num_data, steps):
    assert recipe(EpinetAgent(), num_data=num_data)[1]["steps"] == steps


def test_without_a_known_temperature_the_prior_has_its_own_scale(recipe):
    network, _ = recipe(EpinetAgent(), temperature=None)
    assert float(np.asarray(network.prior.scale)) == pytest.approx(0.3)
