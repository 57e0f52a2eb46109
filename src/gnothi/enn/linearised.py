"""A network linearised in its weights, which are Gaussian: Laplace approximations of whole networks.

The Gauss-Newton covariance belongs to the linearised network; put into the network itself it underfits badly
(Immer et al. 2021, "Improving predictions of Bayesian neural nets via local linearization").
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from gnothi.enn.curvature import Block, layer_slopes
from gnothi.enn.indices import Gaussian
from gnothi.enn.network import EpistemicNetwork, every_index
from gnothi.nn import CACHE_NUMBERS, MLP, Frozen, in_blocks


class Deviations(Frozen):
    """The law of the weights of each layer: eigenvectors of the covariance, and deviations along them."""

    layers: tuple[Block, ...]


class Linearised(EpistemicNetwork):
    """Outputs `f(x) + J(x) theta_z`: all inputs of a joint sample share the deviation `theta_z` of the weights.

    **Arguments:** `network`, at the mean weights; `blocks`, for each layer the eigenvectors of its weights' covariance,
    and in place of eigenvalues their roots.

    **Raises:** `ValueError` if there is not one block a layer.
    """

    network: MLP
    deviations: Deviations
    index: Gaussian

    def __init__(self, network: MLP, blocks: tuple[Block, ...]):
        shapes = [(len(weight), weight.shape[1] + 1) for weight in network.weights]
        if [block.values.shape for block in blocks] != shapes:
            raise ValueError(f"there must be one block for each of {len(shapes)} layers, of shapes {shapes}")
        self.network = network
        self.deviations = Deviations(blocks)
        self.index = Gaussian(sum(rows * columns for rows, columns in shapes))

    def __call__(self, x: Float[Array, " features"], z: Float[Array, " index"]) -> Float[Array, " classes"]:
        """The outputs of one input under one index."""
        return self.predict(x[None], z[None])[0, 0]

    def weights(self, indices: Float[Array, "samples index"]) -> list[Float[Array, "samples outputs inputs"]]:
        """How far the weights of each layer, biases as a last column, lie from their means."""
        blocks = self.deviations.layers
        parts = jnp.split(indices, np.cumsum([block.values.size for block in blocks])[:-1], axis=1)
        scaled = [block.values * z.reshape(-1, *block.values.shape) for block, z in zip(blocks, parts, strict=True)]
        return [block.left @ z @ block.right.T for block, z in zip(blocks, scaled, strict=True)]

    def predict(
        self, inputs: Float[Array, "inputs features"], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all indices; derivatives are taken once an input."""
        indices = every_index(self) if indices is None else indices
        mean, layers = layer_slopes(self.network, inputs)

        def of_samples(weights: list[Array]) -> Array:
            total = jnp.zeros((len(weights[0]), *mean.shape))
            for weight, layer in zip(weights, layers, strict=True):
                change = jnp.einsum("soi,ni->son", weight, layer.inputs)
                total = total + jnp.einsum("nco,son->snc", layer.slopes, change)
            return total

        widest = max(len(weight) for weight in self.network.weights) * len(inputs)
        return mean + in_blocks(of_samples, self.weights(indices), most=max(1, CACHE_NUMBERS // widest))

    def constants(self, inputs: Float[Array, "inputs features"]) -> None:
        """Nothing: there is no prior function."""
