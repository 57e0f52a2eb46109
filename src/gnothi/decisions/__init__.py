"""Decisions made from joint predictions: bandits, recommendation, and what approximation costs them."""

from gnothi.decisions.bandit import NeuralBandit, draw_bandit, thompson_regret, train_all, uniform_regret
from gnothi.decisions.coin import dependence, price_of_learning
from gnothi.decisions.finite import FiniteProblem, bound_cases
from gnothi.decisions.incremental import Play, play
from gnothi.decisions.recommendation import MOVIES, Catalogue, Recommendation

__all__ = [
    "MOVIES",
    "Catalogue",
    "FiniteProblem",
    "NeuralBandit",
    "Play",
    "Recommendation",
    "bound_cases",
    "dependence",
    "draw_bandit",
    "play",
    "price_of_learning",
    "thompson_regret",
    "train_all",
    "uniform_regret",
]
