"""A vocabulary by samples: tokens that stand for all others while an epinet on a decoder learns."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.enn import EpistemicNetwork
from gnothi.enn.indices import Gaussian, IndexDistribution
from gnothi.enn.network import every_index
from gnothi.language.shifted_head import ShiftedHead
from gnothi.nn import Frozen
from gnothi.nn.transformer import Decoder

DRAWN_OF_MODEL = 0.75  # share of candidates drawn of the model's prediction; the others are any token
IMPOSSIBLE = -1e30


@eqx.filter_jit
def candidates(
    decoder: Decoder,
    hidden: Float[Array, "inputs width"],
    targets: Int[Array, " inputs"],
    key: PRNGKeyArray,
    count: int,
) -> tuple[Int[Array, "inputs candidates"], Float[Array, "inputs candidates"]]:
    """Tokens that stand for the vocabulary at some positions, the one that came first.

    Three quarters are drawn of the model's own prediction, which is where a shift that is not large matters, and one
    quarter of all tokens, so that no weight is above 4/3 of equal shares (a defensive mixture, Hesterberg 1995).

    **Arguments:** `decoder`; `hidden`, what its head reads; `targets`, what came; `key`; `count`, how many are drawn:
    if the vocabulary has no more, it is taken whole, and nothing is estimated.

    **Returns:** tokens, and the logs of their weights: the sum over them of weight times f estimates, without bias,
    the sum over the vocabulary of probability times f, for any f. A token that came is no draw: its weight is 0.
    """
    log_probs = jax.nn.log_softmax(decoder.scores(hidden).astype(jnp.float32))
    size, num_inputs = log_probs.shape[1], len(hidden)
    if size <= count:
        drawn = jnp.broadcast_to(jnp.arange(size, dtype=jnp.int32), log_probs.shape)
        log_weights = log_probs
    else:
        of_model = round(DRAWN_OF_MODEL * count)
        model_key, any_key = jax.random.split(key)
        below = jnp.cumsum(jnp.exp(log_probs), axis=1)
        # One draw of each of equal shares of probability: less noise than independent draws.
        places = (jnp.arange(of_model) + jax.random.uniform(model_key, (num_inputs, of_model))) / of_model
        found = jax.vmap(jnp.searchsorted)(below, places * below[:, -1:])
        others = jax.random.randint(any_key, (num_inputs, count - of_model), 0, size)
        drawn = jnp.minimum(jnp.concatenate([found, others], axis=1), size - 1).astype(jnp.int32)
        log_probs_drawn = jnp.take_along_axis(log_probs, drawn, axis=1)
        log_weights = log_probs_drawn - jnp.log(of_model * jnp.exp(log_probs_drawn) + (count - of_model) / size)
    log_weights = jnp.where(drawn == targets[:, None], IMPOSSIBLE, log_weights)
    came = jnp.take_along_axis(log_probs, targets[:, None], axis=1)
    return jnp.concatenate([targets[:, None], drawn], axis=1), jnp.concatenate([came, log_weights], axis=1)


class Table(Frozen):
    """Positions to learn from: hidden states, candidates and their log-weights; and every token's vector."""

    hidden: Float[Array, "data width"]
    tokens: Int[Array, "data candidates"]
    log_weights: Float[Array, "data candidates"]
    vectors: Float[Array, "tokens width"]


class Opposites(IndexDistribution):
    """A standard normal index, drawn in pairs of opposite ones."""

    size: int = eqx.field(static=True)

    def samples(self, key: PRNGKeyArray, num_samples: int) -> Float[Array, "samples index"]:
        """Draws, each followed by its opposite."""
        half = jax.random.normal(key, (-(-num_samples // 2), self.size))
        return jnp.stack([half, -half], axis=1).reshape(-1, self.size)[:num_samples]

    def noise(self, key: PRNGKeyArray, z: Float[Array, " index"]) -> Float[Array, ""]:
        """As of `Gaussian`."""
        return Gaussian(self.size).noise(key, z)


class Sampled(EpistemicNetwork):
    """From numbers of positions to scores of their candidates, whose softmax estimates the vocabulary's."""

    head: ShiftedHead
    table: Table
    index: Opposites

    def __init__(self, head: ShiftedHead, table: Table):
        self.head = head
        self.table = table
        self.index = Opposites(head.index.size)

    def __call__(self, x: Float[Array, ""], z: Float[Array, " index"]) -> Float[Array, " candidates"]:
        """Scores of the candidates of one position under one index."""
        return self.predict(x[None], z[None])[0, 0]

    def predict(
        self,
        inputs: Float[Array, " inputs"],
        indices: Float[Array, "samples index"] | None = None,
        constants: Array | None = None,
    ) -> Float[Array, "samples inputs candidates"]:
        """Scores of candidates at positions, by number, under all indices."""
        rows = inputs.astype(jnp.int32)
        shifts = self.head.shifts(self.table.hidden[rows], every_index(self) if indices is None else indices)
        changes = jnp.einsum("siw,icw->sic", shifts, self.table.vectors[self.table.tokens[rows]])
        return changes + self.table.log_weights[rows]

    def constants(self, inputs: Float[Array, " inputs"]) -> None:
        """Nothing."""


def token_vectors(network: Decoder) -> Float[Array, "tokens width"]:
    """What the head multiplies hidden states by, a token a row: rows are gathered fast."""
    return network.tokens.weight if network.head is None else jnp.asarray(network.head.by_output)
