"""Monte-Carlo dropout with the testbed's tuned settings."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, num_steps, squares
from gnothi.data import Dataset
from gnothi.enn import Dropout
from gnothi.learning import Loss, fit
from gnothi.nn import MLP


@dataclass(frozen=True)
class DropoutAgent:
    """One network whose hidden units are dropped at random, at prediction time too (Gal and Ghahramani 2016)."""

    hidden: tuple[int, ...] = (50, 50)
    rate: float = 0.1
    length_scale: float = 1.0
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def network(self, input_size: int, prior: PriorKnowledge, key: PRNGKeyArray) -> Dropout:
        """The network before training."""
        net_key = jax.random.split(key)[0]
        net = MLP(input_size, self.hidden, prior.num_classes, key=net_key, first_bias_std=input_size**-0.5)
        return Dropout(net, self.rate)

    def loss(self, prior: PriorKnowledge) -> Loss:
        """Of a minibatch."""
        return prior.loss(num_indices=1)

    def penalty(self, enn: Any, prior: PriorKnowledge, count: Int[Array, ""]) -> Float[Array, ""]:
        """Weight decay that falls as data come in."""
        return self.length_scale * prior.annealed(count) * squares(enn)

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Dropout:
        """Trains with one fresh mask a step."""
        return fit(
            self.network(data.x[0].size, prior, key),
            data,
            loss=self.loss(prior),
            steps=num_steps(self.steps, data),
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            decay=self._decay(data, prior),
            key=jax.random.split(key)[1],
        )

    def _decay(self, data: Dataset, prior: PriorKnowledge) -> float | Float[Array, ""]:
        """The testbed's two laws: `adaptive`, and the plain one for where nobody knows a temperature."""
        if prior.temperature is None:
            return self.length_scale**2 * (1 - self.rate) / (2 * len(data)) * prior.noise_variance
        return self.length_scale * prior.decay_factor(data)
