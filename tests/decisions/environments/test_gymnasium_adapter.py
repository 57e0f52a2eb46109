"""Gymnasium both ways."""

import builtins

import jax
import numpy as np
import pytest

from gnothi.decisions.environments import (
    Cartpole,
    DeepSea,
    SwingUp,
    from_gymnasium,
    play,
    play_randomly,
    to_gymnasium,
    value_scale,
)

gymnasium = pytest.importorskip("gymnasium")


@pytest.mark.filterwarnings("ignore:.*Box observation space")
@pytest.mark.parametrize("environment", [DeepSea(4, stochastic=True), SwingUp()])
def test_ours_pass_gymnasiums_own_check(environment):
    from gymnasium.utils.env_checker import check_env

    check_env(to_gymnasium(environment), skip_render_check=True)


def test_ours_step_as_they_are():
    adapted, key = to_gymnasium(DeepSea(5)), jax.random.key(0)
    observation, _ = adapted.reset(seed=0)
    state = DeepSea(5).reset(key)
    for action in (0, 1, 1, 0, 1):
        np.testing.assert_array_equal(observation, DeepSea(5).observe(state))
        observation, reward, terminated, truncated, _ = adapted.step(action)
        state, transition = DeepSea(5).step(state, action, key)
        assert reward == pytest.approx(float(transition.reward)) and not truncated
    assert terminated


def test_a_seed_is_an_episode():
    adapted = to_gymnasium(DeepSea(6, stochastic=True))

    def rewards(seed):
        adapted.reset(seed=seed)
        return [adapted.step(number % 2)[1] for number in range(6)]

    assert rewards(3) == rewards(3)
    assert len({tuple(rewards(seed)) for seed in range(8)}) > 1


def test_gymnasiums_step_as_they_are():
    ours, theirs = from_gymnasium("CartPole-v1"), gymnasium.make("CartPole-v1")
    key, rng = jax.random.key(1), np.random.default_rng(0)
    assert not ours.compiled and ours.num_actions == 2 and ours.observation_shape == (4,)
    state = ours.reset(key)
    observation, _ = theirs.reset(seed=int(jax.random.bits(key) >> 1))
    done = False
    while not done:
        np.testing.assert_array_equal(ours.observe(state), observation)
        action = int(rng.integers(2))
        observation, reward, terminated, truncated, _ = theirs.step(action)
        state, transition = ours.step(state, action, key)
        done = terminated or truncated
        assert (float(transition.reward), bool(transition.terminated)) == (reward, terminated)
        assert float(transition.discount) == 1 - terminated and bool(transition.done) == done


def test_there_and_back_again():
    """Ours as Gymnasium's as ours, episodes one after another."""
    back = from_gymnasium(to_gymnasium(DeepSea(4)))
    played = play(back, lambda state, key: 1, jax.random.key(0), 10)
    ours = play(DeepSea(4), lambda state, key: 1, jax.random.key(0), 10)
    np.testing.assert_allclose(played.transitions.reward, ours.transitions.reward)
    np.testing.assert_array_equal(played.transitions.terminated, ours.transitions.terminated)
    np.testing.assert_array_equal(jax.vmap(back.observe)(played.reached), jax.vmap(DeepSea(4).observe)(ours.reached))


def test_spaces_that_are_no_boxes_are_flattened():
    lake = from_gymnasium("FrozenLake-v1", is_slippery=False)
    assert lake.observation_shape == (16,)
    state = lake.reset(jax.random.key(0))
    np.testing.assert_array_equal(lake.observe(state), np.eye(16)[0])
    np.testing.assert_array_equal(lake.observe(lake.step(state, 2, jax.random.key(0))[0]), np.eye(16)[1])


def test_actions_start_where_gymnasiums_do():
    class FromFive(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(0, 9, (1,), np.float32)
        action_space = gymnasium.spaces.Discrete(2, start=5)

        def reset(self, *, seed=None, options=None):
            return np.zeros(1, np.float32), {}

        def step(self, action):
            return np.full(1, action, np.float32), float(action), False, True, {}

    environment = from_gymnasium(FromFive())
    state = environment.reset(jax.random.key(0))
    state, transition = environment.step(state, 1, jax.random.key(0))
    assert transition.reward == 6 and transition.truncated and transition.discount == 1
    np.testing.assert_array_equal(play_randomly(environment, jax.random.key(0), 3).states.observation, np.zeros((3, 1)))


def test_scales_of_gymnasiums():
    assert 5 < value_scale(from_gymnasium("CartPole-v1"), jax.random.key(0), 0.99, num_steps=200) < 50


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="actions must be finitely many"):
        from_gymnasium("Pendulum-v1")
    environment, key = from_gymnasium("CartPole-v1"), jax.random.key(0)
    first = environment.reset(key)
    environment.step(first, 0, key)
    with pytest.raises(ValueError, match="only the latest state can be stepped, number 2, got 1"):
        environment.step(first, 0, key)
    with pytest.raises(ValueError, match="between 0 and 1, got 2"):
        environment.step(environment.reset(key), 2, key)
    with pytest.raises(ValueError, match="can't be compiled"):
        jax.jit(lambda action: environment.step(first, action, key)[1].reward)(0)
    with pytest.raises(ValueError, match="can't be compiled"):
        jax.jit(lambda key: environment.reset(key).observation)(key)
    adapted = to_gymnasium(Cartpole())
    with pytest.raises(ValueError, match="call reset first"):
        adapted.step(0)
    adapted.reset(seed=0)
    with pytest.raises(ValueError, match="between 0 and 2, got 3"):
        adapted.step(3)


def test_what_is_missing_is_said(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "gymnasium":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    for call in (lambda: from_gymnasium("CartPole-v1"), lambda: to_gymnasium(DeepSea(3))):
        with pytest.raises(ImportError, match=r"pip install 'gnothi\[rl\]'"):
            call()
