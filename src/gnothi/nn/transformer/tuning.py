"""What of a pretrained transformer is trained: all of it, its last layers, or a low-rank change of its attention."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.nn.frozen import Held
from gnothi.nn.transformer.encoder import Encoder, EncoderLayer, through


class LastLayers(eqx.Module):
    """An encoder of which only the last layers are trained: make one with `last_layers`."""

    below: Held
    layers: EncoderLayer

    def __call__(
        self,
        tokens: Int[Array, " positions"],
        length: int | Int[Array, ""],
        types: Int[Array, " positions"] | None = None,
    ) -> Float[Array, "positions width"]:
        """As of `Encoder`."""
        return through(self.layers, jax.lax.stop_gradient(self.below.network(tokens, length, types)), length)


def last_layers(network: Encoder, count: int) -> LastLayers:
    """An encoder that gives what `network` does, of which the last `count` layers are trained and no more.

    **Raises:** `ValueError` if it has not as many layers.
    """
    depth = len(network.layers.attention_norm.scale)
    if not 1 <= count <= depth:
        raise ValueError(f"of {depth} layers 1 to {depth} can be trained, got {count}")
    below = jax.tree.map(lambda leaf: leaf[: depth - count], network.layers)
    above = jax.tree.map(lambda leaf: leaf[depth - count :], network.layers)
    return LastLayers(Held(eqx.tree_at(lambda net: net.layers, network, below)), above)


class LowRank(eqx.Module):
    """An encoder whose queries and values are changed by products of thin matrices, which alone are trained (LoRA).

    Hu et al. 2022, sec. 4. The products are added to the weights, not to what they are applied to: on a sequence of
    more positions than the rank that costs less. Make one with `low_rank`.
    """

    base: Held
    down: Float[Array, "2 layers width rank"]
    up: Float[Array, "2 layers rank outputs"]
    scale: float = eqx.field(static=True)

    def __call__(
        self,
        tokens: Int[Array, " positions"],
        length: int | Int[Array, ""],
        types: Int[Array, " positions"] | None = None,
    ) -> Float[Array, "positions width"]:
        """As of `Encoder`."""
        return self.merged()(tokens, length, types)

    def merged(self) -> Encoder:
        """The encoder with the change in its weights."""
        base = self.base.network
        change = self.scale * (self.down @ self.up)
        return eqx.tree_at(_changed, base, tuple(w + c for w, c in zip(_changed(base), change, strict=True)))


def _changed(network: Encoder) -> tuple[Any, Any]:
    return network.layers.attention.query.weight, network.layers.attention.value.weight


def low_rank(network: Encoder, rank: int, *, key: PRNGKeyArray, scale: float = 2.0) -> LowRank:
    """An encoder that gives what `network` does, of which a change of `rank` is trained, weighted by `scale`.

    **Raises:** `ValueError` if the rank is below 1.
    """
    if rank < 1:
        raise ValueError(f"rank must be 1 or more, got {rank}")
    weights = jnp.stack(_changed(network))
    down = jax.random.normal(key, (*weights.shape[:3], rank)) * weights.shape[2] ** -0.5
    return LowRank(Held(network), down, jnp.zeros((*weights.shape[:2], rank, weights.shape[3])), scale)
