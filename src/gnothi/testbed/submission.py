"""A stranger's agent, written in any framework, in the same protocol as ours."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents import PriorKnowledge
from gnothi.data import Dataset
from gnothi.enn import IndexDistribution
from gnothi.testbed.user_file import call_told, load_function

LEAST = 1e-7  # probabilities are kept above it: a label called impossible would cost infinitely many nats
OFF_ONE = 1e-3  # what the sum of probabilities may differ from 1 by


class Turn(IndexDistribution):
    """The index of a sampler that draws by itself: which draw of a call it is."""

    def samples(self, key: PRNGKeyArray, num_samples: int) -> Int[Array, " samples"]:
        """Numbers the draws of a call."""
        return jnp.arange(num_samples)

    def noise(self, key: PRNGKeyArray, z: Int[Array, ""]) -> Float[Array, ""]:
        """An independent number for each draw."""
        return jax.random.normal(jax.random.fold_in(key, z))


@dataclass(frozen=True)
class SubmittedSampler:
    """What a stranger's `fit` returned, behind the interface of a sampler."""

    sample: Callable[..., np.ndarray]
    num_classes: int
    where: str
    index: Turn = field(default_factory=Turn)

    def predict(
        self, inputs: Float[Array, "inputs ..."], indices: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """Log-probabilities of as many joint samples as there are indices; a sampler that has fewer gives all it has.

        **Raises:** `ValueError` if what comes back is no array of probabilities.
        """
        num_samples = 1 if indices is None else len(indices)
        probs = np.asarray(self.sample(np.asarray(inputs), num_samples), float)
        shape = (len(inputs), self.num_classes)
        if probs.ndim != 3 or probs.shape[1:] != shape or not 1 <= len(probs) <= num_samples:
            raise ValueError(
                f"{self.where}: sample(X, n) must return an array [n, {shape[0]}, {shape[1]}] (joint samples, inputs, "
                f"classes) for {shape[0]} inputs and n = {num_samples}, got shape {probs.shape}"
            )
        if (probs < 0).any() or (abs(probs.sum(axis=2) - 1) > OFF_ONE).any():
            raise ValueError(
                f"{self.where}: sample(X, n) must return probabilities, at least 0 and with sum 1 over classes (are "
                "these logits?)"
            )
        return jnp.log(jnp.asarray(np.maximum(probs, LEAST), jnp.float32))


@dataclass(frozen=True)
class SubmittedAgent:
    """An agent in a user's file: `fit(X, y)` returns `sample(X, n)`, which returns probabilities.

    `fit` is also given `num_classes`, `temperature` (`None` where nobody knows it) and `seed` if it has parameters of
    these names. `digest` is of the file's contents: a changed file is another agent.

    **Arguments:** `target`, as FILE.py:NAME.
    """

    target: str
    digest: str
    compiled: ClassVar[bool] = False

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> SubmittedSampler:
        """Calls the stranger's `fit`."""
        fit = load_function(self.target)
        temperature = None if prior.temperature is None else float(prior.temperature)
        seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
        facts = {"num_classes": prior.num_classes, "temperature": temperature, "seed": seed}
        sample = call_told(fit, np.asarray(data.x), np.asarray(data.y), **facts)
        if not callable(sample):
            raise ValueError(f"{self.target}(X, y) must return a function sample(X, n), got {type(sample).__name__}")
        return SubmittedSampler(sample, prior.num_classes, self.target)


def submitted_agent(target: str) -> tuple[str, SubmittedAgent]:
    """An agent of a user's file, and a name for it.

    **Raises:** `ValueError` if there is no such function there.
    """
    load_function(target)
    path, _, name = target.rpartition(":")
    file = Path(path).resolve()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return f"{file.stem}.{name}", SubmittedAgent(f"{file}:{name}", digest)
