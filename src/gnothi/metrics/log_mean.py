"""The log of a mean of likelihoods, in log space from end to end, over samples all at once or a chunk at a time.

A joint prediction is a mean over samples of products of many probabilities. Its log from finitely many samples is
biased and noisy; dealing the samples into groups says by how much, and costs one sum a group.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Num

NUM_GROUPS = 20  # indices are dealt into this many groups, whose spread shows bias and noise of a finite number

Moments = tuple[Float[Array, "*rest"], Float[Array, "groups *rest"]]


def log_mean_exp(values: Float[Array, "samples *rest"], exhaustive: bool = False) -> Moments:
    """The log of the mean of `exp(values)` over samples, its finite-sample bias taken off to first order.

    The log of a mean of M samples lies too low by about Var/(2 M mean^2) (Jensen). Samples are dealt into groups,
    and the spread of the groups' means estimates that; the correction is never more than half a nat.

    **Arguments:** `values`, log-probabilities; `exhaustive`, whether the samples are all there are, each once, so
    that their mean is exact.

    **Returns:** the log-mean, and each group's mean as a multiple of the whole mean (one group if exhaustive).
    """
    num_samples = values.shape[0]
    num_groups = 1 if exhaustive else min(NUM_GROUPS, num_samples)
    top = jax.lax.stop_gradient(jnp.max(values, axis=0))
    safe_top = jnp.where(jnp.isfinite(top), top, 0.0)
    sums = jnp.sum(jnp.exp(_dealt(values, num_groups) - safe_top), axis=0)
    return _log_of_mean(safe_top, sums, num_samples)


def _dealt(values: Float[Array, "samples *rest"], num_groups: int) -> Float[Array, "rounds groups *rest"]:
    """Samples dealt to groups in turn; what is missing in the last round is impossible."""
    padding = -values.shape[0] % num_groups
    padded = jnp.concatenate([values, jnp.full((padding, *values.shape[1:]), -jnp.inf)]) if padding else values
    return padded.reshape(-1, num_groups, *values.shape[1:])


def _log_of_mean(top: Array, sums: Float[Array, "groups *rest"], num_samples: int | Int[Array, ""]) -> Moments:
    """From each group's sum of `exp(value - top)` to the log-mean of all, less its bias, and the groups' ratios."""
    num_groups = sums.shape[0]
    mean = jnp.sum(sums, axis=0) / num_samples
    sizes = (num_samples + num_groups - 1 - np.arange(num_groups)) // num_groups
    ratios = sums / sizes.reshape(-1, *[1] * (sums.ndim - 1)) / jnp.where(mean > 0, mean, 1.0)
    log_mean = top + jnp.log(mean)
    if num_groups == 1:
        return log_mean, ratios
    variance = jnp.sum((ratios - 1) ** 2, axis=0) / (num_groups * (num_groups - 1))
    return log_mean + jnp.minimum(variance, 1.0) / 2, ratios


def index_variance(influence: Num[Array, " groups"] | Num[np.ndarray, " groups"]) -> Any:
    """The variance of a mean score due to the draw of indices, by how each group of them moves it; 0 for one group."""
    groups = influence.size
    return (influence**2).sum() / max(1, groups * (groups - 1)) * (groups > 1)


class RunningLogMean(NamedTuple):
    """`log_mean_exp` of samples that come a few at a time and are not kept.

    It holds `groups + 1` numbers for each of `rest`, however many samples were added. The result is that of
    `log_mean_exp` of all samples in one array, but for rounding.

    >>> import jax
    >>> values = jax.random.normal(jax.random.key(0), (95, 4))
    >>> running = RunningLogMean.empty((4,))
    >>> for block in (values[:40], values[40:50], values[50:]):
    ...     running = running.add(block)
    >>> bool(jax.numpy.allclose(running.finish()[0], log_mean_exp(values)[0], atol=1e-6))
    True
    """

    top: Float[Array, "*rest"]
    sums: Float[Array, "groups *rest"]
    seen: Int[Array, ""]

    @classmethod
    def empty(cls, shape: tuple[int, ...], num_groups: int = NUM_GROUPS) -> "RunningLogMean":
        """No samples yet.

        **Arguments:** `shape`, of the values of one sample; `num_groups`, no more than there will be samples; 1 says
        that the samples will be all there are.
        """
        return cls(jnp.full(shape, -jnp.inf), jnp.zeros((num_groups, *shape)), jnp.zeros((), int))

    def add(self, values: Float[Array, "chunk *rest"]) -> "RunningLogMean":
        """Adds samples; which group one falls to depends only on how many came before."""
        top = jnp.maximum(self.top, jnp.max(values, axis=0))
        safe_top = jnp.where(jnp.isfinite(top), top, 0.0)
        num_groups = self.sums.shape[0]
        new = jnp.sum(jnp.exp(_dealt(values, num_groups) - safe_top), axis=0)
        # Before the first sample that is possible the old top is minus infinity, and the old sums are 0.
        shrink = jnp.where(self.top > -jnp.inf, jnp.exp(self.top - safe_top), 0.0)
        sums = self.sums * shrink + jnp.roll(new, self.seen % num_groups, axis=0)
        return RunningLogMean(top, sums, self.seen + values.shape[0])

    def finish(self) -> Moments:
        """The log-mean with its bias taken off and the groups' ratios, as `log_mean_exp` gives them."""
        return _log_of_mean(jnp.where(jnp.isfinite(self.top), self.top, 0.0), self.sums, self.seen)


def stream_log_mean_exp(
    values: Callable[[Int[Array, " chunk"]], Float[Array, "chunk *rest"]],
    num_samples: int,
    *,
    chunk: int = 100,
    exhaustive: bool = False,
) -> Moments:
    """`log_mean_exp` of samples that are made a chunk at a time, in a compiled loop.

    Memory: `chunk + groups + 1` numbers for each of `rest` (there are at most 20 groups), and what `values` needs for
    one chunk. It does not grow with `num_samples`.

    **Arguments:** `values`, from the positions of some samples to their log-probabilities; it is given every position
    below `num_samples` once and must give the same sample for the same position (index an array of epistemic indices,
    or `jax.random.fold_in` a key); `num_samples`; `chunk`; `exhaustive`, as in `log_mean_exp`.

    **Returns:** as `log_mean_exp`.

    **Raises:** `ValueError` if `num_samples` or `chunk` is below 1.

    >>> import jax
    >>> log_probs = jax.random.normal(jax.random.key(0), (1000, 4))
    >>> in_parts, _ = stream_log_mean_exp(lambda positions: log_probs[positions], 1000, chunk=64)
    >>> bool(jax.numpy.allclose(in_parts, log_mean_exp(log_probs)[0], atol=1e-6))
    True
    """
    if num_samples < 1 or chunk < 1:
        raise ValueError(f"num_samples and chunk must be 1 or more, got {num_samples} and {chunk}")
    chunk = min(chunk, num_samples)
    shape = jax.eval_shape(values, jax.ShapeDtypeStruct((chunk,), int)).shape[1:]
    start = RunningLogMean.empty(shape, 1 if exhaustive else min(NUM_GROUPS, num_samples))
    whole, rest = divmod(num_samples, chunk)
    positions = jnp.arange(whole * chunk).reshape(whole, chunk)
    running, _ = jax.lax.scan(lambda state, now: (state.add(values(now)), None), start, positions)
    if rest:
        running = running.add(values(whole * chunk + jnp.arange(rest)))
    return running.finish()
