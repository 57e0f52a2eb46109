"""Linear hypermodels: every weight of a network is a linear function of the index."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.enn.indices import ScaledGaussian
from gnothi.enn.network import EpistemicNetwork, every_index
from gnothi.nn import MLP, Frozen, stacked_outputs

TRUNCATED_STD = 0.8796256610342398  # of a standard normal cut at two deviations


def _unit_truncated(key: PRNGKeyArray, shape: tuple[int, ...]) -> Array:
    return jax.random.truncated_normal(key, -2, 2, shape) / TRUNCATED_STD


class HypermodelPrior(Frozen):
    """A hypermodel that is never trained: `slopes`, an MLP whose arrays have a leading `index` axis, and a scale.

    Each layer reads a part of the index of its own, so that layers are independent: elsewhere its slopes are 0.
    """

    slopes: MLP
    scale: float | Float[Array, ""]

    def __init__(
        self,
        input_size: int,
        hidden: tuple[int, ...],
        output_size: int,
        *,
        index_size: int,
        scale: float | Float[Array, ""],
        key: PRNGKeyArray,
    ):
        slopes = _draw(jax.random.normal, key, (input_size, hidden, output_size), index_size)
        layers = len(hidden) + 1
        parts = np.array_split(np.arange(index_size), layers) if index_size >= layers else [slice(None)] * layers
        # The first layer is not divided by the root of its inputs' number: this is the law of the original.
        fan_ins = (1, *hidden)

        def unit(rows: Array, layer: int, norm: float) -> Array:
            own = jnp.zeros((index_size,) + (1,) * (rows.ndim - 1)).at[parts[layer]].set(1.0)
            return own * rows / (jnp.linalg.norm(own * rows, axis=0) * norm)

        weights = tuple(unit(rows, i, fan_ins[i] ** 0.5) for i, rows in enumerate(slopes.weights))
        biases = tuple(unit(rows, i, 1.0) for i, rows in enumerate(slopes.biases))
        self.slopes = eqx.tree_at(lambda net: (net.weights, net.biases), slopes, (weights, biases))
        self.scale = scale

    def outputs(
        self, inputs: Float[Array, "inputs features"], indices: Float[Array, "samples index"]
    ) -> Float[Array, "samples inputs classes"]:
        """The scaled outputs of all inputs under all indices."""
        return self.scale * jax.lax.stop_gradient(stacked_outputs(_at(self.slopes, indices), inputs))


class Hypermodel(EpistemicNetwork):
    """An MLP whose weights are `centre + slopes . index`, plus, if asked, a fixed prior of the same kind
    (Dwaracherla et al. 2020, "Hypermodels for Exploration", sec. 3).

    **Arguments:** `input_size`, `hidden` and `output_size`, of the MLP; `index_size`, the length of the index;
    `prior_hidden`, the widths of the prior's hidden layers; `prior_scale`, the weight of the prior, the number 0 for
    none; `key`.

    **Raises:** `ValueError` if a size is below 1.

    >>> import jax, gnothi as gn
    >>> enn = gn.enn.Hypermodel(2, (8,), 3, index_size=6, prior_scale=1.0, key=jax.random.key(0))
    >>> gn.sample(enn, jax.numpy.ones((4, 2)), 10, key=jax.random.key(1)).shape
    (10, 4, 3)
    """

    centre: MLP
    slopes: MLP
    """The derivative of each weight by the index: arrays with a leading `index` axis."""
    prior: HypermodelPrior | None
    index: ScaledGaussian

    def __init__(
        self,
        input_size: int,
        hidden: tuple[int, ...],
        output_size: int,
        *,
        index_size: int,
        key: PRNGKeyArray,
        prior_hidden: tuple[int, ...] = (10,),
        prior_scale: float | Float[Array, ""] = 0.0,
    ):
        if index_size < 1:
            raise ValueError(f"index_size must be 1 or more, got {index_size}")
        learnable_key, prior_key = jax.random.split(key)
        drawn = _draw(_unit_truncated, learnable_key, (input_size, hidden, output_size), index_size + 1)
        # Each array is the output of a linear layer of its own: deviation 1 / sqrt of its mean number of ins and outs.
        self.centre = jax.tree.map(lambda leaf: leaf[0] / leaf[0].size ** 0.5, drawn)
        self.slopes = jax.tree.map(lambda leaf: leaf[1:] / ((index_size + leaf[0].size) / 2) ** 0.5, drawn)
        self.index = ScaledGaussian(index_size)
        self.prior = None
        if not isinstance(prior_scale, float | int) or prior_scale:
            options = {"index_size": index_size, "scale": prior_scale, "key": prior_key}
            self.prior = HypermodelPrior(input_size, prior_hidden, output_size, **options)

    def networks(self, indices: Float[Array, "samples index"]) -> MLP:
        """The learnt network of each index, stacked."""
        return jax.tree.map(jnp.add, self.centre, _at(self.slopes, indices))

    def __call__(self, x: Float[Array, " features"], z: Float[Array, " index"]) -> Float[Array, " classes"]:
        """The outputs of one input under one index."""
        outputs = jax.tree.map(lambda leaf: leaf[0], self.networks(z[None]))(x)
        return outputs if self.prior is None else outputs + self.prior.outputs(x[None], z[None])[0, 0]

    def predict(
        self, inputs: Float[Array, "inputs features"], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all indices."""
        indices = every_index(self) if indices is None else indices
        outputs = stacked_outputs(self.networks(indices), inputs)
        return outputs if self.prior is None else outputs + self.prior.outputs(inputs, indices)

    def constants(self, inputs: Float[Array, "inputs features"]) -> None:
        """Nothing: the prior is not linear in the index, so it has no fixed functions to add up."""


def _draw(
    law: Callable[[PRNGKeyArray, tuple[int, ...]], Array],
    key: PRNGKeyArray,
    sizes: tuple[int, tuple[int, ...], int],
    lead: int,
) -> MLP:
    """Arrays of the shapes of an MLP's with a leading axis of `lead`, from one draw of a law."""
    net = eqx.filter_eval_shape(lambda: MLP(*sizes, key=jax.random.key(0)))
    shapes, structure = jax.tree.flatten(net)
    ends = np.cumsum([lead * leaf.size for leaf in shapes])
    parts = jnp.split(law(key, (int(ends[-1]),)), ends[:-1])
    arrays = [part.reshape(lead, *leaf.shape) for part, leaf in zip(parts, shapes, strict=True)]
    return jax.tree.unflatten(structure, arrays)


def _at(slopes: MLP, indices: Float[Array, "samples index"]) -> MLP:
    """Networks that are linear in the index, stacked."""
    return jax.tree.map(lambda leaf: jnp.tensordot(indices, leaf, 1), slopes)
