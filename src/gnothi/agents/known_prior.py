"""The law of the testbed's networks, for agents that are told it.

Logits are a ReLU network over a temperature; weights are truncated normal, the first layer's biases normal, all other
biases 0 (Osband et al. 2022, "The Neural Testbed", sec. 3). Here a network is one flat vector of *standard* parameters,
biases first, then the weights of each layer, each divided by its deviation, so that steps of one length suit all.
"""

import math
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge
from gnothi.data import Dataset, check_finite, check_labels
from gnothi.nn import MLP, stacked_outputs

LIMIT = 2.0  # deviations at which weights are cut
INSIDE = math.erf(LIMIT / math.sqrt(2))  # the normal mass that is left


class NetworkPrior(eqx.Module):
    """The prior over networks that a testbed problem is drawn from; where nobody knows a temperature it is taken as 1.

    **Arguments:** `data`, for the size of an input; `prior`, for the number of classes and the temperature; `hidden`,
    the widths of the hidden layers.

    **Raises:** `ValueError` if targets are values, and, outside `jit` and `vmap`, if a label is none of the classes or
    an input is not finite.
    """

    sizes: tuple[int, ...] = eqx.field(static=True)
    logit_scale: float | Float[Array, ""]

    def __init__(self, data: Dataset, prior: PriorKnowledge, hidden: tuple[int, ...]):
        if prior.noise_std is not None:
            raise ValueError("this prior is over classifiers: it cannot learn values")
        check_finite(data.x, name="data.x")
        check_labels(data.y, prior.num_classes, name="data.y")
        self.sizes = (data.x[0].size, *hidden, prior.num_classes)
        self.logit_scale = prior.logit_scale

    @property
    def num_biases(self) -> int:
        """How many biases are random: the first layer's."""
        return self.sizes[1]

    @property
    def num_parameters(self) -> int:
        """How many numbers are random, biases and weights."""
        return self.num_biases + sum(m * n for m, n in pairwise(self.sizes))

    @property
    def cut(self) -> Bool[Array, " parameters"]:
        """Which parameters are cut at `LIMIT` deviations: the weights."""
        return jnp.arange(self.num_parameters) >= self.num_biases

    @property
    def _inside(self) -> Float[Array, " parameters"]:
        return jnp.where(self.cut, INSIDE, 1.0)

    def draws(self, key: PRNGKeyArray, count: int) -> Float[Array, "count parameters"]:
        """Draws standard parameters of independent networks, in steps of a 65536th of their law's mass."""
        # Random bits are what a draw costs, and half of 32 will do.
        bits = jax.random.bits(key, (count, self.num_parameters), jnp.uint16)
        return math.sqrt(2) * jax.lax.erf_inv(self._inside * ((bits.astype(float) + 0.5) / 2**15 - 1))

    def from_normal(self, normal: Float[Array, "*batch parameters"]) -> Float[Array, "*batch parameters"]:
        """The smooth increasing map that makes standard parameters of independent standard normal numbers."""
        smooth = math.sqrt(2) * jax.lax.erf_inv(INSIDE * jax.lax.erf(normal / math.sqrt(2)))
        return jnp.where(self.cut, smooth, normal)

    def to_normal(self, standard: Float[Array, "*batch parameters"]) -> Float[Array, "*batch parameters"]:
        """The inverse of `from_normal`; weights at the limit, or beyond, give some number of about 5."""
        mass = jnp.minimum(jax.lax.erf(jnp.abs(standard) / math.sqrt(2)) / INSIDE, 1 - 2.0**-22)
        normal = jnp.sign(standard) * math.sqrt(2) * jax.lax.erf_inv(mass)
        return jnp.where(self.cut, normal, standard)

    def networks(self, standard: Float[Array, "*batch parameters"]) -> MLP:
        """Networks with given standard parameters; their outputs are logits, already over the temperature."""
        batch = standard.shape[:-1]
        bias, rest = standard[..., : self.num_biases], standard[..., self.num_biases :]
        weights = []
        for inputs, outputs in pairwise(self.sizes):
            weights.append(rest[..., : inputs * outputs].reshape(*batch, outputs, inputs) / math.sqrt(inputs))
            rest = rest[..., inputs * outputs :]
        weights[-1] = weights[-1] * self.logit_scale
        biases = [bias / math.sqrt(self.sizes[0]), *(jnp.zeros((*batch, size)) for size in self.sizes[2:])]
        like = eqx.filter_eval_shape(MLP, self.sizes[0], self.sizes[1:-1], self.sizes[-1], key=jax.random.key(0))
        return jax.tree.unflatten(jax.tree.structure(like), [*weights, *biases])

    def log_likelihood(
        self,
        standard: Float[Array, "members parameters"],
        x: Float[Array, "data features"],
        y: Int[Array, " data"],
    ) -> Float[Array, " members"]:
        """The log-likelihood of labels under each network, summed over data."""
        return log_likelihood(stacked_outputs(self.networks(standard), x), y)


def log_likelihood(logits: Float[Array, "*members data classes"], y: Int[Array, " data"]) -> Float[Array, "*members"]:
    """The log-likelihood of labels under logits, summed over data."""
    return jnp.sum(jax.nn.log_softmax(logits) * jax.nn.one_hot(y, logits.shape[-1]), axis=(-2, -1))
