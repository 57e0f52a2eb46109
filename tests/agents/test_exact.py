import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS, ExactAgent, PriorKnowledge, is_trusted
from gnothi.agents.exact import systematic
from gnothi.agents.known_prior import NetworkPrior
from gnothi.data import Dataset
from gnothi.enn import Ensemble

PRIOR = PriorKnowledge(3, 0.1)
X = jnp.array([[1.0, -0.5], [1.1, -0.4], [-0.8, 0.9]])


def mean_probs(draws):
    return np.asarray(jax.nn.softmax(draws).mean(axis=0))


@pytest.mark.slow
def test_with_one_datum_it_agrees_with_the_ratio_of_two_expectations():
    data = Dataset(np.asarray(X[:1]), np.array([2], np.int32))
    sampler = jax.jit(ExactAgent(num_prior=8000, num_members=4000))(data, PRIOR, jax.random.key(0))
    law = NetworkPrior(data, PRIOR, (50, 50))
    independent = Ensemble(law.networks(law.draws(jax.random.key(7), 20_000))).predict(X)
    weight = jax.nn.softmax(independent)[:, 0, 2]
    expected = jnp.einsum("m,mxc->xc", weight / weight.sum(), jax.nn.softmax(independent))
    np.testing.assert_allclose(mean_probs(sampler.predict(X)), expected, atol=0.03)
    # Jointly too: P(two labels at the first two inputs), which the marginals do not tell.
    probs = jax.nn.softmax(independent)
    both = float(jnp.sum(weight * probs[:, 1, 2] * probs[:, 2, 0]) / weight.sum())
    of_sampler = jax.nn.softmax(sampler.predict(X))
    assert float(jnp.mean(of_sampler[:, 1, 2] * of_sampler[:, 2, 0])) == pytest.approx(both, abs=0.02)


def test_hopeless_data_give_no_nan_but_a_warning():
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(200, 2)).astype(np.float32), rng.integers(0, 2, 200).astype(np.int32))
    sampler = jax.jit(ExactAgent(num_prior=2000, num_members=50))(data, PriorKnowledge(2, 0.01), jax.random.key(0))
    assert jnp.isfinite(sampler.predict(X)).all()
    assert 1 <= float(sampler.diagnostics["effective_sample_size"]) < 100 and not is_trusted(sampler)


def test_what_has_no_diagnostics_is_trusted():
    data = Dataset(np.zeros((3, 2), np.float32), np.zeros(3, np.int32))
    assert is_trusted(AGENTS["uniform"](data, PRIOR, jax.random.key(0)))


def test_systematic_resampling_chooses_each_draw_as_often_as_it_weighs():
    weights = jnp.array([0.0, 1.0, 2.5, 0.25, 0.0, 6.25])
    counts = np.bincount(systematic(jax.random.key(0), weights, 40), minlength=6)
    np.testing.assert_array_equal(counts, [0, 4, 10, 1, 0, 25])
    for seed in range(20):
        counts = np.bincount(systematic(jax.random.key(seed), weights, 10), minlength=6)
        assert (np.abs(counts - np.asarray(weights)) < 1).all() and counts.sum() == 10


def test_of_two_signs_one_explains_a_single_label_as_well_as_the_other_does_not():
    # So with two classes every network weighs the same, whatever it says; with more labels no longer.
    x, y = np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32), np.array([0, 1] * 4, np.int32)
    agent = jax.jit(ExactAgent(num_prior=2000, num_members=10))
    one, eight = (agent(Dataset(x[:n], y[:n]), PriorKnowledge(2, 0.1), jax.random.key(0)) for n in (1, 8))
    assert float(one.diagnostics["effective_sample_size"]) == pytest.approx(2000)
    assert float(eight.diagnostics["effective_sample_size"]) < 1000
    assert is_trusted(one)
