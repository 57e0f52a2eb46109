"""What an agent is: a recipe that turns data, and what it may know beside them, into a sampler.

    sampler = agent(data, prior_knowledge, key)

The sampler is an epistemic network, or anything with the same `index` and `predict`. An agent that is `compiled` is
pure JAX and can be run on many data sets of one shape with `jax.vmap`; one that is not is called one set at a time.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.data import Dataset
from gnothi.enn import FiniteIndexDistribution


class PriorKnowledge(eqx.Module):
    """What an agent may know beside its data: never a test label.

    `temperature` divides the true logits of a testbed problem; it is `None` where nobody knows it (real data), and
    what depends on it is then left out of the recipe.
    """

    num_classes: int = eqx.field(static=True)
    temperature: float | Float[Array, ""] | None = None

    def decay_factor(self, data: Dataset) -> float | Float[Array, ""]:
        """The testbed's `adaptive` factor of weight decay, sqrt(temperature) times input size, over data."""
        adaptive = 1.0 if self.temperature is None else jnp.sqrt(self.temperature) * data.x[0].size
        return adaptive / len(data)

    @property
    def logit_scale(self) -> float | Float[Array, ""]:
        """How large logits are: 1 / temperature."""
        return 1.0 if self.temperature is None else 1.0 / self.temperature


@runtime_checkable
class Sampler(Protocol):
    """Joint predictions: an index law, and logits of all inputs under given indices, or under all there are."""

    @property
    def index(self) -> Any:
        """The law of the epistemic index, a `gnothi.enn.IndexDistribution`."""

    def predict(self, inputs: Array, indices: Array | None = None) -> Float[Array, "samples inputs classes"]:
        """Logits of all inputs under all indices; `None` lists every index of a finite law."""


@runtime_checkable
class Agent(Protocol):
    """A recipe: a frozen dataclass of hyper-parameters that can be called."""

    compiled: ClassVar[bool]

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Sampler:
        """Learns from data."""


def joint_draws(
    sampler: Sampler, inputs: Array | np.ndarray, num_samples: int, key: PRNGKeyArray
) -> tuple[Float[Array, "samples inputs classes"], bool]:
    """Joint samples of a sampler: all there are if it has finitely many, else `num_samples` drawn.

    **Returns:** logits, and whether they are exhaustive (every joint sample once).
    """
    exhaustive = isinstance(sampler.index, FiniteIndexDistribution)
    draw = _compiled_draw if isinstance(sampler, eqx.Module) else _draw
    return draw(sampler, jnp.asarray(inputs), None if exhaustive else num_samples, key), exhaustive


def _draw(sampler: Sampler, inputs: Array, num_samples: int | None, key: PRNGKeyArray) -> Array:
    return sampler.predict(inputs, None if num_samples is None else sampler.index.samples(key, num_samples))


_compiled_draw = eqx.filter_jit(_draw)


def num_steps(base: int, data: Dataset) -> int:
    """The tuned agents' number of gradient steps: five times as many with over 500 data a dimension, a fifth of it
    with under 5 (the Neural Testbed's `batch_strategy`)."""
    ratio = len(data) / data.x[0].size
    if ratio > 500:
        return base * 5
    return max(1, base // 5) if ratio < 5 else base


def find_agent(name: str, agents: Mapping[str, Agent]) -> Agent:
    """Looks an agent up.

    **Raises:** `ValueError` if there is none of that name, with the nearest one that there is.
    """
    if name not in agents:
        from difflib import get_close_matches

        near = get_close_matches(name, agents, n=1, cutoff=0.3)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"no agent is called {name!r}.{hint} There are: {', '.join(agents)}.")
    return agents[name]
