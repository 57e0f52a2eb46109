"""Steps an environment and its original side by side."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def assert_equal_steps(
    environment: Any,
    original: Any,
    numbers_of: Callable[[Any], tuple],
    build: Callable[..., Any],
    *,
    num_steps: int = 1000,
    tolerance: float = 1e-6,
    forced: bool = False,
    quiet: bool = False,
) -> int:
    """Takes the same random actions in both; each episode of ours starts in `build(*numbers_of(original))`.

    With `forced` every step does, so that errors do not add up; with `quiet`, rewards are compared only where an
    episode ends. The original is a `dm_env`, which starts episodes itself. Returns how many episodes ended.
    """
    rng, shape = np.random.default_rng(0), environment.observation_shape
    actions = rng.integers(environment.num_actions, size=num_steps)
    timestep, rows = original.reset(), []
    for action in actions:
        is_first, numbers, before = not rows or timestep.last(), numbers_of(original), timestep.observation
        if rows and timestep.last():
            timestep = original.reset()
            numbers, before = numbers_of(original), timestep.observation
        timestep = original.step(int(action))
        seen = np.reshape(before, shape), np.reshape(timestep.observation, shape)
        rows.append((is_first or forced, numbers, *seen, timestep.reward, timestep.last(), timestep.discount))
    starts, numbers, before, after, rewards, ends, discounts = jax.tree.map(lambda *leaves: np.stack(leaves), *rows)

    def one(state, given):
        action, starts, numbers, key = given
        state = jax.tree.map(lambda new, old: jnp.where(starts, new, old), build(*numbers), state)
        reached, found = environment.step(state, action, key)
        observed = environment.observe(state), environment.observe(reached)
        return reached, (*observed, found.reward, found.done, found.discount)

    first = environment.reset(jax.random.key(0))
    given = jnp.asarray(actions), jnp.asarray(starts), numbers, jax.random.split(jax.random.key(0), num_steps)
    found = jax.device_get(jax.jit(lambda first, given: jax.lax.scan(one, first, given)[1])(first, given))
    near = {"rtol": tolerance, "atol": tolerance}
    np.testing.assert_allclose(found[0][starts], before[starts], **near)
    np.testing.assert_allclose(found[1], after, **near)
    compared = ends if quiet else np.ones(num_steps, bool)
    np.testing.assert_allclose(found[2][compared], rewards[compared], **near)
    np.testing.assert_array_equal(found[3], ends)
    np.testing.assert_array_equal(found[4], discounts)
    return int(ends.sum())
