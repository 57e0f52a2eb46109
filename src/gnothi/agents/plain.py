"""Agents without uncertainty of their own: the floor, a linear model, and one network."""

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, num_steps, squares
from gnothi.data import Dataset
from gnothi.enn import Plain
from gnothi.learning import Loss, fit
from gnothi.nn import MLP, FeatureNetwork


class _Nothing(FeatureNetwork):
    num_classes: int = eqx.field(static=True)

    def features(self, x: Float[Array, "..."]) -> Float[Array, " features"]:
        return x.ravel()

    def head(self, features: Float[Array, " features"]) -> Float[Array, " classes"]:
        return jnp.zeros(self.num_classes)


@dataclass(frozen=True)
class UniformAgent:
    """Every class is as likely, whatever the input: the score that normalises to 1."""

    compiled: ClassVar[bool] = True

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Plain:
        """Learns nothing."""
        return Plain(_Nothing(prior.num_classes))


@dataclass(frozen=True)
class MLPAgent:
    """One network: a point estimate."""

    hidden: tuple[int, ...] = (50, 50)
    l2: float = 1.0  # weight decay, before the problem's own factor
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def network(self, input_size: int, prior: PriorKnowledge, key: PRNGKeyArray) -> Plain:
        """The network before training."""
        return Plain(MLP(input_size, self.hidden, prior.num_classes, key=jax.random.split(key)[0]))

    def loss(self, prior: PriorKnowledge) -> Loss:
        """Of a minibatch."""
        return prior.loss()

    def penalty(self, enn: Any, prior: PriorKnowledge, count: Int[Array, ""]) -> Float[Array, ""]:
        """Weight decay that falls as data come in."""
        return self.l2 * prior.annealed(count) * squares(enn)

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Plain:
        """Trains the network with the testbed's schedule and decay."""
        return fit(
            self.network(data.x[0].size, prior, key),
            data,
            loss=self.loss(prior),
            steps=num_steps(self.steps, data),
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            decay=self.l2 * prior.decay_factor(data),
            key=jax.random.split(key)[1],
        )


@dataclass(frozen=True)
class LogisticAgent:
    """Logistic regression: an MLP with no hidden layer, trained in the same way."""

    l2: float = 1.0
    steps: int = 1000
    compiled: ClassVar[bool] = True

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Plain:
        """Trains the linear model."""
        return MLPAgent(hidden=(), l2=self.l2, steps=self.steps)(data, prior, key)
