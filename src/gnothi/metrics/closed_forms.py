"""What linear models with Gaussian priors predict and believe, in closed form: answers that estimators must hit.

Targets are `y = x.w + noise` with `w ~ N(0, prior_std^2 I)` and normal noise. `K = prior_std^2 X X^T + noise^2 I` is
then the covariance of the targets at inputs `X`, and `S = (X^T X / noise^2 + I / prior_std^2)^-1` that of the weights
given data.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from gnothi.metrics.intervals import Estimate, mean_interval
from gnothi.metrics.log_mean import index_variance, log_mean_exp

Inputs = Float[np.ndarray, "data features"]
Covariance = Float[np.ndarray, "features features"]

#: Ways to train an ensemble of linear models: without prior functions (each starts elsewhere); with them; with them and
#: noise on targets; with them and exponential weights on data.
RECIPES = ("no prior", "prior", "prior + noise", "prior + bootstrap")


def joint_information(
    inputs: Float[np.ndarray, "*draws tau features"], *, prior_std: float, noise_std: float
) -> Float[np.ndarray, "*draws"]:
    """KL(joint prediction || product of its marginals) of linear-Gaussian targets: (sum log K_ii - log det K) / 2.

    It is what an agent loses that is right about each label and takes labels for independent (Osband et al. 2022,
    "Evaluating High-Order Predictive Distributions in Deep Learning", sec. 4).

    **Arguments:** `inputs`, those of one joint prediction, or of many, stacked on leading axes; an input that is
    repeated has a target of its own each time.

    **Returns:** nats of all `tau` targets together.

    >>> import numpy as np
    >>> round(float(joint_information(np.ones((2, 1)), prior_std=1.0, noise_std=1.0)), 4)  # 1/2 log(4 / 3)
    0.1438
    """
    covariance = prior_std**2 * np.einsum("...id,...jd->...ij", inputs, inputs)
    covariance = covariance + noise_std**2 * np.eye(inputs.shape[-2])
    marginal = np.log(np.diagonal(covariance, axis1=-2, axis2=-1)).sum(axis=-1)
    return np.asarray(0.5 * (marginal - np.linalg.slogdet(covariance)[1]))


def estimator_error(
    inputs: Float[np.ndarray, "draws tau features"], *, noise_std: float, num_samples: int = 10_000, seed: int = 0
) -> Estimate:
    """By how many nats the estimator from joint samples is off `joint_information`, for weights of deviation 1.

    The joint prediction is `log_mean_exp` over samples of the weights, at one vector of targets a draw of inputs; each
    marginal is a normal density. That the targets at hand are more or less surprising than most is taken off.
    """
    x, (draws, tau, size) = inputs, inputs.shape
    rng = np.random.default_rng(seed)
    truth = np.einsum("btd,bd->bt", x, rng.normal(size=(draws, size)))
    y = truth + noise_std * rng.normal(size=truth.shape)
    weights = rng.normal(size=(num_samples, size)).astype(np.float32)
    functions = (weights @ x.reshape(-1, size).T.astype(np.float32)).reshape(num_samples, draws, tau)
    log_likelihoods = -0.5 * np.sum(((y - functions) / noise_std) ** 2, axis=-1)
    log_joint, ratios = log_mean_exp(jnp.asarray(log_likelihoods, jnp.float32))
    influence = np.mean(np.asarray(ratios, float) - 1, axis=1)
    variance = noise_std**2 + np.sum(x**2, axis=-1)
    log_marginals = -0.5 * np.sum(y**2 / variance + np.log(variance / noise_std**2), axis=-1)
    covariance = np.einsum("btd,bsd->bts", x, x) + noise_std**2 * np.eye(tau)
    surprise = 0.5 * (np.einsum("bt,bt->b", y, np.linalg.solve(covariance, y[..., None])[..., 0]) - tau)
    surprise -= 0.5 * np.sum(y**2 / variance - 1, axis=-1)
    exact = joint_information(x, prior_std=1.0, noise_std=noise_std)
    values = np.asarray(log_joint, float) - log_marginals + surprise - exact
    return mean_interval(values, extra_variance=float(index_variance(influence)))


def weight_posterior(x: Inputs, *, prior_std: float, noise_std: float | Float[np.ndarray, " data"]) -> Covariance:
    """The exact posterior covariance of the weights, S; `noise_std` may differ from one data point to another."""
    scaled = x / np.broadcast_to(noise_std, len(x))[:, None]
    return np.linalg.inv(scaled.T @ scaled + np.eye(x.shape[1]) / prior_std**2)


def ensemble_covariance(
    recipe: str, x: Inputs, y: Float[np.ndarray, " data"], *, prior_std: float, noise_std: float
) -> Covariance:
    """The covariance over members of the weights of a trained linear ensemble (Osband et al. 2022, "Ensembles for
    Uncertainty Estimation: Benefits of Prior Functions and Bootstrapping").

    Each member minimises the sum of squared errors over `2 noise_std^2` and the squared distance to its own prior
    draw over `2 prior_std^2`. Without priors all end in one place: 0. With priors `S S / prior_std^2`, which shrinks
    with the square of the data. With noise of `noise_std` added to targets as well, exactly `S`. With data weighted
    by exponential draws the sandwich `S (X^T diag(residual^2) X / noise_std^4 + I / prior_std^2) S`, to first order
    in the weights: it takes the noise from the residuals, point by point.

    **Raises:** `ValueError` if `recipe` is none of `RECIPES`.
    """
    if recipe not in RECIPES:
        raise ValueError(f"recipe must be one of {', '.join(map(repr, RECIPES))}, got {recipe!r}")
    posterior = weight_posterior(x, prior_std=prior_std, noise_std=noise_std)
    if recipe == "no prior":
        return np.zeros_like(posterior)
    if recipe == "prior + noise":
        return posterior
    middle = np.eye(x.shape[1]) / prior_std**2
    if recipe == "prior + bootstrap":
        residuals = y - x @ (posterior @ (x.T @ y) / noise_std**2)
        middle = middle + (x * residuals[:, None] ** 2).T @ x / noise_std**4
    return posterior @ middle @ posterior


def covariance_error(estimate: Covariance, truth: Covariance) -> float:
    """The relative distance of two covariances (Frobenius)."""
    return float(np.linalg.norm(estimate - truth) / np.linalg.norm(truth))
