"""The network of SNGP: a trunk that keeps distances, and random features that make its last layer a Gaussian process.

Far from the data, the features of an ordinary network may be those of the data; here each layer is a residual whose
slope is bounded, so that inputs that differ have features that differ (Liu et al. 2020, "Simple and Principled
Uncertainty Estimation with Deterministic Deep Learning via Distance Awareness").
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.nn import FeatureNetwork, Frozen

SQUARINGS = 6  # of a layer's Gram matrix: as good as 64 power iterations


class FourierFeatures(Frozen):
    """Random cosines whose inner product is close to `amplitude^2` times a Gaussian kernel (Rahimi and Recht 2007)."""

    directions: Float[Array, "features width"]
    phases: Float[Array, " features"]
    amplitude: float | Float[Array, ""]

    def __call__(self, x: Float[Array, " width"]) -> Float[Array, " features"]:
        """The features of one point."""
        return self.amplitude * np.sqrt(2 / self.phases.size) * jnp.cos(self.directions @ x + self.phases)


class Projection(Frozen):
    """A random linear map that keeps lengths on average."""

    weight: Float[Array, "width inputs"]


class RandomFeatureNetwork(FeatureNetwork):
    """A spectral-normalised residual trunk, random Fourier features of it, and a linear head that starts at 0.

    **Arguments:** `input_size`; `width` and `depth` of the trunk, which begins with a fixed random projection; `count`,
    how many random features; `output_size`; `bound`, the steepest slope of a layer's residual; `length_scale` and
    `amplitude` of the kernel; `key`.

    **Raises:** `ValueError` if a size is below 1, or `bound` or `length_scale` is not positive.

    >>> import jax, gnothi as gn
    >>> net = gn.enn.RandomFeatureNetwork(2, 3, width=8, depth=2, count=64, key=jax.random.key(0))
    >>> net.features(jax.numpy.ones(2)).shape, net(jax.numpy.ones(2)).shape
    ((64,), (3,))
    """

    projection: Projection
    weights: Float[Array, "depth width width"]
    biases: Float[Array, "depth width"]
    fourier: FourierFeatures
    last: Float[Array, "classes features"]
    bound: float = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        width: int,
        depth: int,
        count: int,
        key: PRNGKeyArray,
        bound: float = 0.9,
        length_scale: float = 1.0,
        amplitude: float | Float[Array, ""] = 1.0,
    ):
        if min(input_size, output_size, width, depth, count) < 1:
            raise ValueError(
                f"every size must be 1 or more, got {input_size}, {output_size}, {width=}, {depth=}, {count=}"
            )
        if bound <= 0 or length_scale <= 0:
            raise ValueError(f"bound and length_scale must be positive, got {bound} and {length_scale}")
        sizes = [width * input_size, depth * width * width, count * width, count]
        parts = jnp.split(jax.random.normal(key, (sum(sizes),)), np.cumsum(sizes)[:-1])
        self.projection = Projection(parts[0].reshape(width, input_size) / np.sqrt(width))
        self.weights = parts[1].reshape(depth, width, width) / np.sqrt(width)
        self.biases = jnp.zeros((depth, width))
        phases = 2 * np.pi * jax.scipy.stats.norm.cdf(parts[3])
        self.fourier = FourierFeatures(parts[2].reshape(count, width) / length_scale, phases, amplitude)
        self.last = jnp.zeros((output_size, count))
        self.bound = bound

    def trunk(self, x: Float[Array, "..."]) -> Float[Array, " width"]:
        """What the random features read of one input."""
        hidden = self.projection.weight @ x.ravel()
        for weight, bias in zip(spectral_normalised(self.weights, self.bound), self.biases, strict=True):
            hidden = hidden + jax.nn.relu(weight @ hidden + bias)
        return hidden

    def features(self, x: Float[Array, "..."]) -> Float[Array, " features"]:
        """The random features of one input."""
        return self.fourier(self.trunk(x))

    def head(self, features: Float[Array, " features"]) -> Float[Array, " classes"]:
        """The mean of the Gaussian process."""
        return self.last @ features


def spectral_normalised(weights: Float[Array, "depth width width"], bound: float) -> Float[Array, "depth width width"]:
    """Square matrices scaled down where their largest singular value is above `bound`, and left alone where not.

    The singular vector is found by squaring the Gram matrix, and taken as fixed when differentiating.
    """
    gram = jax.lax.stop_gradient(jnp.swapaxes(weights, 1, 2) @ weights)
    for _ in range(SQUARINGS):
        gram = gram / (jnp.trace(gram, axis1=1, axis2=2)[:, None, None] + 1e-30)
        gram = gram @ gram
    # Every column is the vector, up to its length and what is left of the others; the longest has most of it.
    lengths = jnp.linalg.norm(gram, axis=1)
    vectors = jnp.take_along_axis(gram, jnp.argmax(lengths, axis=1)[:, None, None], axis=2)[:, :, 0]
    vectors = vectors / (jnp.linalg.norm(vectors, axis=1, keepdims=True) + 1e-30)
    largest = jnp.linalg.norm(jnp.einsum("dij,dj->di", weights, vectors), axis=1)
    return weights * jnp.minimum(1.0, bound / (largest + 1e-12))[:, None, None]
