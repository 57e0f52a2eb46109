"""Classifiers of scikit-learn as agents: marginal predictions only, so every joint sample is the same."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge
from gnothi.data import Dataset
from gnothi.enn import NoIndex


@dataclass(frozen=True)
class Fitted:
    """A fitted scikit-learn classifier as a sampler with a single joint sample.

    Probabilities are kept in [0.01, 0.99], as the testbed does: a forest that has never seen a class would otherwise
    call it impossible. The testbed also plants a row of zeros for each class; here there is none, as it would teach
    every class to the place where inputs lie closest.
    """

    model: Any
    num_classes: int
    index: NoIndex

    def predict(
        self, inputs: Float[Array, "inputs ..."], indices: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """Log-probabilities of all inputs, repeated for each index."""
        flat = np.asarray(inputs).reshape(len(inputs), -1)
        probs = np.zeros((len(flat), self.num_classes))
        probs[:, self.model.classes_] = self.model.predict_proba(flat)
        logits = jnp.log(jnp.clip(jnp.asarray(probs, jnp.float32), 0.01, 0.99))
        return jnp.broadcast_to(logits, (1 if indices is None else len(indices), *logits.shape))


def _fitted(model: Any, data: Dataset, prior: PriorKnowledge) -> Fitted:
    model.fit(np.asarray(data.x).reshape(len(data), -1), np.asarray(data.y))
    return Fitted(model, prior.num_classes, NoIndex())


@dataclass(frozen=True)
class KNNAgent:
    """The `neighbors` nearest training points vote."""

    neighbors: int = 3
    weights: str = "uniform"
    compiled: ClassVar[bool] = False

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Fitted:
        """Stores the data; with fewer than `neighbors`, all of them vote."""
        from sklearn.neighbors import KNeighborsClassifier

        return _fitted(KNeighborsClassifier(min(self.neighbors, len(data)), weights=self.weights), data, prior)


@dataclass(frozen=True)
class RandomForestAgent:
    """A random forest."""

    trees: int = 100
    criterion: str = "gini"
    compiled: ClassVar[bool] = False

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Fitted:
        """Grows the trees."""
        from sklearn.ensemble import RandomForestClassifier

        seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
        return _fitted(RandomForestClassifier(self.trees, criterion=self.criterion, random_state=seed), data, prior)
