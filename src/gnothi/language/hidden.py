"""What a decoder makes of texts before its head."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from gnothi.language.tokens import fill
from gnothi.nn.transformer import Decoder

READ_AT_ONCE = 1024  # tokens, filling included, that go through the decoder together
SHORTEST = 16  # sequences are filled up to a power of two from here: a compiled program each


@eqx.filter_jit
def _read(network: Decoder, tokens: Int[Array, "texts positions"]) -> Float[Array, "texts positions width"]:
    return jax.vmap(network.features)(tokens)


def hidden_states(network: Decoder, rows: Sequence[Sequence[int]]) -> list[Float[np.ndarray, "_ width"]]:
    """What a decoder's head reads at each token of each text; texts go through the decoder a few at a time."""
    found: list[np.ndarray] = [np.empty(0)] * len(rows)
    rooms = [max(SHORTEST, 1 << (len(row) - 1).bit_length()) for row in rows]
    for room in sorted(set(rooms)):
        members = [place for place, own in enumerate(rooms) if own == room]
        count = max(1, READ_AT_ONCE // room)
        count = min(count, 1 << (len(members) - 1).bit_length())  # a compiled program for each power of two
        for start in range(0, len(members), count):
            chosen = members[start : start + count]
            filled, _ = fill([*(rows[place] for place in chosen), *[[]] * (count - len(chosen))], multiple=room)
            states = np.asarray(_read(network, jnp.asarray(filled)))
            for place, row in zip(chosen, states, strict=False):
                found[place] = row[: len(rows[place])]
    return found
