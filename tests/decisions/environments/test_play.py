"""Episodes one after another."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.decisions.environments import DeepSea, MountainCar, SwingUp, play, play_randomly, step_and_reset
from gnothi.decisions.environments.deep_sea import Cell


def test_an_episode_starts_where_one_is_over():
    plays = play_randomly(DeepSea(3), jax.random.key(0), 10)
    np.testing.assert_array_equal(plays.states.row, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0])
    np.testing.assert_array_equal(plays.reached.row, [1, 2, 3, 1, 2, 3, 1, 2, 3, 1])
    np.testing.assert_array_equal(plays.transitions.terminated, np.arange(10) % 3 == 2)
    assert not plays.transitions.truncated.any()


def test_first_states_are_drawn_again():
    plays = jax.jit(lambda key: play_randomly(MountainCar(4), key, 40))(jax.random.key(0))
    starts = np.asarray(plays.states.position)[::4]
    assert len(set(starts.tolist())) == 10


def test_copies_end_when_they_end():
    environment, keys = DeepSea(3), jax.random.split(jax.random.key(0), 3)
    states = jax.vmap(lambda row: Cell(row, jnp.int32(0)))(jnp.arange(3))
    copies = jax.jit(jax.vmap(step_and_reset, in_axes=(None, 0, 0, 0)))
    following, reached, transition = copies(environment, states, jnp.zeros(3, int), keys)
    np.testing.assert_array_equal(following.row, [1, 2, 0])
    np.testing.assert_array_equal(reached.row, [1, 2, 3])
    np.testing.assert_array_equal(transition.done, [False, False, True])


def test_thousands_of_copies_are_one_program():
    keys = jax.random.split(jax.random.key(0), 2048)
    plays = jax.jit(jax.vmap(lambda key: play_randomly(SwingUp(), key, 5)))(keys)
    assert plays.reached.angle.shape == (2048, 5)
    assert len(np.unique(np.asarray(plays.states.angle[:, 0]))) > 2000


def test_what_is_played_is_what_is_chosen():
    actions = play(DeepSea(5), lambda state, key: state.row % 2, jax.random.key(0), 10).actions
    np.testing.assert_array_equal(actions, [0, 1, 0, 1, 0, 0, 1, 0, 1, 0])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="num_steps must be 1 or more, got 0"):
        play_randomly(DeepSea(3), jax.random.key(0), 0)
