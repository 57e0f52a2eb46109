"""Answers many times over: against every subset of k, and against the chance itself."""

from itertools import combinations

import numpy as np
import pytest

from gnothi.metrics import Units, answers_a_prompt, goodness_at, pass_all, pass_at, rate


def units(values, prompts, clusters=None, weights=None):
    names = tuple(f"{prompt}#{row}" for row, prompt in enumerate(prompts))
    weights = np.ones(len(values)) if weights is None else np.array(weights, float)
    return Units(names, np.array(values, float), weights, tuple(clusters or prompts), tuple(prompts))


@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_they_are_means_over_all_subsets(k):
    answers = np.random.default_rng(0).integers(0, 2, (5, 6))
    for row, once, always in zip(answers, pass_at(k, answers).values, pass_all(k, answers).values, strict=True):
        subsets = list(combinations(row, k))
        assert once == pytest.approx(np.mean([any(some) for some in subsets]))
        assert always == pytest.approx(np.mean([all(some) for some in subsets]))


def test_they_are_unbiased():
    rng = np.random.default_rng(1)
    chance = 0.3
    answers = (rng.random((20_000, 8)) < chance).astype(float)
    assert pass_at(3, answers).values.mean() == pytest.approx(1 - 0.7**3, abs=0.01)
    assert pass_all(3, answers).values.mean() == pytest.approx(0.3**3, abs=0.004)


def test_answers_find_their_prompts_and_clusters():
    made = pass_at(2, units([1, 0, 0, 0, 0], "abaab", ["x", "y", "x", "x", "y"]))
    assert made.names == made.prompts == ("a", "b")
    assert made.clusters == ("x", "y")
    assert made.values == pytest.approx([2 / 3, 0.0])
    assert rate(made).units == 2


def test_goodness_is_that_of_the_worst():
    goodness = np.random.default_rng(2).permuted(np.linspace(0, 1, 35)[None], axis=1)
    assert goodness_at(0.1, goodness).values[0] == pytest.approx(np.linspace(0, 1, 35)[:4].mean())
    assert goodness_at(1.0, goodness).values[0] == pytest.approx(0.5)
    assert goodness_at(0.01, goodness).values[0] == 0.0
    assert goodness_at(0.1, np.linspace(0, 1, 30)[None]).values[0] == pytest.approx(1 / 29)  # 3 of 30, not 4


def test_what_has_no_weight_is_no_answer():
    made = goodness_at(0.5, units([0, 0.5, 1.0], "aaa", weights=[0, 1, 1]))
    assert made.values == pytest.approx([0.5])
    assert answers_a_prompt(units([1, 1, 0], "aab")) == (1, 2)


@pytest.mark.parametrize("k", [0, 4])
def test_as_many_answers_as_k(k):
    with pytest.raises(ValueError, match="k must be 1 or more" if k == 0 else "k is 4, but prompt '0' has 3 answers"):
        pass_at(k, np.ones((2, 3)))


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"right or wrong, 1 or 0, got 0\.5"):
        pass_all(1, np.array([[0.5, 1.0]]))
    with pytest.raises(ValueError, match="q must be above 0"):
        goodness_at(0.0, np.ones((1, 3)))
    with pytest.raises(ValueError, match="answers are empty"):
        answers_a_prompt(units([], []))
