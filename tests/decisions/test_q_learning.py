"""Q-learning with an epistemic network: what holds at every step, and that it learns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.decisions.environments import DeepSea
from gnothi.decisions.planners import Greedy, UpperConfidence
from gnothi.decisions.q_learning import Episodes, QAgent, run, start
from gnothi.decisions.q_networks import EnsembleQ, EpinetQ, PlainQ

SMALL = QAgent(EpinetQ(hidden=(20,), epinet_hidden=(10,), num_indices=5), batch_size=32)


def carried(agent, environment, num_steps):
    """The loop's carry before each step."""
    first, step = start(agent, environment, jax.random.key(0))

    def keep(carry, _):
        return step(carry, None)[0], carry

    return jax.jit(lambda first: jax.lax.scan(keep, first, None, length=num_steps))(first)[1]


@pytest.fixture(scope="module")
def carry():
    return carried(SMALL, DeepSea(4), 40)


def test_an_index_lasts_an_episode_and_no_longer(carry):
    by_episode = np.asarray(carry[5]).reshape(10, 4, -1)
    assert (by_episode == by_episode[:, :1]).all()
    assert len(np.unique(by_episode[:, 0], axis=0)) == 10


def test_replay_holds_what_happened(carry):
    replay, states = jax.tree.map(lambda leaf: leaf[-1], carry[3]), carry[4]
    expected = jax.vmap(DeepSea(4).index)(states)
    np.testing.assert_array_equal(replay.before[:39], expected[:39])
    within = np.arange(39) % 4 != 3
    np.testing.assert_array_equal(replay.after[:39][within], expected[1:40][within])
    np.testing.assert_array_equal(replay.discount[:39] == 0, ~within)
    assert replay.before.dtype == jnp.int32


def test_nothing_is_learned_before_there_is_enough(carry):
    parameters = np.asarray(carry[0])
    assert (parameters[0] == parameters[39]).all()  # 128 steps are wanted
    quick = QAgent(SMALL.network, batch_size=8, least_replay=8, target_period=4)
    parameters, target = (np.asarray(part) for part in carried(quick, DeepSea(4), 40)[0:3:2])
    assert (parameters[7] == parameters[0]).all() and (parameters[8] != parameters[0]).any()
    np.testing.assert_array_equal(target[16], parameters[16])  # renewed after the sixteenth step
    np.testing.assert_array_equal(target[17], target[16])
    assert (parameters[17] != target[17]).any()


@pytest.mark.parametrize("network", [SMALL.network, EnsembleQ(5, hidden=(20,))])
def test_deep_sea_is_solved(network):
    agent = QAgent(network, batch_size=32)
    found = run(agent, DeepSea(6), jax.random.key(1), 6 * 500)
    assert found.returns.shape == (500,)
    assert found.returns[-100:].mean() > 0.8


def test_a_run_can_be_watched_and_stopped():
    seen = []
    found = run(
        QAgent(PlainQ((8,)), Greedy(0.1), batch_size=8),
        DeepSea(4),
        jax.random.key(0),
        20_000,
        watch=DeepSea(4).is_mistake,
        until=lambda episodes: len(episodes.rewards) >= 5000,
        progress=lambda done, of: seen.append((done, of)),
    )
    assert len(found.rewards) == 5000 and seen == [(5000, 20_000)]
    good = found.returns > 0.5
    np.testing.assert_array_equal(good, ~found.watched.reshape(-1, 4).any(axis=1))


@pytest.mark.slow
def test_other_planners_ask_for_their_own_samples():
    agent = QAgent(EnsembleQ(4, hidden=(8,)), UpperConfidence(1.0, num_samples=10), batch_size=8)
    assert isinstance(run(agent, DeepSea(3), jax.random.key(0), 30), Episodes)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="1 or more"):
        run(SMALL, DeepSea(4), jax.random.key(0), 0)
