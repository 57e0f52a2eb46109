"""Monte-Carlo dropout, seen as an epistemic network: the index is the mask.

One mask for all inputs of a joint sample. Libraries that draw a mask for each row of a batch report wrong joint
predictions, as then the same input, asked twice, answers twice.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from gnothi.enn.indices import Mask
from gnothi.enn.network import EpistemicNetwork, every_index
from gnothi.nn import MLP, stacked_outputs


class Dropout(EpistemicNetwork):
    """An MLP whose hidden units are dropped by the index (Gal and Ghahramani 2016).

    **Arguments:** `network`; `rate`, the probability that a hidden unit is dropped, in [0, 1).

    **Raises:** `ValueError` if `rate` lies outside [0, 1).

    >>> import jax, gnothi as gn
    >>> enn = gn.enn.Dropout(gn.nn.MLP(2, (8,), 3, key=jax.random.key(0)), rate=0.1)
    >>> gn.sample(enn, jax.numpy.ones((4, 2)), 10, key=jax.random.key(1)).shape
    (10, 4, 3)
    """

    network: MLP
    index: Mask

    def __init__(self, network: MLP, rate: float):
        if not 0 <= rate < 1:
            raise ValueError(f"rate must lie in [0, 1), got {rate}")
        self.network = network
        self.index = Mask(sum(bias.shape[-1] for bias in network.biases[:-1]), 1 - rate)

    def __call__(self, x: Float[Array, " features"], z: Float[Array, " index"]) -> Float[Array, " classes"]:
        """The outputs of one input under one mask; what is kept is scaled up by `1/keep`."""
        start = 0
        for weight, bias in zip(self.network.weights[:-1], self.network.biases[:-1], strict=True):
            mask = z[start : start + bias.shape[0]] / self.index.keep
            x = mask * jax.nn.relu(weight @ x + bias)
            start += bias.shape[0]
        return self.network.head(x)

    def predict(
        self, inputs: Float[Array, "inputs features"], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all masks."""
        masks = every_index(self) if indices is None else indices
        net = self.network
        if len(net.weights) == 1:
            outputs = jax.vmap(net)(inputs)
            return jnp.broadcast_to(outputs, (len(masks), *outputs.shape))
        # A mask on hidden units is a mask on the columns of the next layer: each mask makes an MLP of its own.
        hidden = jax.nn.relu(inputs @ net.weights[0].T + net.biases[0])
        ends = np.cumsum([bias.size for bias in net.biases[:-1]])
        kept = jnp.split(masks / self.index.keep, ends[:-1], axis=1)
        weights = tuple(w * mask[:, None] for w, mask in zip(net.weights[1:], kept, strict=True))
        biases = tuple(jnp.broadcast_to(b, (len(masks), b.size)) for b in net.biases[1:])
        return stacked_outputs(eqx.tree_at(lambda n: (n.weights, n.biases), net, (weights, biases)), hidden)

    def constants(self, inputs: Float[Array, "inputs features"]) -> None:
        """Nothing: there is no prior function."""
