"""Regression problems: the estimator of their score, held to the closed form."""

import dataclasses

import jax
import numpy as np
import pytest

from gnothi.agents import AGENTS
from gnothi.metrics import gaussian_kl
from gnothi.sweep import RunFolder, read_records, run_groups
from gnothi.testbed import Problem, RegressionSpec, evaluate, plan, run_group

SPEC = RegressionSpec("regression", 10, 100, 1.0, 0)
PINNED_X = [-0.734254, -2.698639, 1.161545]
PINNED_Y = [0.40663, 0.85412, -0.36492]


@pytest.fixture(scope="module")
def problem():
    return SPEC.make()


def closed_form(problem, belief, tau):
    agent = problem.gaussian(belief)
    options = {"noise_std": problem.noise_std, "tau": tau, "inputs": problem.inputs}
    return gaussian_kl(problem.mean, problem.covariance, *agent, **options)


def test_instances_are_pinned(problem):
    assert SPEC.name == "regression/D10-N100-E1-S0"
    assert problem.train_data.x[0, :3] == pytest.approx(PINNED_X, abs=1e-5)
    assert problem.train_data.y[:3] == pytest.approx(PINNED_Y, abs=1e-4)
    assert np.array_equal(problem.train_data.y, SPEC.make().train_data.y)
    assert isinstance(problem, Problem)


@pytest.mark.parametrize("inputs", ["dyadic", "iid"])
@pytest.mark.parametrize("belief", ["posterior", "prior", "marginals"])
def test_the_estimate_agrees_with_the_closed_form_within_its_interval(problem, belief, inputs):
    """Both estimates and the formula are of the same test inputs, so that only samples differ."""
    problem = dataclasses.replace(problem, inputs=inputs)
    scores = evaluate(problem, problem.sampler(belief), num_indices=4000)
    for tau in (1, 10):
        exact = closed_form(problem, belief, tau).value
        for metric in ("kl", "kl_gaussian"):
            found = scores[metric, tau]
            assert found.low - 0.004 <= exact <= found.high + 0.004, (metric, tau)
        assert abs(scores["kl", tau].value - exact) < 0.05 * exact + 0.01


def test_what_the_beliefs_must_cost(problem):
    """Nothing, all that the data say, and nothing until two inputs are asked together."""
    assert closed_form(problem, "posterior", 10).value == pytest.approx(0, abs=1e-9)
    assert closed_form(problem, "marginals", 1).value == pytest.approx(0, abs=1e-9)
    assert closed_form(problem, "marginals", 10).low > 0.001
    assert closed_form(problem, "prior", 10).low > closed_form(problem, "marginals", 10).high


def test_mean_distance_of_the_posterior_is_what_it_says():
    """Over many problems, the posterior mean is as far from 0 as the prior less the posterior variance."""
    ratios = []
    for seed in range(10):
        problem = dataclasses.replace(SPEC, seed=seed, noise_std=0.1).make()
        ratios.append(np.mean(problem.mean**2) / np.mean(np.diag(problem.prior_covariance - problem.covariance)))
    assert np.mean(ratios) == pytest.approx(1, abs=4 * np.std(ratios) / np.sqrt(10))


def test_the_exact_sampler_answers_about_its_own_inputs_only(problem):
    sampler = problem.sampler("posterior")
    with pytest.raises(ValueError, match="test inputs only"):
        sampler.predict(jax.numpy.zeros((1000, 10)), sampler.index.samples(jax.random.key(0), 2))
    with pytest.raises(ValueError, match="endlessly many"):
        sampler.predict(jax.numpy.asarray(problem.test_inputs))
    with pytest.raises(ValueError, match="'posterior', 'prior' or 'marginals'"):
        problem.sampler("likelihood")


def test_bad_specs_are_refused():
    with pytest.raises(ValueError, match="there are nngp, ntk"):
        dataclasses.replace(SPEC, kernel="rbf")
    with pytest.raises(ValueError, match="noise_std must be positive"):
        dataclasses.replace(SPEC, noise_std=0.0)
    assert "-ntk-" in dataclasses.replace(SPEC, kernel="ntk").name


@pytest.mark.slow
def test_agents_run_and_learn_something(tmp_path):
    """Problems of one shape but several noises share a program; agents that learn beat the one that does not."""
    names = ("uniform", "mlp", "epinet")
    agents = {name: AGENTS[name] for name in names}
    agents["ensemble+"] = dataclasses.replace(AGENTS["ensemble+"], num_members=10, prior_scale=1.0)
    specs = [dataclasses.replace(SPEC, noise_std=noise) for noise in (0.1, 1.0)]
    folder = RunFolder(tmp_path)
    folder.describe(suite="test")
    run_groups(plan(agents, specs, tmp_path), run_group, folder, workers=1)
    records = read_records(tmp_path)
    scores = {(r.subject, r.evaluation, r.metric, r.tau): r.value for r in records}
    assert len(scores) == 4 * 2 * 2 * 2
    assert np.isfinite(list(scores.values())).all()
    quiet = specs[0].name
    for name in ("mlp", "epinet", "ensemble+"):
        assert scores[name, quiet, "kl", 10] < scores["uniform", quiet, "kl", 10]
