"""An encoder of texts as the trunk of an epistemic network, and what of it is trained."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.language.encode import TextEncoder, mean_of_tokens
from gnothi.language.tokens import fill
from gnothi.nn import Held
from gnothi.nn.transformer.tuning import last_layers, low_rank

FILLING = -1  # what no token is: it ends a text
MEASURED = 512  # texts whose features say how large features are


@dataclass(frozen=True)
class Tuning:
    """What is trained of an encoder: everything, its last `layers`, or a change of `rank` to its attention (LoRA).

    `rate` is its learning rate as a part of that of the network on top.
    """

    layers: int | None = None
    rank: int | None = None
    rate: float = 0.05

    def __post_init__(self) -> None:
        if self.layers is not None and self.rank is not None:
            raise ValueError(f"layers or a rank, not both, got {self}")


class TextTrunk(eqx.Module):
    """Tokens of one text to features: the mean over tokens of the last layer, at scale 1 before training.

    A text's tokens are filled up with `FILLING`; those after the first `separator` are a second sentence.
    """

    encoder: eqx.Module
    centre_and_scale: Held
    separator: int = eqx.field(static=True)

    def __call__(self, tokens: Int[Array, " positions"]) -> Float[Array, " features"]:
        """The features of one text, or of one pair of sentences."""
        centre, scale = self.centre_and_scale.network
        return (self.pooled(tokens) - centre) / scale

    def pooled(self, tokens: Int[Array, " positions"]) -> Float[Array, " features"]:
        """Before they are centred and scaled."""
        length = jnp.sum(tokens != FILLING)
        ends = tokens == self.separator
        second = (jnp.cumsum(ends) - ends > 0).astype(tokens.dtype)
        return mean_of_tokens(self.encoder(jnp.maximum(tokens, 0), length, second), length)  # type: ignore[operator]


def tokens_of(
    model: TextEncoder, texts: Sequence[str], pairs: Sequence[str] | None = None, *, most: int = 64
) -> Int[np.ndarray, "texts positions"]:
    """The tokens of texts, or of pairs of sentences, `most` of each, filled up with `FILLING` to the longest.

    **Raises:** `ValueError` as of `TextEncoder.tokens`, or if there are not as many second sentences as first ones.
    """
    if pairs is None:
        rows = replace(model, most=min(most, model.most)).tokens(texts)
    else:
        if len(pairs) != len(texts):
            raise ValueError(f"{len(texts)} texts have {len(pairs)} second sentences")
        rows = [model.tokenizer.encode_pair(text, pair, most=most) for text, pair in zip(texts, pairs, strict=True)]
    return fill(rows, filling=FILLING, multiple=8)[0]


def text_trunk(
    model: TextEncoder, tokens: Int[np.ndarray, "texts positions"], tuning: Tuning, *, key: PRNGKeyArray
) -> TextTrunk:
    """A trunk for `gnothi.enn.Trunked`.

    **Arguments:** `model`; `tokens` of texts of the kind that it will read, to measure features; `tuning`; `key`, for
    the low-rank change.

    **Raises:** `ValueError` if there are no such layers, or no texts.
    """
    if not len(tokens):
        raise ValueError("there is no text to measure features on")
    network: eqx.Module = model.network
    if tuning.layers is not None:
        network = last_layers(model.network, tuning.layers)
    if tuning.rank is not None:
        network = low_rank(model.network, tuning.rank, key=key)
    width = model.width
    separator = model.tokenizer.encode("")[-1]  # what ends a text
    trunk = TextTrunk(network, Held((jnp.zeros(width), jnp.ones(width))), separator)
    found = _measured(trunk, jnp.asarray(tokens[:MEASURED]))
    # A number that is the same for every text says nothing, and is left as it is.
    scale = jnp.where(found.std(axis=0) > 1e-6 * jnp.abs(found).max(), found.std(axis=0), 1.0)
    return eqx.tree_at(lambda t: t.centre_and_scale, trunk, Held((found.mean(axis=0), scale)))


@eqx.filter_jit
def _measured(trunk: TextTrunk, tokens: Array) -> Float[Array, "texts features"]:
    return jax.lax.map(trunk.pooled, tokens, batch_size=64)
