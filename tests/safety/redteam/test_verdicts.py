"""What a verdict is worth."""

import numpy as np
import pytest

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.safety.redteam.verdicts import chance_of_truth, draw_errors


def test_draws_are_where_the_labels_are():
    random = np.random.default_rng(0)
    drawn = np.array([draw_errors(GraderErrors(90, 100, 160, 200), random) for _ in range(2000)])
    assert drawn.mean(axis=0) == pytest.approx([0.896, 0.799], abs=0.005)
    assert drawn.std(axis=0) == pytest.approx([0.03, 0.028], abs=0.004)


def test_nobody_is_turned_round():
    random = np.random.default_rng(0)
    drawn = np.array([draw_errors(GraderErrors(6, 10, 5, 10), random) for _ in range(500)])
    assert (drawn.sum(axis=1) > 1).all()
    with pytest.raises(ValueError, match="sum to 1 or less"):
        draw_errors(GraderErrors(5, 10, 5, 10), random)


def test_bayes_rule():
    chances, verdicts = np.array([0.01, 0.01, 1.0, 0.0]), np.array([True, False, False, True])
    found = chance_of_truth(chances, verdicts, 0.9, 0.9)
    assert found == pytest.approx([0.009 / (0.009 + 0.099), 0.001 / (0.001 + 0.891), 1, 0])
    assert chance_of_truth(np.array([0.0]), np.array([True]), 0.9, 1.0) == 0  # what cannot be, is not
