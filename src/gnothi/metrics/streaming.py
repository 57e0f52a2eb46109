"""d_KL^tau from any number of joint samples, orders and classes, in bounded memory.

`kl_divergence` holds all samples at once. A long joint prediction wants many more of them (the weight of the sample
that fits best grows with tau), and many classes make each one large. Here samples come a chunk at a time and only
running sums stay.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.metrics.intervals import Estimate, mean_interval
from gnothi.metrics.log_mean import NUM_GROUPS, Moments, RunningLogMean, index_variance, stream_log_mean_exp
from gnothi.metrics.outcomes import by_draw, check_kl, num_anchors, sampled_columns

Target = Float[Array, "hypotheses inputs classes"]
Block = Float[Array, "chunk inputs classes"]
Sampler = Callable[[Int[Array, " chunk"]], Block]


def kl_streamed(
    target: Target,
    draws: Sampler | Iterable[Any],
    num_samples: int | None = None,
    *,
    tau: int = 10,
    inputs: str = "dyadic",
    kappa: int = 2,
    exhaustive: bool = False,
    label_draws: int = 8,
    chunk: int = 100,
    key: PRNGKeyArray,
) -> Estimate:
    """Estimates d_KL^tau of an agent whose joint samples are made, or arrive, a few at a time.

    The same quantity as `kl_divergence`, with labels sampled whatever the number of outcomes, and the same correction
    for a finite number of samples: with the same labels, the same result. Memory, in numbers: for the samples
    `3 * chunk * inputs * classes`; for the labels `label_draws * draws * (2 * groups + 2 * chunk + min(tau, kappa *
    classes))`, at most 20 groups, where `draws = inputs / kappa` (`inputs / tau` and `tau` for `"iid"`); and
    `draws * tau * classes` while labels are drawn. None of it grows with `num_samples`.

    **Arguments:** `target`, logits of the true model, or of a uniform mixture of hypotheses; `draws`, from the
    positions of some samples to their logits, in pure JAX (each position is asked once), or blocks of samples of any
    size, from any framework; `num_samples`, needed where `draws` is a function; `tau`, `inputs` and `kappa` as in
    `kl_divergence`; `exhaustive`, whether the samples are all there are, each once (a finite ensemble); `label_draws`,
    how many label vectors are sampled for each draw of inputs; `chunk`, how many samples are held at once where
    `draws` is a function; `key`, for the labels.

    **Returns:** nats of all `tau` labels together, with a 95 % interval over draws of inputs and samples.

    **Raises:** `ValueError` as `kl_divergence`, if there are no samples, or if `num_samples` is missing.

    >>> import jax, gnothi as gn
    >>> k1, k2, k3 = jax.random.split(jax.random.key(0), 3)
    >>> coins = jax.random.normal(k1, (5000, 2))  # nothing is known of a coin but the law of its bias
    >>> truth = jax.random.normal(k2, (1, 200, 2))
    >>> def draws(positions):
    ...     return jax.numpy.repeat(coins[positions][:, None], 200, axis=1)
    >>> kl_streamed(truth, draws, 5000, tau=100, key=k3).units
    100
    """
    blocks = iter(()) if callable(draws) else iter(draws)
    if callable(draws):
        if num_samples is None:
            raise ValueError("draws is a function: say by num_samples how many samples it is to make")
        first = jax.eval_shape(draws, jax.ShapeDtypeStruct((1,), int))
    else:
        first = next(blocks, None)
        if first is None:
            raise ValueError("there are no samples: draws is empty")
        first = jnp.asarray(first)
    check_kl(target, first, tau, inputs, kappa)
    repeated = kappa if inputs == "dyadic" else None
    anchors, as_counts = num_anchors(tau, inputs, kappa), _as_counts(tau, target.shape[2], repeated)
    asked, log_target = _ask(key, target, tau, repeated, label_draws)
    if callable(draws) and num_samples is not None:
        log_agent, ratios = _stream(draws, num_samples, chunk, exhaustive, asked, anchors, as_counts)
    else:
        groups = 1 if exhaustive else NUM_GROUPS
        log_agent, ratios = _gather([first], blocks, groups, asked, anchors, as_counts).finish()
    influence = np.asarray(jnp.mean(ratios - 1, axis=(1, 2)), float)
    return mean_interval(
        np.asarray(jnp.mean(log_target - log_agent, axis=0), float), extra_variance=float(index_variance(influence))
    )


def _as_counts(tau: int, classes: int, kappa: int | None) -> bool:
    """Whether labels are better kept as how often each occurs than one by one."""
    return kappa is not None and kappa * classes <= tau


@partial(jax.jit, static_argnames=("tau", "kappa", "label_draws"))
def _ask(key, target, tau, kappa, label_draws):
    """Labels for each draw of inputs, a label vector at a time, and how likely the target finds them."""
    classes = target.shape[2]
    log_probs = by_draw(target, tau if kappa is None else kappa)
    as_counts = _as_counts(tau, classes, kappa)

    def ask_once(key):
        asked = sampled_columns(key, log_probs, classes, tau, kappa, repeats=1)[0]
        if as_counts:
            asked = jax.vmap(lambda row: jnp.bincount(row, length=log_probs.shape[2]))(asked)
        likelihoods = _log_likelihoods(log_probs, asked[None], as_counts)[:, 0]
        return asked, jax.nn.logsumexp(likelihoods, axis=0) - jnp.log(len(log_probs))

    return jax.lax.map(ask_once, jax.random.split(key, label_draws))


def _log_likelihoods(
    log_probs: Float[Array, "samples draws width"], asked: Int[Array, "labels draws entries"], as_counts: bool
) -> Float[Array, "samples labels draws"]:
    """Of every label vector under every sample: a sum over labels that never holds all its terms."""
    numbers = jnp.arange(log_probs.shape[1])

    def add(total, entry):
        if not as_counts:
            return total + log_probs[:, numbers, asked[..., entry]], None
        counts = asked[..., entry]  # what is not asked for adds nothing, even where it is impossible
        return total + jnp.where(counts > 0, log_probs[:, None, :, entry] * counts, 0.0), None

    start = jnp.zeros((log_probs.shape[0], *asked.shape[:2]))
    return jax.lax.scan(add, start, jnp.arange(asked.shape[2]))[0]


def _stream(
    draws: Sampler, num_samples: int, chunk: int, exhaustive: bool, asked: Array, anchors: int, as_counts: bool
) -> Moments:
    """The log-mean over samples that a function makes, in one compiled loop."""

    def log_likelihoods(asked, positions):
        return _log_likelihoods(by_draw(draws(positions), anchors), asked, as_counts)

    options: dict[str, Any] = {"num_samples": num_samples, "chunk": chunk, "exhaustive": exhaustive}
    return jax.jit(lambda asked: stream_log_mean_exp(partial(log_likelihoods, asked), **options))(asked)


@partial(jax.jit, static_argnames=("anchors", "as_counts"))
def _add_block(running, block, asked, anchors, as_counts):
    return running.add(_log_likelihoods(by_draw(block, anchors), asked, as_counts))


def _gather(seen: list[Array], blocks: Iterator[Any], groups: int, asked, anchors, as_counts) -> RunningLogMean:
    """The running mean over blocks that arrive one by one; `seen` are those that had to be looked at."""
    while sum(map(len, seen)) < groups and (block := next(blocks, None)) is not None:
        seen.append(jnp.asarray(block))  # with fewer samples than groups there are fewer groups
    running = RunningLogMean.empty(asked.shape[:2], min(groups, sum(map(len, seen))))
    while seen:
        running = _add_block(running, seen.pop(0), asked, anchors, as_counts)
    for block in blocks:
        running = _add_block(running, jnp.asarray(block), asked, anchors, as_counts)
    return running
