"""The original's instances: what the uniform agent pays on them is known to the last printed digit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import UniformAgent
from gnothi.testbed import Problem, PublishedSpec, evaluate, find_suite, peer_scores

UNIFORM = {(s.index, s.tau): s.value for s in peer_scores() if (s.agent, s.what) == ("uniform", "kl")}
LARGEST = 10_000  # training data of the problems that every run of the tests draws


def uniform_scores(problem):
    sampler = UniformAgent()(problem.train_data, problem.prior_knowledge, jax.random.key(0))
    return evaluate(problem, sampler)


def test_uniform_pays_what_the_tutorial_prints():
    """Problem classification_2d/75; the originals' tutorial prints 0.13404496."""
    spec = PublishedSpec("published_2d", "classification_2d", 75)
    assert spec.name == "published_2d/75-D2-N10-T0.1"
    assert uniform_scores(spec.make())["kl", 1].value == pytest.approx(0.13404496, abs=1e-6)


def test_uniform_pays_what_the_originals_code_says():
    specs = [spec for spec in find_suite("published") if spec.num_train <= LARGEST]
    assert len(specs) == 22
    for spec in specs:
        scores = uniform_scores(spec.make())
        for tau in (1, 10):
            assert scores["kl", tau].value == pytest.approx(UNIFORM[spec.index, tau], abs=0.000501), spec.name
            sampled, integrated = scores["kl", tau], scores["kl_integrated", tau]
            assert integrated.std_error < sampled.std_error + 1e-4
            assert abs(integrated.value - sampled.value) < 4 * sampled.std_error + 1e-3


@pytest.mark.slow
def test_uniform_pays_it_on_the_largest_problems_too():
    for spec in (spec for spec in find_suite("published") if spec.num_train > LARGEST):
        scores = uniform_scores(spec.make())
        assert scores["kl", 10].value == pytest.approx(UNIFORM[spec.index, 10], abs=0.000501), spec.name


def test_instances_are_pinned():
    problem = PublishedSpec("published", "classification", 80).make()
    assert isinstance(problem, Problem)
    assert problem.train_data.x.shape == (100, 10)
    assert int(problem.train_data.y.sum()) == 22
    assert problem.test_inputs.shape == (2000, 10)  # a thousand pairs of anchors
    assert problem.prior_knowledge.temperature == 0.1


def test_orders_share_anchors_where_dyadic():
    problem = PublishedSpec("published", "classification", 0).make()
    ones, tens = problem.draws[1], problem.draws[10]
    assert ones.positions.shape == (1000, 1) and tens.positions.shape == (1000, 10)
    assert np.array_equal(tens.positions // 2, np.repeat(np.arange(1000), 10).reshape(1000, 10))
    assert 0.48 < (tens.positions % 2).mean() < 0.52
    plane = PublishedSpec("published_2d", "classification_2d", 0).make()
    assert len(plane.test_inputs) == 1000 + 20_000
    assert plane.draws[1].positions.max() < plane.draws[100].positions.min()


def test_truth_scores_zero_and_many_labels_are_scored_in_two_ways():
    problem = PublishedSpec("published_2d", "classification_2d", 0).make()
    scores = problem.score(jnp.asarray(problem.true_logits)[None], True)
    assert abs(scores["kl", 1].value) < 1e-5 and abs(scores["kl", 100].value) < 1e-3
    assert scores["kl", 100].units == 200
    assert ("kl_projected", 100) in scores and ("kl_integrated", 100) not in scores


def test_what_is_not_finite_is_counted():
    problem = PublishedSpec("published", "classification", 0).make()
    draws = np.zeros((4, 2000, 2), np.float32)
    draws[0, :2] = np.nan
    scores = problem.score(jnp.asarray(draws), False)
    assert scores["kl", 1].nonfinite == scores["kl", 10].nonfinite == scores["kl_integrated", 10].nonfinite == 1
    assert all(np.isnan(score.value) for score in scores.values())


def test_grids_are_the_originals():
    full, plane = find_suite("published_full"), find_suite("published_2d")
    assert (len(full), len(plane)) == (180, 210)
    assert set(find_suite("published")) <= set(full)
    spec = PublishedSpec("published", "classification", 80)  # classification/260 at tau 10
    assert (spec.input_size, spec.num_train, spec.temperature) == (10, 100, 0.1)
    assert {spec.num_train for spec in plane} == {1, 3, 10, 30, 100, 300, 1000}
