"""The epinet: a small network, added to any other, that says how unsure it is.

The base network gives outputs and features; the epinet maps features, input and index to a correction, linear in the
index through a dot product (Osband et al. 2023, "Epistemic Neural Networks", sec. 3). The base runs once a batch,
however many indices are drawn, so joint samples cost little more than one prediction.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.enn.indices import Gaussian
from gnothi.enn.network import EpistemicNetwork, every_index
from gnothi.nn import MLP, FeatureNetwork, Frozen


class FrozenHead(Frozen):
    """An epinet head that is never trained: the prior of an epinet."""

    mlp: MLP
    scale: float | Float[Array, ""]


class Epinet(EpistemicNetwork):
    """A base network plus a learnable epinet plus, if asked, a fixed prior epinet of the same shape.

    Each epinet is an MLP of [index, features, input] whose output, a `classes x index` matrix, is multiplied by the
    index. Another prior, such as `LinearPrior`, can be added with `WithPrior`.

    **Arguments:** `base`, any `FeatureNetwork`; `index_size`, the length of the Gaussian index; `hidden`, the widths
    of the epinet's hidden layers; `prior_scale`, the weight of the fixed epinet, 0 for none; `key`; `input_size` and
    `feature_size`, needed only when `base` is not an `MLP`; `stop_gradient`, whether the epinet's loss is kept from
    shaping the base's features.

    **Raises:** `ValueError` if a size is below 1, or cannot be read off the base and was not given.

    >>> import jax, gnothi as gn
    >>> k1, k2, k3 = jax.random.split(jax.random.key(0), 3)
    >>> net = gn.nn.MLP(10, (50, 50), 2, key=k1)
    >>> enn = gn.enn.Epinet(net, index_size=8, hidden=(15, 15), prior_scale=0.3, key=k2)
    >>> gn.sample(enn, jax.numpy.ones((4, 10)), 100, key=k3).shape
    (100, 4, 2)
    """

    base: FeatureNetwork
    learnable: MLP
    prior: FrozenHead | None
    index: Gaussian
    stop_gradient: bool = eqx.field(static=True)

    def __init__(
        self,
        base: FeatureNetwork,
        *,
        index_size: int,
        hidden: tuple[int, ...],
        key: PRNGKeyArray,
        prior_scale: float = 0.0,
        input_size: int | None = None,
        feature_size: int | None = None,
        output_size: int | None = None,
        stop_gradient: bool = True,
    ):
        if isinstance(base, MLP):
            input_size, feature_size = base.weights[0].shape[1], base.weights[-1].shape[1]
            output_size = base.weights[-1].shape[0]
        if input_size is None or feature_size is None or output_size is None:
            raise ValueError("say input_size, feature_size and output_size: they cannot be read off this base network")
        self.base = base
        self.index = Gaussian(index_size)
        self.stop_gradient = stop_gradient
        sizes = (index_size + feature_size + input_size, hidden, output_size * index_size)
        learnable_key, prior_key = jax.random.split(key)
        self.learnable = MLP(*sizes, key=learnable_key)
        self.prior = FrozenHead(MLP(*sizes, key=prior_key), prior_scale) if prior_scale else None

    def __call__(self, x: Float[Array, "..."], z: Float[Array, " index"]) -> Float[Array, " classes"]:
        """The outputs of one input under one index."""
        features = self.base.features(x)
        seen = jnp.concatenate([features, x.ravel()])
        if self.stop_gradient:
            seen = jax.lax.stop_gradient(seen)
        outputs = self.base.head(features) + _correction(self.learnable, seen, z)
        if self.prior is None:
            return outputs
        return outputs + self.prior.scale * jax.lax.stop_gradient(_correction(self.prior.mlp, seen, z))

    def predict(
        self, inputs: Float[Array, "inputs ..."], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all indices; what does not depend on the index runs once an input."""
        indices = every_index(self) if indices is None else indices
        return jax.vmap(lambda z: jax.vmap(lambda x: self(x, z))(inputs))(indices)

    def constants(self, inputs: Float[Array, "inputs ..."]) -> None:
        """Nothing: the prior epinet reads features, and those change with training."""


def _correction(head: MLP, seen: Float[Array, " features"], z: Float[Array, " index"]) -> Float[Array, " classes"]:
    """What an epinet adds. Its first layer is applied to index and features apart, so the latter is shared."""
    first, *later = zip(head.weights, head.biases, strict=True)
    weight, bias = first
    hidden = weight[:, : z.size] @ z + (weight[:, z.size :] @ seen + bias)
    for weight, bias in later:
        hidden = weight @ jax.nn.relu(hidden) + bias
    return hidden.reshape(-1, z.size) @ z
