"""The training loop: one compiled program, from first step to last.

`fit` is pure, so `jax.vmap` runs it over seeds, over problems, and over `learning_rate` and `decay`.
"""

from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.data import Dataset, check_finite, check_labels
from gnothi.learning.adam import adam
from gnothi.learning.losses import Batch, EpistemicPredictor, Loss
from gnothi.nn import partition

MAX_BULK = 2**24  # numbers in the indices of a whole run, if they are drawn before it begins

Network = TypeVar("Network", bound=EpistemicPredictor)
Progress = Callable[[int, int, float], None]
Scalar = float | Float[Array, ""]


def fit(
    enn: Network,
    data: Dataset,
    *,
    loss: Loss,
    steps: int,
    key: PRNGKeyArray,
    batch_size: int = 100,
    learning_rate: Scalar = 1e-3,
    decay: Scalar = 0.0,
    penalty: Callable[[Network], Scalar] | None = None,
    optimiser: Callable[[Scalar], optax.GradientTransformation] = adam,
    progress: Progress | None = None,
) -> Network:
    """Trains a network.

    Minibatches go through the data in a new order each epoch. With no more data than `batch_size`, every step sees
    all of them. Prior functions are evaluated once, before the first step.

    **Arguments:** `enn`; `data`; `loss`; `steps`, how many gradient steps; `key`, for the order of the data and the
    draws of indices; `batch_size`; `learning_rate`; `decay`, by which the sum of all squared trainable parameters
    enters the loss (so it passes through Adam: coupled decay, as in the originals); `penalty`, a function of the
    network as it is at a step, added to the loss at every step (a callable module may carry arrays into it);
    `optimiser`, a function from a learning rate to an optax optimiser; `progress`, called with (step, steps, loss)
    about a hundred times.

    **Returns:** the trained network; parts marked `Frozen` are as they were.

    **Raises:** `ValueError` if `steps` or `batch_size` is below 1, if there are no data or not one target a row, and,
    outside `jit` and `vmap`, if data are not finite or a label is none of the network's classes.

    >>> import jax, gnothi as gn
    >>> k1, k2, k3 = jax.random.split(jax.random.key(0), 3)
    >>> x = jax.random.normal(k1, (64, 2))
    >>> data = gn.data.Dataset(x, (x[:, 0] > 0).astype(int))
    >>> enn = gn.enn.Plain(gn.nn.MLP(2, (16,), 2, key=k2))
    >>> enn = fit(enn, data, loss=gn.learning.cross_entropy(), steps=300, key=k3)
    >>> gn.metrics.accuracy(enn.predict(x), data.y).value > 0.9
    True
    """
    if steps < 1 or batch_size < 1:
        raise ValueError(f"steps and batch_size must be 1 or more, got {steps} and {batch_size}")
    if len(data) == 0:
        raise ValueError("there are no data to fit: give at least one row")
    if data.y.shape != (len(data),):
        raise ValueError(f"data.y must hold one target for each of {len(data)} rows, got shape {data.y.shape}")
    check_finite(data.x, name="data.x")
    if loss.kind == "cross_entropy":
        outputs = eqx.filter_eval_shape(lambda: enn.predict(jnp.asarray(data.x[:1]), enn.index.samples(key, 1)))
        check_labels(data.y, outputs.shape[-1], name="data.y")
    else:
        check_finite(data.y, name="data.y")
    rates = jnp.asarray(learning_rate, float), jnp.asarray(decay, float)
    return _fit(enn, data, loss, steps, key, min(batch_size, len(data)), rates, penalty, optimiser, progress)


@eqx.filter_jit
def _fit(enn, data, loss, steps, key, batch_size, rates, penalty, optimiser, progress):
    learning_rate, decay = rates
    order_key, index_key = jax.random.split(key)
    trainable, rest = partition(enn)
    # One long vector of parameters: an optimiser's dozen small operations a leaf become a dozen in all.
    start, restore = ravel_pytree(trainable)
    rule = optax.chain(optax.add_decayed_weights(2 * decay), optimiser(learning_rate))
    everything = Batch(
        jnp.asarray(data.x), jnp.asarray(data.y), jnp.arange(len(data)), enn.constants(jnp.asarray(data.x))
    )
    rows = None if batch_size == len(data) else minibatches(order_key, len(data), steps, batch_size)

    indices = eqx.filter_eval_shape(lambda: loss.indices(enn, index_key, steps))
    in_bulk = indices is None or indices.size <= MAX_BULK
    drawn = loss.indices(enn, index_key, steps) if in_bulk else jax.random.split(index_key, steps)

    def objective(parameters, batch, indices):
        network = eqx.combine(parameters, rest)
        value = loss(network, batch, indices)
        return value if penalty is None else value + penalty(network)

    def step(state, now):
        parameters, memory = state
        number, rows, drawn = now
        indices = drawn if in_bulk else loss.indices(enn, drawn, 1)[0]
        batch = everything if rows is None else jax.tree.map(lambda leaf: leaf[rows], everything)
        value, gradients = jax.value_and_grad(objective)(restore(parameters), batch, indices)
        # The barrier makes XLA copy the gradients into one vector whole, not number by number.
        gradient, _ = ravel_pytree(jax.lax.optimization_barrier(gradients))
        updates, memory = rule.update(gradient, memory, parameters)
        if progress is not None:
            _report(progress, number, steps, value)
        return (optax.apply_updates(parameters, updates), memory), None

    times = (jnp.arange(1, steps + 1), rows, drawn)
    (parameters, _), _ = jax.lax.scan(step, (start, rule.init(start)), times)
    return eqx.combine(restore(parameters), rest)


def minibatches(key: PRNGKeyArray, num_data: int, steps: int, batch_size: int) -> Int[Array, "steps batch"]:
    """Row numbers for every step: shuffled epochs end to end."""
    epochs = -(-steps * batch_size // num_data)
    orders = jax.vmap(lambda k: jax.random.permutation(k, num_data))(jax.random.split(key, epochs))
    return orders.reshape(-1)[: steps * batch_size].reshape(steps, batch_size)


def _report(progress: Progress, number: Int[Array, ""], steps: int, value: Float[Array, ""]) -> None:
    def now():
        jax.debug.callback(lambda n, v: progress(int(n), steps, float(v)), number, value, ordered=False)

    jax.lax.cond(number % max(1, steps // 100) == 0, now, lambda: None)
