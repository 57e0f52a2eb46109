"""Thompson sampling where all is listed: laws are laws, the bound holds, and what breaks without joint predictions."""

import numpy as np
import pytest

from gnothi.decisions import FiniteProblem, bound_cases

TWO = FiniteProblem(np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([0.5, 0.5]), tau=3)


def test_laws_sum_to_one_and_have_their_marginals():
    joint, independent = TWO.joint(TWO.posterior), TWO.independent(TWO.posterior)
    for law in (joint, independent):
        assert law.shape == (16,) and law.sum() == pytest.approx(1)
        counts = law.reshape(4, 4)
        assert counts.sum(axis=1) @ np.arange(4) == pytest.approx(1.5) == counts.sum(axis=0) @ np.arange(4)
    assert TWO.marginal_divergence(TWO.posterior) == pytest.approx(0)
    assert TWO.divergence(joint) == pytest.approx(0) and TWO.divergence(independent) > 1


def test_a_certain_hypothesis_takes_its_best_action():
    certain = FiniteProblem(np.array([[0.0, 1.0]]), np.ones(1), tau=2)
    assert np.allclose(certain.choices(certain.joint(np.ones(1))), [0, 1])


def test_nothing_known_is_nothing_preferred():
    assert np.allclose(TWO.choices(TWO.joint(TWO.posterior)), 0.5)


def test_a_law_against_simulation():
    weights = np.array([0.8, 0.2])
    rng = np.random.default_rng(0)
    hypothesis = (rng.uniform(size=100_000) > weights[0]).astype(int)
    counts = rng.binomial(3, TWO.rewards[hypothesis])
    margins = counts[:, 0] - counts[:, 1]
    first = np.mean(margins > 0) + np.mean(margins == 0) / 2
    assert TWO.choices(TWO.joint(weights))[0] == pytest.approx(first, abs=0.01)


def test_the_bound_holds_for_joint_and_not_for_marginal_divergence():
    cases = bound_cases(40)
    assert cases["cost"].size == 240 and cases["cost"].max() > 0.05
    assert (cases["cost"] <= cases["joint"] + 1e-12).all()
    assert (cases["cost"] > cases["marginal"] + 0.01).any()
