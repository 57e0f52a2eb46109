"""How one learns from rewards that come in one by one: a network by replay, or the posterior itself where it is known.

A learner is called at the start of a run and gives its first state and two functions, so that a run is one compiled
loop whoever plays: what every action is worth under joint samples, and the state after a reward.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.agents import NetworkAgent, PriorKnowledge, gradient_steps
from gnothi.learning.losses import Batch

NEWTON_STEPS = 3


class Learning(NamedTuple):
    """A run's beginning.

    `state`, before any reward; `values(state, num_samples, key)`, expected rewards under joint samples
    (float[samples, actions]); `learn(state, taken, reward, count, key)`, the state after reward number `count`.
    """

    state: Any
    values: Callable[..., Float[Array, "samples actions"]]
    learn: Callable[..., Any]


@runtime_checkable
class Learner(Protocol):
    """A rule of learning, hashable, so that compiled programs can be kept by it."""

    def __hash__(self) -> int:
        """Rules are frozen."""

    def __call__(
        self, actions: Float[Array, "actions features"], prior: PriorKnowledge, horizon: int, key: PRNGKeyArray
    ) -> Learning:
        """Begins to play among actions for at most `horizon` rewards."""


@dataclass(frozen=True)
class FromReplay:
    """A network that takes `steps_per_observation` gradient steps a reward on minibatches of all rewards so far.

    Minibatches are drawn with replacement; weight decay falls as 1 over the number of rewards (Osband et al. 2023,
    "Approximate Thompson Sampling via Epistemic Neural Networks", sec. 5).

    **Raises:** `ValueError` if a number is below 1.
    """

    agent: NetworkAgent
    batch_size: int = 128
    steps_per_observation: int = 1

    def __post_init__(self) -> None:
        if min(self.batch_size, self.steps_per_observation) < 1:
            raise ValueError(
                "batch_size and steps_per_observation must be 1 or more, "
                f"got {self.batch_size} and {self.steps_per_observation}"
            )

    def __call__(self, actions: Array, prior: PriorKnowledge, horizon: int, key: PRNGKeyArray) -> Learning:
        """The agent's network before training, and an empty replay."""
        enn = self.agent.network(actions.shape[1], prior, key)
        constants = enn.constants(actions)
        training = gradient_steps(self.agent, enn, prior)

        def values(state, num_samples, key):
            network = training.network(state[0])
            logits = network.predict(actions, network.index.samples(key, num_samples), constants)
            return logits[..., 0] if prior.noise_std is not None else jax.nn.sigmoid(logits[..., 1] - logits[..., 0])

        def one_step(trained, history, rewards, count, key):
            row_key, index_key = jax.random.split(key)
            rows = jax.random.randint(row_key, (self.batch_size,), 0, count)
            seen = history[rows]
            batch = Batch(actions[seen], rewards[rows], rows, None if constants is None else constants[seen])
            return training.step(trained, batch, count, index_key)

        def learn(state, taken, reward, count, key):
            trained, history, rewards = state
            history = history.at[count - 1].set(taken)
            rewards = rewards.at[count - 1].set(reward.astype(rewards.dtype))
            for step_key in jax.random.split(key, self.steps_per_observation):
                trained = one_step(trained, history, rewards, count, step_key)
            return trained, history, rewards

        paid = jnp.zeros(horizon, jnp.int32 if prior.noise_std is None else jnp.float32)
        return Learning((training.start, jnp.zeros(horizon, jnp.int32), paid), values, learn)


@dataclass(frozen=True)
class LinearPosterior:
    """The exact posterior of a linear bandit: weights N(0, I / features), normal noise of a known deviation.

    The yardstick of Thompson sampling there (Russo et al. 2018, "A Tutorial on Thompson Sampling", sec. 4.3).
    """

    def __call__(self, actions: Array, prior: PriorKnowledge, horizon: int, key: PRNGKeyArray) -> Learning:
        """The prior, as a precision matrix and its product with the mean.

        **Raises:** `ValueError` if rewards are not values with noise.
        """
        if prior.noise_std is None:
            raise ValueError("LinearPosterior is for rewards with normal noise; for 0 and 1 there is LogisticPosterior")
        features = actions.shape[1]

        def values(state, num_samples, key):
            precision, product = state
            return _normal_draws(precision, jnp.linalg.solve(precision, product), num_samples, key) @ actions.T

        def learn(state, taken, reward, count, key):
            precision, product = state
            action, weighted = actions[taken], actions[taken] / prior.noise_variance
            return precision + jnp.outer(action, weighted), product + weighted * reward

        return Learning((features * jnp.eye(features), jnp.zeros(features)), values, learn)


@dataclass(frozen=True)
class LogisticPosterior:
    """Laplace's approximation to the posterior of a logistic bandit: the most likely weights and the curvature there.

    Weights are N(0, I / (features temperature^2)). A few damped Newton steps a reward, from the last weights, on the
    counts of rewards by action (Chapelle and Li 2011; Russo et al. 2018, sec. 5.2).
    """

    def __call__(self, actions: Array, prior: PriorKnowledge, horizon: int, key: PRNGKeyArray) -> Learning:
        """No rewards yet, and weights of 0.

        **Raises:** `ValueError` if rewards are values with noise.
        """
        if prior.noise_std is not None:
            raise ValueError("LogisticPosterior is for rewards of 0 and 1; for values with noise: LinearPosterior")
        num_actions, features = actions.shape
        decay = features / prior.logit_scale**2

        def log_posterior(weights, counts):
            logits = actions @ weights
            return counts[1] @ logits - counts.sum(axis=0) @ jax.nn.softplus(logits) - decay * weights @ weights / 2

        def curvature(weights, counts):
            chance = jax.nn.sigmoid(actions @ weights)
            weight = counts.sum(axis=0) * chance * (1 - chance)
            return (actions.T * weight) @ actions + decay * jnp.eye(features)

        def newton(weights, counts):
            direction = jnp.linalg.solve(curvature(weights, counts), jax.grad(log_posterior)(weights, counts))
            tried = weights + jnp.array([1.0, 0.5, 0.25, 0.0])[:, None] * direction
            return tried[jnp.argmax(jax.vmap(log_posterior, (0, None))(tried, counts))]

        def values(state, num_samples, key):
            weights, counts = state
            drawn = _normal_draws(curvature(weights, counts), weights, num_samples, key)
            return jax.nn.sigmoid(drawn @ actions.T)

        def learn(state, taken, reward, count, key):
            weights, counts = state
            counts = counts.at[reward.astype(jnp.int32), taken].add(1.0)
            for _ in range(NEWTON_STEPS):
                weights = newton(weights, counts)
            return weights, counts

        return Learning((jnp.zeros(features), jnp.zeros((2, num_actions))), values, learn)


def _normal_draws(precision: Array, mean: Array, count: int, key: PRNGKeyArray) -> Float[Array, "count features"]:
    root = jnp.linalg.cholesky(precision)
    noise = jax.random.normal(key, (len(mean), count))
    return mean + jax.scipy.linalg.solve_triangular(root.T, noise).T
