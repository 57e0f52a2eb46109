"""Parts of a variance: each is what repeating that part alone makes vary."""

import numpy as np
import pytest

from gnothi.metrics import GraderErrors, Units, corrected, variance_parts


def answers(values):
    prompts = tuple(str(row) for row in range(values.shape[0]) for _ in range(values.shape[1]))
    names = tuple(f"{prompt}#{row}" for row, prompt in enumerate(prompts))
    return Units(names, values.reshape(-1).astype(float), np.ones(values.size), prompts, prompts)


def test_each_part_is_what_repeating_it_makes_vary():
    rng = np.random.default_rng(0)
    prompts, samples = 200, 4
    chances = rng.beta(2, 1, prompts)
    parts = variance_parts(answers(rng.random((prompts, samples)) < chances[:, None]))
    again = (rng.random((4000, prompts, samples)) < chances[:, None]).mean(axis=(1, 2))
    anew = (rng.random((4000, prompts, samples)) < rng.beta(2, 1, (4000, prompts, 1))).mean(axis=(1, 2))
    assert parts.resamples == pytest.approx(again.var(), rel=0.15)
    assert parts.total == pytest.approx(anew.var(), rel=0.2)
    assert sum(parts.shares.values()) == pytest.approx(1.0)


def test_one_answer_a_prompt_cannot_tell_prompts_from_answers():
    parts = variance_parts(answers(np.ones((50, 1))))
    assert parts.resamples is None and set(parts.shares) == {"prompts", "grader"}
    assert parts.prompts > 0


def test_a_grader_adds_what_labels_do_not_say():
    units = answers(np.random.default_rng(1).random((300, 2)) < 0.8)
    few, many = (GraderErrors(9 * n, 10 * n, 9 * n, 10 * n) for n in (5, 500))
    assert variance_parts(units, few).grader > 20 * variance_parts(units, many).grader
    parts, estimate = variance_parts(units, few), corrected(units, few)
    assert np.sqrt(parts.total) == pytest.approx(estimate.std_error, rel=0.25)


def test_what_has_no_weight_has_no_variance_to_tell():
    units = Units(("a",), np.zeros(1), np.zeros(1), ("a",), ("a",))
    assert np.isnan(variance_parts(units).prompts) and variance_parts(units).shares == {}
