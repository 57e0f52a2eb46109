"""d_KL^tau of regression against a known Gaussian posterior: by joint samples, and in closed form.

Targets are `y = f(x) + noise`, the noise of known deviation. What the exact posterior predicts of `tau` targets is one
multivariate normal, so for an agent that is Gaussian too the KL is a formula; for any other the mean over its samples
`f_m` of the density N(y; f_m, noise^2 I) is what it predicts. Targets at one anchor tell an agent from the posterior by
their mean only, so `tau` targets at two anchors are two numbers, and both ways below work in units of those means'
noise: anchors asked `n` times have precision `n / noise^2`.
"""

from collections.abc import Callable
from functools import partial
from math import comb

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from gnothi.metrics.inputs import check_pool
from gnothi.metrics.intervals import Estimate, mean_interval
from gnothi.metrics.log_mean import Moments, index_variance, stream_log_mean_exp
from gnothi.metrics.outcomes import allocations, check_kappa, num_anchors

MAX_ALLOCATIONS = 128  # beyond this many ways to repeat the anchors, ways are sampled
TARGET_DRAWS = 16  # at least so many vectors of targets are sampled for each draw of inputs

Means = Float[np.ndarray, " inputs"]
Covariances = Float[np.ndarray, "inputs inputs"]
Draws = Float[Array, "samples inputs"] | Callable[[Int[Array, " chunk"]], Float[Array, "chunk inputs"]]


def gaussian_kl(
    mean: Means,
    covariance: Covariances,
    agent_mean: Means,
    agent_covariance: Covariances,
    *,
    noise_std: float,
    tau: int = 10,
    inputs: str = "dyadic",
    kappa: int = 2,
    seed: int = 0,
) -> Estimate:
    """d_KL^tau between two Gaussian processes seen through the same noise, in closed form.

    For one draw of inputs it is KL(N(m, S + noise^2 I) || N(m', S' + noise^2 I)) = 1/2 [tr(B^-1 A) - tau + (m - m')^T
    B^-1 (m - m') + log det B - log det A], with A and B the two covariances of `tau` targets.

    **Arguments:** `mean` and `covariance`, of the true function at the inputs, given data; `agent_mean` and
    `agent_covariance`, as the agent sees them; `noise_std`; `tau`, `inputs` and `kappa` as in `kl_divergence`:
    consecutive inputs make a draw; `seed`, for allocations, where there are too many ways to repeat the anchors to
    integrate them.

    **Returns:** nats of all `tau` targets together, its interval over draws of inputs.

    **Raises:** `ValueError` if `tau` or `kappa` is below 1 or larger than the pool allows, if the noise is not
    positive, or if means and covariances are not of the same inputs.
    """
    matrices = {"covariance": covariance, "agent_covariance": agent_covariance}
    _check(noise_std, len(mean), agent_mean=agent_mean, **matrices)
    counts, weights = _design(mean, tau, inputs, kappa, seed)
    anchors = counts.shape[-1]
    root = np.sqrt(counts) / noise_std  # [outcomes, draws or 1, anchors]
    ours, theirs = (
        np.eye(anchors) + root[..., :, None] * _blocks(matrix, anchors) * root[..., None, :]
        for matrix in (covariance, agent_covariance)
    )
    apart = root * _rows(mean - agent_mean, anchors)
    solved = np.linalg.solve(theirs, np.concatenate([ours, apart[..., None]], axis=-1))
    trace = np.trace(solved[..., :-1], axis1=-2, axis2=-1) - anchors
    distance = np.sum(apart * solved[..., -1], axis=-1)
    values = 0.5 * (trace + distance + np.linalg.slogdet(theirs)[1] - np.linalg.slogdet(ours)[1])
    return mean_interval(np.einsum("o,od->d", weights, values))


def regression_kl(
    mean: Means,
    covariance: Covariances,
    draws: Draws,
    num_samples: int | None = None,
    *,
    noise_std: float,
    tau: int = 10,
    inputs: str = "dyadic",
    kappa: int = 2,
    exhaustive: bool = False,
    chunk: int = 100,
    seed: int = 0,
) -> Estimate:
    """Estimates d_KL^tau of an agent against a Gaussian posterior, from joint samples of its function.

    Targets are sampled from the posterior, their density under it is exact, and that under the agent is
    log-mean-exp over samples, streamed (`stream_log_mean_exp` says in what memory). With small noise, or many inputs,
    no sample comes near the targets unless there are very many, and the estimate is too high by more than its interval
    says: the correction for finitely many samples is at most half a nat. `gaussian_kl` of the samples' own mean and
    covariance has no such limit.

    **Arguments:** `mean`, `covariance`, `noise_std`, `tau`, `inputs` and `kappa` as in `gaussian_kl`; a covariance of
    0 makes the reference one known function; `draws`, values of joint samples, or a function from the positions of
    some samples to their values, in pure JAX, asked for `num_samples` of them; `exhaustive`, whether they are all
    there are, each once; `chunk`, how many samples are worked on at once; `seed`, for the targets.

    **Returns:** nats of all `tau` targets together, with a 95 % interval over draws of inputs and samples.

    **Raises:** `ValueError` as `gaussian_kl`, or if `draws` is a function and `num_samples` is missing.
    """
    if callable(draws) and num_samples is None:
        raise ValueError("draws is a function: say by num_samples how many samples it is to make")
    if not callable(draws) and (draws.ndim != 2 or not len(draws) or draws.shape[1] != len(mean)):
        raise ValueError(f"draws must hold a sample a row, of {len(mean)} values each, got shape {draws.shape}")
    _check(noise_std, len(mean), covariance=covariance)
    counts, weights = _design(mean, tau, inputs, kappa, seed)
    copies = -(-TARGET_DRAWS // len(counts))
    counts, weights = np.repeat(counts, copies, axis=0), np.repeat(weights, copies) / copies
    root = np.sqrt(counts) / noise_std
    rows, blocks = _rows(mean, counts.shape[-1]), _blocks(covariance, counts.shape[-1])
    whitened = np.eye(counts.shape[-1]) + root[..., :, None] * blocks * root[..., None, :]
    # The mean target at an anchor less its mean, in units of its noise: normal of covariance I + root S root.
    factor = np.linalg.cholesky(whitened)
    normal = np.random.default_rng([seed, 1]).normal(size=factor.shape[:-1])
    scaled = np.einsum("odij,odj->odi", factor, normal)
    # An anchor that is not asked has a number here too, independent of the others: it is nobody's target.
    log_target = -0.5 * np.sum((root > 0) * normal**2, axis=-1) - np.sum(
        np.log(np.diagonal(factor, axis1=-2, axis2=-1)), axis=-1
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = rows + np.where(root > 0, scaled / root, 0.0)
    asked = jnp.asarray(observed, jnp.float32), jnp.asarray(root, jnp.float32)
    if callable(draws):
        run = jax.jit(partial(_log_densities, draws, num_samples=num_samples, exhaustive=exhaustive, chunk=chunk))
        log_agent, ratios = run(*asked)
    else:
        log_agent, ratios = _of_array(draws, *asked, exhaustive=exhaustive, chunk=chunk)
    values = np.einsum("o,od->d", weights, log_target - np.asarray(log_agent, float))
    influence = np.einsum("o,god->g", weights, np.asarray(ratios, float) - 1) / values.size
    return mean_interval(values, extra_variance=float(index_variance(influence)))


def _log_densities(values_at, observed, root, *, num_samples, exhaustive, chunk) -> Moments:
    """Log-density of the observed means under the agent, but for what cancels against the target's."""
    anchors = observed.shape[-1]
    used = observed.shape[1] * anchors

    def of_chunk(positions):
        functions = values_at(positions)[:, None, :used].reshape(len(positions), 1, -1, anchors)
        return -0.5 * jnp.sum((root * (observed - functions)) ** 2, axis=-1)

    return stream_log_mean_exp(of_chunk, num_samples, chunk=chunk, exhaustive=exhaustive)


@partial(jax.jit, static_argnames=("exhaustive", "chunk"))
def _of_array(draws, observed, root, exhaustive, chunk) -> Moments:
    options = {"num_samples": len(draws), "exhaustive": exhaustive, "chunk": chunk}
    return _log_densities(lambda positions: draws[positions], observed, root, **options)


def _check(noise_std: float, num_inputs: int, **arrays: np.ndarray) -> None:
    """Says which array is not of these inputs; means have one axis, covariances two."""
    if not noise_std > 0:
        raise ValueError(f"noise_std must be above 0 (without noise no two predictions overlap), got {noise_std}")
    for name, array in arrays.items():
        wanted = (num_inputs,) * (2 if "covariance" in name else 1)
        if np.shape(array) != wanted:
            raise ValueError(f"{name} must have the shape {wanted}, for {num_inputs} inputs, got {np.shape(array)}")


def _design(mean: Means, tau: int, inputs: str, kappa: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each anchor is asked, [outcomes, draws or 1, anchors], and how likely each outcome is."""
    if inputs not in ("dyadic", "iid"):
        raise ValueError(f"inputs must be 'dyadic' or 'iid', got {inputs!r}")
    check_kappa(kappa)
    anchors = num_anchors(tau, inputs, kappa)
    check_pool(tau, len(mean), at_least=anchors)
    if inputs == "iid":
        return np.ones((1, 1, anchors)), np.ones(1)
    if tau == 1:  # whichever anchor it is: ask each input
        return np.eye(anchors)[:, None], np.full(anchors, 1 / anchors)
    if comb(tau + kappa - 1, kappa - 1) <= MAX_ALLOCATIONS:
        counts, log_weights = allocations(tau, kappa)
        return counts[:, None].astype(float), np.exp(log_weights)
    places = np.random.default_rng([seed, 0]).multinomial(tau, [1 / kappa] * kappa, (TARGET_DRAWS, len(mean) // kappa))
    return places.astype(float), np.full(TARGET_DRAWS, 1 / TARGET_DRAWS)


def _rows(values: Means, anchors: int) -> Float[np.ndarray, "draws anchors"]:
    return values[: len(values) // anchors * anchors].reshape(-1, anchors)


def _blocks(matrix: Covariances, anchors: int) -> Float[np.ndarray, "draws anchors anchors"]:
    """The covariances within each draw."""
    starts = np.arange(len(matrix) // anchors)[:, None] * anchors + np.arange(anchors)
    return matrix[starts[:, :, None], starts[:, None, :]]
