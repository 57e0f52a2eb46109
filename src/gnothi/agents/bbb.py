"""Bayes by backprop with the testbed's settings (Blundell et al. 2015)."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, num_steps
from gnothi.data import Dataset
from gnothi.enn import MeanField
from gnothi.learning import Loss, cross_entropy, fit
from gnothi.nn import MLP


@dataclass(frozen=True)
class BBBAgent:
    """A normal law for each weight, trained to the evidence lower bound (`bbb`).

    Its divergence from the prior is weighed by sqrt(temperature) times input size over data if `adaptive_kl`, else by
    1 over data. It takes the same number of steps whatever the data, unless `adaptive_steps`.
    """

    hidden: tuple[int, ...] = (50, 50)
    prior_std: float = 1.0
    first_std: float = 0.01  # of every weight, before training
    num_indices: int = 8  # fresh indices a step
    adaptive_kl: bool = True
    steps: int = 1000
    adaptive_steps: bool = False
    learning_rate: float = 3e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def network(self, input_size: int, prior: PriorKnowledge, key: PRNGKeyArray) -> MeanField:
        """Means and deviations before training."""
        mean = MLP(input_size, self.hidden, prior.num_classes, key=jax.random.split(key)[0])
        return MeanField(mean, std=self.first_std)

    def loss(self, prior: PriorKnowledge) -> Loss:
        """Of a minibatch."""
        return cross_entropy(num_indices=self.num_indices)

    def penalty(self, enn: MeanField, prior: PriorKnowledge, count: Int[Array, ""]) -> Float[Array, ""]:
        """The divergence from the prior, by the weight that the published bandit gives it."""
        temperature = 1.0 if prior.temperature is None else prior.temperature
        return 2 * jnp.sqrt(temperature) / count * enn.kl(self.prior_std)

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> MeanField:
        """Trains means and deviations together."""
        weight = prior.decay_factor(data) if self.adaptive_kl else 1 / len(data)
        return fit(
            self.network(data.x[0].size, prior, key),
            data,
            loss=self.loss(prior),
            penalty=lambda enn: weight * enn.kl(self.prior_std),
            steps=num_steps(self.steps, data) if self.adaptive_steps else self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            key=jax.random.split(key)[1],
        )
