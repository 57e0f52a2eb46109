"""The exact posterior of a small problem: draws from the known prior, weighted by the likelihood of the labels.

It is the floor under every agent: on average over problems of that prior, nobody can score better.
"""

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge
from gnothi.agents.known_prior import NetworkPrior, log_likelihood
from gnothi.agents.posterior import PosteriorSample
from gnothi.data import Dataset
from gnothi.enn import Ensemble
from gnothi.nn import MLP, stacked_outputs

BLOCK = 50  # networks in memory at once


@dataclass(frozen=True)
class ExactAgent:
    """Importance sampling from the prior, then resampling to `num_members` networks, some of them more than once.

    Most of the cost is random numbers for hidden layers, so each of the `num_prior` networks drawn has `heads` last
    layers; and as the prior does not change when a last layer changes its sign, each of these stands for two. Few draws
    explain many data: `diagnostics` of the result hold `effective_sample_size`, counted in hidden layers with all that
    is on them, and where it is below 100 the draws are not to be trusted. That is a matter of luck at 20 data, and
    hopeless at 100.

    Networks are drawn `BLOCK` at a time, and those that are resampled are drawn again from their keys, so memory stays
    below `BLOCK + num_members` networks plus `2 * heads` numbers for each of `num_prior`.

    Where nobody knows the temperature it is taken as 1.
    """

    num_prior: int = 150_000
    heads: int = 4
    num_members: int = 1000
    hidden: tuple[int, ...] = (50, 50)
    compiled: ClassVar[bool] = True

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> PosteriorSample:
        """Draws, weighs, resamples."""
        # All heads side by side are one network of so many more outputs.
        law = NetworkPrior(data, PriorKnowledge(prior.num_classes * self.heads, prior.temperature), self.hidden)
        x, y = jnp.asarray(data.x).reshape(len(data), -1), jnp.asarray(data.y)
        draw_key, resample_key = jax.random.split(key)

        def draw(number: Int[Array, ""]) -> Float[Array, " parameters"]:
            return law.draws(jax.random.fold_in(draw_key, number), 1)[0]

        def weigh(first: Int[Array, ""]) -> Float[Array, "block heads_and_signs"]:
            logits = stacked_outputs(law.networks(jax.vmap(draw)(first + jnp.arange(BLOCK))), x)
            logits = jnp.moveaxis(logits.reshape(BLOCK, len(data), self.heads, prior.num_classes), 1, 2)
            return log_likelihood(jnp.concatenate([logits, -logits], axis=1), y)

        blocks = -(-self.num_prior // BLOCK)
        log_weights = jax.lax.map(weigh, BLOCK * jnp.arange(blocks)).reshape(-1, 2 * self.heads)[: self.num_prior]
        weights = jnp.exp(log_weights - jnp.max(log_weights))
        of_networks = jnp.sum(weights, axis=1)
        size = jnp.sum(of_networks) ** 2 / jnp.sum(of_networks**2)
        chosen_key, order_key = jax.random.split(resample_key)
        chosen = systematic(chosen_key, weights.reshape(-1), self.num_members)
        chosen = jax.random.permutation(order_key, chosen)  # copies apart, so that groups of members are alike
        networks = law.networks(jax.lax.map(draw, chosen // (2 * self.heads)))
        members = _one_head(networks, chosen % (2 * self.heads), self.heads)
        return PosteriorSample(Ensemble(members), {"effective_sample_size": size})


def _one_head(networks: MLP, chosen: Int[Array, " members"], heads: int) -> MLP:
    """Keeps one of the heads of each network, or that head with its sign changed."""

    def keep(rows: Float[Array, "members heads_classes ..."]) -> Float[Array, "members classes ..."]:
        by_head = rows.reshape(len(rows), heads, -1, *rows.shape[2:])
        kept = by_head[jnp.arange(len(rows)), chosen % heads]
        return jnp.where((chosen >= heads).reshape(-1, *[1] * (kept.ndim - 1)), -kept, kept)

    def last_layer(networks: MLP):
        return networks.weights[-1], networks.biases[-1]

    return eqx.tree_at(last_layer, networks, tuple(map(keep, last_layer(networks))))


def systematic(key: PRNGKeyArray, weights: Float[Array, " draws"], count: int) -> Int[Array, " count"]:
    """Systematic resampling: each draw is chosen as often as its share of all weights says, rounded up or down."""
    # Sums of single-precision numbers lose a share of 1e-7 a term unless they are added in parts.
    ends = jnp.cumsum(weights / jnp.sum(weights))
    points = (jnp.arange(count) + jax.random.uniform(key)) / count
    return jnp.searchsorted(ends, points * ends[-1]).clip(0, len(weights) - 1)
