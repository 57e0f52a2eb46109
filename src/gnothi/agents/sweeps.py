"""The published sweeps: for each agent, the settings that the Neural Testbed tried (Osband et al. 2022).

Settings are in the words of our agents, and each can be given to `dataclasses.replace(AGENTS[name], **settings)`. What
the originals list twice is here once, and what they list but do not use is not here; a comment says which.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from gnothi.agents.agent import Agent, full_name
from gnothi.agents.bbb import BBBAgent
from gnothi.agents.deep_kernel import DeepKernelAgent
from gnothi.agents.dropout import DropoutAgent
from gnothi.agents.ensemble import EnsembleAgent
from gnothi.agents.hypermodel import HypermodelAgent
from gnothi.agents.plain import LogisticAgent, MLPAgent
from gnothi.agents.scikit import KNNAgent, RandomForestAgent
from gnothi.agents.sgmcmc import SGMCMCAgent

Settings = dict[str, Any]

#: The agents that have a sweep, as they are before one of its settings is applied.
_BASES: dict[str, Any] = {
    "logistic": LogisticAgent(),
    "knn": KNNAgent(),
    "random_forest": RandomForestAgent(),
    "mlp": MLPAgent(),
    "dropout": DropoutAgent(),
    "ensemble": EnsembleAgent(),
    "ensemble+": EnsembleAgent(prior_scale=3.0),
    "bbb": BBBAgent(),
    "hypermodel": HypermodelAgent(),
    "sgmcmc": SGMCMCAgent(),
    "deep_kernel": DeepKernelAgent(),
}


def _grid(**values: Sequence[Any]) -> list[Settings]:
    """Every combination."""
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def _distinct(name: str, *grids: list[Settings]) -> tuple[Settings, ...]:
    """The settings of some grids, each once, without what is the agent's own setting anyway."""
    base = _BASES[name]
    short = [{k: v for k, v in settings.items() if v != getattr(base, k)} for grid in grids for settings in grid]
    return tuple(settings for i, settings in enumerate(short) if settings not in short[:i])


_DECAYS = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
_FEW_DECAYS = (0.1, 0.3, 1.0, 3.0, 10.0)
_BOOTSTRAPS = ("none", "bernoulli", "exponential")

# Decay that does not follow the problem (`adaptive_weight_scale=False`) and a fixed number of steps
# (`batch_strategy=False`) are in the originals' grids of logistic, mlp, dropout, ensemble and ensemble+; these agents
# of ours always do both, so those entries are left out.
_HYPERMODEL = {"steps": (1000,)}
_HYPERMODEL_2D = {"steps": (2000,), "adaptive_steps": (False,)}

#: The sweeps of the generative testbed, that of 2, 10 and 100 dimensions and that of 2 dimensions together.
SWEEPS: dict[str, tuple[Settings, ...]] = {
    "logistic": _distinct("logistic", _grid(l2=_DECAYS)),
    "knn": _distinct("knn", _grid(neighbors=(1, 5, 10, 30, 50, 100), weights=("uniform", "distance"))),
    "random_forest": _distinct("random_forest", _grid(trees=(10, 100, 1000), criterion=("gini", "entropy"))),
    # The original ignores `batch_strategy` here.
    "mlp": _distinct("mlp", _grid(l2=_DECAYS), _grid(steps=(500, 1000))),
    "dropout": _distinct(
        "dropout",
        # Dropped inputs (`dropout_input=True`), half of the original's entries: our `Dropout` has no such mask.
        _grid(rate=[n / 10 for n in range(10)], hidden=((50, 50), (100, 100))),  # 2-D: (100, 100)
        _grid(length_scale=(0.01, 0.1, 0.3, 1.0, 3.0, 10.0)),
        _grid(length_scale=(1.0, 3.0, 10.0), hidden=((100, 100),)),  # 2-D
        _grid(hidden=((50, 50), (100, 100), (50, 50, 50))),
        _grid(steps=(500, 1000)),
    ),
    "ensemble": _distinct(
        "ensemble",
        _grid(num_members=(1, 3, 10, 30, 100)),
        _grid(l2=_DECAYS),
        _grid(num_members=(30,), l2=_DECAYS),  # 2-D
        _grid(steps=(500, 1000)),
    ),
    "ensemble+": _distinct(
        "ensemble+",
        _grid(num_members=(1, 3, 10, 30, 100)),
        _grid(bootstrap=_BOOTSTRAPS),
        _grid(l2=_FEW_DECAYS),
        # `temp_scale_prior="lin"`: the original does not know the word and leaves the prior unscaled; ours cannot.
        _grid(prior_scale=(1.0, 3.0)),
        _grid(steps=(500, 1000)),
    ),
    "bbb": _distinct(
        "bbb",
        # `sigma_2` and `mixture_scale`: the original computes its divergence in closed form, without them.
        _grid(learning_rate=(1e-3, 3e-3), adaptive_kl=(True, False)),
        _grid(prior_std=(1.0, 2.0, 4.0)),
        _grid(hidden=((50, 50), (100, 100), (50, 50, 50))),
        _grid(adaptive_steps=(True, False), steps=(500, 1000)),
        _grid(learning_rate=(1e-3, 3e-3), prior_std=(0.3, 0.5, 0.7, 1.0, 2.0), steps=(1000, 2000)),  # 2-D
    ),
    "hypermodel": _distinct(
        "hypermodel",
        _grid(prior_hidden=((10,), (10, 10)), prior_scale=(1.0, 3.0), prior_scaling=("linear", "sqrt"), **_HYPERMODEL),
        _grid(index_size=(1, 3, 5, 7), **_HYPERMODEL),
        _grid(l2=_FEW_DECAYS, **_HYPERMODEL),
        _grid(bootstrap=_BOOTSTRAPS, **_HYPERMODEL),
        _grid(adaptive_steps=(True, False), steps=(500, 1000)),
        # 2-D. Without a prior, its shape and scaling say nothing, and the original lists the same agent four times.
        _grid(prior_scale=(0.0,), l2=(1.0, 2.0), **_HYPERMODEL_2D),
        _grid(prior_hidden=((10,), (10, 10)), l2=(1.0, 2.0), prior_scaling=("linear", "sqrt"), **_HYPERMODEL_2D),
        _grid(index_size=(1, 3, 5, 7), **_HYPERMODEL_2D),
        _grid(l2=_FEW_DECAYS, **_HYPERMODEL_2D),
        _grid(bootstrap=_BOOTSTRAPS, **_HYPERMODEL_2D),
    ),
    "sgmcmc": _distinct(
        "sgmcmc",
        # The original lists these twice, as "sgld" and "momentum", but its "sgld" has the momentum as well.
        _grid(learning_rate=(5e-4, 1e-3, 5e-3), prior_variance=(0.05, 0.1, 0.5, 1.0, 2.0, 10.0)),
        # 2-D. `adaptive_prior_variance` is off there, but changes nothing below 100 dimensions.
        _grid(learning_rate=(1e-4, 5e-4, 1e-3, 5e-3), prior_variance=(0.05, 0.1, 0.2)),
    ),
    "deep_kernel": _distinct(
        "deep_kernel", _grid(scale=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0), noise_factor=(0.5, 1.0, 2.0, 3.0, 4.0))
    ),
}

_STEPS = (1000, 5000, 10_000)
_REAL_SCALES = (1.0, 3.0, 10.0, 30.0, 100.0)

#: The sweeps of real data. There nobody knows a temperature, so decay and priors follow none (which the originals say
#: in every entry); and with 5 to 500 data a dimension the number of steps is the one asked for.
REAL_SWEEPS: dict[str, tuple[Settings, ...]] = {
    "mlp": _distinct("mlp", _grid(steps=_STEPS, l2=_DECAYS[2:])),
    "dropout": _distinct(
        "dropout",
        _grid(steps=_STEPS, length_scale=_DECAYS, rate=[n / 10 for n in range(7)], hidden=((100, 100),)),
    ),
    "ensemble": _distinct("ensemble", _grid(steps=_STEPS, l2=(*_DECAYS[2:], 1000.0))),
    "ensemble+": _distinct("ensemble+", _grid(steps=_STEPS, l2=_DECAYS[2:], prior_scale=_REAL_SCALES)),
    "bbb": _distinct(
        # `sigma_2` and `mixture_scale`: as above.
        "bbb",
        _grid(prior_std=(1.0, 2.0, 4.0), steps=_STEPS, learning_rate=(1e-3,), adaptive_kl=(False,)),
    ),
    "hypermodel": _distinct(
        "hypermodel",
        _grid(
            steps=_STEPS,
            l2=_DECAYS[2:],
            prior_scale=_REAL_SCALES,
            prior_hidden=((10, 10),),
            index_size=(5,),
            prior_scaling=("none",),
            adaptive_steps=(False,),
        ),
    ),
    "sgmcmc": _distinct(
        "sgmcmc",
        _grid(
            learning_rate=(1e-4, 5e-4, 1e-3, 5e-3, 1e-2),
            prior_variance=(1.0, 3.0, 10.0, 30.0, 100.0, 300.0),
            momentum=(0.0, 0.9),
            adaptive_prior_variance=(False,),
        ),
    ),
}


def sweep(name: str, *, real: bool = False) -> dict[str, Agent]:
    """The agents of a published sweep, by names that `find_agent` understands.

    **Arguments:** `name`, of the agent; `real`, whether to give the sweep of real data instead of the testbed's.

    **Raises:** `ValueError` if no sweep of that agent was published.

    >>> list(sweep("ensemble+"))[:3]
    ['ensemble+:num_members=1', 'ensemble+:num_members=3', 'ensemble+:num_members=10']
    """
    sweeps = REAL_SWEEPS if real else SWEEPS
    if name not in sweeps:
        raise ValueError(f"no sweep of {name!r} was published: there are {', '.join(sweeps)}")
    return {full_name(name, settings): replace(_BASES[name], **settings) for settings in sweeps[name]}
