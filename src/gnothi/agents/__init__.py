"""Recipes by name: network, loss, schedule and hyper-parameters, as published."""

from gnothi.agents.agent import Agent, NetworkAgent, PriorKnowledge, Sampler, find_agent, full_name, joint_draws
from gnothi.agents.anchored_ensemble import AnchoredEnsembleAgent
from gnothi.agents.batch_ensemble import BatchEnsembleAgent
from gnothi.agents.bbb import BBBAgent
from gnothi.agents.deep_kernel import DeepKernelAgent
from gnothi.agents.dropout import DropoutAgent
from gnothi.agents.ensemble import EnsembleAgent
from gnothi.agents.epinet import EpinetAgent
from gnothi.agents.exact import ExactAgent
from gnothi.agents.gradient_steps import Training, gradient_steps, network_for
from gnothi.agents.hmc import HMCAgent
from gnothi.agents.hypermodel import HypermodelAgent
from gnothi.agents.laplace import LaplaceAgent
from gnothi.agents.last_layer_ensemble import LastLayerEnsembleAgent
from gnothi.agents.linear_epinet import LinearEpinetAgent
from gnothi.agents.plain import LogisticAgent, MLPAgent, UniformAgent
from gnothi.agents.posterior import TRUSTED, PosteriorSample, in_range, is_trusted
from gnothi.agents.scikit import KNNAgent, RandomForestAgent
from gnothi.agents.sgmcmc import SGMCMCAgent
from gnothi.agents.sngp import SNGPAgent
from gnothi.agents.swag import SWAGAgent
from gnothi.agents.sweeps import REAL_SWEEPS, SWEEPS, sweep

#: Every agent by name, with its published hyper-parameters where it has some (its module says where not);
#: `dataclasses.replace` changes one.
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
    "epinet+": LinearEpinetAgent(),
    "bbb": BBBAgent(),
    "hypermodel": HypermodelAgent(),
    "sgmcmc": SGMCMCAgent(),
    "last_layer_ensemble": LastLayerEnsembleAgent(),
    "batch_ensemble": BatchEnsembleAgent(),
    "deep_kernel": DeepKernelAgent(),
    "laplace": LaplaceAgent(),
    "laplace_kron": LaplaceAgent(subset="all", hessian="kron"),
    "swag": SWAGAgent(),
    "sngp": SNGPAgent(),
    "anchored_ensemble": AnchoredEnsembleAgent(),
    "langevin_ensemble": AnchoredEnsembleAgent(refreshments=60),
    "exact": ExactAgent(),
    "hmc": HMCAgent(),
}

__all__ = [
    "AGENTS",
    "REAL_SWEEPS",
    "SWEEPS",
    "TRUSTED",
    "Agent",
    "AnchoredEnsembleAgent",
    "BBBAgent",
    "BatchEnsembleAgent",
    "DeepKernelAgent",
    "DropoutAgent",
    "EnsembleAgent",
    "EpinetAgent",
    "ExactAgent",
    "HMCAgent",
    "HypermodelAgent",
    "KNNAgent",
    "LaplaceAgent",
    "LastLayerEnsembleAgent",
    "LinearEpinetAgent",
    "LogisticAgent",
    "MLPAgent",
    "NetworkAgent",
    "PosteriorSample",
    "PriorKnowledge",
    "RandomForestAgent",
    "SGMCMCAgent",
    "SNGPAgent",
    "SWAGAgent",
    "Sampler",
    "Training",
    "UniformAgent",
    "find_agent",
    "full_name",
    "gradient_steps",
    "in_range",
    "is_trusted",
    "joint_draws",
    "network_for",
    "sweep",
]
