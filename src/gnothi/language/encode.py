"""Texts to vectors: an encoder, its tokenizer, and the mean of what it makes of each token."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from gnothi.language.tokens import Tokenizer, check_texts, fill
from gnothi.nn.transformer import Encoder

LENGTHS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)  # to which batches are filled up: a program each


@dataclass(frozen=True)
class TextEncoder:
    """An encoder of texts: `network`, `tokenizer`, `most` tokens of a text that are read, marks included.

    >>> import gnothi as gn
    >>> minilm = gn.language.load("minilm")
    >>> minilm.encode(["The cat sat.", "A cat was sitting.", "Shares fell."]).shape
    (3, 384)
    """

    network: Encoder
    tokenizer: Tokenizer
    most: int

    @property
    def width(self) -> int:
        """Numbers of a text's vector."""
        return self.network.tokens.weight.shape[1]

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return len(self.network.layers.attention_norm.scale)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text, `most` at most.

        **Raises:** `ValueError` if a text is none, or there are no texts.
        """
        check_texts(texts)
        return [self.tokenizer.encode(text, most=self.most) for text in texts]

    def encode(
        self,
        texts: Sequence[str],
        *,
        batch_size: int = 64,
        layer: int | None = None,
        normalise: bool = True,
        progress: Callable[[int, int], None] | None = None,
    ) -> Float[np.ndarray, "texts width"]:
        """A vector for each text: the mean over its tokens of what a layer made of them.

        **Arguments:** `texts`; `batch_size`; `layer`, 0 for the embeddings, negative from the end, the last if not
        said; `normalise`, whether vectors are scaled to length 1; `progress`, called with texts done and texts.

        **Raises:** `ValueError` as of `tokens`, or if there is no such layer.
        """
        if layer is not None and not -self.depth - 1 <= layer <= self.depth:
            raise ValueError(f"layer must be from 0 to {self.depth}, or negative from the end, got {layer}")
        rows = self.tokens(texts)
        order = np.argsort([len(row) for row in rows], kind="stable")
        found = np.zeros((len(rows), self.width), np.float32)
        for start in range(0, len(rows), batch_size):
            chosen = order[start : start + batch_size]
            missing = batch_size - len(chosen) if len(rows) > batch_size else 0  # batches are of one shape
            longest = max(len(rows[place]) for place in chosen)
            multiple = next((length for length in LENGTHS if length >= longest), longest)
            filled, lengths = fill([*(rows[place] for place in chosen), *[[]] * missing], multiple=multiple)
            vectors = _pooled(self.network, jnp.asarray(filled), jnp.asarray(lengths), layer, normalise)
            found[chosen] = np.asarray(vectors)[: len(chosen)]
            if progress is not None:
                progress(start + len(chosen), len(rows))
        return found


@eqx.filter_jit
def _pooled(network: Encoder, tokens: Array, lengths: Array, layer: int | None, normalise: bool) -> Array:
    def one(tokens, length):
        last = layer is None or layer == -1
        return mean_of_tokens(
            network(tokens, length) if last else network.after_each_layer(tokens, length)[layer], length
        )

    vectors = jax.vmap(one)(tokens, lengths)
    if not normalise:
        return vectors
    return vectors / jnp.maximum(jnp.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def mean_of_tokens(vectors: Float[Array, "positions width"], length: int | Int[Array, ""]) -> Float[Array, " width"]:
    """The mean over the first `length` positions."""
    weights = (jnp.arange(len(vectors)) < length) / jnp.maximum(length, 1)
    return weights.astype(vectors.dtype) @ vectors
