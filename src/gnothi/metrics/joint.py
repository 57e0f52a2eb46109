"""Joint log-loss and d_KL^tau: how good is a joint prediction, and how is that estimated?

A joint prediction of order tau says how likely every combination of tau labels is. From samples, one index `z` each,

    log P(y_1..y_tau) = log mean_z exp( sum_t log p_z(y_t | x_t) ),

which is what `log_mean_exp` computes, in log space from end to end. d_KL^tau is the expected difference of this from
the log-probability under the true model (Wen et al. 2021, "From Predictions to Decisions", eq. 1), in nats of all tau
labels together: it is not divided by tau.

Two estimators of it: `kl_divergence`, ours, and `kl_published`, that of the Neural Testbed (Osband et al. 2022). Ours
evaluates each index once on all anchors, integrates labels and anchor counts instead of sampling them where they are
few, takes the bias of a finite number of indices off, and says how large its Monte-Carlo error is.
"""

from collections.abc import Sequence
from functools import partial
from math import comb
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.data import check_labels
from gnothi.metrics.inputs import CHOICES, check_pool
from gnothi.metrics.intervals import Estimate, mean_interval
from gnothi.metrics.log_mean import NUM_GROUPS, index_variance, log_mean_exp
from gnothi.metrics.outcomes import (
    allocations,
    anchors_drawn,
    by_draw,
    check_kappa,
    check_kl,
    dyadic_outcomes,
    num_anchors,
    num_dyadic_outcomes,
    sampled_labels,
)

MAX_OUTCOMES = 400  # beyond this many label counts a pair of anchors, labels are sampled
LABEL_DRAWS = 32  # how many label vectors are then sampled for each set of inputs
CHUNK = 2**16  # how many numbers a step of the estimator works on: what fits a core's cache
UNROLLED = 64  # columns (anchors times classes) that are added up in one expression
LEAST_CHUNK = 64  # draws a step, at least: with fewer on the minor axis the loops over it do not pay


class Scores(NamedTuple):
    """Scores of independent draws of inputs, and what a finite number of indices does to their mean.

    `values` are nats a draw; `index_variance` is the variance of their mean due to the draw of indices.
    """

    values: Float[Array, " draws"]
    index_variance: Float[Array, ""]

    def estimate(self) -> Estimate:
        """The mean score with its interval, over both sources of Monte-Carlo error."""
        return mean_interval(np.asarray(self.values, float), extra_variance=float(self.index_variance))


class _Design(NamedTuple):
    """Which labels a joint prediction is asked about: outcomes, each a count of every class at every anchor."""

    counts: Array  # [outcomes, draws, anchors*classes]; `draws` is 1 where all draws ask the same
    log_weights: Array  # [outcomes]
    times_target: bool  # whether an outcome also weighs as much as the target says it is likely


def _score(
    agent: Float[Array, "samples draws width"],
    target: Float[Array, "hypotheses draws width"] | None,
    design: _Design,
    exhaustive: bool,
) -> Scores:
    """Log-probability under the target less that under the agent, averaged over the outcomes of each draw.

    Draws are worked through a chunk at a time, outcomes one by one, so that all of a step stays in cache.
    """
    num_samples, num_draws, width = agent.shape
    chunk = min(num_draws, max(LEAST_CHUNK, CHUNK // (num_samples * width)))
    num_chunks = -(-num_draws // chunk)

    def in_chunks(array, axis):
        padding = [(0, 0)] * array.ndim
        padding[axis] = (0, num_chunks * chunk - num_draws)
        array = jnp.pad(array, padding).reshape(*array.shape[:axis], num_chunks, chunk, *array.shape[axis + 1 :])
        return jnp.moveaxis(array, axis, 0)

    def log_likelihoods(log_probs, counts):  # [width, samples, chunk] and [chunk or 1, width]
        def add(total, column):
            log_probs, counts = column
            # What is not asked for adds nothing, even where it is impossible (0 times -inf).
            return total + jnp.where(counts > 0, log_probs * counts, 0.0), None

        # Few columns become one loop over the data; of many, XLA would compile for minutes.
        columns = (log_probs, counts.T)
        return jax.lax.scan(add, jnp.zeros(log_probs.shape[1:]), columns, unroll=width if width <= UNROLLED else 8)[0]

    def score_chunk(args):
        agent, target, counts, real = args

        def add_outcome(totals, outcome):
            values, influence = totals
            counts, log_weight = outcome
            log_agent, ratios = log_mean_exp(log_likelihoods(agent, counts), exhaustive)
            log_target = jnp.zeros(chunk)
            if target is not None:
                log_target, _ = log_mean_exp(log_likelihoods(target, counts), exhaustive=True)
            weight = real * jnp.exp(log_weight + (log_target if design.times_target else 0.0))
            values = values + jnp.where(weight != 0, weight * (log_target - log_agent), 0.0)
            return (values, influence + (ratios - 1) @ weight), None

        num_groups = 1 if exhaustive else min(NUM_GROUPS, num_samples)
        start = (jnp.zeros(chunk), jnp.zeros(num_groups))
        return jax.lax.scan(add_outcome, start, (counts, design.log_weights))[0]

    shared = design.counts.shape[1] == 1
    counts = jnp.repeat(design.counts[None], num_chunks, axis=0) if shared else in_chunks(design.counts, 1)
    args = (
        jnp.transpose(in_chunks(agent, 1), (0, 3, 1, 2)),
        None if target is None else jnp.transpose(in_chunks(target, 1), (0, 3, 1, 2)),
        counts,
        in_chunks(jnp.ones(num_draws), 0),
    )
    values, influence = jax.lax.map(score_chunk, args)
    influence = jnp.sum(influence, axis=0) / num_draws
    return Scores(values.reshape(-1)[:num_draws], index_variance(influence))


def _marginal_kl(target: Float[Array, "h inputs classes"], agent: Float[Array, "m inputs classes"], exhaustive: bool):
    """tau = 1: all labels of every input, whatever the number of classes."""
    log_target, _ = log_mean_exp(jax.nn.log_softmax(target), exhaustive=True)
    log_agent, ratios = log_mean_exp(jax.nn.log_softmax(agent), exhaustive)
    probs = jnp.exp(log_target)
    values = jnp.sum(jnp.where(probs != 0, probs * (log_target - log_agent), 0.0), axis=-1)
    influence = jnp.einsum("gic,ic->g", ratios - 1, probs) / values.size
    return Scores(values, index_variance(influence))


@partial(jax.jit, static_argnames=("tau", "inputs", "exhaustive", "kappa"))
def kl_scores(
    target: Float[Array, "hypotheses inputs classes"],
    draws: Float[Array, "samples inputs classes"],
    *,
    tau: int,
    inputs: str = "dyadic",
    exhaustive: bool = False,
    kappa: int = 2,
    key: PRNGKeyArray,
) -> Scores:
    """The scores behind `kl_divergence`, as arrays: what to call inside `jit` and `lax.map`."""
    classes = draws.shape[2]
    check_kl(target, draws, tau, inputs, kappa)
    if tau == 1:
        return _marginal_kl(target, draws, exhaustive)
    anchors = num_anchors(tau, inputs, kappa)
    target_log_probs, agent_log_probs = by_draw(target, anchors), by_draw(draws, anchors)
    if inputs == "dyadic" and classes == 2 and kappa == 2 and num_dyadic_outcomes(tau) <= MAX_OUTCOMES:
        counts, log_weights = dyadic_outcomes(tau)
        design = _Design(jnp.asarray(counts)[:, None], jnp.asarray(log_weights, jnp.float32), True)
        return _score(agent_log_probs, target_log_probs, design, exhaustive)
    repeated = kappa if inputs == "dyadic" else None
    labels = sampled_labels(key, target_log_probs, classes, tau, repeated, LABEL_DRAWS)
    design = _Design(labels, jnp.full(LABEL_DRAWS, -np.log(LABEL_DRAWS)), False)
    return _score(agent_log_probs, target_log_probs, design, exhaustive)


def kl_divergence(
    target: Float[Array, "hypotheses inputs classes"],
    draws: Float[Array, "samples inputs classes"],
    *,
    tau: Sequence[int] = (1, 10),
    inputs: str = "dyadic",
    exhaustive: bool = False,
    kappa: int = 2,
    key: PRNGKeyArray,
) -> dict[int, Estimate]:
    """Estimates d_KL^tau of an agent against a known generative model.

    Each pair of consecutive inputs is a draw of two anchors (`dyadic`; with `kappa`, as many as that), or each `tau`
    consecutive inputs a draw (`iid`), so give inputs that are independent. Two classes on two anchors have few label
    counts (161 at tau = 10): they are integrated. Otherwise labels are sampled from the target.

    **Arguments:** `target`, logits of the true model, or of a uniform mixture of hypotheses; `draws`, logits of joint
    samples of the agent; `tau`, the orders wanted, all scored on the same pass over the same draws; `inputs`,
    `"dyadic"` or `"iid"`; `exhaustive`, whether `draws` are all members of a finite ensemble, once each; `kappa`, how
    many anchors are repeated where `inputs` are `"dyadic"` (they are then kappa-adic); `key`, for sampled labels.

    **Returns:** for each `tau`, nats of all `tau` labels together, with a 95 % interval over draws and indices.

    **Raises:** `ValueError` if `tau` or `kappa` is below 1 or larger than the pool allows, if `inputs` is neither of
    the two, or if `target` and `draws` are not for the same inputs.

    >>> import jax, jax.numpy as jnp
    >>> truth = jax.random.normal(jax.random.key(0), (1, 200, 2))
    >>> know_all = kl_divergence(truth, truth, key=jax.random.key(1), exhaustive=True)
    >>> abs(know_all[10].value) < 1e-5
    True
    """
    for t in tau:
        check_kl(target, draws, t, inputs, kappa)
    options = {"inputs": inputs, "exhaustive": exhaustive, "kappa": kappa}

    def scores(t: int) -> Scores:
        return kl_scores(target, draws, tau=t, key=jax.random.fold_in(key, t), **options)

    return {t: scores(t).estimate() for t in tau}


@partial(jax.jit, static_argnames=("tau", "kappa"))
def _published_scores(key, target, draws, tau, kappa):
    anchors = tau if kappa is None else kappa
    target_log_probs, agent_log_probs = by_draw(target, anchors), by_draw(draws, anchors)
    counts = sampled_labels(key, target_log_probs, draws.shape[2], tau, kappa, repeats=1)[0]
    log_target = jnp.einsum("hdw,dw->hd", target_log_probs, counts)[0]
    log_agent = logsumexp(jnp.einsum("mdw,dw->md", agent_log_probs, counts), axis=0) - jnp.log(draws.shape[0])
    return log_target - log_agent


def kl_published(
    target: Float[Array, "1 inputs classes"],
    draws: Float[Array, "samples inputs classes"],
    *,
    tau: int = 10,
    inputs: str = "dyadic",
    kappa: int = 2,
    key: PRNGKeyArray,
) -> Estimate:
    """d_KL^tau as the Neural Testbed estimates it, to compare with published numbers.

    One label vector is sampled for each draw of inputs; the bias of finitely many indices stays in. The published
    sizes are 1,000 draws (2,000 inputs where dyadic) and 1,000 samples.

    **Raises:** `ValueError` if `tau` is below 1 or larger than the pool allows.
    """
    check_kl(target, draws, tau, inputs, kappa)
    repeated = kappa if inputs == "dyadic" else None
    return mean_interval(np.asarray(_published_scores(key, target, draws, tau, repeated), float))


def joint_log_loss(
    draws: Float[Array, "samples inputs classes"],
    labels: Int[Array, " labels"],
    *,
    tau: int = 10,
    inputs: str = "dyadic",
    exhaustive: bool = False,
    kappa: int = 2,
    pool: Float[Array, "inputs ..."] | None = None,
    key: PRNGKeyArray | None = None,
) -> Estimate:
    """The joint log-loss of order `tau` on real labels, in nats of all `tau` labels together.

    `dyadic` repeats two test inputs, labels and all, `tau` times; how often each is repeated is integrated. Every input
    serves in several pairs, and the interval allows for that (it is over inputs, by Hajek's projection); it does not
    where neighbourhoods of `"local"` overlap. With `kappa` other than 2 each input serves once, and the interval is
    over sets of `kappa` inputs.

    **Arguments:** `draws`, logits of joint samples; `labels`; `tau`; `inputs`, `"dyadic"`, `"iid"` or `"local"`;
    `exhaustive`, whether `draws` are all members of a finite ensemble, once each; `kappa`, how many inputs are
    repeated where `inputs` are `"dyadic"`; `pool`, the inputs themselves, needed for `"local"` only; `key`, shuffles
    the inputs.

    **Raises:** `ValueError` if `tau` or `kappa` is below 1 or larger than the pool allows, if labels and draws disagree
    in number, if a label is none of the classes, or if `inputs` is none of the three.

    >>> import jax, jax.numpy as jnp
    >>> sure = jnp.array([[[9.0, -9.0]] * 6])
    >>> joint_log_loss(sure, jnp.zeros(6, int), tau=10, exhaustive=True).value < 1e-3
    True
    """
    num_inputs, num_classes = draws.shape[1:]
    if labels.shape[0] != num_inputs:
        raise ValueError(f"draws are for {num_inputs} inputs, but there are {labels.shape[0]} labels")
    check_labels(labels, num_classes, name="labels")
    if inputs not in CHOICES:
        raise ValueError(f"inputs must be one of {', '.join(map(repr, CHOICES))}, got {inputs!r}")
    key = jax.random.key(0) if key is None else key
    log_probs = jnp.take_along_axis(jax.nn.log_softmax(draws), labels[None, :, None], axis=2)[..., 0]
    if inputs == "dyadic" and tau > 1:
        check_kappa(kappa)
        check_pool(tau, num_inputs, at_least=kappa)
        shuffled = log_probs[:, jax.random.permutation(key, num_inputs)]
        if kappa == 2:
            return _dyadic_log_loss(shuffled, tau, exhaustive)
        return _polyadic_log_loss(jax.random.fold_in(key, kappa), shuffled, tau, kappa, exhaustive)
    check_pool(tau, num_inputs, at_least=tau)
    if tau == 1:  # however inputs are chosen, each is asked once
        positions = jnp.arange(num_inputs)[:, None]
    elif inputs == "iid":
        positions = jax.random.permutation(key, num_inputs)[: num_inputs // tau * tau].reshape(-1, tau)
    elif pool is None:
        raise ValueError("inputs='local' needs to know where the inputs lie: give pool=x")
    else:
        positions = jax.vmap(lambda k: CHOICES[inputs](k, pool, tau))(jax.random.split(key, num_inputs // tau))
    joint = jnp.sum(log_probs[:, positions], axis=-1)
    log_mean, ratios = log_mean_exp(joint, exhaustive)
    return Scores(-log_mean, index_variance(jnp.mean(ratios - 1, axis=-1))).estimate()


@partial(jax.jit, static_argnames="exhaustive")
def _score_labels(log_probs, counts, log_weights, exhaustive):
    return _score(log_probs, None, _Design(counts, log_weights, False), exhaustive)


def _dyadic_log_loss(log_probs: Float[Array, "samples inputs"], tau: int, exhaustive: bool) -> Estimate:
    """Pairs every input with a few others; integrates how often each of a pair is repeated."""
    num_inputs = log_probs.shape[1]
    shifts = range(1, 1 + min(num_inputs - 1, max(1, 1000 // num_inputs)))
    first = np.tile(np.arange(num_inputs), len(shifts))
    second = np.concatenate([(np.arange(num_inputs) + shift) % num_inputs for shift in shifts])
    pairs = jnp.stack([log_probs[:, first], log_probs[:, second]], axis=-1)
    repeats = np.arange(tau + 1)
    counts = jnp.asarray(np.stack([repeats, tau - repeats], axis=-1), jnp.float32)[:, None]
    weights = jnp.asarray([np.log(comb(tau, int(n))) - tau * np.log(2) for n in repeats], jnp.float32)
    scores = _score_labels(pairs, counts, weights, exhaustive)
    values = np.asarray(scores.values, float)
    by_input = (np.bincount(first, values, num_inputs) + np.bincount(second, values, num_inputs)) / (2 * len(shifts))
    with np.errstate(invalid="ignore"):  # an infinite loss has no variance
        ordinary = by_input.var(ddof=1) / num_inputs
    # A U-statistic of order two has four times the variance of a mean, to first order.
    return mean_interval(by_input, extra_variance=float(scores.index_variance) + 3 * ordinary)


def _polyadic_log_loss(
    key: PRNGKeyArray, log_probs: Float[Array, "samples inputs"], tau: int, kappa: int, exhaustive: bool
) -> Estimate:
    """Deals inputs into sets of `kappa`; integrates how often each is repeated, or samples it where ways are many."""
    num_sets = log_probs.shape[1] // kappa
    sets = log_probs[:, : num_sets * kappa].reshape(-1, num_sets, kappa)
    if comb(tau + kappa - 1, kappa - 1) <= MAX_OUTCOMES:
        repeats, log_weights = allocations(tau, kappa)
        counts = jnp.asarray(repeats, jnp.float32)[:, None]
    else:
        places = anchors_drawn(key, (LABEL_DRAWS, num_sets, tau), kappa)
        counts = jnp.sum(jax.nn.one_hot(places, kappa), axis=-2)
        log_weights = np.full(LABEL_DRAWS, -np.log(LABEL_DRAWS))
    return _score_labels(sets, counts, jnp.asarray(log_weights, jnp.float32), exhaustive).estimate()
