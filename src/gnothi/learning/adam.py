"""Adam, with the bias corrections folded into two scalars (Kingma and Ba 2015, end of section 2).

For each parameter that leaves one square root and one division where the textbook's order has three divisions, and
those are what an optimiser step of a small network costs: a twentieth of the whole training of an ensemble.
"""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float


def adam(
    learning_rate: float | Float[Array, ""], b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> optax.GradientTransformation:
    """The same updates as `optax.adam` with these arguments, but for rounding.

    **Arguments:** `learning_rate`; `b1` and `b2`, how much of the means of gradients and squared gradients each step
    keeps; `eps`, added to the root of the latter.
    """

    def start(parameters):
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        return zeros, zeros, jnp.zeros(())

    def update(gradients, state, parameters=None):
        first, second, steps = state
        first = jax.tree.map(lambda mean, g: b1 * mean + (1 - b1) * g, first, gradients)
        second = jax.tree.map(lambda mean, g: b2 * mean + (1 - b2) * g**2, second, gradients)
        steps = steps + 1
        unbias = jnp.sqrt(1 - b2**steps)
        rate, least = -learning_rate * unbias / (1 - b1**steps), eps * unbias
        updates = jax.tree.map(lambda m, s: rate * m / (jnp.sqrt(s) + least), first, second)
        return updates, (first, second, steps)

    return optax.GradientTransformation(start, update)
