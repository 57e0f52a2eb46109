"""The decoder of the Llama family: RMS norms before each part, rotary positions, grouped heads, gated feed-forward.

Llama (Touvron et al. 2023), SmolLM2, Qwen 2 and 3 and their like: `bias` on queries, keys and values, `head_norm`,
`window` and `tied` are what they differ in. Training scans over stacked layers, so that compilation does not grow with
depth; decoding goes through layers one by one, each with a cache of its own (`unstacked`): to slice a common cache
costs three times as much as to attend to it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from gnothi.nn.stacked import stack
from gnothi.nn.transformer.parts import (
    INITIAL_STD,
    Attention,
    Embedding,
    GatedFeedForward,
    Linear,
    RMSNorm,
    attention,
    each_linear,
    linear,
    rotations,
)


@dataclass(frozen=True)
class DecoderConfig:
    """Sizes of a decoder, and what families differ in.

    `hidden` is the width of the feed-forward networks; `num_kv_heads`, as many as heads if not said; `head_size`, width
    over heads if not said; `head_norm`, whether each head's queries and keys are normalised; `bias`, of queries, keys
    and values; `window`, how many positions back one sees, all if not said; `tied`, whether the head is the embedding.
    """

    vocabulary_size: int
    width: int
    hidden: int
    num_layers: int
    num_heads: int
    num_kv_heads: int | None = None
    head_size: int | None = None
    rotary_base: float = 10_000.0
    epsilon: float = 1e-5
    head_norm: bool = False
    bias: bool = False
    window: int | None = None
    tied: bool = True


class DecoderLayer(eqx.Module):
    """Attention and a feed-forward network, each of a normalised input and added to it."""

    attention_norm: RMSNorm
    attention: Attention
    feed_forward_norm: RMSNorm
    feed_forward: GatedFeedForward

    def __call__(
        self, x: Float[Array, "positions width"], turns: Array, seen: Array
    ) -> tuple[Float[Array, "positions width"], tuple[Array, Array]]:
        """One layer of one sequence, and its keys and values."""
        read, cache = self.attention(self.attention_norm(x), turns, seen)
        x = x + read
        return x + self.feed_forward(self.feed_forward_norm(x)), cache


class Cache(NamedTuple):
    """Keys and values of one layer and one sequence, heads first."""

    keys: Float[Array, "*batch kv positions size"]
    values: Float[Array, "*batch kv positions size"]


class Decoder(eqx.Module):
    """A decoder: tokens to scores of the next token. `layers` are stacked, or a tuple of them (`unstacked`).

    >>> import jax, jax.numpy as jnp
    >>> from gnothi.nn.transformer import DecoderConfig, decoder
    >>> config = DecoderConfig(100, width=32, hidden=64, num_layers=2, num_heads=4, num_kv_heads=2)
    >>> net = decoder(config, key=jax.random.key(0))
    >>> net(jnp.array([3, 1, 4])).shape
    (3, 100)
    """

    tokens: Embedding
    layers: DecoderLayer | tuple[DecoderLayer, ...]
    norm: RMSNorm
    head: Linear | None
    rotary_base: float = eqx.field(static=True)
    window: int | None = eqx.field(static=True)

    def __call__(self, tokens: Int[Array, " positions"], *, remat: bool = False) -> Float[Array, "positions tokens"]:
        """Scores (logits) of what follows each token of one sequence; arguments as of `features`."""
        return self.scores(self.features(tokens, remat=remat))

    def features(self, tokens: Int[Array, " positions"], *, remat: bool = False) -> Float[Array, "positions width"]:
        """What the head reads at each token: it has seen this token and those before.

        **Arguments:** `tokens`; `remat`, whether the gradient works layers' insides out again instead of keeping them.
        """
        return self.norm(self._run(tokens, remat)[0])

    def scores(self, features: Float[Array, "*rows width"]) -> Float[Array, "*rows tokens"]:
        """The head."""
        return self.tokens.scores(features) if self.head is None else self.head(features)

    def read(
        self, tokens: Int[Array, " positions"], room: int
    ) -> tuple[Float[Array, "positions width"], tuple[Cache, ...]]:
        """Reads a prompt: `features`, and each layer's cache with `room` for more positions after the prompt's."""
        x, (keys, values) = self._run(tokens, False)
        more = ((0, 0), (0, 0), (0, room), (0, 0))
        return self.norm(x), tuple(map(Cache, jnp.pad(keys, more), jnp.pad(values, more)))

    def decode(
        self,
        tokens: Int[Array, " rows"],
        positions: Int[Array, " rows"],
        where: Int[Array, ""],
        seen: Bool[Array, "rows positions"],
        caches: tuple[Cache, ...],
    ) -> tuple[Float[Array, "rows width"], tuple[Cache, ...]]:
        """One more token of each of some sequences: what the head reads, and the caches with their keys and values.

        Sequences are rows of a product and not mapped over: XLA would turn the weights (a sixth slower on a CPU).

        **Arguments:** `tokens`; `positions`, their own, by which they are turned; `where` in the caches their keys and
        values are put; `seen`, which places of the caches each may look at, its own among them; `caches`, of `read`
        mapped over the sequences.

        **Raises:** `ValueError` if layers are stacked.
        """
        if not isinstance(self.layers, tuple):
            raise ValueError("layers are stacked: decode with unstacked(decoder), made once")
        x = self.tokens(tokens)
        turns = jax.lax.optimization_barrier(self._turns(positions))  # or each layer works cosines out again
        after = []
        for layer, cache in zip(self.layers, caches, strict=True):
            queries, keys, values = layer.attention.project(layer.attention_norm(x), turns)
            put = jax.lax.dynamic_update_slice_in_dim
            cache = Cache(
                put(cache.keys, keys[:, :, None], where, 2),
                put(cache.values, values[:, :, None], where, 2),
            )
            read = jax.vmap(layer.attention.read)(queries[:, None], *cache, seen[:, None])[:, 0]
            x = x + layer.attention.output(read)
            x = x + layer.feed_forward(layer.feed_forward_norm(x))
            after.append(cache)
        return self.norm(x), tuple(after)

    def _turns(self, positions: Array) -> Array:
        first = self.layers[0] if isinstance(self.layers, tuple) else self.layers
        size = first.attention.query.output_size // first.attention.num_heads
        return rotations(positions, size, self.rotary_base)

    def _run(self, tokens: Array, remat: bool) -> tuple[Array, tuple[Array, Array]]:
        places = jnp.arange(len(tokens))
        turns = self._turns(places)
        back = places[:, None] - places
        seen = (back >= 0) if self.window is None else (back >= 0) & (back < self.window)

        def one(x, layer):
            return layer(x, turns, seen)

        one = jax.checkpoint(one) if remat else one
        x = self.tokens(tokens)
        if not isinstance(self.layers, tuple):
            return jax.lax.scan(one, x, self.layers)
        kept = []
        for layer in self.layers:
            x, cache = one(x, layer)
            kept.append(cache)
        return x, jax.tree.map(lambda *leaves: jnp.stack(leaves), *kept)


def unstacked(decoder: Decoder) -> Decoder:
    """The same decoder with its layers one by one, and a head of its own, as decoding wants them; this copies them."""
    if not isinstance(decoder.layers, tuple):
        count = len(jax.tree.leaves(decoder.layers)[0])
        layers = tuple(jax.tree.map(lambda leaf, i=i: leaf[i], decoder.layers) for i in range(count))
        decoder = eqx.tree_at(lambda d: d.layers, decoder, layers, is_leaf=lambda node: node is decoder.layers)
    if decoder.head is None:  # see Linear: the embedding is the wrong way round
        head = Linear(jnp.asarray(decoder.tokens.weight.T), None)
        decoder = eqx.tree_at(lambda d: d.head, decoder, head, is_leaf=lambda node: node is None)
    return decoder


@eqx.filter_jit
def turned(decoder: Decoder) -> Decoder:
    """A copy whose linear maps have their weights the other way round (`Linear`): for decoding many texts at once."""
    return each_linear(decoder, Linear.turn)


def decoder(config: DecoderConfig, *, key: PRNGKeyArray) -> Decoder:
    """A decoder of random weights."""
    token_key, layer_key, head_key = jax.random.split(key, 3)

    def norm() -> RMSNorm:
        return RMSNorm(jnp.ones(config.width), config.epsilon)

    def layer(key: PRNGKeyArray) -> DecoderLayer:
        own = jax.random.split(key, 4)
        heads = attention(
            config.width,
            config.num_heads,
            key=own[0],
            num_kv_heads=config.num_kv_heads,
            head_size=config.head_size,
            bias=config.bias,
            norm_epsilon=config.epsilon if config.head_norm else None,
        )
        # Llama and Qwen have no bias on what attention gives.
        heads = eqx.tree_at(lambda h: h.output.bias, heads, None, is_leaf=lambda node: node is None)
        gate, up = (linear(config.width, config.hidden, key=key) for key in own[1:3])
        down = linear(config.hidden, config.width, key=own[3], split="inputs")
        return DecoderLayer(norm(), heads, norm(), GatedFeedForward(gate, up, down))

    tokens = Embedding(INITIAL_STD * jax.random.normal(token_key, (config.vocabulary_size, config.width)))
    head = None if config.tied else linear(config.width, config.vocabulary_size, key=head_key)
    layers = stack(layer, config.num_layers, key=layer_key)
    return Decoder(tokens, layers, norm(), head, config.rotary_base, config.window)
