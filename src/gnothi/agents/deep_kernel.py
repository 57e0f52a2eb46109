"""Deep kernels: the last hidden layer of a trained network as the features of a Gaussian process (Osband et al. 2022).

The network is trained as a plain one; its features, over their length, then give a covariance of logits as in Bayesian
linear regression: M = s^2 I + Phi' Phi, with s^2 = 4 temperature, and logits vary by `4 / sqrt(data) phi' M^-1/2 z`.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge
from gnothi.agents.plain import MLPAgent
from gnothi.data import Dataset
from gnothi.enn import GaussianHead, inverse_root, read_features


@dataclass(frozen=True)
class DeepKernelAgent:
    """An `mlp` whose logits are spread by `scale noise / sqrt(temperature data)`, where `noise^2` is `noise_factor`
    times the temperature."""

    scale: float = 2.0
    noise_factor: float = 4.0
    most_rows: int = 32_768  # how many data the covariance takes in
    hidden: tuple[int, ...] = (50, 50)
    l2: float = 1.0  # weight decay, before the problem's own factor
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> GaussianHead:
        """Trains the network, then looks at the features of the data once."""
        mlp = MLPAgent(self.hidden, self.l2, self.steps, self.learning_rate, self.batch_size)
        network = mlp(data, prior, key).network
        rows = jnp.asarray(data.x)[: self.most_rows]
        features = read_features(jax.vmap(network.features)(rows), "unit")
        temperature = 1 / prior.logit_scale
        precision = self.noise_factor * temperature * jnp.eye(features.shape[1]) + features.T @ features
        factor = self.scale * jnp.sqrt(self.noise_factor / len(data)) * inverse_root(precision)
        return GaussianHead(network, jnp.broadcast_to(factor, (prior.num_classes, *factor.shape)), read="unit")
