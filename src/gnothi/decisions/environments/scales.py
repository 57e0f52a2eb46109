"""How large observations, rewards and values are, seen by acting at random: what the scale of a prior is set by.

A prior function should vary as much over what is seen as values may. Osband et al. 2023, "Approximate Thompson Sampling
via Epistemic Neural Networks" (released code: enn_acme, `experiments/bsuite/prior_scale.py`), divide its scale by the
standard deviation of a random linear function over the 100 steps before learning starts.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.decisions.environments.environment import Environment
from gnothi.decisions.environments.play import play_randomly


def problem_std(environment: Environment, key: PRNGKeyArray, *, num_steps: int = 100) -> float:
    """The standard deviation of a random linear function of what is observed over steps of random actions.

    Its weights are normal with variance 1 / size, and the deviation is the root mean square over them, so that it
    depends on no draw of weights. Where observations never change (a bandit's) it is the function's own size, and
    where they are all 0 it is 1: a prior can always be divided by it.

    **Raises:** `ValueError` if there are fewer than 2 steps.
    """
    if num_steps < 2:
        raise ValueError(f"num_steps must be 2 or more, got {num_steps}")
    plays = play_randomly(environment, key, num_steps)
    seen = jax.vmap(environment.observe)(plays.states).reshape(num_steps, -1)
    # The variance over steps of w @ x, on average over normal weights w of variance 1 / size, is the mean variance.
    deviation = jnp.sqrt(jnp.mean(jnp.var(seen, axis=0)))
    size = jnp.sqrt(jnp.mean(seen**2))
    return next((float(scale) for scale in (deviation, size) if scale > 0), 1.0)


def value_scale(
    environment: Environment, key: PRNGKeyArray, discount: float, bound: float = 1.0, *, num_steps: int = 1000
) -> Float[Array, ""]:
    """How large values may be: the root mean square of discounted returns of random actions, or `bound` if more.

    **Arguments:** `environment`, compiled; `key`; `discount`, a step; `bound`, at which rewards are cut on both sides:
    where random actions meet no reward one of that size may still be found; `num_steps`, of random actions; returns
    are taken from the first half of them, so that most of what they add up was seen.
    """
    paid = play_randomly(environment, key, num_steps).transitions

    def add(later: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
        reward, done = now
        value = jnp.clip(reward, -bound, bound) + discount * jnp.where(done, 0.0, later)
        return value, value

    _, values = jax.lax.scan(add, jnp.zeros(()), (paid.reward, paid.done), reverse=True)
    return jnp.maximum(bound, jnp.sqrt(jnp.mean(values[: (num_steps + 1) // 2] ** 2)))
