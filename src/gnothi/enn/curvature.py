"""The curvature of the cross-entropy at a trained MLP: the generalised Gauss-Newton matrix, whole or in structures.

For a linear model it is the Hessian; for a network it is the Hessian of the network linearised where it stands, which
is positive semi-definite (Martens 2020, "New Insights and Perspectives on the Natural Gradient Method", sec. 8).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from gnothi.enn.gaussian_head import read_features
from gnothi.nn import MLP

HESSIANS = ("full", "kron", "diag")


class LayerSlopes(NamedTuple):
    """What the derivative of logits by one layer's weights is made of: it is the outer product of the two."""

    inputs: Float[Array, "data inputs"]  # what the layer reads, and a 1 for the bias
    slopes: Float[Array, "data classes outputs"]  # of the logits, by what comes out of it


class Block(NamedTuple):
    """A symmetric matrix over one block of weights, by its eigenvectors `left ⊗ right` and its eigenvalues.

    Weights are an `outputs x inputs` matrix, biases its last column; a dense matrix has them all in `left`.
    """

    left: Float[Array, "rows rows"]
    right: Float[Array, "columns columns"]
    values: Float[Array, "rows columns"]


def layer_slopes(
    network: MLP, inputs: Float[Array, "data features"], first: int = 0
) -> tuple[Array, list[LayerSlopes]]:
    """Logits, and their derivatives by the weights of all layers from number `first` on."""
    read = [inputs]
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        read.append(jax.nn.relu(read[-1] @ weight.T + bias))
    logits = read[-1] @ network.weights[-1].T + network.biases[-1]
    slopes = jnp.broadcast_to(jnp.eye(logits.shape[1]), (*logits.shape, logits.shape[1]))
    found = []
    for number in reversed(range(first, len(read))):
        found.append(LayerSlopes(read_features(read[number], "biased"), slopes))
        slopes = (slopes @ network.weights[number]) * (read[number] > 0)[:, None]
    return logits, found[::-1]


def softmax_root(probs: Float[Array, "data classes"]) -> Float[Array, "data classes classes"]:
    """A root R of the Hessian of the cross-entropy by the logits: R R' = diag(p) - p p'."""
    root = jnp.sqrt(probs)
    return jax.vmap(jnp.diag)(root) - probs[:, :, None] * root[:, None, :]


def sum_over_data(
    function: Callable[[Array, Array], PyTree], inputs: Float[Array, "data ..."], *, most: int = 1024
) -> PyTree:
    """The sum of `function(rows, weights)` over blocks of at most `most` rows; weights are 1, and 0 for padding."""
    size = min(most, len(inputs))
    padding = -len(inputs) % size
    rows = jnp.pad(inputs, [(0, padding)] + [(0, 0)] * (inputs.ndim - 1))
    weights = jnp.pad(jnp.ones(len(inputs)), (0, padding))
    parts = rows.reshape(-1, size, *rows.shape[1:]), weights.reshape(-1, size)
    start = jax.tree.map(
        lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(function, *(part[0] for part in parts))
    )
    return jax.lax.scan(lambda total, part: (jax.tree.map(jnp.add, total, function(*part)), None), start, parts)[0]


def gauss_newton(network: MLP, inputs: Float[Array, "data features"], hessian: str, *, first: int = 0) -> list[Block]:
    """The Gauss-Newton matrix of the cross-entropy, summed over data, of all layers from number `first` on.

    **Arguments:** `network`; `inputs`; `hessian`: `"full"` (one dense block), `"kron"` (a block a layer, the mean over
    data of one factor times the sum of the other: Martens and Grosse 2015), or `"diag"` (its diagonal).

    **Raises:** `ValueError` if `hessian` is none of these.
    """
    if hessian not in HESSIANS:
        raise ValueError(f"hessian must be one of {', '.join(map(repr, HESSIANS))}, got {hessian!r}")

    def of_rows(rows: Array, weights: Array) -> list[Array] | list[tuple[Array, Array]]:
        logits, layers = layer_slopes(network, rows, first)
        root = softmax_root(jax.nn.softmax(logits)) * weights[:, None, None]
        seen = [(layer.inputs, jnp.einsum("nco,nck->nko", layer.slopes, root)) for layer in layers]
        if hessian == "full":
            columns = [jnp.einsum("nko,ni->nkoi", g, a).reshape(-1, g.shape[2] * a.shape[1]) for a, g in seen]
            jacobian = jnp.concatenate(columns, axis=1)
            return [jacobian.T @ jacobian]
        if hessian == "diag":
            return [jnp.einsum("no,ni->oi", jnp.sum(g**2, axis=1), a**2) for a, g in seen]
        return [((a * weights[:, None]).T @ a, jnp.einsum("nko,nkp->op", g, g)) for a, g in seen]

    sums = sum_over_data(of_rows, inputs)
    if hessian == "diag":
        return [Block(jnp.eye(len(values)), jnp.eye(values.shape[1]), values) for values in sums]
    if hessian == "full":
        values, vectors = _eigen(sums[0])
        return [Block(vectors, jnp.ones((1, 1)), values[:, None])]
    blocks = []
    for of_inputs, of_slopes in sums:
        (left_values, left), (right_values, right) = _eigen(of_slopes), _eigen(of_inputs / len(inputs))
        blocks.append(Block(left, right, jnp.outer(left_values, right_values)))
    return blocks


def _eigen(matrix: Array) -> tuple[Array, Array]:
    values, vectors = jnp.linalg.eigh(matrix)
    return jnp.maximum(values, 0.0), vectors  # rounding leaves some a little below
