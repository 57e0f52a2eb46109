"""The epinet: a small network, added to any other, that says how unsure it is.

The base network gives outputs and features; the epinet maps features, input and index to a correction, linear in the
index through a dot product (Osband et al. 2023, "Epistemic Neural Networks", sec. 3). The base runs once a batch,
however many indices are drawn, so joint samples cost little more than one prediction.
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Num, PRNGKeyArray

from gnothi.enn.indices import Gaussian
from gnothi.enn.network import EpistemicNetwork, every_index
from gnothi.nn import CACHE_NUMBERS, MLP, FeatureNetwork, Frozen, in_blocks


class FrozenHead(Frozen):
    """An epinet head that is never trained: the prior of an epinet."""

    mlp: MLP
    scale: float | Float[Array, ""]


class Epinet(EpistemicNetwork):
    """A base network plus a learnable epinet plus, if asked, a fixed prior epinet of the same shape.

    Each epinet is an MLP of [index, features, input] whose output, a `classes x index` matrix, is multiplied by the
    index. If it does not read the index, it is *linear* in it: a Gaussian process over functions that are learned, and
    the MLP too runs once a batch, however many indices are drawn. Another prior, such as `LinearPrior`, can be added
    with `WithPrior`.

    **Arguments:** `base`, any `FeatureNetwork`; `index_size`, the length of the Gaussian index; `hidden`, the widths of
    the epinet's hidden layers; `prior_scale`, the weight of the fixed epinet, 0 for none; `key`; `input_size`,
    `feature_size` and `output_size`, needed only when `base` is not an `MLP`; `stop_gradient`, whether the epinet's
    loss is kept from shaping the base's features; `reads_index`, whether the MLP sees the index. An input that is one
    whole number is the number of a state, of `input_size`: the MLP sees it one-hot.

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
    reads_index: bool = eqx.field(static=True)

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
        reads_index: bool = True,
    ):
        if isinstance(base, MLP):
            input_size, feature_size = base.weights[0].shape[1], base.weights[-1].shape[1]
            output_size = base.weights[-1].shape[0]
        if input_size is None or feature_size is None or output_size is None:
            raise ValueError("say input_size, feature_size and output_size: they cannot be read off this base network")
        self.base = base
        self.index = Gaussian(index_size)
        self.stop_gradient = stop_gradient
        self.reads_index = reads_index
        sizes = (index_size * reads_index + feature_size + input_size, hidden, output_size * index_size)
        learnable_key, prior_key = jax.random.split(key)
        self.learnable = MLP(*sizes, key=learnable_key)
        self.prior = FrozenHead(MLP(*sizes, key=prior_key), prior_scale) if prior_scale else None

    def __call__(self, x: Num[Array, "..."], z: Float[Array, " index"]) -> Float[Array, " classes"]:
        """The outputs of one input under one index."""
        return self.predict(x[None], z[None])[0, 0]

    def predict(
        self, inputs: Num[Array, "inputs ..."], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all indices; what does not depend on the index runs once an input."""
        indices = every_index(self) if indices is None else indices
        features = jax.vmap(self.base.features)(inputs)
        outputs = jax.vmap(self.base.head)(features)
        seen, states = self._seen(features, inputs)
        if self.stop_gradient:
            seen = jax.lax.stop_gradient(seen)
        corrections = partial(_corrections, states=states) if self.reads_index else _linear_corrections
        outputs = outputs + corrections(self.learnable, seen, indices)
        if self.prior is None:
            return outputs
        return outputs + self.prior.scale * jax.lax.stop_gradient(corrections(self.prior.mlp, seen, indices))

    def _seen(self, features: Array, inputs: Array) -> tuple[Float[Array, "inputs seen"], Array | None]:
        """What the epinet's MLP is given beside the index, and numbers of states that its first layer looks up."""
        if inputs.ndim > 1 or not jnp.issubdtype(inputs.dtype, jnp.integer):
            return jnp.concatenate([features, inputs.reshape(len(inputs), -1)], axis=1), None
        if self.reads_index and len(self.learnable.weights) > 1:
            return features, inputs
        num_states = self.learnable.weights[0].shape[1] - features.shape[1] - self.reads_index * self.index.size
        return jnp.concatenate([features, jax.nn.one_hot(inputs, num_states)], axis=1), None

    def constants(self, inputs: Num[Array, "inputs ..."]) -> None:
        """Nothing: the prior epinet reads features, and those change with training."""


def _corrections(
    head: MLP,
    seen: Float[Array, "inputs features"],
    indices: Float[Array, "samples index"],
    states: Int[Array, " inputs"] | None = None,
) -> Float[Array, "samples inputs classes"]:
    """What an epinet adds. Its first layer is applied to index and features apart, so the latter is shared.

    Where inputs are numbers of states, one-hot to the MLP, their columns of its first layer are looked up.

    The index multiplies the last layer's weights and not its outputs, which are as many times more as it has numbers.
    """
    num_inputs, index_size = len(seen), indices.shape[1]
    known = index_size + seen.shape[1]
    shared = head.weights[0][:, index_size:known] @ seen.T + head.biases[0][:, None]
    if states is not None:
        # The product with ones on the diagonal turns what was looked up into the layout in which the loop over samples
        # reads fast: without it XLA gathers rows and reads them crosswise for every sample, which is half the time.
        shared = shared + jnp.eye(len(shared)) @ head.weights[0][:, known:][:, states]
    of_index = head.weights[0][:, :index_size]
    last = head.weights[-1].reshape(-1, index_size, head.weights[-1].shape[1])
    last_bias = head.biases[-1].reshape(-1, index_size)

    def of_samples(z: Float[Array, "samples index"]) -> Float[Array, "samples inputs classes"]:
        if len(head.weights) == 1:
            both = (z[:, :, None], seen.T[None])
            hidden = jnp.concatenate([jnp.broadcast_to(x, (len(z), x.shape[1], num_inputs)) for x in both], axis=1)
        else:
            hidden = jax.nn.relu(shared + (z @ of_index.T)[:, :, None])  # [samples, units, inputs]
        for weight, bias in zip(head.weights[1:-1], head.biases[1:-1], strict=True):
            hidden = jax.nn.relu(jnp.einsum("jk,ski->sji", weight, hidden) + bias[:, None])
        outputs = jnp.einsum("sck,ski->sci", jnp.einsum("cdk,sd->sck", last, z), hidden)
        return jnp.swapaxes(outputs + (z @ last_bias.T)[:, :, None], 1, 2)

    widest = max(bias.size for bias in head.biases) * num_inputs
    return in_blocks(of_samples, indices, most=max(1, CACHE_NUMBERS // widest))


def _linear_corrections(
    head: MLP, seen: Float[Array, "inputs features"], indices: Float[Array, "samples index"]
) -> Float[Array, "samples inputs classes"]:
    """What an epinet adds that does not read the index."""
    functions = jax.vmap(head)(seen).reshape(len(seen), -1, indices.shape[1])
    return jnp.einsum("ick,sk->sic", functions, indices)
