"""Bootstrapping: each index sees the data with weights of its own.

Weights are a fixed function of (data point, index) and are never stored. The index law gives one standard normal
number for each pair (`IndexDistribution.noise`); its quantile under the wanted law is the weight. All laws have mean 1
(Osband et al. 2022, "Ensembles for Uncertainty Estimation", sec. 3).
"""

from collections.abc import Callable

import jax.numpy as jnp
from jax.scipy import stats
from jaxtyping import Array, Float
from scipy.stats import poisson

Weights = Float[Array, "..."]

_POISSON_STEPS = tuple(float(p) for p in poisson.cdf(range(12), 1.0))


def _bernoulli(noise: Weights) -> Weights:
    return 2.0 * (noise > 0)


def _exponential(noise: Weights) -> Weights:
    return -stats.norm.logsf(noise)


def _poisson(noise: Weights) -> Weights:
    return jnp.sum(stats.norm.cdf(noise)[..., None] > jnp.array(_POISSON_STEPS), axis=-1).astype(float)


#: From name to the function that makes weights of standard normal numbers: every weight 1; 0 or 2 with equal chance;
#: exponential of mean 1; Poisson of mean 1.
BOOTSTRAPS: dict[str, Callable[[Weights], Weights]] = {
    "none": jnp.ones_like,
    "bernoulli": _bernoulli,
    "exponential": _exponential,
    "poisson": _poisson,
}
