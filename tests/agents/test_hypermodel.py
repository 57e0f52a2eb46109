import numpy as np
import pytest

from gnothi.agents import HypermodelAgent, PriorKnowledge
from gnothi.enn import Hypermodel
from gnothi.learning import cross_entropy


@pytest.mark.slow
def test_the_published_hypermodel(recipe):
    network, told = recipe(HypermodelAgent())
    assert isinstance(network, Hypermodel) and network.index.size == 6
    assert [w.shape for w in network.slopes.weights] == [(6, 50, 4), (6, 50, 50), (6, 3, 50)]
    assert [w.shape for w in network.prior.slopes.weights] == [(6, 10, 4), (6, 3, 10)]
    assert float(network.prior.scale) == pytest.approx(1 / np.sqrt(0.25))
    assert told["loss"] == cross_entropy(num_indices=16)
    assert (told["steps"], told["learning_rate"], told["batch_size"]) == (2000, 1e-3, 100)
    assert float(told["decay"]) == pytest.approx(np.sqrt(0.25) * 4 / 50)


@pytest.mark.slow
@pytest.mark.parametrize(("num_data", "steps"), [(16, 400), (2004, 10_000)])
def test_few_data_take_fewer_steps_and_many_more(recipe, num_data, steps):
    assert recipe(HypermodelAgent(), num_data=num_data)[1]["steps"] == steps
    assert recipe(HypermodelAgent(adaptive_steps=False), num_data=num_data)[1]["steps"] == 2000


@pytest.mark.parametrize(
    ("scaling", "temperature", "scale"),
    [("sqrt", 0.25, 2.0), ("linear", 0.25, 4.0), ("none", 0.25, 1.0), ("linear", None, 1.0)],
)
def test_its_prior_can_follow_the_temperature(scaling, temperature, scale):
    agent = HypermodelAgent(prior_scaling=scaling)
    assert float(agent._logit_scale(PriorKnowledge(2, temperature))) == pytest.approx(scale)


def test_its_prior_can_be_left_out_and_has_three_scalings(recipe):
    assert recipe(HypermodelAgent(prior_scale=0.0))[0].prior is None
    with pytest.raises(ValueError, match="prior_scaling must be one of sqrt, linear, none, got 'lin'"):
        recipe(HypermodelAgent(prior_scaling="lin"))
