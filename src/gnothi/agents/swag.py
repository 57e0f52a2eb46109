"""SWAG: a Gaussian fitted to the path of gradient descent that goes on after training (Maddox et al. 2019).

The noise of minibatches moves it, so batches are a tenth of the data where these are few: with all of them in a batch,
as the testbed trains, it would come to rest.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge
from gnothi.agents.plain import MLPAgent
from gnothi.data import Dataset
from gnothi.enn import Plain, WeightGaussian
from gnothi.learning import cross_entropy, fit


@dataclass(frozen=True)
class SWAGAgent:
    """An `mlp`, then `snapshots` of plain gradient descent; the last `rank` of them give the directions.

    `spread` multiplies the deviations: at 1, as published, diagonal and directions give half of the covariance each.
    `walk_rate` and `spread` were chosen on a few problems of the testbed; the published law was nearly a point there.
    """

    rank: int = 20
    snapshots: int = 40
    steps_between: int = 25
    walk_rate: float = 0.3  # the walk's learning rate
    spread: float = 3.0
    hidden: tuple[int, ...] = (50, 50)
    l2: float = 1.0  # weight decay, before the problem's own factor
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def __post_init__(self):
        if not 2 <= self.rank <= self.snapshots:
            raise ValueError(f"rank must be between 2 and the {self.snapshots} snapshots, got {self.rank}")

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> WeightGaussian:
        """Trains the network, then walks on with a constant learning rate."""
        mlp_key, walk_key = jax.random.split(key)
        mlp = MLPAgent(self.hidden, self.l2, self.steps, self.learning_rate, self.batch_size)
        start = mlp(data, prior, mlp_key)

        def walk(enn: Plain, key: PRNGKeyArray) -> tuple[Plain, Array]:
            # Plain gradient descent remembers nothing, so that many short fits are one long one.
            enn = fit(
                enn,
                data,
                loss=cross_entropy(),
                steps=self.steps_between,
                batch_size=max(1, min(self.batch_size, len(data) // 10)),
                learning_rate=self.walk_rate,
                decay=self.l2 * prior.decay_factor(data),
                optimiser=optax.sgd,
                key=key,
            )
            return enn, ravel_pytree(enn.network)[0]

        path = jax.lax.scan(walk, start, jax.random.split(walk_key, self.snapshots))[1]
        # The mean of what came so far, at each of the last snapshots.
        means = jnp.cumsum(path, axis=0) / jnp.arange(1, len(path) + 1)[:, None]
        directions = (path - means)[-self.rank :] * self.spread / jnp.sqrt(2 * (self.rank - 1))
        mean = ravel_pytree(start.network)[1](means[-1])
        return WeightGaussian(mean, self.spread * jnp.std(path, axis=0) / jnp.sqrt(2), directions)
