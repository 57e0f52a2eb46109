"""An agent as any framework would have it: `fit(X, y)` returns `sample(X, n)`, which returns probabilities."""

from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Float, Int

from gnothi.agents import Agent, PriorKnowledge, joint_draws
from gnothi.data import check_classification


def as_fit(agent: Agent, *, seed: int = 0) -> Callable:
    """Turns an agent into a function of arrays, as `gnothi.metrics.conform` and other frameworks know them.

    **Arguments:** `agent`; `seed`, of its training.

    **Returns:** `fit(X, y)`; what it returns is called as `sample(X, n, seed=0)` and gives probabilities of shape
    [n, inputs, classes], or all there are if the agent has no more than n joint samples.

    >>> from gnothi.agents import AGENTS
    >>> sample = as_fit(AGENTS["uniform"])(np.zeros((2, 3)), np.array([0, 1]))
    >>> sample(np.zeros((5, 3)), 100).shape
    (1, 5, 2)
    """

    def fit(
        inputs: Float[np.ndarray, "data features"], labels: Int[np.ndarray, " data"]
    ) -> Callable[..., Float[np.ndarray, "samples inputs classes"]]:
        num_classes = int(labels.max()) + 1
        data = check_classification(inputs, labels, num_classes)
        sampler = agent(data, PriorKnowledge(num_classes), jax.random.key(seed))

        def sample(
            inputs: Float[np.ndarray, "inputs features"], num_samples: int, seed: int = 0
        ) -> Float[np.ndarray, "samples inputs classes"]:
            logits, _ = joint_draws(sampler, np.asarray(inputs, np.float32), num_samples, jax.random.key(seed))
            return np.asarray(jax.nn.softmax(logits))[:num_samples]

        return sample

    return fit
