"""Decisions made from joint predictions: bandits, recommendation, and what approximation costs them.

Parts are imported when they are first used: a deployed bandit chooses without JAX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gnothi.decisions.bandit import (
        SimulatedBandit,
        draw_bandit,
        draw_linear_bandit,
        draw_logistic_bandit,
        thompson_regret,
        train_all,
        uniform_regret,
    )
    from gnothi.decisions.coin import dependence, price_of_learning
    from gnothi.decisions.contextual import ContextualBandit, bandit_of_mushrooms, bandit_of_table, play_contextual
    from gnothi.decisions.deployed import Bandit, Decision
    from gnothi.decisions.finite import FiniteProblem, bound_cases
    from gnothi.decisions.incremental import Play, play
    from gnothi.decisions.learners import FromReplay, Learner, LinearPosterior, LogisticPosterior
    from gnothi.decisions.logged import LoggedDecisions
    from gnothi.decisions.off_policy import (
        OffPolicyEstimate,
        doubly_robust,
        inverse_propensity_score,
        self_normalised_ips,
    )
    from gnothi.decisions.recommendation import MOVIES, Catalogue, Recommendation

_FILES = {
    "bandit": (
        "SimulatedBandit",
        "draw_bandit",
        "draw_linear_bandit",
        "draw_logistic_bandit",
        "thompson_regret",
        "train_all",
        "uniform_regret",
    ),
    "coin": ("dependence", "price_of_learning"),
    "contextual": ("ContextualBandit", "bandit_of_mushrooms", "bandit_of_table", "play_contextual"),
    "deployed": ("Bandit", "Decision"),
    "finite": ("FiniteProblem", "bound_cases"),
    "incremental": ("Play", "play"),
    "learners": ("FromReplay", "Learner", "LinearPosterior", "LogisticPosterior"),
    "logged": ("LoggedDecisions",),
    "off_policy": ("OffPolicyEstimate", "doubly_robust", "inverse_propensity_score", "self_normalised_ips"),
    "recommendation": ("MOVIES", "Catalogue", "Recommendation"),
}
_FILE_OF = {name: file for file, names in _FILES.items() for name in names}

__all__ = [
    "MOVIES",
    "Bandit",
    "Catalogue",
    "ContextualBandit",
    "Decision",
    "FiniteProblem",
    "FromReplay",
    "Learner",
    "LinearPosterior",
    "LoggedDecisions",
    "LogisticPosterior",
    "OffPolicyEstimate",
    "Play",
    "Recommendation",
    "SimulatedBandit",
    "bandit_of_mushrooms",
    "bandit_of_table",
    "bound_cases",
    "dependence",
    "doubly_robust",
    "draw_bandit",
    "draw_linear_bandit",
    "draw_logistic_bandit",
    "inverse_propensity_score",
    "play",
    "play_contextual",
    "price_of_learning",
    "self_normalised_ips",
    "thompson_regret",
    "train_all",
    "uniform_regret",
]


def __getattr__(name: str) -> Any:
    if name in _FILE_OF:
        return getattr(import_module(f"gnothi.decisions.{_FILE_OF[name]}"), name)
    raise AttributeError(f"gnothi.decisions has no {name!r}: it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
