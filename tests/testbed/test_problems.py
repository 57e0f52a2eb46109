"""Problems: their law, and that they are the same problems for ever."""

import dataclasses

import jax
import numpy as np
import pytest

from gnothi.agents import AGENTS, UniformAgent
from gnothi.enn import Plain
from gnothi.nn import MLP
from gnothi.testbed import GenerativeSpec, Problem, RealSpec, evaluate

PINNED_X = [-0.0106281, -1.470576, 1.5235289]
PINNED_LOGITS = [4.5686, 0.6796]
PINNED_ONES = 84

SPEC = GenerativeSpec("classification", 10, 100, 0.1, 3)


def test_instances_are_pinned():
    problem = SPEC.make()
    assert SPEC.name == "classification/D10-N100-T0.1-S3"
    assert problem.train_data.x[0, :3] == pytest.approx(PINNED_X, abs=1e-5)
    assert problem.true_logits[0] == pytest.approx(PINNED_LOGITS, abs=1e-3)
    assert int(problem.train_data.y.sum()) == PINNED_ONES
    again = SPEC.make()
    assert np.array_equal(problem.test_inputs, again.test_inputs)


def test_neighbouring_problems_are_different():
    other = dataclasses.replace(SPEC, seed=4).make()
    hotter = dataclasses.replace(SPEC, temperature=0.5).make()
    for problem in (other, hotter):
        assert not np.allclose(problem.train_data.x, SPEC.make().train_data.x)


def test_labels_follow_the_true_logits():
    problem = dataclasses.replace(SPEC, num_train=50_000, temperature=0.5).make()
    network_logits = problem.true_logits
    probs = np.exp(network_logits[:, 1]) / np.exp(network_logits).sum(axis=1)
    # training and test inputs have one law, so the share of label 1 must agree
    assert problem.train_data.y.mean() == pytest.approx(probs.mean(), abs=0.03)


def test_logits_scale_with_temperature_and_inputs_are_standard_normal():
    cold = np.concatenate([dataclasses.replace(SPEC, temperature=0.01, seed=s).make().true_logits for s in range(20)])
    warm = np.concatenate([dataclasses.replace(SPEC, temperature=0.5, seed=s).make().true_logits for s in range(20)])
    assert cold.std() / warm.std() == pytest.approx(50, rel=0.35)
    x = SPEC.make().test_inputs
    assert x.shape == (2000, 10)
    assert x.std() == pytest.approx(1, abs=0.02)


def test_every_kind_of_problem_is_a_problem():
    for spec in (SPEC, RealSpec("iris", 0)):
        assert isinstance(spec.make(), Problem)


def test_uniform_costs_what_it_must():
    problem = SPEC.make()
    sampler = UniformAgent()(problem.train_data, problem.prior_knowledge, jax.random.key(0))
    scores = evaluate(problem, sampler)
    log_probs = problem.true_logits - np.logaddexp(*problem.true_logits.T)[:, None]
    negentropy = np.mean(np.sum(np.exp(log_probs) * log_probs, axis=1)) + np.log(2)
    assert scores["kl", 1].value == pytest.approx(negentropy, rel=1e-4)
    # given the true function, labels are independent, and so are they for uniform: tau labels cost tau times as much
    assert scores["kl", 10].value == pytest.approx(10 * negentropy, rel=0.02)


def test_truth_scores_zero():
    problem = SPEC.make()
    exact = jax.numpy.asarray(problem.true_logits)[None]
    for estimate in problem.score(exact, True).values():
        assert abs(estimate.value) < 1e-4


def test_independent_inputs_are_scored_too():
    problem = dataclasses.replace(SPEC, suite="classification_2d", input_size=2, num_train=1, inputs="iid").make()
    sampler = Plain(MLP(2, (4,), 2, key=jax.random.key(0)))
    scores = evaluate(problem, sampler)
    assert scores["kl", 10].units == 400
    assert scores["kl", 10].value > scores["kl", 1].value > 0


def test_one_training_serves_every_tau_and_resembles_the_originals_score():
    """The original's mlp pays about a tenth of a nat at tau 1 where D = 10, N = 100, and ten times that at tau 10."""
    agent, scores = AGENTS["mlp"], []
    for seed in range(5):
        problem = dataclasses.replace(SPEC, seed=seed).make()
        sampler = agent(problem.train_data, problem.prior_knowledge, jax.random.key(seed))
        found = evaluate(problem, sampler)
        scores.append([found["kl", 1].value, found["kl", 10].value])
    one, ten = np.mean(scores, axis=0)
    assert 0.05 < one < 0.35
    assert ten / one == pytest.approx(10, rel=0.1)
