"""A decoder's head on hidden states that an epinet shifts: the network of `epistemic.py`."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from gnothi.enn import Epinet, EpistemicNetwork
from gnothi.enn.indices import Gaussian
from gnothi.enn.network import every_index
from gnothi.nn import FeatureNetwork, Frozen
from gnothi.nn.transformer import Decoder

LEAST_VARIANCE = 0.05  # of a direction of hidden states, where numbers have 1


class NoBase(FeatureNetwork):
    """A base network that says 0 and shows nothing, for an epinet that stands alone."""

    output_size: int = eqx.field(static=True)

    def features(self, x: Float[Array, " width"]) -> Float[Array, " features"]:
        """None."""
        return jnp.zeros(0)

    def head(self, features: Float[Array, " features"]) -> Float[Array, " classes"]:
        """Zeros."""
        return jnp.zeros(self.output_size)


class FrozenDecoder(Frozen):
    """A decoder that is not trained, and how its hidden states are spread: `mean`, `deviation`, and what whitens."""

    network: Decoder
    mean: Float[Array, " width"]
    deviation: Float[Array, " width"]
    whitening: Float[Array, "width white"]


class ShiftedHead(EpistemicNetwork):
    """A decoder's head on hidden states that an epinet shifts: from hidden states to scores of all tokens.

    **Arguments:** `epinet`, from whitened hidden states to shifts in standard deviations; `decoder`.
    """

    epinet: Epinet
    decoder: FrozenDecoder
    index: Gaussian

    def __init__(self, epinet: Epinet, decoder: FrozenDecoder):
        self.epinet = epinet
        self.decoder = decoder
        self.index = epinet.index

    def shifts(
        self, hidden: Float[Array, "inputs width"], indices: Float[Array, "samples index"]
    ) -> Float[Array, "samples inputs width"]:
        """How each index moves each hidden state."""
        white = (hidden.astype(jnp.float32) - self.decoder.mean) @ self.decoder.whitening
        return self.decoder.deviation * self.epinet.predict(white, indices)

    def scores(
        self, hidden: Float[Array, "inputs width"], shift: Float[Array, "inputs width"]
    ) -> Float[Array, "inputs tokens"]:
        """The head on shifted hidden states."""
        return self.decoder.network.scores((hidden + shift).astype(hidden.dtype))

    def __call__(self, x: Float[Array, " width"], z: Float[Array, " index"]) -> Float[Array, " tokens"]:
        """Scores at one hidden state under one index."""
        return self.predict(x[None], z[None])[0, 0]

    def predict(
        self,
        inputs: Float[Array, "inputs width"],
        indices: Float[Array, "samples index"] | None = None,
        constants: Array | None = None,
    ) -> Float[Array, "samples inputs tokens"]:
        """Scores at all hidden states under all indices: all in memory together, which few of either allow.

        **Raises:** `ValueError` if `indices` is `None`.
        """
        indices = every_index(self) if indices is None else indices
        return jax.vmap(lambda shift: self.scores(inputs, shift))(self.shifts(inputs, indices))

    def constants(self, inputs: Float[Array, "inputs width"]) -> None:
        """Nothing."""


def whitening(
    hidden: Float[np.ndarray, "inputs width"],
) -> tuple[Float[np.ndarray, " width"], Float[np.ndarray, " width"], Float[np.ndarray, "width width"]]:
    """How hidden states are spread.

    Directions in which they hardly are, less than `LEAST_VARIANCE` once each number has a variance of 1, are stretched
    as if they had that: what few texts say of them is noise.

    **Returns:** means, standard deviations (1 where a number never changes), and a matrix: centred hidden states times
    it are not correlated, and have a variance of 1.

    >>> import numpy as np
    >>> hidden = np.random.default_rng(0).normal(size=(500, 2)) @ np.array([[1.0, 1.0], [0.0, 1.0]])
    >>> mean, deviation, matrix = whitening(hidden.astype(np.float32))
    >>> np.cov((hidden - mean) @ matrix, rowvar=False, bias=True).round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    mean, deviation = hidden.mean(axis=0), hidden.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0).astype(np.float32)
    standard = (hidden - mean) / deviation
    variances, directions = np.linalg.eigh(standard.T @ standard / len(standard))
    turn = directions / np.sqrt(np.maximum(variances, LEAST_VARIANCE)) @ directions.T
    return mean, deviation, (turn / deviation[:, None]).astype(np.float32)
