"""Problems beyond the published ones: each changes what it says, and nothing else."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.data import Stream
from gnothi.testbed import GenerativeSpec, find_suite
from gnothi.testbed.shifts import random_field

PLAIN = GenerativeSpec("protocol", 10, 1000, 0.5, 3)
TWIN = PLAIN.make()


def changed(**changes):
    spec = dataclasses.replace(PLAIN, **changes)
    assert spec.name != PLAIN.name
    return spec.make()


def test_temperature_varies_as_told_and_the_function_stays():
    problem = changed(temperature_spread=1.0)
    ratio = np.diff(TWIN.true_logits)[:, 0] / np.diff(problem.true_logits)[:, 0]  # of temperatures
    assert np.all(ratio > 0)
    assert np.log(ratio).mean() == pytest.approx(0, abs=1)  # three deviations of a field's mean over inputs
    assert np.log(ratio).std() == pytest.approx(1, abs=0.25)
    assert np.array_equal(problem.train_data.x, TWIN.train_data.x)
    assert np.array_equal(problem.test_inputs, TWIN.test_inputs)
    assert problem.prior_knowledge.temperature == 0.5


def test_random_fields_have_their_law():
    x = Stream(1).normal((1, 10)) + np.array([[0.0], [0.6]])
    values = np.array([random_field(Stream(seed, 5), 10)(x) for seed in range(2000)])
    assert values.mean(axis=0) == pytest.approx([0, 0], abs=0.1)
    assert values.var(axis=0) == pytest.approx([1, 1], abs=0.12)
    expected = np.exp(-np.sum((x[0] - x[1]) ** 2) / 10)
    assert np.corrcoef(values.T)[0, 1] == pytest.approx(expected, abs=0.08)


def test_shifts_move_training_or_test_inputs():
    half, narrow, wide = (changed(shift=name) for name in ("half", "narrow", "wide"))
    assert half.train_data.x[:, 0].min() >= 0
    assert np.array_equal(half.train_data.x[:, 1:], TWIN.train_data.x[:, 1:])
    assert np.array_equal(narrow.train_data.x, TWIN.train_data.x / 2)
    assert np.array_equal(wide.test_inputs, TWIN.test_inputs * 2)
    for problem in (half, narrow):
        assert np.array_equal(problem.true_logits, TWIN.true_logits)
    assert np.array_equal(wide.train_data.y, TWIN.train_data.y)


def test_rejected_classes_are_rare():
    problem = changed(shift="classes")
    assert len(problem.train_data) == 1000
    before, after = TWIN.train_data.y.mean(), problem.train_data.y.mean()
    share = before if after < before else 1 - before  # of the rejected class
    expected = 0.1 * share / (0.1 * share + 1 - share)
    assert min(after, 1 - after) == pytest.approx(expected, abs=0.05)
    assert np.array_equal(problem.true_logits, TWIN.true_logits)


def test_agents_may_not_be_told():
    spec = dataclasses.replace(PLAIN, tells_temperature=False)
    assert spec.make().prior_knowledge.temperature is None
    assert spec.shape != PLAIN.shape  # prior knowledge of another structure is another program
    assert np.array_equal(spec.make().train_data.y, TWIN.train_data.y)


def test_many_classes_are_drawn_and_scored():
    spec = dataclasses.replace(PLAIN, num_classes=3, num_train=200)
    problem = spec.make()
    assert spec.shape != PLAIN.shape
    assert problem.true_logits.shape[1] == 3
    assert set(problem.train_data.y) == {0, 1, 2}
    truth = problem.score(jnp.asarray(problem.true_logits)[None], True)
    assert abs(truth["kl", 10].value) < 1e-3


def test_unknown_shift_is_refused():
    with pytest.raises(ValueError, match="there are none, half"):
        dataclasses.replace(PLAIN, shift="sideways")


def test_the_protocol_is_small_and_even():
    specs = find_suite("protocol")
    assert len(specs) == 54
    kinds = [(s.num_classes, s.temperature_spread, s.shift, s.tells_temperature) for s in specs]
    assert {kinds.count(kind) for kind in kinds} == {6}
