"""Environments to act in: pure JAX, compiled and copied by the thousand; bsuite's laws, gymnax's, and Gymnasium's."""

from gnothi.decisions.environments.cartpole import Cartpole
from gnothi.decisions.environments.deep_sea import DEEP_SEA_SIZES, DeepSea
from gnothi.decisions.environments.environment import Environment, TabularEnvironment, Transition
from gnothi.decisions.environments.gymnasium_adapter import HostEnvironment, from_gymnasium, to_gymnasium
from gnothi.decisions.environments.gymnax_adapter import GymnaxEnvironment, from_gymnax
from gnothi.decisions.environments.mountain_car import MountainCar
from gnothi.decisions.environments.play import Plays, play, play_randomly, step_and_reset
from gnothi.decisions.environments.registry import ENVIRONMENTS, find_environment
from gnothi.decisions.environments.scales import problem_std, value_scale
from gnothi.decisions.environments.simple_bandit import SimpleBandit
from gnothi.decisions.environments.swing_up import SWING_UP_LEVELS, SwingUp

__all__ = [
    "DEEP_SEA_SIZES",
    "ENVIRONMENTS",
    "SWING_UP_LEVELS",
    "Cartpole",
    "DeepSea",
    "Environment",
    "GymnaxEnvironment",
    "HostEnvironment",
    "MountainCar",
    "Plays",
    "SimpleBandit",
    "SwingUp",
    "TabularEnvironment",
    "Transition",
    "find_environment",
    "from_gymnasium",
    "from_gymnax",
    "play",
    "play_randomly",
    "problem_std",
    "step_and_reset",
    "to_gymnasium",
    "value_scale",
]
