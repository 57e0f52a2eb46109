"""Training a decoder to say what comes next, on one device or on a mesh of them, in one compiled program.

Weights and what Adam remembers are in float32; the network may compute in bfloat16, as a change of a thousandth is
lost in its eight bits. With a mesh, `gnothi.nn.transformer.sharding` says which device holds what. `compile_step`
compiles one step with no weights at all, and says what memory it would take.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, DTypeLike, Float, Int, PRNGKeyArray, PyTree

from gnothi.learning.adam import adam
from gnothi.learning.fit import minibatches
from gnothi.nn import partition
from gnothi.nn.transformer import Decoder, DecoderConfig, decoder
from gnothi.nn.transformer.sharding import batch_axes, batch_sharding, keep, placed, shardings, whole_sharding

Memory = tuple[PyTree, PyTree, Any]  # means of gradients and of their squares, and how many steps


class StepBytes(NamedTuple):
    """What a training step takes of each device's memory, in bytes; see `compile_step`."""

    parameters: int
    optimiser: int
    temporaries: int
    batch: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self)


class _Recipe(NamedTuple):
    learning_rate: float
    decay: float
    remat: bool
    dtype: Any
    mesh: Mesh | None


def next_token_loss(
    decoder: Decoder,
    tokens: Int[Array, "sequences positions"],
    lengths: Int[Array, " sequences"],
    *,
    remat: bool = False,
    mesh: Mesh | None = None,
) -> Float[Array, ""]:
    """The cross-entropy of each token given those before it, in nats, averaged over all tokens but the first of each.

    **Arguments:** `decoder`; `tokens`, filled up at the end; `lengths`, how many of each sequence are not filling;
    `remat`, whether the gradient works layers' insides out again instead of keeping them; `mesh`, over which to split
    the work, within a compiled program.

    **Returns:** the mean in float32, whatever the decoder computes in; 0 if there is nothing to predict.

    >>> import jax, jax.numpy as jnp
    >>> from gnothi.nn.transformer import DecoderConfig, decoder
    >>> net = decoder(DecoderConfig(8, width=32, hidden=64, num_layers=1, num_heads=4), key=jax.random.key(0))
    >>> round(float(next_token_loss(net, jnp.array([[1, 2, 3, 0]]), jnp.array([3]))), 1)  # near log 8 = 2.08
    2.2
    """
    axes = None
    if mesh is not None:
        decoder, axes = placed(decoder, mesh), batch_axes(mesh) or None

    def one(tokens: Array) -> Array:
        scores = decoder(tokens, remat=remat).astype(jnp.float32)
        # Not a look-up: each device sums over the tokens whose scores it has.
        asked = jnp.arange(scores.shape[-1]) == jnp.roll(tokens, -1)[:, None]
        return jax.nn.logsumexp(scores, axis=-1) - jnp.sum(jnp.where(asked, scores, 0.0), axis=-1)

    losses = jax.vmap(one, spmd_axis_name=axes)(tokens)
    counts = jnp.arange(tokens.shape[1]) < lengths[:, None] - 1  # the last has nothing after it
    return jnp.sum(jnp.where(counts, losses, 0.0)) / jnp.maximum(jnp.sum(counts), 1)


def train_next_token(
    decoder: Decoder,
    tokens: Int[Array, "sequences positions"],
    lengths: Int[Array, " sequences"] | None = None,
    *,
    steps: int,
    key: PRNGKeyArray,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    decay: float = 0.0,
    remat: bool = False,
    dtype: DTypeLike = jnp.float32,
    mesh: Mesh | None = None,
) -> tuple[Decoder, Float[Array, " steps"]]:
    """Trains a decoder by AdamW (Loshchilov and Hutter 2019), one minibatch of sequences a step.

    **Arguments:** `decoder`; `tokens`, filled up at the end; `lengths`, how many of each sequence are not filling, all
    if not said; `steps`; `key`, for the order of sequences; `batch_size`, in sequences; `learning_rate`; `decay`, of
    all parameters, by `learning_rate * decay` of themselves a step; `remat`, as in `next_token_loss`; `dtype`, in which
    the network computes; `mesh` of devices with axes of "data", "fsdp" and "tensor", or one device if not said.

    **Returns:** the trained decoder, its weights in the type they came in and split as `shardings` says; the loss at
    each step, before the step.

    **Raises:** `ValueError` if `steps` or `batch_size` is below 1, if "data" and "fsdp" devices cannot share a batch
    out evenly, if a token is not in the vocabulary, or if a length is not from 2 to the number of positions.

    >>> import jax, jax.numpy as jnp
    >>> from gnothi.nn.transformer import DecoderConfig, decoder
    >>> net = decoder(DecoderConfig(8, width=32, hidden=64, num_layers=1, num_heads=4), key=jax.random.key(0))
    >>> net, losses = train_next_token(net, jnp.arange(8)[None], steps=100, key=jax.random.key(1), learning_rate=3e-3)
    >>> bool(losses[-1] < 0.1 < losses[0])
    True
    """
    lengths = jnp.full(len(tokens), tokens.shape[1]) if lengths is None else jnp.asarray(lengths)
    _check(decoder, tokens, lengths, steps, batch_size)
    batch_size = min(batch_size, len(tokens))
    recipe = _Recipe(learning_rate, decay, remat, jnp.dtype(dtype), mesh)
    _check_shares(batch_size, mesh)
    rows = minibatches(key, len(tokens), steps, batch_size)
    trainable, rest = partition(decoder)
    start = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), trainable)
    data = (jnp.asarray(tokens), lengths, rows)
    if mesh is not None:
        start = jax.device_put(start, shardings(start, mesh))
        data = jax.device_put(data, whole_sharding(mesh))
        others, rest = eqx.partition(rest, eqx.is_array)
        rest = eqx.combine(jax.device_put(others, whole_sharding(mesh)), rest)
    parameters, losses = _train(start, rest, data, recipe)
    parameters = jax.tree.map(lambda new, old: new.astype(old.dtype), parameters, trainable)
    return eqx.combine(parameters, rest), losses


@eqx.filter_jit
def _train(parameters: PyTree, rest: PyTree, data: tuple[Array, Array, Array], recipe: _Recipe):
    tokens, lengths, rows = data

    def step(state, rows):
        parameters, memory = state
        return _step(parameters, memory, tokens[rows], lengths[rows], rest, recipe)

    start = (parameters, _kept(adam(1.0).init(parameters), recipe.mesh))
    (parameters, _), losses = jax.lax.scan(step, start, rows)
    return parameters, losses


def _step(parameters: PyTree, memory: Memory, tokens: Array, lengths: Array, rest: PyTree, recipe: _Recipe):
    """One step of AdamW: `((parameters, memory), loss)`."""
    mesh = recipe.mesh
    if mesh is not None:
        tokens, lengths = keep((tokens, lengths), (batch_sharding(mesh),) * 2)

    def objective(parameters: PyTree) -> Array:
        # Rounded where they are kept, so that devices send each other the rounded ones.
        rounded = jax.tree.map(lambda leaf: leaf.astype(recipe.dtype), parameters)
        return next_token_loss(eqx.combine(rounded, rest), tokens, lengths, remat=recipe.remat, mesh=mesh)

    loss, gradients = jax.value_and_grad(objective)(parameters)
    if mesh is not None:
        gradients = keep(gradients, shardings(gradients, mesh))
    ways, memory = adam(1.0).update(gradients, memory)
    parameters = jax.tree.map(lambda p, way: p + recipe.learning_rate * (way - recipe.decay * p), parameters, ways)
    if mesh is not None:
        parameters = keep(parameters, shardings(parameters, mesh))
    return (parameters, _kept(memory, mesh)), loss


def _kept(memory: Memory, mesh: Mesh | None) -> Memory:
    return memory if mesh is None else keep(memory, _memory_shardings(memory, mesh))


def _memory_shardings(memory: Memory, mesh: Mesh) -> PyTree:
    first, second, _ = memory
    return shardings(first, mesh), shardings(second, mesh), whole_sharding(mesh)


def compile_step(
    config: DecoderConfig,
    mesh: Mesh,
    batch_size: int,
    length: int,
    *,
    dtype: DTypeLike = jnp.bfloat16,
    remat: bool = True,
) -> StepBytes:
    """Compiles one training step for a mesh, with no weights allocated, and says what memory it would take.

    Parameters and what the optimiser remembers of them are in float32 and are updated in place. Temporaries are what
    the compiler of the mesh's own devices plans: a CPU's computes in float32 where others do in bfloat16, and fuses
    less, so simulated devices need more of them than real ones would.

    **Arguments:** `config`; `mesh`, of devices that need not have the memory; `batch_size`, in sequences, of all
    devices together; `length`, in tokens; `dtype`, in which the network computes; `remat`, as in `next_token_loss`.

    **Returns:** bytes of each device.

    **Raises:** `ValueError` if "data" and "fsdp" devices cannot share a batch out evenly.
    """
    _check_shares(batch_size, mesh)
    shapes = eqx.filter_eval_shape(lambda: decoder(config, key=jax.random.key(0)))
    memory = jax.eval_shape(adam(1.0).init, shapes)
    parameters = _described(shapes, shardings(shapes, mesh))
    memory = _described(memory, _memory_shardings(memory, mesh))
    batch = batch_sharding(mesh)
    tokens = jax.ShapeDtypeStruct((batch_size, length), jnp.int32, sharding=batch)
    lengths = jax.ShapeDtypeStruct((batch_size,), jnp.int32, sharding=batch)
    recipe = _Recipe(1e-4, 0.1, remat, jnp.dtype(dtype), mesh)
    nothing = jax.tree.map(lambda _: None, shapes)

    def step(parameters, memory, tokens, lengths):
        return _step(parameters, memory, tokens, lengths, nothing, recipe)

    compiled = jax.jit(step, donate_argnums=(0, 1)).lower(parameters, memory, tokens, lengths).compile()
    planned: Any = compiled.memory_analysis()
    spare = max(0, planned.output_size_in_bytes - planned.alias_size_in_bytes)  # results with no argument's place
    return StepBytes(_bytes(parameters), _bytes(memory), planned.temp_size_in_bytes + spare, _bytes((tokens, lengths)))


def _described(tree: PyTree, places: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf, place: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place), tree, places)


def _bytes(tree: PyTree) -> int:
    """Bytes of one device's part of arrays."""
    leaves = jax.tree.leaves(tree)
    return sum(int(np.prod(leaf.sharding.shard_shape(leaf.shape))) * leaf.dtype.itemsize for leaf in leaves)


def _check(decoder: Decoder, tokens: Array, lengths: Array, steps: int, batch_size: int) -> None:
    if steps < 1 or batch_size < 1:
        raise ValueError(f"steps and batch_size must be 1 or more, got {steps} and {batch_size}")
    if tokens.ndim != 2 or lengths.shape != tokens.shape[:1]:
        raise ValueError(
            f"tokens must be sequences x positions, and lengths one for each, got {tokens.shape} and {lengths.shape}"
        )
    if len(tokens) == 0:
        raise ValueError("there are no tokens to learn: give at least one sequence")
    shortest, longest = int(jnp.min(lengths)), int(jnp.max(lengths))
    if shortest < 2 or longest > tokens.shape[1]:
        raise ValueError(f"lengths must be from 2 to {tokens.shape[1]}, got {shortest} to {longest}")
    least, most, size = int(jnp.min(tokens)), int(jnp.max(tokens)), len(decoder.tokens.weight)
    if least < 0 or most >= size:
        raise ValueError(f"tokens must be from 0 to {size - 1}, got {least} to {most}")


def _check_shares(batch_size: int, mesh: Mesh | None) -> None:
    shares = 1 if mesh is None else int(np.prod([mesh.shape[axis] for axis in batch_axes(mesh)]))
    if batch_size % shares:
        raise ValueError(f"batch_size must be a multiple of the {shares} data and fsdp devices, got {batch_size}")
