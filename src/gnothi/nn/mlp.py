"""The multi-layer perceptron of the testbed papers: ReLU, truncated-normal weights, features exposed."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.nn.network import FeatureNetwork


class MLP(FeatureNetwork):
    """A ReLU multi-layer perceptron.

    Weights are drawn from a normal of standard deviation `1/sqrt(fan_in)` cut at two standard deviations and *not*
    rescaled afterwards (so the effective deviation is 0.88/sqrt(fan_in)): this is the law of the originals, and a
    rescaled one is a different prior over functions. Biases start at 0, but for the first layer's if asked.

    **Arguments:** `input_size`; `hidden`, the widths of the hidden layers, `()` for a linear model; `output_size`;
    `key`; `first_bias_std`, the deviation of the first layer's (truncated-normal) biases, 0 by default.

    **Raises:** `ValueError` if a size is below 1.

    >>> import jax
    >>> from gnothi.nn import MLP
    >>> net = MLP(10, (50, 50), 2, key=jax.random.key(0))
    >>> x = jax.numpy.ones(10)
    >>> net(x).shape, net.features(x).shape
    ((2,), (50,))
    """

    weights: tuple[Float[Array, "..."], ...]
    """The weights of each layer, `outputs x inputs`."""
    biases: tuple[Float[Array, "..."], ...]
    """The biases of each layer."""

    def __init__(
        self,
        input_size: int,
        hidden: tuple[int, ...],
        output_size: int,
        *,
        key: PRNGKeyArray,
        first_bias_std: float = 0.0,
    ):
        sizes = (input_size, *hidden, output_size)
        if min(sizes) < 1:
            raise ValueError(f"every layer needs at least one unit, got sizes {sizes}")
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        ends = np.cumsum([sizes[1], *(m * n for m, n in shapes)])
        # One draw for all parameters: each separate draw costs XLA half a second of compilation.
        first_bias, *weights = jnp.split(jax.random.truncated_normal(key, -2, 2, (int(ends[-1]),)), ends[:-1])
        self.weights = tuple(w.reshape(shape) / np.sqrt(shape[1]) for w, shape in zip(weights, shapes, strict=True))
        self.biases = (first_bias_std * first_bias, *(jnp.zeros(size) for size in sizes[2:]))

    def features(self, x: Float[Array, " inputs"]) -> Float[Array, " features"]:
        """The last hidden layer of one input, or the input itself where there is no hidden layer."""
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = jax.nn.relu(weight @ x + bias)
        return x

    def head(self, features: Float[Array, " features"]) -> Float[Array, " classes"]:
        """The last, linear layer."""
        return self.weights[-1] @ features + self.biases[-1]
