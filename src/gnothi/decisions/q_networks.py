"""Networks of action values: epinet, ensembles with and without prior functions, dropout, and one plain network.

Each is a recipe that is called with an environment, a key, and how large values may be. Where states can be numbered
the network looks its first layer up; elsewhere it reads observations. Prior functions are scaled so that over what
random actions show they have the deviation that is asked for, as a part of what values may be: whatever the size of
observations, rewards and networks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.decisions.environments import Environment, TabularEnvironment, play_randomly
from gnothi.enn import Dropout, Ensemble, Epinet, EpistemicNetwork, LinearPrior, MatchedPrior, Plain, WithPrior
from gnothi.nn import MLP, FeatureNetwork, TableMLP, stack

LOOK = 100  # steps of random actions by which priors are scaled


@runtime_checkable
class QNetwork(Protocol):
    """A recipe of a network of action values.

    `num_indices`, how many a step learns from, `None` for all there are; `looks_up`, whether it is given the number of
    a state where states have numbers (`network_input`).
    """

    @property
    def num_indices(self) -> int | None:
        """How many indices a step learns from."""

    @property
    def looks_up(self) -> bool:
        """Whether it can be given the number of a state."""

    def __call__(self, environment: Environment, key: PRNGKeyArray, values: float | Array = 1.0) -> EpistemicNetwork:
        """The network before training; `values`, how large they may be (`environments.value_scale`)."""


def network_input(environment: Environment, state: Any, looks_up: bool = True) -> Array:
    """What a network is given in a state: its number if it has one, else what is observed, flat."""
    if looks_up and isinstance(environment, TabularEnvironment):
        return environment.index(state)
    return jnp.ravel(environment.observe(state))


def make_network(
    environment: Environment, hidden: tuple[int, ...], *, key: PRNGKeyArray, unit: bool = False
) -> FeatureNetwork:
    """An MLP of an environment's inputs, or the look-up that it is for one-hot inputs.

    **Arguments:** `environment`; `hidden`; `key`; `unit`, whether the first layer of a look-up has numbers of size 1,
    as prior functions want: they are not to be learned, only to differ.
    """
    if isinstance(environment, TabularEnvironment):
        std = 1.0 if unit else None
        return TableMLP(environment.num_states, hidden, environment.num_actions, key=key, first_std=std)
    return _mlp(environment, hidden, key, unit)


def _input_size(environment: Environment) -> int:
    """Numbers of an input: of states where they are numbered, which are one-hot then, else of an observation."""
    if isinstance(environment, TabularEnvironment):
        return environment.num_states
    return prod(environment.observation_shape)


def _mlp(environment: Environment, hidden: tuple[int, ...], key: PRNGKeyArray, unit: bool = False) -> MLP:
    size = prod(environment.observation_shape)
    return MLP(size, hidden, environment.num_actions, key=key, first_bias_std=size**-0.5 if unit else 0.0)


def unit_scale(environment: Environment, networks: FeatureNetwork, key: PRNGKeyArray) -> Float[Array, ""]:
    """One over the root mean square of stacked networks' outputs on what random actions show."""
    states = play_randomly(environment, key, LOOK).states
    seen = jax.vmap(lambda state: network_input(environment, state))(states)
    outputs = jax.vmap(lambda network: jax.vmap(network)(seen))(networks)
    return 1 / jnp.sqrt(jnp.mean(outputs**2))


def _stacked(environment: Environment, hidden: tuple[int, ...], count: int, key: PRNGKeyArray, unit: bool = False):
    make: Callable = lambda key: make_network(environment, hidden, key=key, unit=unit)  # noqa: E731
    return stack(make, count, key=key)


@dataclass(frozen=True)
class EpinetQ:
    """A base network and an epinet on its features, with fixed functions of the input summed by the index.

    Sizes are those of the bsuite runs of Osband et al. 2023 (enn_acme). The epinet reads the state too: without
    it, what is learnt in one state is taken back in all, and Deep Sea takes three times as many episodes or is never
    solved. A prior's deviation of a tenth to a third of the largest return solves it soonest.
    """

    index_size: int = 2
    hidden: tuple[int, ...] = (50, 50)
    epinet_hidden: tuple[int, ...] = (50,)
    prior_hidden: tuple[int, ...] = ()
    prior_scale: float = 0.1
    num_indices: int | None = 20
    looks_up: ClassVar[bool] = True

    def __call__(self, environment: Environment, key: PRNGKeyArray, values: float | Array = 1.0) -> WithPrior:
        """Base, epinet and prior."""
        base_key, epinet_key, prior_key, look_key = jax.random.split(key, 4)
        base = make_network(environment, self.hidden, key=base_key)
        epinet = Epinet(
            base,
            index_size=self.index_size,
            hidden=self.epinet_hidden,
            key=epinet_key,
            input_size=_input_size(environment),
            feature_size=self.hidden[-1],
            output_size=environment.num_actions,
        )
        fixed = _stacked(environment, self.prior_hidden, self.index_size, prior_key, unit=True)
        scale = self.prior_scale * values * unit_scale(environment, fixed, look_key) / self.index_size**0.5
        return WithPrior(epinet, LinearPrior(fixed, scale))


@dataclass(frozen=True)
class EnsembleQ:
    """Independent networks; with `prior_scale` above 0 each carries a fixed random twin (`ensemble+`)."""

    num_members: int = 20
    prior_scale: float = 0.3
    hidden: tuple[int, ...] = (50, 50)
    num_indices: int | None = None  # all members learn at every step
    looks_up: ClassVar[bool] = True

    def __call__(
        self, environment: Environment, key: PRNGKeyArray, values: float | Array = 1.0
    ) -> Ensemble | WithPrior:
        """Members, and their twins."""
        net_key, twin_key, look_key = jax.random.split(key, 3)
        ensemble = Ensemble(_stacked(environment, self.hidden, self.num_members, net_key))
        if not self.prior_scale:
            return ensemble
        twins = _stacked(environment, self.hidden, self.num_members, twin_key, unit=True)
        scale = self.prior_scale * values * unit_scale(environment, twins, look_key)
        return WithPrior(ensemble, MatchedPrior(twins, scale))


@dataclass(frozen=True)
class DropoutQ:
    """One network whose hidden units are dropped at random; a mask lasts an episode."""

    rate: float = 0.1
    hidden: tuple[int, ...] = (50, 50)
    num_indices: int | None = 20
    looks_up: ClassVar[bool] = False

    def __call__(self, environment: Environment, key: PRNGKeyArray, values: float | Array = 1.0) -> Dropout:
        """The network, of observations even where states have numbers: dropout wants an MLP."""
        return Dropout(_mlp(environment, self.hidden, key), self.rate)


@dataclass(frozen=True)
class PlainQ:
    """One network: a DQN."""

    hidden: tuple[int, ...] = (50, 50)
    num_indices: int | None = None
    looks_up: ClassVar[bool] = True

    def __call__(self, environment: Environment, key: PRNGKeyArray, values: float | Array = 1.0) -> Plain:
        """The network."""
        return Plain(make_network(environment, self.hidden, key=key))
