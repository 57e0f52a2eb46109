import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import LogisticAgent, MLPAgent, PriorKnowledge, UniformAgent
from gnothi.data import Dataset
from gnothi.learning import cross_entropy


def test_the_uniform_agent_says_the_same_of_everything():
    data = Dataset(np.ones((3, 2), np.float32), np.zeros(3, int))
    sampler = UniformAgent()(data, PriorKnowledge(4), jax.random.key(0))
    assert sampler.predict(100 * jnp.ones((5, 2))).shape == (1, 5, 4)
    assert not sampler.predict(100 * jnp.ones((5, 2))).any()


def test_the_published_mlp(recipe):
    network, told = recipe(MLPAgent())
    assert [layer.shape for layer in network.network.weights] == [(50, 4), (50, 50), (3, 50)]
    assert (told["steps"], told["batch_size"], told["learning_rate"]) == (1000, 100, 1e-3)
    assert told["decay"] == pytest.approx(1.0 * np.sqrt(0.25) * 4 / 50)
    assert told["loss"] == cross_entropy()


@pytest.mark.parametrize(("num_data", "steps"), [(16, 200), (2004, 5000)])
def test_few_data_take_fewer_steps_and_many_more(recipe, num_data, steps):
    assert recipe(MLPAgent(), num_data=num_data)[1]["steps"] == steps


def test_logistic_regression_is_an_mlp_without_hidden_layers(recipe):
    network, told = recipe(LogisticAgent(l2=3.0, steps=70))
    assert [layer.shape for layer in network.network.weights] == [(3, 4)]
    assert told["steps"] == 70 and told["decay"] == pytest.approx(3.0 * np.sqrt(0.25) * 4 / 50)
