"""What transformers are made of: linear maps, norms, rotary positions, attention, feed-forward networks.

Each part takes one sequence; `jax.vmap` makes batches. Norms, attention weights and sums over them are in float32
whatever the weights are in.
"""

from collections.abc import Callable
from typing import Literal, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

INITIAL_STD = 0.02  # of weights that are to be trained from nothing (BERT, GPT-2)
Split = Literal["outputs", "inputs"]
Module = TypeVar("Module")


class Linear(eqx.Module):
    """A linear map. `split` is the side of its weights that devices share out among themselves (`sharding.py`).

    Weights are `inputs x outputs`: one token is multiplied by them three times as fast as by their transpose on a CPU.
    Some ten tokens or more are multiplied faster by the transpose: where they are `turned`, weights are
    `outputs x inputs`. Where weights are bfloat16, what they multiply is rounded to it and sums are in float32: the
    only form, too, in which XLA uses a CPU's units for bfloat16.
    """

    weight: Float[Array, "*stack inputs outputs"]
    bias: Float[Array, "*stack outputs"] | None
    split: Split = eqx.field(static=True, default="outputs")
    turned: bool = eqx.field(static=True, default=False)

    def __call__(self, x: Float[Array, "*rows inputs"]) -> Float[Array, "*rows outputs"]:
        """Maps the last axis."""
        of = self.weight.dtype
        contracted = (((x.ndim - 1,), (1 if self.turned else 0,)), ((), ()))
        sums = jnp.promote_types(of, jnp.float32)
        y = jax.lax.dot_general(x.astype(of), self.weight, contracted, preferred_element_type=sums).astype(x.dtype)
        return y if self.bias is None else y + self.bias

    @property
    def by_output(self) -> Float[Array, "outputs inputs"]:
        """Its weights, an output a row."""
        return self.weight if self.turned else self.weight.T

    @property
    def output_size(self) -> int:
        """How many outputs; of one of a stack, too."""
        size: int = self.weight.shape[-2 if self.turned else -1]
        return size

    def turn(self) -> "Linear":
        """The same map, its weights the other way round."""
        return Linear(self.weight.T, self.bias, self.split, not self.turned)

    def halve(self) -> "Linear":
        """The same map, its weights rounded to bfloat16."""
        return Linear(self.weight.astype(jnp.bfloat16), self.bias, self.split, self.turned)


def each_linear(module: Module, change: Callable[[Linear], Linear]) -> Module:
    """A copy of a network with each of its linear maps changed."""
    changed: Module = jax.tree.map(
        lambda node: change(node) if isinstance(node, Linear) else node,
        module,
        is_leaf=lambda node: isinstance(node, Linear),
    )
    return changed


def halved(module: Module) -> Module:
    """A copy of a network whose linear maps have their weights in bfloat16; all else, embeddings too, is as it was."""
    return each_linear(module, Linear.halve)


def linear(
    input_size: int, output_size: int, *, key: PRNGKeyArray, bias: bool = False, split: Split = "outputs"
) -> Linear:
    """A linear map of random weights, and biases of 0 if asked."""
    weight = INITIAL_STD * jax.random.normal(key, (input_size, output_size))
    return Linear(weight, jnp.zeros(output_size) if bias else None, split)


class Embedding(eqx.Module):
    """A vector for each token."""

    weight: Float[Array, "tokens width"]

    def __call__(self, tokens: Int[Array, "*rows"]) -> Float[Array, "*rows width"]:
        """Looks tokens up."""
        return self.weight[tokens]

    def scores(self, x: Float[Array, "*rows width"]) -> Float[Array, "*rows tokens"]:
        """The product with every token's vector: what a tied head does."""
        return x @ self.weight.T


class LayerNorm(eqx.Module):
    """Centred and scaled to variance 1, then scaled and shifted (Ba et al. 2016)."""

    scale: Float[Array, " width"]
    shift: Float[Array, " width"]
    epsilon: float = eqx.field(static=True)

    def __call__(self, x: Float[Array, "*rows width"]) -> Float[Array, "*rows width"]:
        """Normalises the last axis."""
        wide = x.astype(jnp.float32)
        centred = wide - wide.mean(axis=-1, keepdims=True)
        wide = centred * jax.lax.rsqrt(jnp.mean(centred**2, axis=-1, keepdims=True) + self.epsilon)
        return wide.astype(x.dtype) * self.scale + self.shift


class RMSNorm(eqx.Module):
    """Scaled to a root mean square of 1, then scaled (Zhang and Sennrich 2019)."""

    scale: Float[Array, " width"]
    epsilon: float = eqx.field(static=True)

    def __call__(self, x: Float[Array, "*rows width"]) -> Float[Array, "*rows width"]:
        """Normalises the last axis."""
        wide = x.astype(jnp.float32)
        wide = wide * jax.lax.rsqrt(jnp.mean(wide**2, axis=-1, keepdims=True) + self.epsilon)
        return wide.astype(x.dtype) * self.scale


def rotations(positions: Int[Array, "*rows"], head_size: int, base: float) -> Float[Array, "*rows 2 half"]:
    """Cosines and sines of rotary positions (Su et al. 2021): pair i turns by `base ** (-2 i / head_size)` a step."""
    rates = base ** (-jnp.arange(0, head_size, 2) / head_size)
    angles = positions[..., None] * rates
    return jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=-2)


def rotate(
    x: Float[Array, "*rows heads size"], turns: Float[Array, "*rows 2 half"]
) -> Float[Array, "*rows heads size"]:
    """Turns pairs of numbers, the first half of a head with the second, as Llama's weights of Hugging Face want it."""
    cos, sin = turns[..., None, 0, :], turns[..., None, 1, :]
    first, second = jnp.split(x.astype(jnp.float32), 2, axis=-1)
    turned = jnp.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)
    return turned.astype(x.dtype)


class Attention(eqx.Module):
    """Attention of `num_heads` heads to keys and values of `num_kv_heads`, which groups of heads share.

    Keys and values are kept heads first, `[heads, positions, size]`: so each head's are contiguous, which is what
    decoding reads. `query_norm` and `key_norm` normalise each head's queries and keys (Qwen 3, Chameleon).
    """

    query: Linear
    key: Linear
    value: Linear
    output: Linear
    query_norm: RMSNorm | None
    key_norm: RMSNorm | None
    num_heads: int = eqx.field(static=True)
    num_kv_heads: int = eqx.field(static=True)

    def project(
        self, x: Float[Array, "*rows width"], turns: Float[Array, "*rows 2 half"] | None
    ) -> tuple[Float[Array, "*rows heads size"], Float[Array, "*rows kv size"], Float[Array, "*rows kv size"]]:
        """Queries, keys and values by head, turned by their positions if these are rotary."""

        def heads(part: Linear, count: int) -> Array:
            projected = part(x)
            return projected.reshape(*projected.shape[:-1], count, -1)

        queries, keys = heads(self.query, self.num_heads), heads(self.key, self.num_kv_heads)
        if self.query_norm is not None and self.key_norm is not None:
            queries, keys = self.query_norm(queries), self.key_norm(keys)
        if turns is not None:
            queries, keys = rotate(queries, turns), rotate(keys, turns)
        return queries, keys, heads(self.value, self.num_kv_heads)

    def read(
        self,
        queries: Float[Array, "queries heads size"],
        keys: Float[Array, "kv positions size"],
        values: Float[Array, "kv positions size"],
        seen: Bool[Array, "queries positions"] | Bool[Array, "1 positions"],
    ) -> Float[Array, "queries read"]:
        """What each query reads in the values that it has `seen`, head by head, for `output` to mix.

        Softmax's sum divides what is read and not the weights: on a CPU this spares a pass over all pairs of positions.
        """
        count, _, size = queries.shape
        grouped = queries.reshape(count, self.num_kv_heads, -1, size).transpose(1, 2, 0, 3)
        scores = jnp.einsum("kgqd,kpd->kgqp", grouped * size**-0.5, keys, preferred_element_type=jnp.float32)
        scores = jnp.where(seen, scores, -1e30)
        weights = jnp.exp(scores - jax.lax.stop_gradient(scores.max(axis=-1, keepdims=True)))
        read = jnp.einsum("kgqp,kpd->kgqd", weights.astype(values.dtype), values, preferred_element_type=jnp.float32)
        read = (read / weights.sum(axis=-1, keepdims=True)).astype(values.dtype).transpose(2, 0, 1, 3)
        return read.reshape(count, -1)

    def __call__(
        self,
        x: Float[Array, "positions width"],
        turns: Float[Array, "positions 2 half"] | None,
        seen: Bool[Array, "positions positions"] | Bool[Array, "1 positions"],
    ) -> tuple[Float[Array, "positions width"], tuple[Array, Array]]:
        """A whole sequence's attention to itself, and its keys and values, heads first."""
        queries, keys, values = self.project(x, turns)
        keys, values = jnp.swapaxes(keys, 0, 1), jnp.swapaxes(values, 0, 1)
        return self.output(self.read(queries, keys, values, seen)), (keys, values)


def attention(
    width: int,
    num_heads: int,
    *,
    key: PRNGKeyArray,
    num_kv_heads: int | None = None,
    head_size: int | None = None,
    bias: bool = False,
    norm_epsilon: float | None = None,
) -> Attention:
    """Attention of random weights; with `norm_epsilon` each head's queries and keys are normalised.

    **Raises:** `ValueError` if heads cannot be shared out.
    """
    kv, size = num_kv_heads or num_heads, head_size or width // num_heads
    if num_heads % kv or (head_size is None and width % num_heads):
        raise ValueError(f"{num_heads} heads must divide width {width}, and {kv} key-value heads must divide them")
    keys = jax.random.split(key, 4)
    norm = None if norm_epsilon is None else RMSNorm(jnp.ones(size), norm_epsilon)
    return Attention(
        linear(width, num_heads * size, key=keys[0], bias=bias),
        linear(width, kv * size, key=keys[1], bias=bias),
        linear(width, kv * size, key=keys[2], bias=bias),
        linear(num_heads * size, width, key=keys[3], bias=bias, split="inputs"),
        norm,
        norm,
        num_heads,
        kv,
    )


class FeedForward(eqx.Module):
    """Two layers with GELU between them (BERT); by the error function, and not its tanh approximation."""

    up: Linear
    down: Linear

    def __call__(self, x: Float[Array, "*rows width"]) -> Float[Array, "*rows width"]:
        """Maps each position."""
        return self.down(jax.nn.gelu(self.up(x), approximate=False))


class GatedFeedForward(eqx.Module):
    """Two layers whose hidden units are gated by a third (SwiGLU, Shazeer 2020; Llama)."""

    gate: Linear
    up: Linear
    down: Linear

    def __call__(self, x: Float[Array, "*rows width"]) -> Float[Array, "*rows width"]:
        """Maps each position."""
        return self.down(jax.nn.silu(self.gate(x)) * self.up(x))
