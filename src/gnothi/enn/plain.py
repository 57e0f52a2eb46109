"""A plain network, seen as an epistemic one: every joint sample is the same."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Num

from gnothi.enn.indices import NoIndex
from gnothi.enn.network import EpistemicNetwork
from gnothi.nn import FeatureNetwork


class Plain(EpistemicNetwork):
    """A network that claims to know everything: it has no index.

    >>> import jax, gnothi as gn
    >>> enn = gn.enn.Plain(gn.nn.MLP(2, (8,), 3, key=jax.random.key(0)))
    >>> enn.predict(jax.numpy.ones((4, 2))).shape
    (1, 4, 3)
    """

    network: FeatureNetwork
    index: NoIndex

    def __init__(self, network: FeatureNetwork):
        self.network = network
        self.index = NoIndex()

    def __call__(self, x: Num[Array, "..."], z: Array) -> Float[Array, " classes"]:
        """The outputs of one input; the index says nothing."""
        return self.network(x)

    def predict(
        self, inputs: Num[Array, "inputs ..."], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs, computed once and repeated for each index."""
        outputs = jax.vmap(self.network)(inputs)
        num_samples = 1 if indices is None else indices.shape[0]
        return jnp.broadcast_to(outputs, (num_samples, *outputs.shape))

    def constants(self, inputs: Num[Array, "inputs ..."]) -> None:
        """Nothing: there is no prior function."""
