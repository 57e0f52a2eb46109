"""Choices: a choice is as likely as its tokens, one after another."""

import numpy as np
import pytest

from gnothi.language.choose import choice_log_probs
from tests.language.test_generate import MODEL, NETWORK

PROMPTS = [[3, 1, 4], [9]]
CHOICES = [[[1], [2], [1, 5, 9]], [[4, 4], [7]]]


def test_a_choice_has_the_sum_of_its_tokens():
    found = choice_log_probs(NETWORK, PROMPTS, CHOICES)
    for prompt, choices, values in zip(PROMPTS, CHOICES, found, strict=True):
        for choice, value in zip(choices, values, strict=True):
            scores = MODEL.scores([*prompt, *choice]).astype(float)
            log_probs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
            expected = sum(log_probs[len(prompt) - 1 + place, token] for place, token in enumerate(choice))
            assert value == pytest.approx(expected, abs=1e-4)


def test_prompts_some_at_a_time_are_prompts_at_once(monkeypatch):
    together = choice_log_probs(NETWORK, PROMPTS * 3, CHOICES * 3)
    monkeypatch.setattr("gnothi.language.choose.PROMPTS_AT_ONCE", 2)
    monkeypatch.setattr("gnothi.language.choose.POSITIONS_AT_ONCE", 3)
    for some, all_ in zip(choice_log_probs(NETWORK, PROMPTS * 3, CHOICES * 3), together, strict=True):
        np.testing.assert_allclose(some, all_, atol=1e-5)


@pytest.mark.parametrize(("prompts", "choices"), [([[]], [[[1]]]), ([[1]], [[[]]])])
def test_nothing_is_no_choice(prompts, choices):
    with pytest.raises(ValueError, match="every prompt and every choice needs a token or more"):
        choice_log_probs(NETWORK, prompts, choices)
