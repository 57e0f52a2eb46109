"""The coin against brute force over all sequences."""

from itertools import product

import numpy as np
import pytest

from gnothi.decisions import dependence, price_of_learning

BIASES = (np.arange(20_000) + 0.5) / 20_000


def joint(flips: int) -> np.ndarray:
    """The probability of every sequence, the bias integrated numerically."""
    heads = np.array(list(product((0, 1), repeat=flips))).sum(axis=1)
    return np.array([np.mean(BIASES**k * (1 - BIASES) ** (flips - k)) for k in heads])


@pytest.mark.parametrize("flips", [1, 2, 5])
def test_closed_forms_are_brute_force(flips):
    law = joint(flips)
    entropy = -np.sum(law * np.log(law))
    of_true = flips * np.mean(-BIASES * np.log(BIASES) - (1 - BIASES) * np.log(1 - BIASES))
    assert price_of_learning(flips) == pytest.approx(entropy - of_true, abs=1e-4)
    assert dependence(flips) == pytest.approx(np.sum(law * np.log(law * 2**flips)), abs=1e-6)


def test_the_price_of_learning_is_half_a_log():
    constant = 1 - np.log(2 * np.pi * np.e) / 2
    assert price_of_learning(10_000) == pytest.approx(np.log(10_000) / 2 + constant, abs=1e-3)
    assert price_of_learning(100) < price_of_learning(1000)


def test_what_independence_loses_is_linear_less_that_price():
    for flips in (1, 10, 1000):
        assert dependence(flips) == pytest.approx(flips * (np.log(2) - 0.5) - price_of_learning(flips), abs=1e-8)
