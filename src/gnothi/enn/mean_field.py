"""Weights that are normal and independent of each other: the mean-field posterior of Bayes by backprop."""

import math

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from gnothi.enn.indices import Gaussian
from gnothi.enn.network import EpistemicNetwork, every_index
from gnothi.nn import MLP, stacked_outputs


class MeanField(EpistemicNetwork):
    """An MLP each of whose weights is `mean + softplus(spread) * z`, with an index of one number a weight
    (Blundell et al. 2015, "Weight Uncertainty in Neural Networks", sec. 3).

    Train it with `kl` as the penalty: `penalty=lambda enn: enn.kl(prior_std) / num_data` makes the loss the negative
    evidence lower bound.

    **Arguments:** `mean`, the network of mean weights to start from; `std`, the deviation of every weight to start
    from.

    **Raises:** `ValueError` if `std` is not positive.

    >>> import jax, gnothi as gn
    >>> enn = gn.enn.MeanField(gn.nn.MLP(2, (8,), 3, key=jax.random.key(0)))
    >>> gn.sample(enn, jax.numpy.ones((4, 2)), 10, key=jax.random.key(1)).shape
    (10, 4, 3)
    """

    mean: MLP
    spread: MLP
    """The deviation of each weight, before softplus."""
    index: Gaussian

    def __init__(self, mean: MLP, *, std: float = 0.01):
        if std <= 0:
            raise ValueError(f"std must be positive, got {std}")
        self.mean = mean
        self.spread = jax.tree.map(lambda leaf: jnp.full_like(leaf, math.log(math.expm1(std))), mean)
        self.index = Gaussian(sum(leaf.size for leaf in jax.tree.leaves(mean)))

    def networks(self, indices: Float[Array, "samples index"]) -> MLP:
        """The network of each index, stacked."""
        noise = jax.vmap(ravel_pytree(self.mean)[1])(indices)
        return jax.tree.map(lambda mean, raw, z: mean + jax.nn.softplus(raw) * z, self.mean, self.spread, noise)

    def __call__(self, x: Float[Array, " features"], z: Float[Array, " index"]) -> Float[Array, " classes"]:
        """The outputs of one input under one index."""
        return jax.tree.map(lambda leaf: leaf[0], self.networks(z[None]))(x)

    def predict(
        self, inputs: Float[Array, "inputs features"], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all indices."""
        return stacked_outputs(self.networks(every_index(self) if indices is None else indices), inputs)

    def constants(self, inputs: Float[Array, "inputs features"]) -> None:
        """Nothing: there is no prior function."""

    def kl(self, prior_std: float) -> Float[Array, ""]:
        """The divergence of the law of the weights from independent normals of mean 0 and deviation `prior_std`."""
        mean, raw = ravel_pytree(self.mean)[0], ravel_pytree(self.spread)[0]
        ratio = jax.nn.softplus(raw) / prior_std
        return jnp.sum(0.5 * (ratio**2 + (mean / prior_std) ** 2 - 1) - jnp.log(ratio))
