"""The epinet agent of the testbed (Osband et al. 2023, "Epistemic Neural Networks").

A base MLP, an epinet on its features, and a linear prior of small fixed networks. The published recipe also carries a
fixed epinet of weight 0; here it is left out. Its decay has a law of its own, 0.2 (input size / data)^0.7, and it
takes ten times the steps where there are over 500 data a dimension.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, squares
from gnothi.data import Dataset
from gnothi.enn import Epinet, LinearPrior, WithPrior
from gnothi.learning import Loss, fit
from gnothi.nn import MLP, stack


def epinet_decay(
    data: Dataset, prior: PriorKnowledge, l2: float, power: float, most: float = math.inf
) -> float | Float[Array, ""]:
    """Epinets' own law of decay, `l2 (input size / data)^power` and at most `most`.

    It is a law of the testbed's noise: where nobody knows a temperature, the decay is `l2` times that of all agents.
    """
    if prior.temperature is None and prior.noise_std is None:
        return l2 * prior.decay_factor(data)
    return min(l2 * (data.x[0].size / len(data)) ** power, most) * prior.noise_variance


@dataclass(frozen=True)
class EpinetAgent:
    """A network with an epinet; the prior's outputs are multiplied by `prior_scale / temperature`."""

    index_size: int = 8
    hidden: tuple[int, ...] = (50, 50)
    epinet_hidden: tuple[int, ...] = (15, 15)
    prior_hidden: tuple[int, ...] = (5, 5)
    prior_scale: float = 0.3
    num_indices: int = 8  # fresh indices a step
    l2: float = 0.2
    l2_power: float = 0.7
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def network(self, input_size: int, prior: PriorKnowledge, key: PRNGKeyArray) -> WithPrior:
        """Base, epinet and prior functions before training; the epinet's loss will not shape the base's features."""
        base_key, epinet_key, prior_key, _ = jax.random.split(key, 4)
        size, classes = input_size, prior.num_classes
        base = MLP(size, self.hidden, classes, key=base_key)
        epinet = Epinet(base, index_size=self.index_size, hidden=self.epinet_hidden, key=epinet_key)
        small = stack(lambda key: MLP(size, self.prior_hidden, classes, key=key), self.index_size, key=prior_key)
        return WithPrior(epinet, LinearPrior(small, self.prior_scale * prior.logit_scale))

    def loss(self, prior: PriorKnowledge) -> Loss:
        """Of a minibatch."""
        return prior.loss(num_indices=self.num_indices)

    def penalty(self, enn: Any, prior: PriorKnowledge, count: Int[Array, ""]) -> Float[Array, ""]:
        """Weight decay that falls as data come in."""
        return self.l2 * prior.annealed(count) * squares(enn)

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> WithPrior:
        """Trains base and epinet together."""
        size = data.x[0].size
        return fit(
            self.network(size, prior, key),
            data,
            loss=self.loss(prior),
            steps=self.steps * (10 if len(data) / size > 500 else 1),
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            decay=epinet_decay(data, prior, self.l2, self.l2_power),
            key=jax.random.split(key, 4)[3],
        )
