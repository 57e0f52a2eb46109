"""Recipes by name: network, loss, schedule and hyper-parameters, as published."""

from gnothi.agents.agent import Agent, PriorKnowledge, Sampler, find_agent, joint_draws
from gnothi.agents.dropout import DropoutAgent
from gnothi.agents.ensemble import EnsembleAgent
from gnothi.agents.epinet import EpinetAgent
from gnothi.agents.plain import LogisticAgent, MLPAgent, UniformAgent
from gnothi.agents.scikit import KNNAgent, RandomForestAgent

#: Every agent by name, with its published hyper-parameters; `dataclasses.replace` changes one.
AGENTS: dict[str, Agent] = {
    "uniform": UniformAgent(),
    "logistic": LogisticAgent(),
    "knn": KNNAgent(),
    "random_forest": RandomForestAgent(),
    "mlp": MLPAgent(),
    "dropout": DropoutAgent(),
    "ensemble": EnsembleAgent(),
    "ensemble+": EnsembleAgent(prior_scale=3.0),
    "epinet": EpinetAgent(),
}

__all__ = [
    "AGENTS",
    "Agent",
    "DropoutAgent",
    "EnsembleAgent",
    "EpinetAgent",
    "KNNAgent",
    "LogisticAgent",
    "MLPAgent",
    "PriorKnowledge",
    "RandomForestAgent",
    "Sampler",
    "UniformAgent",
    "find_agent",
    "joint_draws",
]
