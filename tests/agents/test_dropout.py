import numpy as np
import pytest

from gnothi.agents import DropoutAgent, PriorKnowledge
from gnothi.data import Dataset
from gnothi.learning import cross_entropy


def test_the_published_dropout(recipe):
    network, told = recipe(DropoutAgent())
    assert (network.index.size, network.index.keep) == (100, 0.9)
    assert told["steps"] == 1000 and told["loss"] == cross_entropy(num_indices=1)  # one fresh mask a step
    assert told["decay"] == pytest.approx(np.sqrt(0.25) * 4 / 50)


def test_its_first_biases_have_the_law_of_its_weights(recipe):
    network, _ = recipe(DropoutAgent(hidden=(2000,)))
    assert np.std(network.network.biases[0]) == pytest.approx(0.88 / 2, rel=0.05)


def test_without_a_temperature_its_decay_is_the_published_one():
    data = Dataset(np.zeros((50, 4), np.float32), np.zeros(50, np.int32))
    assert DropoutAgent(length_scale=2.0)._decay(data, PriorKnowledge(2)) == pytest.approx(4 * 0.9 / 100)
