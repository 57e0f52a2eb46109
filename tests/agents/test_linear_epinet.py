import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS, LinearEpinetAgent
from gnothi.enn import Epinet, LinearPrior
from gnothi.learning import count_flops, cross_entropy
from gnothi.testbed import grid


@pytest.mark.slow
def test_the_recipe(recipe):
    network, told = recipe(LinearEpinetAgent())
    epinet, prior = network.network, network.prior
    assert isinstance(epinet, Epinet) and isinstance(prior, LinearPrior)
    assert [w.shape for w in epinet.base.weights] == [(50, 4), (50, 50), (3, 50)]
    assert [w.shape for w in epinet.learnable.weights] == [(3 * 32, 50 + 4)]
    assert [w.shape for w in prior.networks.weights] == [(32, 50, 4), (32, 50, 50), (32, 3, 50)]
    assert np.std(prior.networks.biases[0]) == pytest.approx(0.88 * 4**-0.5, rel=0.1)
    assert float(prior.scale) == pytest.approx(3 / np.sqrt(0.25 * 32), rel=1e-6)
    assert not epinet.reads_index and epinet.prior is None and epinet.stop_gradient and epinet.index.size == 32
    assert told["loss"] == cross_entropy(num_indices=32)
    assert told["decay"] == pytest.approx(0.2 * (4 / 50) ** 0.7)


@pytest.mark.parametrize(("num_data", "steps"), [(19, 200), (20, 1000), (2000, 1000), (2001, 5000)])
def test_its_number_of_steps_follows_the_data_a_dimension(recipe, num_data, steps):
    assert recipe(LinearEpinetAgent(), num_data=num_data)[1]["steps"] == steps


@pytest.mark.parametrize(("num_data", "decay"), [(2, 0.1), (4, 0.1), (40, 0.2 * 0.1**0.7), (400, 0.2 * 0.01**0.7)])
def test_its_decay_grows_no_further_where_data_are_few(recipe, num_data, decay):
    assert recipe(LinearEpinetAgent(), num_data=num_data)[1]["decay"] == pytest.approx(decay)


@pytest.mark.slow
def test_the_prior_of_each_input_varies_as_that_of_ensemble_plus(recipe):
    """Over draws of the index, and of the networks, the variance of a logit is the same."""
    x = jnp.asarray(np.random.default_rng(0).normal(size=(300, 4)), jnp.float32)
    linear = recipe(LinearEpinetAgent())[0].prior
    matched = recipe(AGENTS["ensemble+"])[0].prior
    ours, theirs = jax.vmap(linear.basis)(x), jax.vmap(matched.basis)(x)  # inputs x functions x classes
    assert jnp.mean(jnp.sum(ours**2, axis=1)) == pytest.approx(float(jnp.mean(theirs**2)), rel=0.4)


def test_without_a_known_temperature_the_prior_has_its_own_scale(recipe):
    network, _ = recipe(LinearEpinetAgent(), temperature=None)
    assert float(np.asarray(network.prior.scale)) == pytest.approx(3 / np.sqrt(32))


@pytest.mark.parametrize("data_ratio", [1, 10])
def test_its_training_takes_a_thirtieth_of_the_arithmetic_of_ensemble_plus(data_ratio):
    problem = grid("test", (10,), (data_ratio,), (0.1,), (100,))[0].make()

    def arithmetic(name):
        def train(data, key):
            return eqx.filter(AGENTS[name](data, problem.prior_knowledge, key), eqx.is_array)

        return count_flops(jax.jit(train).trace(problem.train_data, jax.random.key(0)).jaxpr)

    assert arithmetic("epinet+") < arithmetic("ensemble+") / 30
