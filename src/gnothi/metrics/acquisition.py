"""Which inputs to label next: priorities of a pool, from what joint samples say of it.

Each rule takes logits, one index a sample and shared by all inputs, and a key, and gives every input a priority; the
highest is labelled first. They are those of Osband et al. 2022, "Fine-Tuning Language Models via Epistemic Neural
Networks". `entropy`, `margin` and `variation_ratio` read the mean prediction only, so that an input whose label is a
coin flip to everybody looks as good as one that nobody has seen. `bald` and `variance` ask where samples disagree.
Where the samples are all members of a finite ensemble, the arithmetic is the same.

A rule judges inputs one by one; `gnothi.metrics.choose_batch` picks inputs that are informative together.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import entr
from jaxtyping import Array, Float, Int, PRNGKeyArray

Logits = Float[Array, "samples inputs classes"]
Priorities = Float[Array, " inputs"]
Probs = Float[Array, "classes samples block"]
Entropies = Float[Array, "samples block"]

CHUNK = 2**15  # how many logits a block holds: what fits a core's cache, with all that is computed of them


def check_logits(logits: Logits) -> None:
    """Says what is wrong with logits of a pool; numbers inside `jit` or `vmap` cannot be looked at.

    **Raises:** `ValueError` if there are no samples, no inputs or fewer than two classes, or if numbers are not
    finite: how many, and where the first of them is.
    """
    num_samples, num_inputs, num_classes = logits.shape
    if num_samples < 1 or num_inputs < 1 or num_classes < 2:
        raise ValueError(f"logits need a sample, an input and two classes at least, got shape {logits.shape}")
    if isinstance(logits, jax.core.Tracer):
        return
    finite = np.isfinite(np.asarray(logits))
    if not finite.all():
        sample, row, column = np.argwhere(~finite)[0]
        raise ValueError(
            f"logits: {(~finite).sum()} of {finite.size} numbers are not finite (first: sample {sample}, input {row}, "
            f"class {column}): leave out samples that diverged, and give impossible classes a very low logit"
        )


def check_count(count: int, num_inputs: int) -> None:
    """Refuses to pick no input, or more than there are.

    **Raises:** `ValueError`.
    """
    if not 1 <= count <= num_inputs:
        raise ValueError(f"count must be between 1 and the {num_inputs} inputs of the pool, got {count}")


def softmax_entropy(logits: Float[Array, "_ _"], axis: int) -> tuple[Float[Array, "_ _"], Float[Array, " _"]]:
    """Probabilities of classes, which lie along an axis of two, and their entropies in nats."""
    shifted = logits - jnp.max(logits, axis=axis, keepdims=True)
    weights = jnp.exp(shifted)
    total = jnp.sum(weights, axis=axis, keepdims=True)
    # What has underflowed counts for nothing, be its logarithm what it may.
    inner = jnp.sum(jnp.where(weights > 0, weights * shifted, 0.0), axis=axis, keepdims=True)
    return weights / total, jnp.squeeze(jnp.log(total) - inner / total, axis)


def _in_blocks(logits: Logits, rule: Callable[[Probs, Entropies], Float[Array, " block"]]) -> Priorities:
    """Applies a rule to probabilities, and the entropies of each sample's own prediction, a block of inputs at a time.

    Whatever is computed of a block stays in cache; and with samples and inputs together on the minor axis, sums over
    a few classes add long vectors. On a CPU that is four times as fast as the plain expression.
    """
    num_samples, num_inputs, num_classes = logits.shape
    size = min(num_inputs, max(1, CHUNK // (num_samples * num_classes)))

    def block(number, priorities):
        part = jax.lax.dynamic_slice_in_dim(logits, number * size, size, axis=1)  # the last one begins early enough
        part = jnp.transpose(part, (2, 0, 1)).reshape(num_classes, -1)
        flat_probs, flat_entropies = softmax_entropy(part, axis=0)
        probs = flat_probs.reshape(num_classes, num_samples, size)
        entropies = flat_entropies.reshape(num_samples, size)
        return jax.lax.dynamic_update_slice_in_dim(priorities, rule(probs, entropies), number * size, axis=0)

    return jax.lax.fori_loop(0, -(-num_inputs // size), block, jnp.zeros(num_inputs, logits.dtype))


@jax.jit
def _entropy(logits: Logits) -> Priorities:
    return _in_blocks(logits, lambda probs, _: jnp.sum(entr(jnp.mean(probs, axis=1)), axis=0))


@jax.jit
def _margin(logits: Logits) -> Priorities:
    def second_less_first(probs: Probs, _: Entropies) -> Float[Array, " block"]:
        mean = jnp.mean(probs, axis=1)
        first = jnp.arange(len(mean))[:, None] == jnp.argmax(mean, axis=0)
        return jnp.max(jnp.where(first, -jnp.inf, mean), axis=0) - jnp.max(mean, axis=0)

    return _in_blocks(logits, second_less_first)


@jax.jit
def _variation_ratio(logits: Logits) -> Priorities:
    return _in_blocks(logits, lambda probs, _: 1 - jnp.max(jnp.mean(probs, axis=1), axis=0))


@jax.jit
def _bald(logits: Logits) -> Priorities:
    def information(probs: Probs, entropies: Entropies) -> Float[Array, " block"]:
        return jnp.sum(entr(jnp.mean(probs, axis=1)), axis=0) - jnp.mean(entropies, axis=0)

    return _in_blocks(logits, information)


@jax.jit
def _variance(logits: Logits) -> Priorities:
    return _in_blocks(logits, lambda probs, _: jnp.sum(jnp.var(probs, axis=1), axis=0))


def uniform(logits: Logits, key: PRNGKeyArray) -> Priorities:
    """Random priorities: labels at random, what every rule has to beat.

    **Raises:** `ValueError`, as every rule does, if logits are not finite (outside `jit`), or of less than one sample,
    one input or two classes.
    """
    check_logits(logits)
    return jax.random.uniform(key, logits.shape[1:2])


def entropy(logits: Logits, key: PRNGKeyArray) -> Priorities:
    """The entropy of the mean prediction, in nats: uncertainty of either kind."""
    check_logits(logits)
    return _entropy(logits)


def margin(logits: Logits, key: PRNGKeyArray) -> Priorities:
    """How little the most probable class leads the second one in the mean prediction: minus that lead, -1 to 0."""
    check_logits(logits)
    return _margin(logits)


def variation_ratio(logits: Logits, key: PRNGKeyArray) -> Priorities:
    """How likely the most probable class of the mean prediction is wrong."""
    check_logits(logits)
    return _variation_ratio(logits)


def bald(logits: Logits, key: PRNGKeyArray) -> Priorities:
    """How much the label would say of the index, in nats: its mutual information with it (Houlsby et al. 2011).

    It is the entropy of the mean prediction less the mean entropy of predictions: at most the log of the number of
    classes, and of samples.

    >>> import jax.numpy as jnp
    >>> coin, disputed = jnp.zeros((2, 2)), jnp.array([[30.0, -30.0], [-30.0, 30.0]])
    >>> [round(float(nats), 3) for nats in bald(jnp.stack([coin, disputed], axis=1), jax.random.key(0))]
    [0.0, 0.693]
    """
    check_logits(logits)
    return _bald(logits)


def variance(logits: Logits, key: PRNGKeyArray) -> Priorities:
    """The variance over samples of the probability of a class, summed over classes (Osband et al. 2022)."""
    check_logits(logits)
    return _variance(logits)


#: Every rule by name: from logits and a key to priorities.
PRIORITIES: dict[str, Callable[[Logits, PRNGKeyArray], Priorities]] = {
    "uniform": uniform,
    "entropy": entropy,
    "margin": margin,
    "variation_ratio": variation_ratio,
    "bald": bald,
    "variance": variance,
}


def choose(priorities: Priorities, count: int, key: PRNGKeyArray) -> Int[Array, " count"]:
    """The inputs to label next: those of the highest priorities, highest first, ties in random order.

    **Arguments:** `priorities`, of a rule of `PRIORITIES` or of your own; `count`, how many inputs; `key`, for ties.

    **Returns:** positions in the pool.

    **Raises:** `ValueError` if `count` is below 1 or above the number of inputs, or if a priority is NaN (outside
    `jit`).

    >>> import jax.numpy as jnp
    >>> choose(jnp.array([0.2, 0.9, 0.1, 0.5]), 2, jax.random.key(0)).tolist()
    [1, 3]
    """
    check_count(count, len(priorities))
    if not isinstance(priorities, jax.core.Tracer):
        missing = np.isnan(np.asarray(priorities))
        if missing.any():
            raise ValueError(f"priorities: {missing.sum()} of {missing.size} are NaN (first: {int(missing.argmax())})")
    order = jax.random.permutation(key, len(priorities))  # of equals, `top_k` takes those that come first
    return order[jax.lax.top_k(priorities[order], count)[1]]
