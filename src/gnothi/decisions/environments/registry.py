"""Environments by name, with settings: `deep_sea:size=20,stochastic=True`."""

from collections.abc import Callable, Mapping
from inspect import signature

from gnothi.agents.settings import changed, look_up
from gnothi.decisions.environments.cartpole import Cartpole
from gnothi.decisions.environments.deep_sea import DeepSea
from gnothi.decisions.environments.environment import Environment
from gnothi.decisions.environments.gymnax_adapter import catch, discounting_chain, memory_chain, umbrella_chain
from gnothi.decisions.environments.mountain_car import MountainCar
from gnothi.decisions.environments.simple_bandit import SimpleBandit
from gnothi.decisions.environments.swing_up import SwingUp

#: What makes each environment; `catch` and the chains need `gnothi[rl]`. Any other of gymnax's: `from_gymnax`.
ENVIRONMENTS: dict[str, Callable[..., Environment]] = {
    "deep_sea": DeepSea,
    "swing_up": SwingUp,
    "cartpole": Cartpole,
    "mountain_car": MountainCar,
    "simple_bandit": SimpleBandit,
    "catch": catch,
    "umbrella_chain": umbrella_chain,
    "discounting_chain": discounting_chain,
    "memory_chain": memory_chain,
}


def find_environment(name: str, environments: Mapping[str, Callable[..., Environment]] | None = None) -> Environment:
    """Makes an environment by its name, which may change its settings: `deep_sea:size=20,stochastic=True`.

    >>> find_environment("deep_sea:size=20").observation_shape
    (20, 20)

    **Raises:** `ValueError` if there is none of that name, with a list of those that there are; or if a setting is
    none of its, or of another type.
    """
    name, colon, settings = name.partition(":")
    make = look_up("environment", name, ENVIRONMENTS if environments is None else environments)
    if not colon:
        return make()
    defaults = {parameter.name: parameter.default for parameter in signature(make).parameters.values()}
    return make(**changed(name, settings, defaults))
