"""gymnax's environments with our interface: those of bsuite are bsuite's."""

import builtins

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.decisions.environments import from_gymnax, play_randomly, step_and_reset
from gnothi.decisions.environments.gymnax_adapter import (
    GymnaxState,
    catch,
    discounting_chain,
    memory_chain,
    umbrella_chain,
)

from .originals import assert_equal_steps

gymnax = pytest.importorskip("gymnax")


def bsuites(module: str, name: str, **settings):
    return getattr(pytest.importorskip(f"bsuite.environments.{module}"), name)(**settings)


def equal_steps(environment, original, quiet=False, **names) -> int:
    """Episodes of ours start with the numbers, by name, that the original's start with."""
    blank = environment.reset(jax.random.key(0))

    def numbers_of(original):
        return tuple(np.asarray(getattr(original, theirs), np.int32) for theirs in names.values())

    def build(*numbers):
        inner = blank.inner.replace(**dict(zip(names, numbers, strict=True)))
        observation = environment.inner.get_obs(inner, params=environment.parameters, key=jax.random.key(0))
        return GymnaxState(inner, jnp.asarray(observation, float))

    return assert_equal_steps(environment, original, numbers_of, build, quiet=quiet)


@pytest.mark.parametrize(("rows", "columns"), [(10, 5), (4, 7)])
def test_catch_is_bsuites(rows, columns):
    ours = catch(rows, columns)
    original = bsuites("catch", "Catch", rows=rows, columns=columns, seed=0)
    assert equal_steps(ours, original, ball_x="_ball_x") == 1000 // (rows - 1)


@pytest.mark.parametrize("seed", [0, 3, 7])
def test_discounting_chain_is_bsuites(seed):
    ours = discounting_chain(seed)
    original = bsuites("discounting_chain", "DiscountingChain", mapping_seed=seed)
    assert equal_steps(ours, original) == 10


@pytest.mark.parametrize(("length", "bits"), [(1, 1), (10, 1), (4, 3)])
def test_memory_chain_is_bsuites(length, bits):
    ours = memory_chain(length, bits)
    original = bsuites("memory_chain", "MemoryChain", memory_length=length, num_bits=bits, seed=0)
    assert equal_steps(ours, original, context="_context", query="_query") == 1000 // (length + 1)


@pytest.mark.parametrize("length", [1, 5])
def test_umbrella_chain_is_bsuites_but_for_its_noise(length):
    """The rewards before the last of an episode are luck, compared below."""
    original = bsuites("umbrella_chain", "UmbrellaChain", chain_length=length, seed=0)
    names = {"need_umbrella": "_need_umbrella", "has_umbrella": "_has_umbrella"}
    assert equal_steps(umbrella_chain(length, 0), original, quiet=True, **names) == 1000 // length


def test_the_noise_of_umbrella_chain_is_bsuites():
    ours = umbrella_chain(1000, 20)
    plays = play_randomly(ours, jax.random.key(0), 900)
    rewards, seen = np.asarray(plays.transitions.reward), np.asarray(plays.reached.observation)[:, 3:]
    for found in ((rewards + 1) / 2, seen):
        assert set(np.unique(found)) == {0.0, 1.0}
        assert abs(found.mean() - 0.5) < 4 * 0.5 / np.sqrt(found.size)


def test_time_limits_cut_off_unless_they_end():
    cut = from_gymnax("MountainCar-v0", {"max_steps_in_episode": 20})
    end = from_gymnax("MountainCar-v0", {"max_steps_in_episode": 20}, time_limit_ends=True)
    for environment, discount in ((cut, 1.0), (end, 0.0)):
        found = play_randomly(environment, jax.random.key(0), 45).transitions
        np.testing.assert_array_equal(np.flatnonzero(found.done), [19, 39])
        assert (np.asarray(found.discount)[[19, 39]] == discount).all()


@pytest.mark.parametrize("name", ["CartPole-v1", "Acrobot-v1", "Breakout-MinAtar", "FourRooms-misc", "FrozenLake-misc"])
def test_others_can_be_scanned_and_copied(name):
    environment = from_gymnax(name)
    keys = jax.random.split(jax.random.key(0), 3)
    plays = jax.jit(jax.vmap(lambda key: play_randomly(environment, key, 10)))(keys)
    assert plays.reached.observation.shape == (3, 10, *environment.observation_shape)
    assert np.isfinite(plays.transitions.reward).all()


def test_each_step_is_gymnaxs():
    inner, parameters = gymnax.make("CartPole-v1")
    ours, key = from_gymnax(inner), jax.random.key(3)
    state = ours.reset(key)
    observation, theirs = inner.reset_env(key, parameters)
    for number in range(60):
        np.testing.assert_allclose(ours.observe(state), observation, rtol=1e-6)
        action, key = number % 2, jax.random.key(number)
        observation, theirs, reward, terminated, _ = inner.step_env(key, theirs, action, parameters)
        state, transition = ours.step(state, action, key)
        assert float(transition.reward) == reward and bool(transition.terminated) == bool(terminated)
        if terminated:
            break


def test_one_name_is_one_environment():
    """So that what was compiled for it is found again."""
    assert catch() == catch() and catch().inner is catch().inner
    following, reached, _ = step_and_reset(catch(), catch().reset(jax.random.key(0)), 1, jax.random.key(0))
    assert jax.tree.structure(following) == jax.tree.structure(reached)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="gymnax knows no environment 'Cach-bsuite'"):
        from_gymnax("Cach-bsuite")
    with pytest.raises(ValueError, match="the parameters of Catch-bsuite are max_steps_in_episode"):
        from_gymnax("Catch-bsuite", {"colour": 3})
    with pytest.raises(ValueError, match="actions must be finitely many, but Pendulum-v1 has Box actions"):
        from_gymnax("Pendulum-v1")
    with pytest.raises(ValueError, match="between 0 and 2, got 3"):
        catch().step(catch().reset(jax.random.key(0)), 3, jax.random.key(0))


def test_what_is_missing_is_said(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "gymnax":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'gnothi\[rl\]'"):
        from_gymnax("Asterix-MinAtar")
