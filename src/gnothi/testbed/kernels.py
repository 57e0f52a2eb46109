"""Kernels of endlessly wide ReLU networks, in closed form: the Gaussian processes that regression problems come from.

The first layer has weights of variance 1 / input size and biases of the same; the layers above have weights of variance
1 / width and no bias; the read-out is linear. With endless width the outputs of random networks are a Gaussian process
(`nngp`: Lee et al. 2018, "Deep Neural Networks as Gaussian Processes", with Cho and Saul 2009 for its kernel), and
training such a network by gradient descent is regression with another kernel (`ntk`: Jacot et al. 2018, "Neural Tangent
Kernel"). In float64: posteriors need it.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.linalg import cholesky, solve_triangular

Points = Float[np.ndarray, "points features"]
Others = Float[np.ndarray, "others features"]
Kernel = Callable[[Points, Others], Float[np.ndarray, "points others"]]

LAYERS = 2  # hidden layers
BLOCK = 512  # rows of a kernel that are computed at once, for the sake of memory


def nngp(x: Points, others: Others) -> Float[np.ndarray, "points others"]:
    """The covariance of the outputs of random networks, all layers random."""
    return _in_blocks(x, others, tangent=False)


def ntk(x: Points, others: Others) -> Float[np.ndarray, "points others"]:
    """The neural tangent kernel: inner products of gradients, each weight a standard parameter times its deviation."""
    return _in_blocks(x, others, tangent=True)


KERNELS: dict[str, Kernel] = {"nngp": nngp, "ntk": ntk}


def _in_blocks(x: Points, others: Others, tangent: bool) -> Float[np.ndarray, "points others"]:
    x, others = np.asarray(x, float), np.asarray(others, float)
    result = np.empty((len(x), len(others)))
    for start in range(0, len(x), BLOCK):
        result[start : start + BLOCK] = _kernel(x[start : start + BLOCK], others, tangent)
    return result


def _kernel(x: Points, others: Others, tangent: bool) -> Float[np.ndarray, "points others"]:
    size = x.shape[1]
    covariance = (x @ others.T + 1) / size
    lengths = np.sqrt(np.outer((np.sum(x**2, axis=1) + 1) / size, (np.sum(others**2, axis=1) + 1) / size))
    tangents = covariance
    for _ in range(LAYERS):
        cosine = np.clip(covariance / lengths, -1, 1)
        active = (np.pi - np.arccos(cosine)) / (2 * np.pi)  # how often both units are on
        covariance = lengths * (np.sqrt(1 - cosine**2) / (2 * np.pi) + cosine * active)
        lengths = lengths / 2
        if tangent:
            tangents = covariance + tangents * active
    return tangents if tangent else covariance


def condition(
    kernel: Kernel, x: Points, y_normal: Float[np.ndarray, " points"], others: Others, noise_std: float
) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " others"], Float[np.ndarray, "others others"]]:
    """Targets drawn from a Gaussian process with noise, and the process elsewhere given them.

    One Cholesky factor serves both: targets are drawn with their noise, so the function at `x` is never needed.

    **Arguments:** `kernel`; `x`, where targets are; `y_normal`, standard normal numbers of which they are made;
    `others`, where the function is wanted; `noise_std`.

    **Returns:** the targets, and mean and covariance of the function at `others` given them.
    """
    gram = kernel(x, x)
    gram[np.diag_indices_from(gram)] += noise_std**2
    factor = cholesky(gram, lower=True, overwrite_a=True)
    across = kernel(x, others)
    explained = solve_triangular(factor, across, lower=True)
    covariance = kernel(others, others) - explained.T @ explained
    return factor @ y_normal, explained.T @ y_normal, covariance
