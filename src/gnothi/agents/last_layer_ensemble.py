"""Small heads with prior functions on one trunk: ensemble+ for a tenth of the arithmetic.

Prior functions read the input and never change, so they are computed once before training and may be as large as the
members of ensemble+; what is trained a hundredfold are small heads on features that all share. Cross-entropies are
summed over heads, so the trunk's decay is multiplied by their number: it learns from their mean.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, num_steps, squares
from gnothi.data import Dataset
from gnothi.enn import LastLayerEnsemble, MatchedPrior, WithPrior
from gnothi.learning import Loss, cross_entropy, fit
from gnothi.nn import MLP, stack


@dataclass(frozen=True)
class LastLayerEnsembleAgent:
    """The prior's outputs are multiplied by `prior_scale / temperature^prior_power`."""

    num_members: int = 100
    hidden: tuple[int, ...] = (50, 50)
    head_hidden: tuple[int, ...] = (5,)
    prior_hidden: tuple[int, ...] = (50, 50)
    prior_scale: float = 3.0
    prior_power: float = 0.5
    l2: float = 1.0  # weight decay, before the problem's own factor
    steps: int = 1000
    learning_rate: float = 3e-3  # small heads take larger steps
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def network(self, input_size: int, prior: PriorKnowledge, key: PRNGKeyArray) -> WithPrior:
        """Trunk, heads and prior functions before training; heads do not shape the trunk's features."""
        base_key, head_key, prior_key, _ = jax.random.split(key, 4)
        size, classes = input_size, prior.num_classes
        base = MLP(size, self.hidden, classes, key=base_key, first_bias_std=size**-0.5)
        seen = size + base.weights[-1].shape[1]
        heads = stack(lambda key: MLP(seen, self.head_hidden, classes, key=key), self.num_members, key=head_key)
        fixed = stack(
            lambda key: MLP(size, self.prior_hidden, classes, key=key, first_bias_std=size**-0.5),
            self.num_members,
            key=prior_key,
        )
        scale = self.prior_scale * prior.logit_scale**self.prior_power
        return WithPrior(LastLayerEnsemble(base, heads), MatchedPrior(fixed, scale))

    def loss(self, prior: PriorKnowledge) -> Loss:
        """Of a minibatch."""
        return cross_entropy()

    def penalty(self, enn: WithPrior, prior: PriorKnowledge, count: Int[Array, ""]) -> Float[Array, ""]:
        """Weight decay that falls as data come in."""
        return self.l2 * prior.annealed(count) * self._squares(enn)

    def _squares(self, enn: WithPrior) -> Float[Array, ""]:
        network = enn.network
        assert isinstance(network, LastLayerEnsemble)
        return self.num_members * squares(network.base) + squares(network.heads.members)

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> WithPrior:
        """Trains trunk and heads together."""
        decay = self.l2 * prior.decay_factor(data)
        return fit(
            self.network(data.x[0].size, prior, key),
            data,
            loss=self.loss(prior),
            penalty=lambda enn: decay * self._squares(enn),
            steps=num_steps(self.steps, data),
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            key=jax.random.split(key, 4)[3],
        )
