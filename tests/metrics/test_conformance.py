"""Right samplers pass, and each wrong one fails the check that names its defect, and no other."""

import dataclasses

import numpy as np
import pytest

from gnothi.agents import AGENTS, find_agent
from gnothi.metrics import conform, passed
from gnothi.metrics.conformance import ENOUGH, MEANING
from gnothi.metrics.conformance_problems import NOISE, PROBLEMS
from gnothi.testbed.contract import as_fit


def posterior(x, y):
    """Mean, and root of the covariance, of the weights of the linear problem."""
    x = x.astype(float)
    covariance = np.linalg.inv(x.T @ x / NOISE**2 + np.eye(x.shape[1]))
    return covariance @ x.T @ y / NOISE**2, np.linalg.cholesky(covariance)


def linear(function):
    """A sampler of a Bayesian linear regression; `function(weights, inputs, rng)` is what becomes of its draws."""

    def fit(x, y, seed):
        mean, root = posterior(x, y)
        rng = np.random.default_rng(seed)

        def sample(inputs, n):
            return function(mean + rng.normal(size=(n, len(mean))) @ root.T, inputs, rng)[..., None]

        return sample

    return fit


def right(weights, inputs, rng):
    return weights @ inputs.T


def mask_per_row(weights, inputs, rng):
    mask = rng.uniform(size=(len(weights), *inputs.shape)) < 0.8
    return np.einsum("nf,nif->ni", weights, mask * inputs)


def fresh_weights_every_mini_batch(weights, inputs, rng):
    later = weights[rng.permutation(len(weights))]
    return np.concatenate([weights @ inputs[:128].T, later @ inputs[128:].T], axis=1)


def first_row_as_reference(weights, inputs, rng):
    return weights @ (inputs - inputs[0]).T


def standardised_by_the_batch(weights, inputs, rng):
    return weights @ ((inputs - inputs.mean(axis=0)) / inputs.std(axis=0).clip(0.1)).T


def one_draw_broadcast(weights, inputs, rng):
    values = weights @ inputs.T
    return values.mean(axis=0) + values.std(axis=0) * rng.normal(size=(len(weights), 1))


def independent_marginals(weights, inputs, rng):
    values = weights @ inputs.T
    distinct, place = np.unique(inputs, axis=0, return_inverse=True)
    return values.mean(axis=0) + values.std(axis=0) * rng.normal(size=(len(weights), len(distinct)))[:, place.ravel()]


def spread_grows_with_the_batch(weights, inputs, rng):
    return weights.mean(axis=0) @ inputs.T + (weights - weights.mean(axis=0)) @ inputs.T * np.sqrt(len(inputs))


def two_distinct_samples(weights, inputs, rng):
    members = np.random.default_rng(1).normal(size=(2, weights.shape[1]))
    return members[rng.integers(0, 2, len(weights))] @ inputs.T


def diverged(weights, inputs, rng):
    return np.full((len(weights), len(inputs)), np.nan)


def failures(checks):
    return [check.name for check in checks if check.verdict == "fail"]


@pytest.mark.parametrize("problem", ["regression", "linear"])
def test_an_exact_posterior_passes(problem):
    checks = conform(linear(right), problem)
    assert passed(checks)
    assert [check.name for check in checks] == list(MEANING)
    assert [check.verdict for check in checks].count("pass") == len(checks) - 1  # it takes no seed


@pytest.mark.parametrize(
    ("function", "failed"),
    [
        (mask_per_row, "duplicates"),
        (fresh_weights_every_mini_batch, "duplicates"),
        (first_row_as_reference, "exchangeability"),
        (standardised_by_the_batch, "batch invariance"),
        (one_draw_broadcast, "correlation"),
        (independent_marginals, "correlation"),
        (spread_grows_with_the_batch, "tau-consistency"),
        (two_distinct_samples, "distinct samples"),
        (diverged, "values"),
    ],
)
def test_a_wrong_sampler_fails_the_check_that_names_its_defect(function, failed):
    assert failures(conform(linear(function), "regression", num_samples=200)) == [failed]


@pytest.mark.parametrize("function", [one_draw_broadcast, independent_marginals])
def test_right_marginals_with_wrong_joints_fail_the_closed_form(function):
    assert failures(conform(linear(function), "linear", num_samples=200)) == ["correlation"]


def test_the_closed_form_is_told_from_the_prior():
    """Weights from the prior make functions, only not those that the data leave: joint, and not the claimed model."""

    def fit(x, y):
        rng = np.random.default_rng(0)
        return lambda inputs, n: (rng.normal(size=(n, inputs.shape[1])) @ inputs.T)[..., None]

    assert failures(conform(fit, "linear")) == ["correlation"]
    assert passed(conform(fit, "regression"))


def test_the_closed_form_is_the_posterior_covariance():
    problem = PROBLEMS["linear"]()
    _, root = posterior(problem.x, problem.y)
    np.testing.assert_allclose(
        np.linalg.norm(problem.design.neighbours @ root, axis=1) ** 2, np.diagonal(problem.covariance), rtol=1e-5
    )


def test_a_right_sampler_hardly_ever_fails():
    """20 runs of the suite, 3 tests a run: at a level of 1e-4 they are all expected to pass."""
    p_values = []
    for seed in range(20):
        checks = conform(linear(right), "linear", num_samples=60, seed=seed)
        assert passed(checks)
        p_values += [check.p_value for check in checks if check.p_value is not None]
    assert len(p_values) == 60
    assert np.mean(np.array(p_values) < 0.1) < 0.25


def test_a_seed_must_reach_the_samples():
    def fit(takes):
        rng = np.random.default_rng(0)

        def make(x, y):
            mean, root = posterior(x, y)

            def sample(inputs, n, seed):
                chosen = np.random.default_rng(seed) if takes else rng
                return ((mean + chosen.normal(size=(n, 4)) @ root.T) @ inputs.T)[..., None]

            return sample

        return make

    assert passed(conform(fit(True), "linear"))
    assert failures(conform(fit(False), "linear")) == ["seed"]


def test_fit_is_told_what_it_asks_for():
    asked = []

    def fit(x, y, seed, num_classes, temperature):
        asked.append((seed, num_classes, temperature))
        return lambda inputs, n: np.full((n, len(inputs), num_classes), 1 / num_classes)

    assert passed(conform(fit, num_samples=50, seed=3))
    assert asked == [(3, 2, None)]


def test_a_small_ensemble_may_list_its_members():
    def fit(members):
        def make(x, y):
            weights = np.random.default_rng(3).normal(size=(members, 4))
            return lambda inputs, n: (weights @ inputs.T)[..., None]

        return make

    assert passed(conform(fit(ENOUGH), "regression"))
    assert failures(conform(fit(ENOUGH - 1), "regression")) == ["distinct samples"]


def test_a_point_prediction_declares_no_uncertainty():
    checks = {check.name: check for check in conform(as_fit(AGENTS["uniform"]))}
    assert checks["distinct samples"].verdict == checks["correlation"].verdict == "not applicable"
    assert "a point prediction" in checks["distinct samples"].found
    assert checks["batch invariance"].verdict == "pass"


def test_a_point_prediction_that_looks_at_the_batch_fails():
    def fit(x, y):
        return lambda inputs, n: np.repeat((inputs - inputs.mean(axis=0)).sum(axis=1)[None, :, None], n, axis=0)

    assert failures(conform(fit, "regression")) == ["batch invariance"]


def test_values_that_break_in_a_long_batch_only_are_named():
    def fit(x, y):
        return lambda inputs, n: np.full((n, len(inputs), 1), np.nan if len(inputs) > 100 else 1.0)

    checks = conform(fit, "regression", num_samples=50)
    assert failures(checks) == ["values"]
    assert [check.verdict for check in checks[2:]] == ["not applicable"] * 6


def test_logits_in_place_of_probabilities_are_named():
    def fit(x, y):
        return lambda inputs, n: np.repeat(np.stack([inputs[:, 0], -inputs[:, 0]], axis=1)[None], n, axis=0)

    checks = conform(fit)
    assert failures(checks) == ["values"]
    assert "outside [0, 1]" in checks[0].found


@pytest.mark.parametrize(
    ("fit", "options", "words"),
    [
        (lambda x, y: 3, {}, "must return a function sample"),
        (lambda x, y: lambda inputs, n: np.zeros((n, len(inputs))), {}, r"\[n, inputs, outputs\]: for n = 400 and 36"),
        (lambda x, y: lambda inputs, n: np.zeros((n + 1, len(inputs), 2)), {}, "it returned shape"),
        (lambda x, y: lambda inputs, n: np.ones((n, len(inputs), 3)) / 3, {}, "2 classes, and .* 3 outputs"),
        (linear(right), {"problem": "images"}, "no problem 'images': choose one of classification, regression, linear"),
        (linear(right), {"num_samples": 10}, "50 or more"),
    ],
)
def test_what_does_not_follow_the_contract_is_refused(fit, options, words):
    with pytest.raises(ValueError, match=words):
        conform(fit, **options)


#: Settings that make an agent cheap; whether its samples are joint does not depend on them.
CHEAP = {
    "sgmcmc": {"steps": 3000, "burn_in": 1000, "interval": 20},
    "ensemble": {"num_members": 10},
    "ensemble+": {"num_members": 10},
    "last_layer_ensemble": {"num_members": 10},
    "hmc": {"burn_in": 100, "draws": 100},
}
FAST = ("mlp", "epinet", "ensemble+")


def cheap(name):
    agent = find_agent(name, AGENTS)
    there = {field.name for field in dataclasses.fields(agent)}
    wanted = {"steps": 100, **CHEAP.get(name, {})}
    return dataclasses.replace(agent, **{key: value for key, value in wanted.items() if key in there})


@pytest.mark.parametrize(
    "name", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in AGENTS]
)
def test_every_agent_passes(name):
    checks = conform(as_fit(cheap(name)))
    assert passed(checks), [(check.name, check.found) for check in checks if check.verdict == "fail"]
    assert {check.name: check.verdict for check in checks}["seed"] == "pass"
