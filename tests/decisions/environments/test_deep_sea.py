"""Deep Sea is bsuite's, step by step."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.decisions.environments import DeepSea, play_randomly
from gnothi.decisions.environments.deep_sea import Cell
from gnothi.decisions.environments.environment import check_action

from .originals import assert_equal_steps


def bsuites(**settings):
    return pytest.importorskip("bsuite.environments.deep_sea").DeepSea(**settings)


def start():
    return Cell(jnp.int32(0), jnp.int32(0))


@pytest.mark.parametrize(("size", "mapping_seed"), [(2, 42), (10, 42), (10, 0), (25, 42)])
def test_each_step_is_bsuites(size, mapping_seed):
    original = bsuites(size=size, mapping_seed=mapping_seed)
    episodes = assert_equal_steps(DeepSea(size, mapping_seed=mapping_seed), original, lambda _: (), start)
    assert episodes == 1000 // size


@pytest.mark.parametrize("size", [50, 100])
def test_the_mapping_is_bsuites(size):
    ours = DeepSea(size)
    np.testing.assert_array_equal(
        ours.right[: size**2].reshape(size, size), bsuites(size=size, mapping_seed=42)._action_mapping
    )
    assert set(np.unique(DeepSea(size, randomise_actions=False).right)) == {1}


def test_each_stochastic_step_is_bsuites_given_its_luck():
    """bsuite's own generator, drawn from in its order, gives ours the same luck."""
    size, rng, luck = 5, np.random.default_rng(0), np.random.RandomState(7)
    ours, original = DeepSea(size, stochastic=True), bsuites(size=size, deterministic=False, seed=7, mapping_seed=42)
    move = eqx.filter_jit(ours.move)
    timestep, state, slipped, noisy = original.reset(), start(), 0, 0
    for _ in range(1000):
        row, column, action = int(state.row), int(state.column), int(rng.integers(2))
        noise = luck.randn() if row == size - 1 and column in (0, size - 1) else 0.0
        right = action == original._action_mapping[row, column]
        slips = bool(right and luck.rand() <= 1 / size)
        state, transition = move(state, action, jnp.bool_(slips), jnp.float32(noise))
        timestep = original.step(action)
        assert float(transition.reward) == pytest.approx(timestep.reward, rel=1e-5, abs=1e-6)
        np.testing.assert_array_equal(ours.observe(state), timestep.observation)
        assert bool(transition.terminated) == timestep.last()
        slipped, noisy = slipped + slips, noisy + (noise != 0)
        if timestep.last():
            timestep, state = original.reset(), start()
    assert slipped > 50 and noisy > 50


@pytest.mark.parametrize(
    ("row", "column", "right"), [(3, 1, True), (3, 1, False), (4, 4, True), (4, 4, False), (4, 0, False)]
)
def test_the_law_of_a_stochastic_step_is_bsuites(row, column, right):
    """How often a step leads where, and mean and deviation of what it pays, within 4 standard errors."""
    size, draws = 5, 4000
    ours, original = DeepSea(size, stochastic=True), bsuites(size=size, deterministic=False, seed=0, mapping_seed=42)
    action = int(original._action_mapping[row, column]) if right else 1 - int(original._action_mapping[row, column])
    columns, rewards = [], []
    for _ in range(draws):
        original._row, original._column = row, column
        rewards.append(original._step(action).reward)
        columns.append(original._column)
    keys = jax.random.split(jax.random.key(0), 4 * draws)
    cell = Cell(jnp.int32(row), jnp.int32(column))
    state, transition = jax.jit(jax.vmap(lambda key: ours.step(cell, action, key)))(keys)
    for value in range(size):
        p, q = np.mean(np.array(columns) == value), np.mean(np.array(state.column) == value)
        assert abs(p - q) <= 4 * np.sqrt(p * (1 - p) * (1 / draws + 1 / len(keys)))
    reward = np.asarray(transition.reward, float)
    error = np.std(rewards) * np.sqrt(1 / draws + 1 / len(keys))
    assert abs(reward.mean() - np.mean(rewards)) <= 4 * error + 1e-7
    assert abs(reward.std() - np.std(rewards)) <= 4 * error / np.sqrt(2) + 1e-7


def test_a_right_move_fails_once_in_size():
    ours = DeepSea(20, stochastic=True, randomise_actions=False)
    keys = jax.random.split(jax.random.key(1), 40_000)
    cell = Cell(jnp.int32(5), jnp.int32(5))
    state, _ = jax.jit(jax.vmap(lambda key: ours.step(cell, 1, key)))(keys)
    failures = int((state.column == 5).sum())
    assert abs(failures - 2000) < 4 * np.sqrt(2000 * 0.95)
    assert failures + int((state.column == 6).sum()) == 40_000


def test_mistakes_are_bsuites_bad_episodes():
    size = 4
    ours, original = DeepSea(size, stochastic=True), bsuites(size=size, deterministic=False, seed=3, mapping_seed=42)
    rng, bad, episode_is_bad = np.random.default_rng(0), 0, False
    for _ in range(400):
        cell = Cell(jnp.int32(original._row % size), jnp.int32(original._column if original._row < size else 0))
        action = int(rng.integers(2))
        episode_is_bad |= bool(ours.is_mistake(cell, action))
        if original.step(action).last():
            bad, episode_is_bad = bad + episode_is_bad, False
            original.reset()
    assert original.bsuite_info()["total_bad_episodes"] == bad > 50


def test_states_are_numbered_as_they_are_seen():
    size = 7
    ours = DeepSea(size)
    for row in range(size + 1):
        for column in range(size):
            cell = Cell(jnp.int32(row), jnp.int32(column))
            one_hot = np.zeros(ours.num_states)
            one_hot[ours.index(cell)] = 1
            np.testing.assert_array_equal(ours.observe(cell).ravel(), one_hot[:-1])


@pytest.mark.parametrize("stochastic", [False, True])
def test_the_best_return_is_that_of_moving_right(stochastic):
    ours = DeepSea(10, stochastic=stochastic)

    def episode(key):
        def one(state, key):
            return ours.step(state, ours.right[state.row * 10 + state.column], key)

        return jax.lax.scan(one, ours.reset(key), jax.random.split(key, 10))[1].reward.sum()

    returns = np.asarray(jax.jit(jax.vmap(episode))(jax.random.split(jax.random.key(0), 20_000)))
    # Where a move failed, the last step is at no end of the row; the cost is the same whether it failed or not.
    assert returns.mean() == pytest.approx(ours.optimal_return, abs=1e-6 + 4 * returns.std() / np.sqrt(len(returns)))


@pytest.mark.parametrize("stochastic", [False, True])
def test_copies_step_as_one(stochastic):
    ours, num_copies, num_steps = DeepSea(4, stochastic=stochastic), 2, 6
    keys = jax.random.split(jax.random.key(0), num_copies)
    together = jax.jit(jax.vmap(lambda key: play_randomly(ours, key, num_steps)))(keys)
    for copy, key in enumerate(keys):
        reset_key, steps_key = jax.random.split(key)
        state = ours.reset(reset_key)
        for number, step_key in enumerate(jax.random.split(steps_key, num_steps)):
            _, step_key = jax.random.split(step_key)
            action = int(together.actions[copy, number])
            state, transition = ours.step(state, action, jax.random.split(step_key)[0])
            assert together.reached.row[copy, number] == state.row
            assert together.reached.column[copy, number] == state.column
            assert float(together.transitions.reward[copy, number]) == pytest.approx(float(transition.reward), abs=1e-6)
            if transition.done:
                state = ours.reset(reset_key)


def test_size_100_is_no_larger_than_its_mapping():
    ours = DeepSea(100)
    state = jax.vmap(ours.reset)(jax.random.split(jax.random.key(0), 1024))
    assert sum(leaf.nbytes for leaf in jax.tree.leaves(state)) == 1024 * 8
    assert ours.observation_shape == (100, 100)
    assert ours.num_states == 10_001


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="size must be 2 or more, got 1"):
        DeepSea(1)
    ours, key = DeepSea(3), jax.random.key(0)
    for action in (-1, 2, np.int64(5), jnp.int32(2)):
        with pytest.raises(ValueError, match="action must be a whole number between 0 and 1"):
            ours.step(ours.reset(key), action, key)
    with pytest.raises(ValueError, match=r"whole number between 0 and 1, got 0\.5"):
        check_action(0.5, 2)


def test_a_finished_episode_stays_finished():
    ours, key = DeepSea(3), jax.random.key(0)
    state = Cell(jnp.int32(3), jnp.int32(2))
    for _ in range(3):
        state, transition = ours.step(state, 1, key)
        assert transition.terminated and int(ours.index(state)) == 9
