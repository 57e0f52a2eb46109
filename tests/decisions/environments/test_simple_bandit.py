"""The bandit is bsuite's."""

import jax
import jax.numpy as jnp
import pytest

from gnothi.decisions.environments import SimpleBandit

from .originals import assert_equal_steps


@pytest.mark.parametrize("seed", [0, 5])
def test_each_step_is_bsuites(seed):
    original = pytest.importorskip("bsuite.environments.bandit").SimpleBandit(mapping_seed=seed)
    episodes = assert_equal_steps(SimpleBandit(mapping_seed=seed), original, lambda _: (), lambda: jnp.int32(0))
    assert episodes == 1000


def test_states_are_numbered():
    bandit = SimpleBandit(3)
    state = bandit.reset(jax.random.key(0))
    assert bandit.index(state) == 0
    state, transition = bandit.step(state, 1, jax.random.key(0))
    assert bandit.index(state) == 1 < bandit.num_states and transition.terminated
    assert sorted(bandit.pays.tolist()) == [0.0, 0.5, 1.0]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="num_arms must be 2 or more, got 1"):
        SimpleBandit(1)
    with pytest.raises(ValueError, match="between 0 and 10, got 11"):
        SimpleBandit().step(jnp.int32(0), 11, jax.random.key(0))
