"""Mountain Car is bsuite's, step by step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.decisions.environments import MountainCar, play
from gnothi.decisions.environments.mountain_car import Car

from .originals import assert_equal_steps


def bsuites(**settings):
    return pytest.importorskip("bsuite.environments.mountain_car").MountainCar(**settings)


def numbers_of(original) -> tuple:
    return np.float64(original._position), np.float64(original._velocity), np.int32(original._timestep)


def test_each_step_is_bsuites():
    with jax.enable_x64(True):
        assert (
            assert_equal_steps(MountainCar(300), bsuites(max_steps=300, seed=0), numbers_of, Car, num_steps=1000) == 3
        )


def test_each_step_is_bsuites_in_single_precision_from_each_state():
    assert_equal_steps(MountainCar(), bsuites(seed=1), numbers_of, Car, forced=True)


@pytest.mark.parametrize(
    ("position", "speed"), [(-1.19, -0.05), (0.49, 0.02), (0.59, 0.07), (-0.5, 0.0699), (0.3, -0.0699)]
)
def test_walls_goal_and_speed_limits_are_bsuites(position, speed):
    for action in range(3):
        original = bsuites(seed=0)
        original.reset()
        original._position, original._velocity = position, speed
        state, transition = MountainCar().step(Car(*map(jnp.asarray, numbers_of(original))), action, jax.random.key(0))
        timestep = original.step(action)
        np.testing.assert_allclose(MountainCar().observe(state), timestep.observation[0], rtol=1e-5, atol=1e-7)
        assert bool(transition.terminated) == timestep.last()
        assert float(state.speed) == pytest.approx(original._velocity, abs=1e-6)


def test_a_car_that_pushes_where_it_moves_arrives():
    played = jax.jit(lambda key: play(MountainCar(), lambda car, key: jnp.where(car.speed < 0, 0, 2), key, 1000))(
        jax.random.key(0)
    )
    ends = np.flatnonzero(np.asarray(played.transitions.terminated))
    assert len(ends) > 4 and np.asarray(played.reached.position)[ends].min() >= 0.5
    starts = np.asarray(played.states.position)[ends[:-1] + 1]
    assert (starts >= -0.6).all() and (starts <= -0.4).all()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="max_steps must be 1 or more, got 0"):
        MountainCar(0)
    state = MountainCar().reset(jax.random.key(0))
    with pytest.raises(ValueError, match="between 0 and 2, got -1"):
        MountainCar().step(state, -1, jax.random.key(0))
