import numpy as np
import pytest

from gnothi.agents import DropoutAgent
from gnothi.learning import cross_entropy


def test_the_published_dropout(recipe):
    network, told = recipe(DropoutAgent())
    assert (network.index.size, network.index.keep) == (100, 0.9)
    assert told["steps"] == 1000 and told["loss"] == cross_entropy(num_indices=1)  # one fresh mask a step
    assert told["decay"] == pytest.approx(np.sqrt(0.25) * 4 / 50)


def test_its_first_biases_have_the_law_of_its_weights(recipe):
    network, _ = recipe(DropoutAgent(hidden=(2000,)))
    assert np.std(network.network.biases[0]) == pytest.approx(0.88 / 2, rel=0.05)
