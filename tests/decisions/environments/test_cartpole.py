"""Cartpole and swing-up are bsuite's, step by step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.decisions.environments import SWING_UP_LEVELS, Cartpole, SwingUp, play
from gnothi.decisions.environments.cartpole import EPISODE_STEPS, Pole

from .originals import assert_equal_steps


def originals_swing_up(**settings):
    module = pytest.importorskip("bsuite.experiments.cartpole_swingup.cartpole_swingup")
    return module.CartpoleSwingup(**settings)


def originals_cartpole(**settings):
    return pytest.importorskip("bsuite.environments.cartpole").Cartpole(**settings)


def numbers_of(original) -> tuple:
    x, x_dot, theta, theta_dot, seconds = original._state
    return (*map(np.float64, (x, x_dot, theta, theta_dot)), np.int32(round(seconds / 0.01)))


@pytest.mark.parametrize("level", [SWING_UP_LEVELS[0], SWING_UP_LEVELS[10], SWING_UP_LEVELS[19]])
def test_swing_up_is_bsuites_in_double_precision(level):
    """From the first state of an episode to its end, nothing but actions shared; the last observation of time too."""
    with jax.enable_x64(True):
        original = originals_swing_up(seed=1, **level)
        episodes = assert_equal_steps(SwingUp(**level), original, numbers_of, Pole, num_steps=1100)
    assert episodes >= 1


def test_cartpole_is_bsuites_in_double_precision():
    with jax.enable_x64(True):
        episodes = assert_equal_steps(Cartpole(), originals_cartpole(seed=1), numbers_of, Pole, tolerance=2e-6)
    assert episodes > 5


def test_swing_up_is_bsuites_in_single_precision_from_each_state():
    original = originals_swing_up(seed=2, height_threshold=0.5)
    assert_equal_steps(SwingUp(), original, numbers_of, Pole, tolerance=2e-5, forced=True)


@pytest.mark.parametrize("spin", [0.5, 1.5])
@pytest.mark.parametrize("position", [0.5, 1.5, 2.9999])
@pytest.mark.parametrize("angle", [0.3, 1.5, 3.0])
def test_what_pays_is_what_pays_in_bsuite(angle, position, spin):
    """States that random actions do not reach: the pole up, near or far, slow or fast, off the track."""
    original = originals_swing_up(seed=0)
    for action in range(3):
        original.reset()
        original._state = original._state._replace(x=position, x_dot=0.5, theta=angle, theta_dot=spin)
        state = Pole(*map(jnp.asarray, numbers_of(original)))
        timestep = original.step(action)
        state, transition = SwingUp().step(state, action, jax.random.key(0))
        assert float(transition.reward) == pytest.approx(timestep.reward, abs=1e-6)
        assert bool(transition.terminated) == timestep.last()
        np.testing.assert_allclose(SwingUp().observe(state), timestep.observation[0], rtol=1e-5, atol=1e-6)


def test_an_episode_is_as_long_as_bsuites():
    """bsuite's clock is a sum of floats, which reaches 10 s after a step more than one would count."""
    original, steps = originals_swing_up(seed=0), 1
    original.reset()
    while not original.step(1).last():
        steps += 1
    assert steps == EPISODE_STEPS
    played = jax.jit(lambda key: play(SwingUp(), lambda state, key: jnp.int32(1), key, 2100))(jax.random.key(0))
    over = np.flatnonzero(np.asarray(played.transitions.terminated)) + 1
    np.testing.assert_array_equal(over, [steps, 2 * steps])
    assert not played.transitions.reward.any()


def test_first_states_are_bsuites():
    """Uniform within 0.05 of rest, hanging or upright."""
    for environment, original, angle in ((SwingUp(), originals_swing_up, np.pi), (Cartpole(), originals_cartpole, 0.0)):
        ours = jax.vmap(environment.reset)(jax.random.split(jax.random.key(0), 4000))
        theirs = original(seed=0)
        drawn = np.array([(theirs.reset(), list(theirs._state))[1] for _ in range(4000)])
        ours = np.stack([ours.position, ours.speed, ours.angle, ours.spin], axis=1) - [0, 0, angle, 0]
        drawn = drawn[:, :4] - [0, 0, angle, 0]
        for found in (ours, drawn):
            assert np.abs(found).max() <= 0.05 + 1e-6
            np.testing.assert_allclose(found.mean(axis=0), 0, atol=4 * 0.1 / np.sqrt(12 * 4000))
            np.testing.assert_allclose(found.std(axis=0), 0.1 / np.sqrt(12), rtol=0.05)


def test_levels_are_bsuites():
    sweep = pytest.importorskip("bsuite.experiments.cartpole_swingup.sweep")
    assert sweep.SETTINGS == SWING_UP_LEVELS


@pytest.mark.parametrize("environment", [SwingUp(), Cartpole()])
def test_copies_step_as_one(environment):
    keys = jax.random.split(jax.random.key(0), 4)
    states = jax.vmap(environment.reset)(keys)
    actions = jnp.array([0, 1, 2, 0])
    together, transitions = jax.jit(jax.vmap(environment.step))(states, actions, keys)
    for copy, key in enumerate(keys):
        state, transition = environment.step(environment.reset(key), int(actions[copy]), key)
        for one, many in zip(
            jax.tree.leaves((state, transition)), jax.tree.leaves((together, transitions)), strict=True
        ):
            np.testing.assert_allclose(one, many[copy], rtol=1e-5, atol=1e-6)
        assert environment.observe(state).shape == environment.observation_shape


def test_actions_out_of_range_are_refused():
    for environment in (SwingUp(), Cartpole()):
        state = environment.reset(jax.random.key(0))
        with pytest.raises(ValueError, match="between 0 and 2, got 3"):
            environment.step(state, 3, jax.random.key(0))
