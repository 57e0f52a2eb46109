"""SNGP: a network that keeps distances under a Gaussian process of random features (Liu et al. 2020).

The covariance of the last layer is Laplace's, from one pass over the data after training. Its precision is that of the
prior which training's decay implies, plus the sum of `h phi phi'`, where h = (1 - sum_c p_c^2) / (classes - 1): one
matrix for all classes, the isotropic matrix of the softmax Hessian's trace, exact for two classes.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, num_steps
from gnothi.data import Dataset
from gnothi.enn import GaussianHead, Plain, RandomFeatureNetwork, inverse_root, sum_over_data
from gnothi.learning import cross_entropy, fit


@dataclass(frozen=True)
class SNGPAgent:
    """`length_scale` is in units of sqrt(input size), the distance from 0 of a standard normal input; the kernel's
    amplitude is `amplitude / sqrt(temperature)`."""

    width: int = 50
    depth: int = 2
    features: int = 256
    bound: float = 0.9
    length_scale: float = 1.0
    amplitude: float = 2.0
    l2: float = 1.0  # weight decay, before the problem's own factor
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> GaussianHead:
        """Trains trunk and mean together, then adds up the covariance."""
        net_key, fit_key = jax.random.split(key)
        size, decay = data.x[0].size, self.l2 * prior.decay_factor(data)
        network = RandomFeatureNetwork(
            size,
            prior.num_classes,
            width=self.width,
            depth=self.depth,
            count=self.features,
            bound=self.bound,
            length_scale=self.length_scale * size**0.5,
            amplitude=self.amplitude * jnp.sqrt(prior.logit_scale),
            key=net_key,
        )
        trained = fit(
            Plain(network),
            data,
            loss=cross_entropy(),
            steps=num_steps(self.steps, data),
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            decay=decay,
            key=fit_key,
        ).network

        def precision_of(rows: Array, weights: Array) -> Array:
            features = jax.vmap(trained.features)(rows)
            probs = jax.nn.softmax(jax.vmap(trained.head)(features))
            curvature = weights * (1 - jnp.sum(probs**2, axis=1)) / (prior.num_classes - 1)
            return (features * curvature[:, None]).T @ features

        precision = sum_over_data(precision_of, jnp.asarray(data.x)) + 2 * decay * len(data) * jnp.eye(self.features)
        factor = inverse_root(precision)
        return GaussianHead(trained, jnp.broadcast_to(factor, (prior.num_classes, *factor.shape)))
