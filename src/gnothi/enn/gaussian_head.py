"""Networks whose last layer is Gaussian given the features: deep kernels, SNGP, the last-layer Laplace approximation.

They differ only in the covariance. Features are computed once an input and weights once an index, so that all joint
samples at all inputs are one matrix product.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from gnothi.enn.indices import Gaussian
from gnothi.enn.network import EpistemicNetwork, every_index
from gnothi.nn import FeatureNetwork, Frozen

READS = ("features", "unit", "biased")


class Factor(Frozen):
    """A root of a covariance of weights, block by block; computed, never trained."""

    blocks: Float[Array, "blocks weights rank"]


class GaussianHead(EpistemicNetwork):
    """Outputs `network(x) + W_z phi(x)`, where the weights `W_z` are Gaussian with a covariance of any structure.

    Weights are numbered class by class, each with all its features, and cut into equal blocks that are independent
    of each other: one block for a dense covariance over features and classes, as many as classes where they are apart.

    **Arguments:** `network`, whose outputs are the mean; `factor`, for each block a root F of its covariance F F';
    `read`, what the weights multiply: `"features"` as they are, `"unit"` (features over their length), or `"biased"`
    (features and a 1, for the bias).

    **Raises:** `ValueError` if `read` is none of these.

    >>> import jax, jax.numpy as jnp, gnothi as gn
    >>> net = gn.nn.MLP(2, (8,), 3, key=jax.random.key(0))
    >>> enn = gn.enn.GaussianHead(net, jnp.broadcast_to(jnp.eye(8), (3, 8, 8)))
    >>> gn.sample(enn, jnp.ones((4, 2)), 10, key=jax.random.key(1)).shape
    (10, 4, 3)
    """

    network: FeatureNetwork
    factor: Factor
    index: Gaussian
    read: str = eqx.field(static=True)

    def __init__(self, network: FeatureNetwork, factor: Float[Array, "blocks weights rank"], *, read: str = "features"):
        if read not in READS:
            raise ValueError(f"read must be one of {', '.join(map(repr, READS))}, got {read!r}")
        self.network = network
        self.factor = Factor(factor)
        self.index = Gaussian(factor.shape[0] * factor.shape[2])
        self.read = read

    def __call__(self, x: Float[Array, "..."], z: Float[Array, " index"]) -> Float[Array, " classes"]:
        """The outputs of one input under one index."""
        return self.predict(x[None], z[None])[0, 0]

    def predict(
        self, inputs: Float[Array, "inputs ..."], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all indices."""
        indices = every_index(self) if indices is None else indices
        features = jax.vmap(self.network.features)(inputs)
        mean = jax.vmap(self.network.head)(features)
        blocks = self.factor.blocks
        z = indices.reshape(-1, blocks.shape[0], blocks.shape[2])
        weights = jnp.einsum("bwr,sbr->sbw", blocks, z).reshape(len(indices), mean.shape[1], -1)
        return mean + jnp.einsum("if,scf->sic", read_features(features, self.read), weights)

    def constants(self, inputs: Float[Array, "inputs ..."]) -> None:
        """Nothing: there is no prior function."""


def read_features(features: Float[Array, "inputs features"], read: str) -> Float[Array, "inputs _"]:
    """What the weights of a `GaussianHead` multiply."""
    if read == "unit":
        return features / (1e-6 + jnp.linalg.norm(features, axis=1, keepdims=True))
    if read == "biased":
        return jnp.concatenate([features, jnp.ones((len(features), 1))], axis=1)
    return features


def inverse_root(precision: Float[Array, "weights weights"]) -> Float[Array, "weights weights"]:
    """A root F of the inverse of a positive definite matrix: F F' = precision^-1."""
    lower = jnp.linalg.cholesky(precision)
    return jax.scipy.linalg.solve_triangular(lower, jnp.eye(len(lower)), lower=True, trans=1)
