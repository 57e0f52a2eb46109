"""Stochastic-gradient Markov chain Monte Carlo with the testbed's settings: the gold standard of the 2021 paper."""

from dataclasses import dataclass
from typing import ClassVar

import jax
from jaxtyping import PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge
from gnothi.data import Dataset
from gnothi.enn import Ensemble
from gnothi.learning import cross_entropy, langevin
from gnothi.nn import MLP, stack


@dataclass(frozen=True)
class SGMCMCAgent:
    """One network that walks through the posterior (`sgmcmc`): an ensemble of its snapshots.

    `prior_variance` is that of the weights, before the problem's own factor; with `adaptive_prior_variance` it is
    doubled where inputs have 100 dimensions or more.
    """

    hidden: tuple[int, ...] = (50, 50)
    prior_variance: float = 0.1
    adaptive_prior_variance: bool = True
    momentum: float = 0.9
    temperature: float = 1.0  # of the posterior: below 1, it is a cold one
    preconditioner: str = "none"
    steps: int = 500_000
    burn_in: int = 100_000
    interval: int = 1000  # between snapshots
    learning_rate: float = 1e-4
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Ensemble:
        """Walks, and keeps every `interval`-th network."""
        net_key, walk_key = jax.random.split(key)
        size = data.x[0].size
        variance = self.prior_variance * (2 if self.adaptive_prior_variance and size >= 100 else 1)
        # An ensemble of one has faster products than a plain network.
        walked = langevin(
            Ensemble(stack(lambda key: MLP(size, self.hidden, prior.num_classes, key=key), 1, key=net_key)),
            data,
            loss=cross_entropy(),
            steps=self.steps,
            burn_in=self.burn_in,
            interval=self.interval,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            temperature=self.temperature,
            decay=prior.decay_factor(data) / variance,
            preconditioner=self.preconditioner,
            key=walk_key,
        )
        return Ensemble(jax.tree.map(lambda leaf: leaf[:, 0], walked.members))
