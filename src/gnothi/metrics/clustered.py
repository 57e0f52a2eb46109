"""d_KL^tau for long joint predictions from few samples, by clustering them: the Neural Testbed's estimators.

With tau labels a likelihood spans some e^tau, and the mean over a thousand samples is the one that happens to fit best.
Clusters of samples that say much the same are averaged label by label first, as if labels were independent within a
cluster (Osband et al. 2022, "The Neural Testbed", app. B). That trades variance for a bias of its own: it is exact for
clusters of equal samples only. `tests/metrics/test_clustered.py` measures both against closed forms.
"""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp, ndtri
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.metrics.intervals import Estimate, mean_interval
from gnothi.metrics.outcomes import by_draw, check_kl, sampled_labels

LARGEST_PROBIT = 5.0  # probabilities are kept within those of 5 standard deviations

Rows = Float[Array, "samples width"]


def kl_projected(
    target: Float[Array, "1 inputs classes"],
    draws: Float[Array, "samples inputs classes"],
    *,
    tau: int = 100,
    inputs: str = "dyadic",
    kappa: int = 2,
    num_planes: int = 7,
    key: PRNGKeyArray,
) -> Estimate:
    """d_KL^tau with samples clustered by the sides of random planes on which their probits lie.

    The published estimator for tau above 10, with 7 planes (128 clusters). The same planes serve every draw of inputs.

    **Arguments:** as of `kl_published`; `num_planes`, the base-2 logarithm of the number of clusters.

    **Raises:** `ValueError` as `kl_published`, or if `num_planes` is not between 1 and 12.
    """
    if not 1 <= num_planes <= 12:
        raise ValueError(f"num_planes must be 1 to 12 (2 to 4096 clusters), got {num_planes}")
    return _estimate(key, target, draws, tau, inputs, kappa, _Planes(num_planes))


def kl_kmeans(
    target: Float[Array, "1 inputs classes"],
    draws: Float[Array, "samples inputs classes"],
    *,
    tau: int = 100,
    inputs: str = "dyadic",
    kappa: int = 2,
    num_clusters: int = 128,
    iterations: int = 10,
    key: PRNGKeyArray,
) -> Estimate:
    """d_KL^tau with samples clustered by k-means of their probits.

    **Arguments:** as of `kl_published`; `num_clusters`, no more than there are samples are used; `iterations`, of
    Lloyd's algorithm, from samples chosen at random.

    **Raises:** `ValueError` as `kl_published`, or if `num_clusters` or `iterations` is below 1.
    """
    if num_clusters < 1 or iterations < 1:
        raise ValueError(f"num_clusters and iterations must be 1 or more, got {num_clusters} and {iterations}")
    return _estimate(key, target, draws, tau, inputs, kappa, _KMeans(min(num_clusters, len(draws)), iterations))


def _estimate(key, target, draws, tau, inputs, kappa, clusters) -> Estimate:
    check_kl(target, draws, tau, inputs, kappa)
    repeated = kappa if inputs == "dyadic" else None
    return mean_interval(np.asarray(_clustered(key, target, draws, tau, repeated, clusters), float))


@dataclass(frozen=True)
class _Planes:
    """Clusters by the sides of random planes on which a row lies."""

    count: int
    smoothing: ClassVar = (1e-6, 1e-6)  # what the originals add to a cluster's sum of probabilities, and to its size

    @property
    def num_clusters(self) -> int:
        return 2**self.count

    def __call__(self, rows: Rows, key: PRNGKeyArray) -> Int[Array, " samples"]:
        normals = jax.random.normal(key, (self.count, rows.shape[1] + 1))
        sides = rows @ normals[:, 1:].T + normals[:, 0] > 0
        return sides @ 2 ** jnp.arange(self.count)


@dataclass(frozen=True)
class _KMeans:
    """Lloyd's algorithm; a cluster that loses all its rows keeps its centre."""

    num_clusters: int
    iterations: int
    smoothing: ClassVar = (5e-10, 1e-9)

    def __call__(self, rows: Rows, key: PRNGKeyArray) -> Int[Array, " samples"]:
        def nearest(centres):
            return jnp.argmin(jnp.sum(centres**2, axis=1) - 2 * rows @ centres.T, axis=1)

        def step(centres, _):
            members = jax.nn.one_hot(nearest(centres), self.num_clusters)
            sizes = jnp.sum(members, axis=0)[:, None]
            return jnp.where(sizes > 0, members.T @ rows / jnp.maximum(sizes, 1), centres), None

        start = rows[jax.random.permutation(key, len(rows))[: self.num_clusters]]
        return nearest(jax.lax.scan(step, start, length=self.iterations)[0])


@partial(jax.jit, static_argnames=("tau", "kappa", "clusters"))
def _clustered(key, target, draws, tau, kappa, clusters) -> Float[Array, " draws"]:
    """One label vector a draw of inputs: its log-probability under the target, less that under the clusters."""
    classes, anchors = draws.shape[2], tau if kappa is None else kappa
    label_key, cluster_key = jax.random.split(key)
    target_log_probs, agent_log_probs = by_draw(target, anchors), by_draw(draws, anchors)
    counts = sampled_labels(label_key, target_log_probs, classes, tau, kappa, repeats=1)[0]

    def score(of_draw):
        log_target, log_probs, counts = of_draw
        probits = jnp.clip(ndtri(jnp.exp(log_probs)), -LARGEST_PROBIT, LARGEST_PROBIT)
        # An anchor asked n times counts as n equal coordinates: distances, and sums of as many normals, go by sqrt(n).
        repeats = jnp.repeat(jnp.sum(counts.reshape(-1, classes), axis=1), classes)
        members = jax.nn.one_hot(clusters(probits * jnp.sqrt(repeats), cluster_key), clusters.num_clusters)
        sizes = jnp.sum(members, axis=0)
        probs = (members.T @ jax.scipy.special.ndtr(probits) + clusters.smoothing[0]) / (
            sizes[:, None] + clusters.smoothing[1]
        )
        joint = jnp.log(sizes / len(log_probs)) + jnp.log(probs) @ counts
        return jnp.sum(jnp.where(counts > 0, log_target[0] * counts, 0.0)) - logsumexp(joint)

    by_number = jnp.moveaxis(target_log_probs, 1, 0), jnp.moveaxis(agent_log_probs, 1, 0), counts
    return jax.lax.map(score, by_number)
