"""Replays on known outcomes count what is true, once."""

import numpy as np
import pytest

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.safety.redteam import keys_of, replay
from tests.safety.redteam import small_target


@pytest.mark.parametrize("policy", ["uniform", "epsilon", "fixed"])
def test_all_failures_are_found_in_the_end(policy):
    target = small_target()
    keys = keys_of(target.space)
    run = replay(target.space, target.failed, policy, budget=240)
    assert run.found[-1] == len(set(keys[target.failed].tolist()))
    assert len(set(run.places.tolist())) == run.places.size < 240  # the found are not looked for again
    assert (np.diff(run.found) >= 0).all() and (np.diff(run.found) <= 1).all()


def test_the_seed_is_all_that_is_random():
    target = small_target()
    first, second, other = (
        replay(target.space, target.failed, "information", budget=30, seed=seed).places for seed in (1, 1, 2)
    )
    assert np.array_equal(first, second) and not np.array_equal(first, other)


def test_false_alarms_do_not_count():
    target = small_target()
    nothing, all_flagged = np.zeros(240, bool), np.ones(240, bool)
    run = replay(target.space, nothing, "uniform", budget=50, verdicts=all_flagged)
    assert run.found[-1] == 0
    errors = GraderErrors(80, 100, 95, 100)
    run = replay(target.space, target.failed, "thompson", budget=20, verdicts=target.failed, errors=errors)
    assert 0 <= run.found[-1] <= 20
