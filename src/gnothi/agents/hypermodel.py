"""The hypermodel agent of the testbed (Dwaracherla et al. 2020; Osband et al. 2022)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, num_steps, squares
from gnothi.data import Dataset
from gnothi.enn import Hypermodel
from gnothi.learning import Loss, cross_entropy, fit


@dataclass(frozen=True)
class HypermodelAgent:
    """A network whose weights are linear in the index, plus a fixed prior of the same kind.

    The prior's outputs are multiplied by `prior_scale`, and that is divided by sqrt(temperature), by temperature or by
    nothing as `prior_scaling` is `"sqrt"`, `"linear"` or `"none"`.
    """

    index_size: int = 6
    num_indices: int = 16  # fresh indices a step
    hidden: tuple[int, ...] = (50, 50)
    prior_hidden: tuple[int, ...] = (10,)
    prior_scale: float = 1.0
    prior_scaling: str = "sqrt"
    bootstrap: str = "none"
    l2: float = 1.0  # weight decay, before the problem's own factor
    steps: int = 2000
    adaptive_steps: bool = True
    learning_rate: float = 1e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def network(self, input_size: int, prior: PriorKnowledge, key: PRNGKeyArray) -> Hypermodel:
        """The linear map from indices to weights, and the prior's, before training."""
        return Hypermodel(
            input_size,
            self.hidden,
            prior.num_classes,
            index_size=self.index_size,
            prior_hidden=self.prior_hidden,
            prior_scale=self.prior_scale and self.prior_scale * self._logit_scale(prior),
            key=jax.random.split(key)[0],
        )

    def loss(self, prior: PriorKnowledge) -> Loss:
        """Of a minibatch."""
        return cross_entropy(num_indices=self.num_indices, bootstrap=self.bootstrap)

    def penalty(self, enn: Any, prior: PriorKnowledge, count: Int[Array, ""]) -> Float[Array, ""]:
        """Weight decay that falls as data come in."""
        return self.l2 * prior.annealed(count) * squares(enn)

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Hypermodel:
        """Trains the linear map from indices to weights."""
        return fit(
            self.network(data.x[0].size, prior, key),
            data,
            loss=self.loss(prior),
            steps=num_steps(self.steps, data) if self.adaptive_steps else self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            decay=self.l2 * prior.decay_factor(data),
            key=jax.random.split(key)[1],
        )

    def _logit_scale(self, prior: PriorKnowledge) -> float | Float[Array, ""]:
        scales = {"sqrt": jnp.sqrt(prior.logit_scale), "linear": prior.logit_scale, "none": 1.0}
        if self.prior_scaling not in scales:
            raise ValueError(f"prior_scaling must be one of {', '.join(scales)}, got {self.prior_scaling!r}")
        return scales[self.prior_scaling]
