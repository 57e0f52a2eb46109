"""Laplace approximations: a Gaussian around a trained network, as wide as the curvature there lets it be.

Training minimises the mean loss of N data plus `decay` times the sum of squared weights: it finds the mode of a
posterior whose prior has precision `2 decay N`, and that is the prior taken here. Predictions are linear in the
weights' deviation (Daxberger et al. 2021, "Laplace Redux"; Immer et al. 2021).
"""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge
from gnothi.agents.plain import MLPAgent
from gnothi.data import Dataset
from gnothi.enn import Block, GaussianHead, Linearised, gauss_newton
from gnothi.nn import MLP

SUBSETS = ("last_layer", "all")


@dataclass(frozen=True)
class LaplaceAgent:
    """An `mlp` with Gaussian weights: of its last layer, or of all.

    With `precisions`, the prior's precision is the multiple of the consistent one that makes the marginal likelihood
    largest.
    """

    subset: str = "last_layer"
    hessian: str = "full"  # or "kron", "diag"; of all weights only these
    precisions: tuple[float, ...] = ()
    hidden: tuple[int, ...] = (50, 50)
    l2: float = 1.0  # weight decay, before the problem's own factor
    steps: int = 1000
    learning_rate: float = 1e-3
    batch_size: int = 100
    compiled: ClassVar[bool] = True

    def __post_init__(self):
        if self.subset not in SUBSETS:
            raise ValueError(f"subset must be one of {', '.join(map(repr, SUBSETS))}, got {self.subset!r}")
        if self.subset == "all" and self.hessian == "full":
            raise ValueError("the full Hessian of all weights is too large: take hessian='kron' or 'diag'")

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> GaussianHead | Linearised:
        """Trains the network, then adds up the curvature of the data once.

        **Raises:** `ValueError` if targets are values: the curvature is that of cross-entropy.
        """
        if prior.noise_std is not None:
            raise ValueError("laplace takes the curvature of cross-entropy: it cannot learn values")
        mlp = MLPAgent(self.hidden, self.l2, self.steps, self.learning_rate, self.batch_size)
        network = mlp(data, prior, key).network
        assert isinstance(network, MLP)
        first = len(network.weights) - 1 if self.subset == "last_layer" else 0
        blocks = gauss_newton(network, jnp.asarray(data.x), self.hessian, first=first)
        precision = prior_precision(self.l2 * prior.decay_factor(data), len(data))
        if self.precisions:
            grid = jnp.asarray(self.precisions) * precision
            precision = grid[jnp.argmax(log_evidence(network, blocks, grid, first=first))]
        roots = [block._replace(values=(block.values + precision) ** -0.5) for block in blocks]
        if self.subset == "all":
            return Linearised(network, tuple(roots))
        (block,) = roots
        factor = jnp.kron(block.left, block.right) * block.values.ravel()
        return GaussianHead(network, factor[None], read="biased")


def prior_precision(decay: float | Float[Array, ""], num_data: int) -> float | Float[Array, ""]:
    """The precision of the Gaussian prior under which training with this decay finds the mode of the posterior."""
    return 2 * decay * num_data


def log_evidence(
    network: MLP, blocks: list[Block], precisions: Float[Array, " precisions"], *, first: int
) -> Float[Array, " precisions"]:
    """Laplace's log marginal likelihood under each precision of the prior, but for what does not depend on it."""
    squares = sum(jnp.sum(leaf**2) for leaf in (*network.weights[first:], *network.biases[first:]))
    values = jnp.concatenate([block.values.ravel() for block in blocks])
    ratios = jnp.log(precisions[:, None] / (values + precisions[:, None]))
    return 0.5 * jnp.sum(ratios, axis=1) - 0.5 * precisions * squares
