"""Ensembles with and without prior functions and bootstrapping (Osband et al. 2022).

Losses are summed over members, and every member learns at every step. (The original averages over members drawn with
replacement, which leaves out a third of them at a step, and makes up for the average in its decay: K times less.)
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, num_steps, squares
from gnothi.data import Dataset
from gnothi.enn import Ensemble, MatchedPrior, WithPrior
from gnothi.learning import Loss, fit
from gnothi.nn import MLP, in_blocks, stack

MEMBERS_IN_CACHE = 5  # parameters, their gradients, and both of Adam's memories


@dataclass(frozen=True)
class EnsembleAgent:
    """Independent networks; with `prior_scale` above 0 each carries a fixed random twin (`ensemble+`).

    The twin's outputs are multiplied by `prior_scale / sqrt(temperature)`.
    """

    num_members: int = 100
    prior_scale: float = 0.0
    bootstrap: str = "none"
    hidden: tuple[int, ...] = (50, 50)
    l2: float = 1.0  # weight decay, before the problem's own factor
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def network(self, input_size: int, prior: PriorKnowledge, key: PRNGKeyArray) -> Ensemble | WithPrior:
        """All members, and their fixed twins if they have any, before training."""
        return self._assemble(*self._drawn(input_size, prior, key), prior)

    def loss(self, prior: PriorKnowledge) -> Loss:
        """Of a minibatch."""
        return prior.loss(bootstrap=self.bootstrap)

    def penalty(self, enn: Any, prior: PriorKnowledge, count: Int[Array, ""]) -> Float[Array, ""]:
        """Weight decay that falls as data come in."""
        return self.l2 * prior.annealed(count) * squares(enn)

    def _drawn(self, size: int, prior: PriorKnowledge, key: PRNGKeyArray) -> tuple[MLP, MLP | None]:
        net_key, twin_key, _ = jax.random.split(key, 3)
        bias_std = size**-0.5 if self.prior_scale else 0.0

        def make(key: PRNGKeyArray) -> MLP:
            return MLP(size, self.hidden, prior.num_classes, key=key, first_bias_std=bias_std)

        members = stack(make, self.num_members, key=net_key)
        return members, stack(make, self.num_members, key=twin_key) if self.prior_scale else None

    def _assemble(
        self, members: MLP, twins: MLP | None, prior: PriorKnowledge, first: int | Array = 0
    ) -> Ensemble | WithPrior:
        ensemble = Ensemble(members, first=first)
        scale = self.prior_scale * jnp.sqrt(prior.logit_scale)
        return ensemble if twins is None else WithPrior(ensemble, MatchedPrior(twins, scale, first))

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Ensemble | WithPrior:
        """Trains all members, on the same minibatches."""

        def train(part: tuple[MLP, MLP | None, Array]) -> MLP:
            trained = fit(
                self._assemble(*part[:2], prior, first=part[2][0]),
                data,
                loss=self.loss(prior),
                steps=num_steps(self.steps, data),
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                decay=self.l2 * prior.decay_factor(data),
                key=jax.random.split(key, 3)[2],
            )
            ensemble = trained.network if isinstance(trained, WithPrior) else trained
            return ensemble.members  # type: ignore[attr-defined]

        members, twins = self._drawn(data.x[0].size, prior, key)
        trained = in_blocks(train, (members, twins, jnp.arange(self.num_members)), most=MEMBERS_IN_CACHE)
        return self._assemble(trained, twins, prior)
