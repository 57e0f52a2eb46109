import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS, EnsembleAgent, LastLayerEnsembleAgent, PriorKnowledge
from gnothi.data import Dataset
from gnothi.enn import LastLayerEnsemble, MatchedPrior
from gnothi.learning import count_flops, cross_entropy
from tests.agents.small_problem import assert_it_knows_what_it_does_not_know


@pytest.mark.slow
def test_the_recipe(recipe):
    enn, told = recipe(LastLayerEnsembleAgent(prior_scale=3.0, prior_power=0.5))
    assert isinstance(enn.network, LastLayerEnsemble) and isinstance(enn.prior, MatchedPrior)
    assert enn.index.count == 100
    assert enn.prior.networks.weights[0].shape[2] == 4  # it reads the input, which does not move
    assert float(enn.prior.scale) == pytest.approx(3 / np.sqrt(0.25))
    assert told["loss"] == cross_entropy() and told["steps"] == 1000


@pytest.mark.slow
def test_the_trunk_pays_for_every_head(recipe):
    """Its gradient is a sum over heads, so that decay must be as many times as large: it learns from their mean."""
    enn, told = recipe(LastLayerEnsembleAgent(num_members=7, prior_hidden=(5,)))
    trunk, heads = (
        sum(float(jnp.sum(leaf**2)) for leaf in jax.tree.leaves(part))
        for part in (enn.network.base, enn.network.heads.members)
    )
    wanted = np.sqrt(0.25) * 4 / 50 * (7 * trunk + heads)
    assert float(told["penalty"](enn)) == pytest.approx(wanted, rel=1e-4)


def test_training_takes_less_than_15_percent_of_ensemble_pluss_arithmetic():
    data = Dataset(np.zeros((100, 10), np.float32), np.zeros(100, np.int32))

    def flops(agent):
        trained = jax.make_jaxpr(lambda key: jax.tree.leaves(agent(data, PriorKnowledge(2, 0.1), key))[0])
        return count_flops(trained(jax.random.key(0)))

    assert flops(AGENTS["last_layer_ensemble"]) < 0.15 * flops(EnsembleAgent(prior_scale=3.0))


@pytest.mark.slow
def test_it_knows_what_it_does_not_know():
    assert_it_knows_what_it_does_not_know(AGENTS["last_layer_ensemble"])
