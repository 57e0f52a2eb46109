"""Many MLPs of one shape, on the same inputs, as fast as the machine multiplies.

What XLA makes of `vmap` over members leaves most of a CPU idle: it trains 100 members in 8 to 13 CPU-seconds where this
takes 3 to 4, a third of the matrix-multiply peak (`benchmarks/testbed.py` prints the figure). Five things do it:
activations keep inputs on the minor axis, so that every product has a long inner loop; the gradient is written out,
with the transposed weights materialised, as XLA has no fast kernel for the transposed product; in the product that
gives a weight's gradient the minor axis is filled up to whole vector registers; the sums that give a bias's gradient
are a product with ones; and ReLUs see flat arrays. Members are worked through a few at a time, as many as stay in a
core's cache.
"""

from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from gnothi.nn.mlp import MLP

Weights = tuple[Float[Array, "members _ _"], ...]  # of each layer: outputs x inputs
Biases = tuple[Float[Array, "members _"], ...]

LANES = 16  # numbers in the widest vector register
CACHE_NUMBERS = 2**18  # activations of a layer, of all members side by side, that stay in a core's cache (1 MB)
Network = TypeVar("Network", bound=eqx.Module)
Result = TypeVar("Result")


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
    """The outputs of every member for every input; equal to two nested `vmap`s, and differentiable in reverse.

    **Arguments:** `members`, an MLP whose arrays have a leading `members` axis; `inputs`.
    """
    columns = inputs.T
    widest = max(bias.shape[1] for bias in members.biases) * len(inputs)
    outputs = in_blocks(
        lambda part: _outputs(part.weights, part.biases, columns), members, most=max(1, CACHE_NUMBERS // widest)
    )
    return jnp.swapaxes(outputs, 1, 2)


def in_blocks(function: Callable[[PyTree], Result], rows: PyTree, *, most: int) -> Result:
    """Applies a batched function to a few rows at a time, so that what it works on stays in a core's cache.

    **Arguments:** `function`, from rows to as many results; `rows`, arrays that share their leading axis; `most`, how
    many rows at a time, on a CPU (blocks are of equal size, so it may be fewer). An accelerator takes all at once.

    >>> import jax.numpy as jnp
    >>> in_blocks(lambda rows: 2 * rows, jnp.arange(6), most=4).tolist()
    [0, 2, 4, 6, 8, 10]
    """
    count = len(jax.tree.leaves(rows)[0])
    size = max(n for n in range(1, min(count, most) + 1) if count % n == 0)
    if size == count or jax.default_backend() != "cpu":
        return function(rows)
    blocks = jax.tree.map(lambda leaf: leaf.reshape(-1, size, *leaf.shape[1:]), rows)
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), jax.lax.map(function, blocks))


@jax.custom_vjp
def _outputs(
    weights: Weights, biases: Biases, columns: Float[Array, "features inputs"]
) -> Float[Array, "members classes inputs"]:
    return _forward(weights, biases, columns)[0]


def _forward(weights: Weights, biases: Biases, columns: Array) -> tuple[Array, tuple[Weights, tuple[Array, ...]]]:
    activations = [columns]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        activations.append(_relu(_product(weight, activations[-1]) + bias[:, :, None]))
    outputs = _product(weights[-1], activations[-1]) + biases[-1][:, :, None]
    return outputs, (weights, tuple(activations))


def _product(left: Array, right: Array) -> Array:
    # The barrier keeps XLA from folding what follows into the product, off its fast kernels.
    return jax.lax.optimization_barrier(left @ right)


def _relu(array: Array) -> Array:
    flat = array.reshape(-1)
    return jnp.where(flat < 0, 0.0, flat).reshape(array.shape)  # NaN stays NaN


def _backward(saved: tuple[Weights, tuple[Array, ...]], upstream: Array) -> tuple[Weights, Biases, Array]:
    weights, activations = saved
    upstream = jax.lax.optimization_barrier(upstream)
    ones = jnp.ones(upstream.shape[-1])
    gradients, bias_gradients = [], []
    for weight, below in zip(reversed(weights), reversed(activations), strict=True):
        gradients.append(_weight_gradient(upstream, below))
        bias_gradients.append(jnp.einsum("kob,b->ko", upstream, ones))
        if below.ndim == 2:  # the inputs, which all members share
            break
        transposed = jax.lax.optimization_barrier(jnp.swapaxes(weight, 1, 2))
        upstream = _product(transposed, upstream)
        upstream = jnp.where(below.reshape(-1) > 0, upstream.reshape(-1), 0.0).reshape(upstream.shape)
    of_inputs = jnp.einsum("kob,koi->ib", upstream, weights[0])
    return tuple(reversed(gradients)), tuple(reversed(bias_gradients)), of_inputs


def _weight_gradient(upstream: Array, below: Array) -> Float[Array, "members outputs inputs"]:
    size = below.shape[-2]
    if upstream.shape[1] >= LANES:
        rows = [(0, 0, 0)] * (below.ndim - 2) + [(0, -size % LANES, 0), (0, 0, 0)]
        below = jax.lax.optimization_barrier(jax.lax.pad(below, np.zeros((), below.dtype), rows))
    product = jnp.einsum("kob,ib->koi" if below.ndim == 2 else "kob,kib->koi", upstream, below)
    return jax.lax.optimization_barrier(product)[:, :, :size]


_outputs.defvjp(_forward, _backward)
