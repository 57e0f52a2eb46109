"""The nightly refit: a network learns rewards from contexts, and its last hidden layer becomes features.

A linear posterior on the last layer of a network that is trained from time to time is the "neural linear" bandit of
Riquelme, Tucker and Snoek 2018, "Deep Bayesian Bandits Showdown", where it was among the best.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.data import Dataset
from gnothi.decisions.context_features import HiddenLayers
from gnothi.decisions.logged import LoggedDecisions
from gnothi.enn import Plain
from gnothi.learning import fit, squared_error
from gnothi.nn import MLP, FeatureNetwork

#: By which the sum of squared weights enters the loss (of rewards of unit variance).
DECAY = 1e-4


class ChosenArm(FeatureNetwork):
    """A network with an output an arm, of which only that of the arm taken is seen: the last number of each input."""

    every_arm: MLP

    def features(self, x: Float[Array, " inputs"]) -> Float[Array, " features"]:
        """The last hidden layer, and the arm."""
        return jnp.append(self.every_arm.features(x[:-1]), x[-1])

    def head(self, features: Float[Array, " features"]) -> Float[Array, " classes"]:
        """The reward expected of the arm."""
        return self.every_arm.head(features[:-1])[features[-1].astype(int)][None]


def train_features(
    logged: LoggedDecisions, *, hidden: Sequence[int], steps: int, learning_rate: float, key: PRNGKeyArray
) -> HiddenLayers:
    """Trains an MLP from contexts to the rewards of all arms, on squared error of the arm taken.

    **Arguments:** `logged`, one decision or more; `hidden`, widths of the hidden layers, one or more; `steps` of 100
    decisions; `learning_rate`, of Adam; `key`.

    **Raises:** `ValueError` if there are no hidden layers, or a size or `steps` is below 1.
    """
    if not hidden:
        raise ValueError("hidden must name one hidden layer or more: the last one becomes features")
    init_key, fit_key = jax.random.split(key)
    mean, scale = logged.contexts.mean(axis=0), _scale(logged.contexts)
    contexts = (logged.contexts - mean) / scale
    rewards = (logged.rewards - logged.rewards.mean()) / _scale(logged.rewards[:, None])
    inputs = np.concatenate([contexts, logged.arms[:, None]], axis=1)
    network = ChosenArm(MLP(contexts.shape[1], tuple(hidden), len(logged.names), key=init_key))
    trained = fit(
        Plain(network),
        Dataset(inputs.astype(np.float32), rewards.astype(np.float32)),
        loss=squared_error(),
        steps=steps,
        key=fit_key,
        learning_rate=learning_rate,
        decay=DECAY,
    )
    assert isinstance(trained.network, ChosenArm)
    mlp = trained.network.every_arm
    pairs = zip(mlp.weights[:-1], mlp.biases[:-1], strict=True)
    layers = tuple((np.asarray(weights, float), np.asarray(biases, float)) for weights, biases in pairs)
    width = layers[-1][1].size
    raw = HiddenLayers(mean, scale, layers, np.zeros(width), np.ones(width))
    outputs = raw.hidden(logged.contexts)
    constant = np.ptp(outputs, axis=0) == 0
    spread = np.where(constant, np.inf, outputs.std(axis=0))
    return HiddenLayers(mean, scale, layers, outputs.mean(axis=0), spread)


def _scale(columns: Float[np.ndarray, "decisions inputs"]) -> Float[np.ndarray, " inputs"]:
    """The deviation of each column, or 1 where it is constant."""
    return np.where(np.ptp(columns, axis=0) > 0, columns.std(axis=0), 1.0)
