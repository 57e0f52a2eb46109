"""Draws from a posterior, with what tells whether to believe them."""

import numpy as np
from jaxtyping import Array, Float, Int

from gnothi.agents.agent import Sampler
from gnothi.enn import Ensemble, EpistemicNetwork, OneOf
from gnothi.nn import Frozen


class Diagnostics(Frozen):
    """Measurements of a sampler by name; never trained, nor counted among its weights."""

    values: dict[str, Float[Array, ""]]


class PosteriorSample(EpistemicNetwork):
    """An ensemble whose members are draws from a posterior, and `diagnostics` of how they were drawn.

    **Arguments:** `ensemble`; `diagnostics`, from names to numbers; those in `TRUSTED` say whether it can be trusted.
    """

    ensemble: Ensemble
    measured: Diagnostics
    index: OneOf

    def __init__(self, ensemble: Ensemble, diagnostics: dict[str, Float[Array, ""]]):
        self.ensemble = ensemble
        self.measured = Diagnostics(diagnostics)
        self.index = OneOf(ensemble.index.count, ensemble.index.first, drawn=True)

    @property
    def diagnostics(self) -> dict[str, Float[Array, ""]]:
        """Measurements by name."""
        return self.measured.values

    def __call__(self, x: Float[Array, "..."], z: Int[Array, ""]) -> Float[Array, " classes"]:
        """The outputs of draw `z` for one input."""
        return self.ensemble(x, z)

    def predict(
        self, inputs: Float[Array, "inputs ..."], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of the draws named by `indices`, or of all."""
        return self.ensemble.predict(inputs, indices)

    def constants(self, inputs: Float[Array, "inputs ..."]) -> None:
        """Nothing: there is no prior function."""


#: The range of each diagnostic in which draws can be trusted.
TRUSTED: dict[str, tuple[float, float]] = {
    "effective_sample_size": (100.0, np.inf),
    "r_hat": (0.0, 1.1),
    "divergent": (0.0, 0.01),
}


def in_range(name: str, value: float) -> bool:
    """Whether a diagnostic is in its range of `TRUSTED`, if it has one there; NaN is not."""
    return name not in TRUSTED or TRUSTED[name][0] <= value <= TRUSTED[name][1]


def is_trusted(sampler: Sampler) -> bool:
    """Whether every diagnostic of a sampler is in its range of `TRUSTED`; one that has none is.

    A floor whose sampler is not to be trusted is no floor: leave the problem out.
    """
    if not isinstance(sampler, PosteriorSample):
        return True
    return all(in_range(name, float(np.max(value))) for name, value in sampler.diagnostics.items())


def split_r_hat(values: Float[Array, "chains draws"]) -> Float[Array, ""]:
    """How much wider draws are over all half-chains than within one; 1 where chains agree.

    The split form (Gelman et al. 2013, "Bayesian Data Analysis", sec. 11.4).
    """
    half = values.shape[1] // 2
    halves = values[:, : 2 * half].reshape(-1, half)
    within = halves.var(axis=1, ddof=1).mean()
    between = halves.mean(axis=1).var(ddof=1)
    return ((half - 1) / half + between / within) ** 0.5
