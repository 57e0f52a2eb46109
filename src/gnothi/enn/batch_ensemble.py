"""BatchEnsemble: members that share their weights up to a factor of rank one (Wen et al. 2020).

It saves memory, not arithmetic: a member costs a pass through the network, as in any ensemble.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.enn.ensemble import Ensemble
from gnothi.enn.indices import OneOf
from gnothi.enn.network import EpistemicNetwork
from gnothi.nn import MLP

Vectors = tuple[Float[Array, "members _"], ...]


class BatchEnsemble(EpistemicNetwork):
    """Members whose weights are `s_k r_k' * W` in each layer: `W` is shared, `r_k`, `s_k` and biases are their own.

    **Arguments:** `network`, whose weights are shared; `count`, how many members; `key`; `spread`: `r_k` and `s_k`
    start from normal numbers of mean 1 and this deviation.

    **Raises:** `ValueError` if `count` is below 1, or `spread` is not positive: members would be one and stay one.

    >>> import jax, gnothi as gn
    >>> k1, k2 = jax.random.split(jax.random.key(0))
    >>> gn.enn.BatchEnsemble(gn.nn.MLP(2, (8,), 3, key=k1), 5, key=k2).predict(jax.numpy.ones((4, 2))).shape
    (5, 4, 3)
    """

    network: MLP
    """The shared weights; biases have a leading axis of members."""
    reads: Vectors
    writes: Vectors
    index: OneOf

    def __init__(self, network: MLP, count: int, *, key: PRNGKeyArray, spread: float = 0.5):
        if count < 1:
            raise ValueError(f"there must be at least one member, got count={count}")
        if spread <= 0:
            raise ValueError(f"spread must be positive, or all members are the same, got {spread}")
        sizes = [size for weight in network.weights for size in (weight.shape[1], len(weight))]
        drawn = 1 + spread * jax.random.normal(key, (count, sum(sizes)))
        factors = jnp.split(drawn, np.cumsum(sizes)[:-1], axis=1)
        self.reads, self.writes = tuple(factors[::2]), tuple(factors[1::2])
        biases = tuple(jnp.broadcast_to(bias, (count, bias.size)) for bias in network.biases)
        self.network = eqx.tree_at(lambda net: net.biases, network, biases)
        self.index = OneOf(count)

    @property
    def ensemble(self) -> Ensemble:
        """The same members, each with weights of its own."""
        layers = zip(self.writes, self.network.weights, self.reads, strict=True)
        weights = tuple(s[:, :, None] * w * r[:, None, :] for s, w, r in layers)
        return Ensemble(eqx.tree_at(lambda net: net.weights, self.network, weights))

    def __call__(self, x: Float[Array, " features"], z: Int[Array, ""]) -> Float[Array, " classes"]:
        """The outputs of member `z` for one input."""
        return self.ensemble(x, z)

    def predict(
        self, inputs: Float[Array, "inputs features"], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of the members named by `indices`, or of all."""
        return self.ensemble.predict(inputs, indices)

    def constants(self, inputs: Float[Array, "inputs features"]) -> None:
        """Nothing: there is no prior function."""

    def squared_weights(self) -> Float[Array, ""]:
        """The sum of all members' squared weights and biases, each member's `W` counted as it uses it."""
        layers = zip(self.writes, self.network.weights, self.reads, strict=True)
        total = sum(jnp.sum((s**2 @ w**2) * r**2) for s, w, r in layers)
        return jnp.asarray(total + sum(jnp.sum(bias**2) for bias in self.network.biases))
