"""What an agent is: a recipe that turns data, and what it may know beside them, into a sampler.

    sampler = agent(data, prior_knowledge, key)

The sampler is an epistemic network, or anything with the same `index` and `predict`. An agent that is `compiled` is
pure JAX and can be run on many data sets of one shape with `jax.vmap`; one that is not is called one set at a time.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from gnothi.agents.settings import changed, look_up
from gnothi.data import Dataset
from gnothi.enn import EpistemicNetwork, FiniteIndexDistribution
from gnothi.learning import Loss, cross_entropy, squared_error
from gnothi.nn import partition


class PriorKnowledge(eqx.Module):
    """What an agent may know beside its data: never a test label.

    `temperature` divides the true logits of a testbed problem; it is `None` where nobody knows it (real data), and
    what depends on it is then left out of the recipe. `noise_std` is the deviation of the noise of the targets, where
    they are values to regress (`num_classes` is then 1), and `None` where they are labels.
    """

    num_classes: int = eqx.field(static=True)
    temperature: float | Float[Array, ""] | None = None
    noise_std: float | Float[Array, ""] | None = None

    def loss(self, num_indices: int | None = None, *, bootstrap: str = "none") -> Loss:
        """Cross-entropy of labels, squared error of values; see there for the arguments.

        Squared errors are not divided by the noise's variance (it may be known at run time only), so decay is to be
        multiplied by it: Adam does not see the difference. `decay_factor` has that in it.
        """
        return (cross_entropy if self.noise_std is None else squared_error)(num_indices, bootstrap=bootstrap)

    @property
    def noise_variance(self) -> float | Float[Array, ""]:
        """What multiplies weight decay beside the loss of `loss`: the variance of the noise, 1 for labels."""
        return 1.0 if self.noise_std is None else self.noise_std**2

    def decay_factor(self, data: Dataset) -> float | Float[Array, ""]:
        """The testbed's `adaptive` factor of weight decay, sqrt(temperature) times input size, over data."""
        adaptive = 1.0 if self.temperature is None else jnp.sqrt(self.temperature) * data.x[0].size
        return adaptive / len(data) * self.noise_variance

    def annealed(self, count: int | Int[Array, ""]) -> float | Float[Array, ""]:
        """The factor of weight decay while data come in one by one: 2 temperature / data (Osband et al. 2023, UAI)."""
        return (2.0 if self.temperature is None else 2.0 * self.temperature) / count * self.noise_variance

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


@runtime_checkable
class NetworkAgent(Agent, Protocol):
    """An agent that is a network, a loss and a penalty, so that it can also learn a step at a time from new data."""

    @property
    def learning_rate(self) -> float:
        """Of Adam."""

    def network(self, input_size: int, prior: PriorKnowledge, key: PRNGKeyArray) -> EpistemicNetwork:
        """The network before training."""

    def loss(self, prior: PriorKnowledge) -> Loss:
        """What a step minimises on a minibatch, the mean over its data."""

    def penalty(self, enn: Any, prior: PriorKnowledge, count: Int[Array, ""]) -> Float[Array, ""]:
        """What is added to it when there are `count` data in all."""


def squares(network: PyTree) -> Float[Array, ""]:
    """The sum of all squared trainable parameters."""
    return sum((jnp.sum(leaf**2) for leaf in jax.tree.leaves(partition(network)[0])), jnp.zeros(()))


def joint_draws(
    sampler: Sampler, inputs: Array | np.ndarray, num_samples: int, key: PRNGKeyArray
) -> tuple[Float[Array, "samples inputs classes"], bool]:
    """Joint samples of a sampler: all there are if it has finitely many, else `num_samples` drawn.

    **Returns:** logits, and whether they are exhaustive (every joint sample once): so are fewer than were asked for.
    """
    finite = isinstance(sampler.index, FiniteIndexDistribution)
    draw = _compiled_draw if isinstance(sampler, eqx.Module) else _draw
    draws = draw(sampler, jnp.asarray(inputs), None if finite else num_samples, key)
    if finite:
        return draws, sampler.index.is_whole
    return draws, len(draws) < num_samples


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
    """Looks an agent up by its name, which may change its settings: `ensemble:num_members=10,bootstrap=bernoulli`.

    **Raises:** `ValueError` if there is none of that name, with the nearest one that there is; or if a setting is
    none of the agent's, or of another type.
    """
    name, colon, settings = name.partition(":")
    agent = look_up("agent", name, agents)
    if not colon:
        return agent
    now = {field.name: getattr(agent, field.name) for field in fields(agent)}  # type: ignore[arg-type]
    return replace(agent, **changed(name, settings, now))  # type: ignore[type-var]


def full_name(name: str, settings: Mapping[str, Any]) -> str:
    """The name under which `find_agent` finds an agent with some settings changed.

    >>> full_name("ensemble", {"num_members": 10, "hidden": (50, 50)})
    'ensemble:num_members=10,hidden=(50,50)'
    """
    written = (f"{k}={v if isinstance(v, str) else repr(v).replace(' ', '')}" for k, v in settings.items())
    return ":".join(part for part in (name, ",".join(written)) if part)
