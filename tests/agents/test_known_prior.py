import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from gnothi.agents import PriorKnowledge
from gnothi.agents.known_prior import NetworkPrior, log_likelihood
from gnothi.data import Dataset
from gnothi.testbed import grid

CUT = stats.truncnorm(-2, 2)


def law(size=4, classes=3, temperature=0.25, hidden=(5, 6)):
    data = Dataset(np.zeros((1, size), np.float32), np.zeros(1, np.int32))
    return NetworkPrior(data, PriorKnowledge(classes, temperature), hidden)


def test_draws_have_the_law_of_the_testbed():
    drawn = np.asarray(law().draws(jax.random.key(0), 4000))
    assert drawn.shape == (4000, 5 + 4 * 5 + 5 * 6 + 6 * 3)
    biases, weights = drawn[:, :5].ravel(), drawn[:, 5:].ravel()
    assert stats.kstest(biases, "norm").pvalue > 1e-3
    assert stats.kstest(weights[:20000], CUT.cdf).pvalue > 1e-3
    assert np.abs(weights).max() < 2 and np.abs(biases).max() > 3
    np.testing.assert_allclose(np.corrcoef(drawn[:, [0, 5, 9]].T), np.eye(3), atol=0.06)


def test_logits_of_its_networks_are_spread_as_those_of_problems():
    problems = [spec.make() for spec in grid("test", (3,), (1,), (0.1,), range(100, 220))]
    truth = np.array([problem.true_logits[:50] @ [1, -1] for problem in problems])
    prior = NetworkPrior(problems[0].train_data, problems[0].prior_knowledge, (50, 50))
    networks = prior.networks(prior.draws(jax.random.key(0), 400))
    x = jnp.asarray(problems[0].test_inputs[:50])
    drawn = np.asarray(jax.vmap(lambda net: jax.vmap(net)(x))(networks) @ jnp.array([1.0, -1.0]))
    assert np.std(drawn) == pytest.approx(np.std(truth), rel=0.1)


def test_where_nobody_knows_the_temperature_it_is_1():
    known, unknown = law(temperature=1.0), law(temperature=None)
    standard = known.draws(jax.random.key(0), 2)
    for a, b in zip(*(jax.tree.leaves(each.networks(standard)) for each in (known, unknown)), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(
        law(temperature=0.1).networks(standard).weights[-1], 10 * known.networks(standard).weights[-1]
    )


def test_the_map_from_normal_numbers_is_smooth_and_exact():
    prior = law()
    normal = np.linspace(-6, 6, 401, dtype=np.float32)
    rows = jnp.broadcast_to(normal[:, None], (401, prior.num_parameters))
    standard = prior.from_normal(rows)
    np.testing.assert_array_equal(standard[:, 0], normal)  # biases are not cut
    np.testing.assert_allclose(standard[:, -1], CUT.ppf(stats.norm.cdf(normal)), atol=2e-6)
    slopes = jax.vmap(jax.grad(lambda n: prior.from_normal(jnp.full(prior.num_parameters, n))[-1]))(normal)
    np.testing.assert_allclose(
        slopes, stats.norm.pdf(normal) / CUT.pdf(np.clip(standard[:, -1], -1.9999999, 1.9999999)), atol=1e-5
    )
    near = np.abs(normal) < 4
    np.testing.assert_allclose(prior.to_normal(standard)[near], rows[near], atol=2e-2)
    assert np.isfinite(prior.to_normal(jnp.full(prior.num_parameters, 2.0))).all()


def test_the_likelihood_is_that_of_the_labels():
    logits, y = np.random.default_rng(0).normal(size=(7, 5, 3)).astype(np.float32), np.array([0, 2, 1, 1, 0])
    probs = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    expected = np.log(probs[:, np.arange(5), y]).sum(1)
    np.testing.assert_allclose(log_likelihood(jnp.asarray(logits), jnp.asarray(y)), expected, rtol=1e-5)
