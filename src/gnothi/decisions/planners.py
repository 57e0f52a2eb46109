"""Planners: from joint samples of what every action is worth to the action that is taken.

All have one interface, so that bandits and Q-learning ask in the same way: `num_samples` draws of the index, a value
for each action under each of them, and a key.
"""

from typing import ClassVar, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

Values = Float[Array, "samples actions"]
Action = Int[Array, ""]


@runtime_checkable
class Planner(Protocol):
    """A rule of choice."""

    @property
    def num_samples(self) -> int:
        """How many joint samples it wants to see."""

    def __hash__(self) -> int:
        """Rules are frozen, so that compiled programs can be kept by them."""

    def __call__(self, values: Values, key: PRNGKeyArray) -> Action:
        """The action to take, any of the best if there are several."""


def best_action(values: Float[Array, " actions"], key: PRNGKeyArray) -> Action:
    """The position of the largest value; any of them, with equal chances, if there are several."""
    chance = jax.random.uniform(key, values.shape)
    return jnp.argmax(jnp.where(values == jnp.max(values), chance, -1.0))


class Thompson(eqx.Module):
    """Draws one index and acts as if it were true (Thompson 1933)."""

    num_samples: ClassVar[int] = 1

    def __call__(self, values: Values, key: PRNGKeyArray) -> Action:
        """The best action under the only sample."""
        return best_action(values[0], key)


class TopTwoThompson(eqx.Module):
    """With probability `share` Thompson's choice; else the first other choice of further draws (Russo 2016).

    For finding the best action rather than earning on the way. Where all `num_samples` draws agree, the second best of
    the last of them is taken.
    """

    share: float = 0.5
    num_samples: int = eqx.field(static=True, default=20)

    def __call__(self, values: Values, key: PRNGKeyArray) -> Action:
        """The leader, or its challenger."""
        coin, last, *ties = jax.random.split(key, self.num_samples + 2)
        choices = jax.vmap(best_action)(values, jnp.stack(ties))
        leader = choices[0]
        others = choices != leader
        runner_up = best_action(values[-1].at[leader].set(-jnp.inf), last)
        challenger = jnp.where(jnp.any(others), choices[jnp.argmax(others)], runner_up)
        return jnp.where(jax.random.uniform(coin) < self.share, leader, challenger)


class Greedy(eqx.Module):
    """The best action by the mean of `num_samples` draws; with probability `epsilon` any action."""

    epsilon: float = 0.0
    num_samples: int = eqx.field(static=True, default=1)

    def __call__(self, values: Values, key: PRNGKeyArray) -> Action:
        """The best action on average, or any."""
        coin, anything, tie = jax.random.split(key, 3)
        random = jax.random.randint(anything, (), 0, values.shape[1])
        return jnp.where(jax.random.uniform(coin) < self.epsilon, random, best_action(values.mean(axis=0), tie))


class UpperConfidence(eqx.Module):
    """The largest mean plus `bonus` deviations of `num_samples` draws: optimism from epistemic variance alone."""

    bonus: float = 1.0
    num_samples: int = eqx.field(static=True, default=20)

    def __call__(self, values: Values, key: PRNGKeyArray) -> Action:
        """The action that could be best."""
        return best_action(values.mean(axis=0) + self.bonus * values.std(axis=0), key)


class Boltzmann(eqx.Module):
    """An action with probability proportional to exp(mean value / temperature)."""

    temperature: float = 0.1
    num_samples: int = eqx.field(static=True, default=1)

    def __call__(self, values: Values, key: PRNGKeyArray) -> Action:
        """A draw."""
        return jax.random.categorical(key, values.mean(axis=0) / self.temperature)


class InformationDirected(eqx.Module):
    """The mixture of two actions with the least squared regret an information gained (Russo and Van Roy 2018).

    Information is the variance of an action's expected value given which action is best, over `num_samples` draws
    (sec. 6.3 there); regret is a draw's best value less the action's, on average.
    """

    num_samples: int = eqx.field(static=True, default=100)

    def __call__(self, values: Values, key: PRNGKeyArray) -> Action:
        """A draw from the best mixture of two actions."""
        coin_key, tie_key = jax.random.split(key)
        regret, information = regret_and_information(values)
        shares = jnp.linspace(0.0, 1.0, 101)

        def mixed(per_action):  # [actions, actions, shares]
            return per_action[:, None, None] * shares + per_action[None, :, None] * (1 - shares)

        ratio = mixed(regret) ** 2 / (mixed(information) + 1e-6)
        # Where several mixtures are as good, any of them: a tie of all is no reason for action 0.
        chance = jax.random.uniform(tie_key, (ratio.size,)).reshape(ratio.shape)
        least = jnp.argmax(jnp.where(ratio <= jnp.min(ratio) * (1 + 1e-6) + 1e-12, chance, -1.0))
        first, second, share = jnp.unravel_index(least, ratio.shape)
        return jnp.where(jax.random.uniform(coin_key) < shares[share], first, second)


def regret_and_information(values: Values) -> tuple[Float[Array, " actions"], Float[Array, " actions"]]:
    """Expected regret of each action, and the variance of its mean value given which action is best.

    **Arguments:** `values`, of joint samples, each as likely.
    """
    is_best = jax.nn.one_hot(jnp.argmax(values, axis=1), values.shape[1])
    chance = is_best.mean(axis=0)
    given = is_best.T @ values / values.shape[0] / jnp.where(chance > 0, chance, 1.0)[:, None]  # [best, action]
    information = chance @ (given - values.mean(axis=0)) ** 2
    return values.max(axis=1).mean() - values.mean(axis=0), information
