"""The encoder of BERT (Devlin et al. 2019): learned positions, attention both ways, norms after each part."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from gnothi.nn.stacked import stack
from gnothi.nn.transformer.parts import (
    INITIAL_STD,
    Attention,
    Embedding,
    FeedForward,
    LayerNorm,
    attention,
    linear,
)


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of an encoder: `hidden` is the width of its feed-forward networks, `num_types` of segments (BERT's 2)."""

    vocabulary_size: int
    width: int
    hidden: int
    num_layers: int
    num_heads: int
    max_length: int = 512
    num_types: int = 2
    epsilon: float = 1e-12


class EncoderLayer(eqx.Module):
    """Attention and a feed-forward network, each added to what it read and then normalised."""

    attention: Attention
    attention_norm: LayerNorm
    feed_forward: FeedForward
    feed_forward_norm: LayerNorm

    def __call__(self, x: Float[Array, "positions width"], seen: Array) -> Float[Array, "positions width"]:
        """One layer of one sequence."""
        x = self.attention_norm(x + self.attention(x, None, seen)[0])
        return self.feed_forward_norm(x + self.feed_forward(x))


class Encoder(eqx.Module):
    """An encoder: tokens to a vector for each; layers are stacked on a leading axis and scanned.

    >>> import jax, jax.numpy as jnp
    >>> from gnothi.nn.transformer import EncoderConfig, encoder
    >>> net = encoder(EncoderConfig(100, width=32, hidden=64, num_layers=2, num_heads=4), key=jax.random.key(0))
    >>> net(jnp.array([3, 1, 4, 0, 0]), 3).shape
    (5, 32)
    """

    tokens: Embedding
    positions: Embedding
    types: Embedding
    norm: LayerNorm
    layers: EncoderLayer

    def __call__(
        self,
        tokens: Int[Array, " positions"],
        length: int | Int[Array, ""],
        types: Int[Array, " positions"] | None = None,
    ) -> Float[Array, "positions width"]:
        """The vectors of one sequence after the last layer.

        **Arguments:** `tokens`, filled up at the end to any length; `length`, how many are not filling, which nothing
        looks at; `types`, the segment of each token, the first if not said.

        **Raises:** `ValueError` if the sequence is longer than there are positions.
        """
        return through(self.layers, self._embedded(tokens, types), length)

    def after_each_layer(
        self,
        tokens: Int[Array, " positions"],
        length: int | Int[Array, ""],
        types: Int[Array, " positions"] | None = None,
    ) -> Float[Array, "depths positions width"]:
        """The vectors after every layer, the embeddings first; arguments as of a call."""
        x, seen = self._embedded(tokens, types), _seen(tokens, length)

        def one(x, layer):
            x = layer(x, seen)
            return x, x

        return jnp.concatenate([x[None], jax.lax.scan(one, x, self.layers)[1]])

    def _embedded(self, tokens: Array, types: Array | None) -> Array:
        if len(tokens) > len(self.positions.weight):
            raise ValueError(f"{len(tokens)} tokens are more than the {len(self.positions.weight)} positions there are")
        x = self.tokens(tokens) + self.positions.weight[: len(tokens)]
        return self.norm(x + self.types(jnp.zeros_like(tokens) if types is None else types))


def through(
    layers: EncoderLayer, x: Float[Array, "positions width"], length: int | Int[Array, ""]
) -> Float[Array, "positions width"]:
    """What stacked layers make of one sequence, of which the first `length` positions are no filling."""
    seen = _seen(x, length)
    return jax.lax.scan(lambda x, layer: (layer(x, seen), None), x, layers)[0]


def _seen(positions: Array, length: int | Array) -> Bool[Array, "1 positions"]:
    return (jnp.arange(len(positions)) < length)[None]


def encoder(config: EncoderConfig, *, key: PRNGKeyArray) -> Encoder:
    """An encoder of random weights."""
    keys = jax.random.split(key, 4)

    def norm() -> LayerNorm:
        return LayerNorm(jnp.ones(config.width), jnp.zeros(config.width), config.epsilon)

    def layer(key: PRNGKeyArray) -> EncoderLayer:
        own = jax.random.split(key, 3)
        up = linear(config.width, config.hidden, key=own[1], bias=True)
        down = linear(config.hidden, config.width, key=own[2], bias=True, split="inputs")
        heads = attention(config.width, config.num_heads, key=own[0], bias=True)
        return EncoderLayer(heads, norm(), FeedForward(up, down), norm())

    def embedding(count: int, key: PRNGKeyArray) -> Embedding:
        return Embedding(INITIAL_STD * jax.random.normal(key, (count, config.width)))

    counts = (config.vocabulary_size, config.max_length, config.num_types)
    tokens, positions, types = (embedding(count, key) for count, key in zip(counts, keys, strict=False))
    return Encoder(tokens, positions, types, norm(), stack(layer, config.num_layers, key=keys[3]))
