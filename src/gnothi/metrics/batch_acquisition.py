"""Inputs that are worth labelling together: a batch whose labels jointly say most of the index.

The best inputs one by one are often copies of one another, and the second copy says what the first has said. This
looks for the batch whose labels have the greatest mutual information with the epistemic index, input by input: with
`S` picked, the next one is that of the greatest

    I(y_i; z | y_S) = E_{y_S} [ H(E[p_z(y_i) | y_S]) - E[H(p_z(y_i)) | y_S] ],

BALD as it will be on average once the labels of `S` are known. The sum of these gains is the information of the batch
(chain rule), and greedy picks get at least 1 - 1/e of what the best batch has (Kirsch et al. 2019, "BatchBALD").

All label vectors of `S`, its configurations, are listed while there are no more than `num_configurations`; then gains
are exact. From then on that many are drawn from the joint prediction, afresh for each pick. For each of them what
stands in the brackets is exact (the posterior over a finite set of samples is known), so the estimate of a gain is
unbiased, and its error falls with the root of their number.

Labels are independent given the index, so a gain never grows as more inputs are picked. What an input gained before
thus bounds what it can gain now, and only those whose bound is above the best so far are looked at (Minoux 1978).
Bounds that come from drawn configurations are as good as these.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import entr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from gnothi.metrics.acquisition import Logits, check_count, check_logits

CHUNK = 2**17  # how many probabilities a step of the search works on: what fits a core's cache


class _Beliefs(NamedTuple):
    """What one would believe of the samples, were the labels of the picked inputs those of a configuration."""

    posterior: Float[Array, "configurations samples"]
    weights: Float[Array, " configurations"]  # how likely each configuration is; they sum to 1


class _Pool(NamedTuple):
    """Predictions of the pool; the samples are contiguous, as all sums are over them."""

    log_probs: Float[Array, "inputs classes samples"]
    probs: Float[Array, "inputs classes samples"]
    entropies: Float[Array, "inputs samples"]


def _pool(logits: Logits) -> _Pool:
    log_probs = jax.nn.log_softmax(jnp.transpose(logits, (1, 2, 0)), axis=1)
    probs = jnp.exp(log_probs)
    # A probability of 0 has no part, be its logarithm what it may.
    return _Pool(log_probs, probs, -jnp.sum(jnp.where(probs > 0, probs * log_probs, 0.0), axis=1))


def _listed(log_joint: Float[Array, "configurations samples"]) -> _Beliefs:
    """Of all configurations there are, from their log-probabilities under each sample."""
    return _Beliefs(jax.nn.softmax(log_joint, axis=1), jnp.mean(jnp.exp(log_joint), axis=1))


def _drawn(
    key: PRNGKeyArray, log_probs: Float[Array, "picked classes samples"], known: Bool[Array, " picked"], num: int
) -> _Beliefs:
    """Of `num` configurations of the `known` ones among the picked, drawn from the joint prediction."""
    index_key, label_key = jax.random.split(key)
    num_picked, _, num_samples = log_probs.shape
    # Every sample draws as many configurations as any other, or one more, and which do is left to chance.
    samples = jax.random.permutation(index_key, num_samples)[jnp.arange(num) % num_samples]
    labels = jax.random.categorical(label_key, jnp.moveaxis(log_probs, 2, 0)[samples], axis=2)
    log_likelihoods = log_probs[jnp.arange(num_picked), labels]  # [num, picked, samples]
    log_joint = jnp.sum(jnp.where(known[:, None], log_likelihoods, 0.0), axis=1)
    return _Beliefs(jax.nn.softmax(log_joint, axis=1), jnp.full(num, 1 / num))


def _gains(pool: _Pool, rows: Int[Array, " rows"], beliefs: _Beliefs) -> Float[Array, " rows"]:
    """What the label of each input says of the index beyond what the labels of the picked inputs have said."""
    predicted = jnp.einsum("ick,mk->icm", pool.probs[rows], beliefs.posterior)
    expected = pool.entropies[rows] @ (beliefs.weights @ beliefs.posterior)
    return jnp.sum(entr(predicted) @ beliefs.weights, axis=1) - expected


def _best(pool: _Pool, bounds: Float[Array, " inputs"], beliefs: _Beliefs) -> tuple[Int[Array, ""], Array]:
    """The input that gains most, and better bounds of all. Inputs that cannot be picked have a bound of -inf."""
    num_inputs, num_classes, _ = pool.probs.shape
    size = min(num_inputs, max(1, CHUNK // (num_classes * len(beliefs.weights))))
    order = jax.lax.top_k(bounds, num_inputs)[1]
    order = jnp.concatenate([order, jnp.broadcast_to(order[-1:], (-num_inputs % size,))])

    def promising(state):
        block, _, gain, _ = state
        return (block * size < num_inputs) & (bounds[order[block * size]] > gain)

    def look(state):
        block, best, gain, bounds = state
        rows = jax.lax.dynamic_slice(order, (block * size,), (size,))
        gains = jnp.where(jnp.isneginf(bounds[rows]), -jnp.inf, _gains(pool, rows, beliefs))
        first = jnp.argmax(gains)
        best, gain = jax.lax.cond(gains[first] > gain, lambda: (rows[first], gains[first]), lambda: (best, gain))
        return block + 1, best, gain, bounds.at[rows].set(gains)

    _, best, _, bounds = jax.lax.while_loop(promising, look, (0, order[0], jnp.array(-jnp.inf), bounds))
    return best, bounds.at[best].set(-jnp.inf)


@partial(jax.jit, static_argnames=("count", "num_configurations"))
def _greedy(logits: Logits, count: int, key: PRNGKeyArray, num_configurations: int) -> Int[Array, " count"]:
    num_samples, num_inputs, _ = logits.shape
    order_key, draw_key = jax.random.split(key)
    order = jax.random.permutation(order_key, num_inputs)  # of equals, the first one found is picked
    pool = _pool(logits[:, order])
    bounds, log_joint = jnp.full(num_inputs, jnp.inf), jnp.zeros((1, num_samples))
    picked: list[Int[Array, ""]] = []
    while len(picked) < count and len(log_joint) <= num_configurations:
        best, bounds = _best(pool, bounds, _listed(log_joint))
        picked.append(best)
        log_joint = (log_joint[:, None] + pool.log_probs[best]).reshape(-1, num_samples)
    start = len(picked)
    batch = jnp.zeros(count, int).at[:start].set(jnp.stack(picked))

    def pick(state, number):
        batch, bounds = state
        known = jnp.arange(count) < number
        drawn = _drawn(jax.random.fold_in(draw_key, number), pool.log_probs[batch], known, num_configurations)
        best, bounds = _best(pool, bounds, drawn)
        return (batch.at[number].set(best), bounds), None

    (batch, _), _ = jax.lax.scan(pick, (batch, bounds), jnp.arange(start, count))
    return order[batch]


def _check_configurations(num_configurations: int) -> None:
    if num_configurations < 1:
        raise ValueError(f"num_configurations must be 1 or more, got {num_configurations}")


def choose_batch(
    logits: Logits, count: int, key: PRNGKeyArray, *, num_configurations: int = 1000
) -> Int[Array, " count"]:
    """Picks inputs whose labels, together, say most of the epistemic index.

    With M samples a batch can say at most log(M) nats, and once it has nearly done so further picks are left to
    chance: give it more samples the larger the batch (20 inputs of 10 classes want some hundreds).

    **Arguments:** `logits`, joint samples of the pool, one index a sample; `count`, how many inputs; `key`, for drawn
    configurations and for ties; `num_configurations`, how many label vectors of the picked inputs are kept: all there
    are while they are no more than this, else this many are drawn.

    **Returns:** positions in the pool, in the order in which they were picked; the first one is BALD's.

    **Raises:** `ValueError` if `count` is below 1 or above the number of inputs, if `num_configurations` is below 1,
    or as `PRIORITIES` do for logits that are not finite.

    >>> import jax, jax.numpy as jnp
    >>> clear, unclear = jnp.array([9.0, 9, -9, -9]), jnp.array([2.0, -2, 2, -2])  # four samples
    >>> logits = jnp.stack([clear, clear, unclear], axis=1)[..., None] * jnp.array([0.5, -0.5])
    >>> sorted(choose_batch(logits, 2, jax.random.key(0)).tolist())[1]  # one of the two copies, and the third
    2
    """
    check_logits(logits)
    check_count(count, logits.shape[1])
    _check_configurations(num_configurations)
    return _greedy(logits, count, key, num_configurations)


@partial(jax.jit, static_argnames="num_configurations")
def _information(logits: Logits, key: PRNGKeyArray, num_configurations: int) -> Float[Array, ""]:
    num_samples, num_inputs, num_classes = logits.shape
    log_probs = _pool(logits).log_probs
    if num_classes**num_inputs <= num_configurations:
        log_joint = jnp.zeros((1, num_samples))
        for one in log_probs:
            log_joint = (log_joint[:, None] + one).reshape(-1, num_samples)
        beliefs = _listed(log_joint)
    else:
        beliefs = _drawn(key, log_probs, jnp.ones(num_inputs, bool), num_configurations)
    return jnp.log(num_samples) - beliefs.weights @ jnp.sum(entr(beliefs.posterior), axis=1)


def joint_information(
    logits: Float[Array, "samples inputs classes"], key: PRNGKeyArray, *, num_configurations: int = 10_000
) -> Float[Array, ""]:
    """How much the labels of all inputs together say of the index: their mutual information with it, in nats.

    It is the log of the number of samples less the mean entropy of the posterior over them. Exact where all label
    vectors are no more than `num_configurations`; else an unbiased estimate from this many draws of them.

    **Arguments:** `logits`, joint samples of the inputs of a batch; `key`, for the draws; `num_configurations`.

    **Raises:** `ValueError` if `num_configurations` is below 1, or as `PRIORITIES` do for logits that are not finite.

    >>> import jax, jax.numpy as jnp
    >>> disputed = jnp.array([[[30.0, -30.0]], [[-30.0, 30.0]]])
    >>> float(joint_information(jnp.tile(disputed, (1, 5, 1)), jax.random.key(0)))  # five copies say what one says
    0.693...
    """
    check_logits(logits)
    _check_configurations(num_configurations)
    return _information(logits, key, num_configurations)
