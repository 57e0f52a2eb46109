"""The scales that priors are set by."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.decisions.environments import (
    Cartpole,
    DeepSea,
    MountainCar,
    SimpleBandit,
    SwingUp,
    play_randomly,
    problem_std,
    value_scale,
)


@pytest.mark.parametrize("environment", [DeepSea(5), SwingUp(), MountainCar()])
def test_it_is_the_deviation_of_random_linear_functions(environment):
    key = jax.random.key(0)
    seen = jax.vmap(environment.observe)(play_randomly(environment, key, 100).states).reshape(100, -1)
    weights = jax.random.normal(jax.random.key(1), (seen.shape[1], 4000)) / np.sqrt(seen.shape[1])
    variances = jnp.var(seen @ weights, axis=0)
    error = float(variances.std()) / np.sqrt(4000)
    assert problem_std(environment, key) ** 2 == pytest.approx(float(variances.mean()), abs=4 * error)


@pytest.mark.parametrize("size", [10, 20])
def test_one_hot_inputs_are_of_scale_one_over_size(size):
    assert problem_std(DeepSea(size), jax.random.key(0)) == pytest.approx(1 / size, rel=0.1)


def test_values_of_cartpole_are_discounted_counts_of_steps():
    """A reward a step until the pole falls: the value n steps before the fall is (1 - .9^n) / .1."""
    key = jax.random.key(0)
    ends = np.flatnonzero(np.asarray(play_randomly(Cartpole(), key, 4000).transitions.done))
    left = ends[np.searchsorted(ends, np.arange(2000))] - np.arange(2000)  # the falling step pays nothing
    expected = np.sqrt(np.mean(((1 - 0.9**left) / 0.1) ** 2))
    assert value_scale(Cartpole(), key, 0.9, num_steps=4000) == pytest.approx(expected, rel=1e-4)


def test_rewards_that_nobody_met_may_be_as_large_as_the_bound():
    assert value_scale(DeepSea(10), jax.random.key(0), 0.99) == 1.0
    assert value_scale(DeepSea(10), jax.random.key(0), 0.99, bound=0.3) == pytest.approx(0.3)


def test_rewards_are_cut_before_they_are_added_up():
    assert value_scale(MountainCar(), jax.random.key(0), 0.5, bound=0.25) == pytest.approx(0.5, rel=1e-3)


def test_observations_that_never_change_have_a_scale_all_the_same():
    assert problem_std(SimpleBandit(), jax.random.key(0)) == 1.0


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="num_steps must be 2 or more, got 1"):
        problem_std(DeepSea(3), jax.random.key(0), num_steps=1)
