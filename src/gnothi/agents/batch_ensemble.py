"""BatchEnsemble with the testbed's schedule: ten members that share their weights up to rank one (Wen et al. 2020).

The loss is what the members' own losses would add up to if each were a network by itself: cross-entropies are summed,
and so is each member's decay, on its weights as they act, so that no member can escape it by its own factors. (`fit`'s
decay would count shared weights once, where their gradient comes from every member: a tenth of what is meant.)
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, num_steps
from gnothi.data import Dataset
from gnothi.enn import BatchEnsemble
from gnothi.learning import Loss, cross_entropy, fit
from gnothi.nn import MLP


@dataclass(frozen=True)
class BatchEnsembleAgent:
    """Members differ by the rank-one factors that they start from, and by what they learn.

    The paper's other start, random signs, scored no better on the few problems where both were tried.
    """

    num_members: int = 10
    hidden: tuple[int, ...] = (50, 50)
    spread: float = 0.5  # of the rank-one factors around 1, before training
    l2: float = 1.0  # weight decay, before the problem's own factor
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def network(self, input_size: int, prior: PriorKnowledge, key: PRNGKeyArray) -> BatchEnsemble:
        """Shared weights and each member's factors before training."""
        net_key, sign_key, _ = jax.random.split(key, 3)
        net = MLP(input_size, self.hidden, prior.num_classes, key=net_key)
        return BatchEnsemble(net, self.num_members, key=sign_key, spread=self.spread)

    def loss(self, prior: PriorKnowledge) -> Loss:
        """Of a minibatch."""
        return cross_entropy()

    def penalty(self, enn: BatchEnsemble, prior: PriorKnowledge, count: Int[Array, ""]) -> Float[Array, ""]:
        """Weight decay that falls as data come in."""
        return self.l2 * prior.annealed(count) * enn.squared_weights()

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> BatchEnsemble:
        """Trains all members, on the same minibatches."""
        decay = self.l2 * prior.decay_factor(data)
        return fit(
            self.network(data.x[0].size, prior, key),
            data,
            loss=self.loss(prior),
            penalty=lambda enn: decay * enn.squared_weights(),
            steps=num_steps(self.steps, data),
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            key=jax.random.split(key, 3)[2],
        )
