"""Many MLPs of one shape, on the same inputs, as fast as the machine multiplies.

What XLA makes of `vmap` over members runs at a fifth of a CPU's matrix-multiply peak. Four things bring it to well
over half of that (`benchmarks/testbed.py` prints the figure): activations keep inputs on the minor axis, so that every
product has a long inner loop; biases are a column of the weights, fed by a row of ones that each layer hands on, so
that their gradients need no sum along the minor axis; the gradient is written out, with the transposed weights
materialised, as XLA has no fast kernel for the transposed product; and ReLUs see flat arrays.
"""

from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.nn.mlp import MLP

Layers = tuple[Float[Array, "..."], ...]  # each `members outputs inputs`
Network = TypeVar("Network", bound=eqx.Module)


def stack(make: Callable[[PRNGKeyArray], Network], count: int, *, key: PRNGKeyArray) -> Network:
    """Makes `count` networks of one shape, their arrays stacked on a leading axis.

    **Arguments:** `make`, a function from a key to one network; `count`; `key`.

    **Raises:** `ValueError` if `count` is below 1.

    >>> import jax, gnothi as gn
    >>> nets = gn.nn.stack(lambda key: gn.nn.MLP(2, (8,), 3, key=key), 5, key=jax.random.key(0))
    >>> nets.weights[0].shape
    (5, 8, 2)
    """
    if count < 1:
        raise ValueError(f"there must be at least one network to stack, got count={count}")
    return eqx.filter_vmap(make)(jax.random.split(key, count))


def stacked_outputs(members: MLP, inputs: Float[Array, "inputs features"]) -> Float[Array, "members inputs classes"]:
    """The outputs of every member for every input; equal to two nested `vmap`s, and differentiable like them.

    **Arguments:** `members`, an MLP whose arrays have a leading `members` axis; `inputs`.
    """
    layers = []
    for layer in members.layers[:-1]:
        # One more unit, always 1: it reads the ones of the layer below, and ReLU leaves it alone.
        one = np.zeros((len(layer), 1, layer.shape[-1]), np.float32)
        one[..., -1] = 1.0
        layers.append(jnp.concatenate([layer, one], axis=1))
    layers.append(members.layers[-1])
    columns = jnp.concatenate([inputs.T, jnp.ones((1, len(inputs)))])
    return jnp.swapaxes(_outputs(tuple(layers), columns), 1, 2)


@jax.custom_vjp
def _outputs(layers: Layers, columns: Float[Array, "features inputs"]) -> Float[Array, "members classes inputs"]:
    return _forward(layers, columns)[0]


def _forward(layers: Layers, columns: Array) -> tuple[Array, tuple[Layers, tuple[Array, ...]]]:
    activations = [columns]
    for layer in layers[:-1]:
        activations.append(_relu(layer @ activations[-1]))
    # The barriers keep XLA from folding the caller's transposes into these products, off its fast kernels.
    return jax.lax.optimization_barrier(layers[-1] @ activations[-1]), (layers, tuple(activations))


def _relu(array: Array) -> Array:
    flat = array.reshape(-1)
    return jnp.where(flat > 0, flat, 0.0).reshape(array.shape)


def _backward(saved: tuple[Layers, tuple[Array, ...]], upstream: Array) -> tuple[Layers, Array]:
    layers, activations = saved
    upstream = jax.lax.optimization_barrier(upstream)
    gradients = []
    for layer, below in zip(reversed(layers), reversed(activations), strict=True):
        if below.ndim == 2:
            gradients.append(jnp.einsum("kob,ib->koi", upstream, below))
            return tuple(reversed(gradients)), jnp.einsum("kob,koi->ib", upstream, layer)
        gradients.append(jnp.einsum("kob,kib->koi", upstream, below))
        transposed = jax.lax.optimization_barrier(jnp.swapaxes(layer, 1, 2))
        upstream = transposed @ upstream
        upstream = jnp.where(below.reshape(-1) > 0, upstream.reshape(-1), 0.0).reshape(upstream.shape)
    raise AssertionError("the inputs are the last activations, and two-dimensional")


_outputs.defvjp(_forward, _backward)
