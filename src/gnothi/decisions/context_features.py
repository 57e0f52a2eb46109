"""What a deployed bandit's linear models read of a context: 1, the context, and a trained network's last hidden layer.

NumPy only, so that choosing needs no JAX; `refit.py` trains the network.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from safetensors.numpy import load, save

#: Learnt features are cut at this many standard deviations: a ReLU network grows without end far from its training set.
MOST_DEVIATIONS = 10.0

Vector = Float[np.ndarray, " _"]
Matrix = Float[np.ndarray, "_ _"]


@dataclass(frozen=True)
class HiddenLayers:
    """The trunk of a trained ReLU network between two scalings: of contexts, and of what comes out.

    `layers` are pairs of weights `[outputs, inputs]` and biases. A feature that was constant in training has a
    `feature_scale` of infinity, and is 0.
    """

    context_mean: Vector
    context_scale: Vector
    layers: tuple[tuple[Matrix, Vector], ...]
    feature_mean: Vector
    feature_scale: Vector

    def hidden(self, contexts: Float[np.ndarray, "contexts inputs"]) -> Float[np.ndarray, "contexts learnt"]:
        """The last hidden layer, as it comes."""
        x = (contexts - self.context_mean) / self.context_scale
        for weights, biases in self.layers:
            x = np.maximum(x @ weights.T + biases, 0.0)
        return x

    def __call__(self, contexts: Float[np.ndarray, "contexts inputs"]) -> Float[np.ndarray, "contexts learnt"]:
        """The last hidden layer in standard deviations of what it was in training."""
        scaled = (self.hidden(contexts) - self.feature_mean) / self.feature_scale
        return np.clip(scaled, -MOST_DEVIATIONS, MOST_DEVIATIONS)

    def to_bytes(self) -> bytes:
        """The arrays as a safetensors file."""
        arrays = {name: getattr(self, name) for name in _VECTORS}
        for number, (weights, biases) in enumerate(self.layers):
            arrays |= {f"weights_{number}": weights, f"biases_{number}": biases}
        return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> "HiddenLayers":
        """What `to_bytes` wrote."""
        arrays = load(content)
        count = (len(arrays) - len(_VECTORS)) // 2
        layers = tuple((arrays[f"weights_{number}"], arrays[f"biases_{number}"]) for number in range(count))
        return cls(layers=layers, **{name: arrays[name] for name in _VECTORS})


_VECTORS = ("context_mean", "context_scale", "feature_mean", "feature_scale")


@dataclass(frozen=True)
class ContextFeatures:
    """Features of contexts: 1 and the context, then those learnt, if any were."""

    context_size: int
    learnt: HiddenLayers | None = None

    def __call__(self, contexts: Float[np.ndarray, "contexts inputs"]) -> Float[np.ndarray, "contexts features"]:
        """The features of each context."""
        parts = [np.ones((len(contexts), 1)), contexts]
        return np.concatenate(parts if self.learnt is None else [*parts, self.learnt(contexts)], axis=1)

    def prior_variances(self, prior_std: float) -> Float[np.ndarray, " features"]:
        """Variances of independent weights for which each part has the prior deviation `prior_std`.

        The parts are 1, the context and the learnt features; for the last two at inputs whose numbers are of unit
        scale.
        """
        sizes = [1, self.context_size] + ([] if self.learnt is None else [len(self.learnt.feature_mean)])
        return np.concatenate([np.full(size, prior_std**2 / max(1, size)) for size in sizes])
