"""The tuned epinet: linear in its index, with prior functions of the size and scale of ensemble+'s.

The published epinet falls short of ensemble+: it has eight prior functions, small networks whose scale, linear in
1 / temperature, is too large at a low temperature and too small at a high one. Here 32 networks of the truth's own law
are summed with the index as weights. They never change, so they run once before training; what is trained beside the
base is a linear map of features and input, so that a step costs hardly more for having many indices.
With a thousand data a dimension ensemble+ remains better. `benchmarks/tune_epinet.py` says what was tried.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, num_steps, squares
from gnothi.agents.epinet import epinet_decay
from gnothi.data import Dataset
from gnothi.enn import Epinet, LinearPrior, WithPrior
from gnothi.learning import Loss, fit
from gnothi.nn import MLP, stack


@dataclass(frozen=True)
class LinearEpinetAgent:
    """A network with an epinet that does not read its index (`epinet+`).

    The prior is a sum of `index_size` networks with standard normal weights, times `prior_scale / sqrt(index_size *
    temperature)`: at each input its variance is that of ensemble+'s prior.
    """

    index_size: int = 32
    hidden: tuple[int, ...] = (50, 50)
    epinet_hidden: tuple[int, ...] = ()
    prior_hidden: tuple[int, ...] = (50, 50)
    prior_scale: float = 3.0
    num_indices: int = 32  # fresh indices a step
    l2: float = 0.2
    l2_power: float = 0.7
    l2_most: float = 0.1  # with few data a dimension
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def network(self, input_size: int, prior: PriorKnowledge, key: PRNGKeyArray) -> WithPrior:
        """Base, epinet and prior functions before training; the epinet's loss will not shape the base's features."""
        base_key, epinet_key, prior_key, _ = jax.random.split(key, 4)
        size, classes = input_size, prior.num_classes
        base = MLP(size, self.hidden, classes, key=base_key)
        epinet = Epinet(base, index_size=self.index_size, hidden=self.epinet_hidden, key=epinet_key, reads_index=False)
        fixed = stack(
            lambda key: MLP(size, self.prior_hidden, classes, key=key, first_bias_std=size**-0.5),
            self.index_size,
            key=prior_key,
        )
        scale = self.prior_scale * (prior.logit_scale / self.index_size) ** 0.5
        return WithPrior(epinet, LinearPrior(fixed, scale))

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
            steps=num_steps(self.steps, data),
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            decay=epinet_decay(data, prior, self.l2, self.l2_power, self.l2_most),
            key=jax.random.split(key, 4)[3],
        )
