"""Marginal scores: one input at a time, from the mean of the sampled probabilities.

Each raises `ValueError` if a label is none of the classes.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from gnothi.data import check_labels
from gnothi.metrics.intervals import Estimate, bootstrap_interval, mean_interval
from gnothi.metrics.log_mean import log_mean_exp

Draws = Float[Array, "samples inputs classes"]
Labels = Int[Array, " inputs"]


def _mean_probs(draws: Draws, labels: Labels) -> Float[np.ndarray, "inputs classes"]:
    check_labels(labels, draws.shape[2], name="labels")
    return np.asarray(jnp.mean(jax.nn.softmax(draws), axis=0), float)


def log_loss(
    draws: Draws, labels: Labels, *, exhaustive: bool = False, clusters: Int[np.ndarray, " inputs"] | None = None
) -> Estimate:
    """The negative log-probability of each label, in nats: the joint log-loss of order 1.

    **Arguments:** `draws`, logits of joint samples; `labels`; `exhaustive`, whether `draws` are all members of a
    finite ensemble; `clusters`, which inputs belong together, where they are not independent.
    """
    check_labels(labels, draws.shape[2], name="labels")
    log_probs = jnp.take_along_axis(jax.nn.log_softmax(draws), labels[None, :, None], axis=2)[..., 0]
    return mean_interval(-np.asarray(log_mean_exp(log_probs, exhaustive)[0], float), clusters)


def accuracy(draws: Draws, labels: Labels, *, clusters: Int[np.ndarray, " inputs"] | None = None) -> Estimate:
    """How often the most probable label is the right one; a tie of k labels counts 1/k."""
    probs = _mean_probs(draws, labels)
    best = probs == probs.max(axis=1, keepdims=True)
    right = best[np.arange(len(probs)), np.asarray(labels)] / best.sum(axis=1)
    return mean_interval(right, clusters)


def brier_score(draws: Draws, labels: Labels, *, clusters: Int[np.ndarray, " inputs"] | None = None) -> Estimate:
    """The squared distance of the probabilities to the label's corner, summed over classes (Brier 1950): 0 to 2."""
    probs = _mean_probs(draws, labels)
    errors = probs - np.eye(probs.shape[1])[np.asarray(labels)]
    return mean_interval(np.sum(errors**2, axis=1), clusters)


def calibration_error(
    draws: Draws, labels: Labels, *, num_bins: int = 10, clusters: Int[np.ndarray, " inputs"] | None = None
) -> Estimate:
    """Expected calibration error: how far confidence lies from accuracy, over bins of equal width (Guo et al. 2017).

    Its interval is a bootstrap over inputs, or over clusters of them. It is biased upward when inputs are few.
    """
    probs = _mean_probs(draws, labels)
    confidence = probs.max(axis=1)
    right = (probs.argmax(axis=1) == np.asarray(labels)).astype(float)
    bins = np.minimum((confidence * num_bins).astype(int), num_bins - 1)
    which = np.arange(len(probs)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    gaps = np.zeros((which.max() + 1, num_bins))
    np.add.at(gaps, (which, bins), right - confidence)
    sizes = np.bincount(which)

    def error(rows: Int[np.ndarray, "resamples units"]) -> Float[np.ndarray, " resamples"]:
        return np.array([np.abs(gaps[row].sum(axis=0)).sum() / sizes[row].sum() for row in rows])

    return bootstrap_interval(error, len(sizes), num_resamples=500)
