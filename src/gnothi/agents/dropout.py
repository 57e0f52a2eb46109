"""Monte-Carlo dropout with the testbed's tuned settings."""

from dataclasses import dataclass
from typing import ClassVar

import jax
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, num_steps
from gnothi.data import Dataset
from gnothi.enn import Dropout
from gnothi.learning import fit
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

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Dropout:
        """Trains with one fresh mask a step."""
        net_key, fit_key = jax.random.split(key)
        size = data.x[0].size
        net = MLP(size, self.hidden, prior.num_classes, key=net_key, first_bias_std=size**-0.5)
        return fit(
            Dropout(net, self.rate),
            data,
            loss=prior.loss(num_indices=1),
            steps=num_steps(self.steps, data),
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            decay=self._decay(data, prior),
            key=fit_key,
        )

    def _decay(self, data: Dataset, prior: PriorKnowledge) -> float | Float[Array, ""]:
        """The testbed's two laws: `adaptive`, and the plain one for where nobody knows a temperature."""
        if prior.temperature is None:
            return self.length_scale**2 * (1 - self.rate) / (2 * len(data)) * prior.noise_variance
        return self.length_scale * prior.decay_factor(data)
