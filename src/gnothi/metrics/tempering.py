"""Predictions made as sure of themselves as labels say they may be: one temperature, of data drawn uniformly.

A network that learns from labels that were picked sees the boundary more often than it is met, and is too sure or not
sure enough elsewhere. One number repairs most of it (Guo et al. 2017, "On Calibration of Modern Neural Networks"), if
it comes from inputs that nobody picked.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

#: Temperatures that are tried: from a quarter to 4, 5 % apart.
TEMPERATURES = 4.0 ** (np.arange(-28, 29, dtype=np.float32) / 28)


def tempered(probs: Float[Array, "inputs classes"], temperature: Float[Array, ""]) -> Float[Array, "inputs classes"]:
    """Probabilities to the power of 1 / `temperature`, in proportion: above 1, nearer to each other."""
    tiny = jnp.finfo(probs.dtype).tiny
    return jax.nn.softmax(jnp.log(jnp.maximum(probs, tiny)) / temperature, axis=-1)


def fit_temperature(
    probs: Float[Array, "inputs classes"], labels: Int[Array, " inputs"], count: int | Int[Array, ""] | None = None
) -> Float[Array, ""]:
    """The temperature, of `TEMPERATURES`, under which labels are likeliest.

    The square of its logarithm is added to their loss: few labels make no extreme one, and none gives 1.

    **Arguments:** `probs`; `labels` of inputs drawn uniformly, and not learnt from; `count`, how many of them count,
    from the first, all if not said.

    >>> import jax.numpy as jnp
    >>> sure = jnp.tile(jnp.array([0.99, 0.01]), (1000, 1))
    >>> labels = (jnp.arange(1000) < 200).astype(int)  # one in five is the unlikely one
    >>> round(float(tempered(sure, fit_temperature(sure, labels))[0, 1]), 1)
    0.2
    """
    used = jnp.arange(len(labels)) < (len(labels) if count is None else count)

    def loss(temperature: Float[Array, ""]) -> Float[Array, ""]:
        given = jnp.take_along_axis(tempered(probs, temperature), labels[:, None], axis=1)[:, 0]
        return -jnp.sum(jnp.where(used, jnp.log(given), 0.0)) + jnp.log(temperature) ** 2

    tried = jnp.asarray(TEMPERATURES)
    return tried[jnp.argmin(jax.lax.map(loss, tried))]
