"""The scales that priors are set by."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.decisions.environments import (
    DeepSea,
    MountainCar,
    SimpleBandit,
    SwingUp,
    measure_scales,
    play_randomly,
    problem_std,
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


def test_rewards():
    scales = measure_scales(DeepSea(10, randomise_actions=False), jax.random.key(0), num_steps=2000)
    # A right move, half of all, costs a thousandth; nobody has found what pays.
    assert scales.rewards == pytest.approx(0.001 / np.sqrt(2), rel=0.1)
    assert scales.largest_reward == pytest.approx(0.001)
    assert measure_scales(MountainCar(), jax.random.key(0))[1:] == (1.0, 1.0)


def test_observations_that_never_change_have_a_scale_all_the_same():
    assert problem_std(SimpleBandit(), jax.random.key(0)) == 1.0


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="num_steps must be 2 or more, got 1"):
        problem_std(DeepSea(3), jax.random.key(0), num_steps=1)
