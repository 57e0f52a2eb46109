"""Posterior samples by stochastic-gradient Langevin dynamics: gradient descent that is kept warm by noise."""

import math
from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.data import Dataset, check_finite
from gnothi.learning.fit import Scalar, minibatches
from gnothi.learning.losses import Batch, EpistemicPredictor, Loss
from gnothi.nn import partition

Network = TypeVar("Network", bound=EpistemicPredictor)
Vector = Float[Array, " parameters"]

#: From name to a function from running means of squared gradients to the masses of the parameters.
PRECONDITIONERS: dict[str, Callable[[Vector], Vector | float]] = {
    "none": lambda squares: 1.0,
    "rmsprop": lambda squares: jnp.sqrt(squares) + 1e-7,
}
MEMORY = 0.99  # how much of the mean of squared gradients a step keeps


def langevin(
    enn: Network,
    data: Dataset,
    *,
    loss: Loss,
    steps: int,
    key: PRNGKeyArray,
    burn_in: int = 0,
    interval: int = 1000,
    batch_size: int = 100,
    learning_rate: Scalar = 1e-4,
    momentum: float = 0.9,
    temperature: float = 1.0,
    decay: Scalar = 0.0,
    preconditioner: str = "none",
) -> Network:
    """Walks through the posterior and keeps a snapshot of the network now and then.

    With `g` the gradient of a minibatch's loss and `N` the number of data, a step is

        m = momentum * m + sqrt(rate) * g - sqrt(2 (1 - momentum) temperature / N * mass) * noise
        parameters = parameters - sqrt(rate) * m / mass

    (Chen, Fox and Guestrin 2014, "Stochastic Gradient Hamiltonian Monte Carlo"; without momentum, Welling and Teh
    2011). As the loss is a mean over data, the walk's law is the posterior of prior variance `1 / (2 N decay)`, but
    for the size of steps and the noise of minibatches.

    **Arguments:** `enn`; `data`; `loss`, one that takes no indices or every one; `steps`; `key`; `burn_in`, how many
    steps pass before the first snapshot; `interval`, between snapshots; `batch_size`; `learning_rate`; `momentum`;
    `temperature`, 0 for gradient descent; `decay`, by which the sum of all squared trainable parameters enters the
    loss; `preconditioner`, a key of `PRECONDITIONERS`.

    **Returns:** the network, each of its trainable arrays with a leading `snapshots` axis: one snapshot after step
    `burn_in`, or after the first `interval` if that is 0, and one after every `interval` that follows.

    **Raises:** `ValueError` if `steps` or `burn_in` is no multiple of `interval`, if there are no data, if the
    preconditioner has no such name or if the loss draws indices.

    >>> import jax, gnothi as gn
    >>> k1, k2, k3 = jax.random.split(jax.random.key(0), 3)
    >>> x = jax.random.normal(k1, (64, 2))
    >>> data = gn.data.Dataset(x, (x[:, 0] > 0).astype(int))
    >>> enn = gn.enn.Plain(gn.nn.MLP(2, (16,), 2, key=k2))
    >>> walk = langevin(enn, data, loss=gn.learning.cross_entropy(), steps=500, burn_in=100, interval=50, key=k3)
    >>> gn.enn.Ensemble(walk.network).predict(x).shape
    (9, 64, 2)
    """
    if interval < 1 or steps < 1 or burn_in < 0 or burn_in > steps or steps % interval or burn_in % interval:
        raise ValueError(f"steps and burn_in must be multiples of interval, got {steps}, {burn_in} and {interval}")
    if len(data) == 0:
        raise ValueError("there are no data to learn from: give at least one row")
    check_finite(data.x, name="data.x")
    if preconditioner not in PRECONDITIONERS:
        raise ValueError(f"preconditioner must be one of {', '.join(PRECONDITIONERS)}, got {preconditioner!r}")
    if loss.num_indices is not None:
        raise ValueError("a walk takes no indices at random: make the loss with num_indices=None")
    rates = jnp.asarray(learning_rate, float), jnp.asarray(decay, float), jnp.asarray(temperature / len(data))
    sizes = steps, burn_in, interval, min(batch_size, len(data))
    return _walk(enn, data, loss, sizes, key, rates, momentum, PRECONDITIONERS[preconditioner])


def normals(key: PRNGKeyArray, shape: tuple[int, int]) -> Float[Array, "rows columns"]:
    """Standard normal numbers for half the price: two of each word of random bits, so of 65,536 different values.

    Noise is half of what a walk costs, and sums of it are what moves it; their variance is 1 to within 1e-4.
    """
    rows, columns = shape
    words = jax.random.bits(key, (rows, -(-columns // 2)))
    halves = jnp.concatenate([words & 0xFFFF, words >> 16], axis=1)[:, :columns]
    return math.sqrt(2) * jax.lax.erf_inv((halves.astype(float) + 0.5) / 2**15 - 1)


@eqx.filter_jit
def _walk(enn, data, loss, sizes, key, rates, momentum, masses):
    steps, burn_in, interval, batch_size = sizes
    learning_rate, decay, temperature = rates
    trainable, rest = partition(enn)
    start, restore = ravel_pytree(trainable)
    x = jnp.asarray(data.x)
    everything = Batch(x, jnp.asarray(data.y), jnp.arange(len(data)), enn.constants(x))

    def step(state, now):
        parameters, velocity, squares = state
        rows, noise = now
        batch = everything if rows is None else jax.tree.map(lambda leaf: leaf[rows], everything)
        gradients = jax.grad(lambda p: loss(eqx.combine(p, rest), batch, None))(restore(parameters))
        gradient, _ = ravel_pytree(jax.lax.optimization_barrier(gradients))
        gradient = gradient + 2 * decay * parameters
        squares = MEMORY * squares + (1 - MEMORY) * gradient**2
        mass = masses(squares)
        heat = jnp.sqrt(2 * (1 - momentum) * temperature * mass)
        velocity = momentum * velocity + jnp.sqrt(learning_rate) * gradient - heat * noise
        return (parameters - jnp.sqrt(learning_rate) * velocity / mass, velocity, squares), None

    def to_next_snapshot(state, key):
        # What is random is drawn for a whole interval at once: step by step it would cost three times as much.
        order_key, noise_key = jax.random.split(key)
        rows = None if batch_size == len(data) else minibatches(order_key, len(data), interval, batch_size)
        state, _ = jax.lax.scan(step, state, (rows, normals(noise_key, (interval, start.size))))
        return state, state[0]

    rest_state = jnp.zeros_like(start)
    keys = jax.random.split(key, steps // interval)
    _, passed = jax.lax.scan(to_next_snapshot, (start, rest_state, rest_state), keys)
    return eqx.combine(jax.vmap(restore)(passed[max(0, burn_in // interval - 1) :]), rest)
