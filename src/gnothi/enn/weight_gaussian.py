"""A Gaussian over all weights of a network, diagonal plus low rank: what SWAG makes of a path through weight space."""

import jax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from gnothi.enn.indices import Gaussian
from gnothi.enn.network import EpistemicNetwork, every_index
from gnothi.nn import MLP, Frozen, stacked_outputs


class Spread(Frozen):
    """A covariance `diag(deviation^2) + directions' directions` of weights; computed, never trained."""

    deviation: Float[Array, " weights"]
    directions: Float[Array, "rank weights"]


class WeightGaussian(EpistemicNetwork):
    """An MLP whose weights are Gaussian; the index draws them: one number a weight, and one a direction.

    **Arguments:** `network`, at the mean weights; `deviation`, of each weight by itself, in the order of
    `jax.flatten_util.ravel_pytree(network)`; `directions`, which all weights move along together.

    >>> import jax, jax.numpy as jnp, gnothi as gn
    >>> net = gn.nn.MLP(2, (8,), 3, key=jax.random.key(0))
    >>> enn = gn.enn.WeightGaussian(net, jnp.full(51, 0.1), jnp.zeros((4, 51)))
    >>> gn.sample(enn, jnp.ones((4, 2)), 10, key=jax.random.key(1)).shape
    (10, 4, 3)
    """

    network: MLP
    spread: Spread
    index: Gaussian

    def __init__(self, network: MLP, deviation: Float[Array, " weights"], directions: Float[Array, "rank weights"]):
        self.network = network
        self.spread = Spread(deviation, directions)
        self.index = Gaussian(deviation.size + len(directions))

    def __call__(self, x: Float[Array, " features"], z: Float[Array, " index"]) -> Float[Array, " classes"]:
        """The outputs of one input under one index."""
        return self.member(z)(x)

    def member(self, z: Float[Array, " index"]) -> MLP:
        """The network of one index."""
        mean, restore = ravel_pytree(self.network)
        alone, together = z[: mean.size], z[mean.size :]
        return restore(mean + self.spread.deviation * alone + together @ self.spread.directions)

    def predict(
        self, inputs: Float[Array, "inputs features"], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all indices."""
        return stacked_outputs(jax.vmap(self.member)(every_index(self) if indices is None else indices), inputs)

    def constants(self, inputs: Float[Array, "inputs features"]) -> None:
        """Nothing: there is no prior function."""
