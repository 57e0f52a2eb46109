import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import BBBAgent
from gnothi.enn import MeanField
from gnothi.learning import cross_entropy


def test_the_published_bbb(recipe):
    network, told = recipe(BBBAgent())
    assert isinstance(network, MeanField)
    assert [w.shape for w in network.mean.weights] == [(50, 4), (50, 50), (3, 50)]
    assert not network.mean.biases[0].any()
    np.testing.assert_allclose(jnp.log1p(jnp.exp(network.spread.weights[0])), 0.01, rtol=1e-4)
    assert told["loss"] == cross_entropy(num_indices=8)
    assert (told["steps"], told["learning_rate"], told["batch_size"]) == (1000, 3e-3, 100)
    assert "decay" not in told


@pytest.mark.parametrize(
    ("adaptive_kl", "temperature", "weight"),
    [(True, 0.25, np.sqrt(0.25) * 4 / 50), (False, 0.25, 1 / 50), (True, None, 1 / 50)],
)
def test_its_penalty_is_the_divergence_of_the_evidence_bound(recipe, adaptive_kl, temperature, weight):
    network, told = recipe(BBBAgent(prior_std=2.0, adaptive_kl=adaptive_kl), temperature=temperature)
    assert float(told["penalty"](network)) == pytest.approx(weight * float(network.kl(2.0)), rel=1e-5)


def test_its_steps_follow_the_data_only_if_asked(recipe):
    assert recipe(BBBAgent(), num_data=16)[1]["steps"] == 1000
    assert recipe(BBBAgent(adaptive_steps=True), num_data=16)[1]["steps"] == 200
