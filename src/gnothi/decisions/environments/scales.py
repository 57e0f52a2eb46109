"""How large observations and rewards are, seen by acting at random: what the scale of a prior is set by.

A prior function should vary as much over what is seen as values do. Osband et al. 2023, "Approximate Thompson Sampling
via Epistemic Neural Networks" (released code: enn_acme, `experiments/bsuite/prior_scale.py`), divide its scale by the
standard deviation of a random linear function over the 100 steps before learning starts.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from gnothi.decisions.environments.environment import Environment
from gnothi.decisions.environments.play import play_randomly


class Scales(NamedTuple):
    """What random actions show: `observations`, see `problem_std`; `rewards`, their root mean square a step;
    `largest_reward`, in absolute value. Where rewards are rare, the last two say little: none may have been seen."""

    observations: float
    rewards: float
    largest_reward: float


def measure_scales(environment: Environment, key: PRNGKeyArray, *, num_steps: int = 100) -> Scales:
    """Acts at random for `num_steps` steps, episodes one after another, and measures what is seen.

    **Raises:** `ValueError` if there are fewer than 2 steps.
    """
    if num_steps < 2:
        raise ValueError(f"num_steps must be 2 or more, got {num_steps}")
    plays = play_randomly(environment, key, num_steps)
    seen = jax.vmap(environment.observe)(plays.states).reshape(num_steps, -1)
    rewards = plays.transitions.reward
    # The variance over steps of w @ x, on average over normal weights w of variance 1 / size, is the mean variance.
    deviation = jnp.sqrt(jnp.mean(jnp.var(seen, axis=0)))
    size = jnp.sqrt(jnp.mean(seen**2))
    observations = next((float(scale) for scale in (deviation, size) if scale > 0), 1.0)
    return Scales(observations, float(jnp.sqrt(jnp.mean(rewards**2))), float(jnp.abs(rewards).max()))


def problem_std(environment: Environment, key: PRNGKeyArray, *, num_steps: int = 100) -> float:
    """The standard deviation of a random linear function of what is observed over steps of random actions.

    Its weights are normal with variance 1 / size, and the deviation is the root mean square over them, so that it
    depends on no draw of weights. Where observations never change (a bandit's) it is the function's own size, and
    where they are all 0 it is 1: a prior can always be divided by it.

    **Raises:** `ValueError` if there are fewer than 2 steps.
    """
    return measure_scales(environment, key, num_steps=num_steps).observations
