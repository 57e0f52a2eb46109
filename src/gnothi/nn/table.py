"""Networks whose input is the number of a state: the first layer is looked up, not multiplied."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.nn.mlp import MLP
from gnothi.nn.network import FeatureNetwork


class TableMLP(FeatureNetwork):
    """What an MLP is on a one-hot input, with the same law of its weights: a row of the first layer for each state.

    **Arguments:** `num_states`; `hidden`, the widths of the hidden layers, `()` for a table of outputs; `output_size`;
    `key`; `first_std`, the deviation of the first layer's (truncated-normal) weights, by default an MLP's,
    `1/sqrt(num_states)`.

    **Raises:** `ValueError` if a size is below 1.

    >>> import jax
    >>> net = TableMLP(100, (50, 50), 2, key=jax.random.key(0))
    >>> jax.vmap(net)(jax.numpy.array([0, 99])).shape
    (2, 2)
    """

    table: Float[Array, "..."]
    bias: Float[Array, "..."]
    rest: MLP | None

    def __init__(
        self,
        num_states: int,
        hidden: tuple[int, ...],
        output_size: int,
        *,
        key: PRNGKeyArray,
        first_std: float | None = None,
    ):
        sizes = (num_states, *hidden, output_size)
        if min(sizes) < 1:
            raise ValueError(f"every layer needs at least one unit, got sizes {sizes}")
        table_key, rest_key = jax.random.split(key)
        std = num_states**-0.5 if first_std is None else first_std
        drawn = jax.random.truncated_normal(table_key, -2, 2, (num_states * sizes[1],))
        self.table = std * drawn.reshape(num_states, sizes[1])
        self.bias = jnp.zeros(sizes[1])
        self.rest = MLP(hidden[0], hidden[1:], output_size, key=rest_key) if hidden else None

    def features(self, x: Int[Array, ""]) -> Float[Array, " features"]:
        """The last hidden layer in one state; the outputs themselves where there is no hidden layer."""
        first = self.table[x] + self.bias
        return first if self.rest is None else self.rest.features(jax.nn.relu(first))

    def head(self, features: Float[Array, " features"]) -> Float[Array, " classes"]:
        """The last, linear layer."""
        return features if self.rest is None else self.rest.head(features)
