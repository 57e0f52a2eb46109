"""Which problems an agent is put through: what it can do, and what ends in time on one machine.

Agents that cost minutes a problem (Markov chains, draws from the posterior) are taken, on a leaderboard, to a balanced
subset: the first seeds of every cell of the design, and those from the testbed's own law only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from gnothi.agents import Agent
from gnothi.testbed.problems import GenerativeSpec
from gnothi.testbed.published import GRIDS, PublishedSpec
from gnothi.testbed.regression import RegressionSpec
from gnothi.testbed.suites import Spec

#: Agents that can learn values, not labels only.
REGRESSORS = ("uniform", "mlp", "dropout", "ensemble", "ensemble+", "epinet", "epinet+")


@dataclass(frozen=True)
class Reach:
    """How far a costly agent is taken: to problems of at most `max_train` data, and `num_seeds` of each cell."""

    max_train: int
    num_seeds: int

    def __str__(self) -> str:
        """The subset in words."""
        return f"at most {self.max_train:,} data, {self.num_seeds} of each cell"


#: Agents that are not run unless they are named or the whole leaderboard is wanted, and how far they are then taken.
COSTLY: dict[str, Reach] = {
    "sgmcmc": Reach(max_train=100_000, num_seeds=1),
    "langevin_ensemble": Reach(max_train=2_000, num_seeds=1),
    "exact": Reach(max_train=20, num_seeds=5),
    "hmc": Reach(max_train=200, num_seeds=1),
}


def base_name(agent: str) -> str:
    """The name of an agent without changed settings."""
    return agent.split(":")[0]


def reached(agent: str, specs: Sequence[Spec]) -> list[Spec]:
    """Those problems that an agent, by name, is put through on a leaderboard; all that it can do if it is cheap."""
    reach = COSTLY.get(base_name(agent))
    if reach is None:
        return [spec for spec in specs if not isinstance(spec, RegressionSpec) or base_name(agent) in REGRESSORS]
    own = [spec for spec in specs if isinstance(spec, GenerativeSpec | PublishedSpec)]
    return [spec for spec in own if spec.num_train <= reach.max_train and place_in_cell(spec) < reach.num_seeds]


def cheap(agents: Mapping[str, Agent], specs: Sequence[Spec]) -> dict[str, Agent]:
    """The agents that take seconds a problem and can do these problems."""
    return {name: agent for name, agent in agents.items() if name not in COSTLY and reached(name, specs)}


def check_able(agents: Mapping[str, Agent], specs: Sequence[Spec]) -> None:
    """Says before anything runs what could not.

    **Raises:** `ValueError` if an agent cannot do these problems, or needs a package that is not installed.
    """
    if any(isinstance(spec, RegressionSpec) for spec in specs):
        classifiers = [name for name in agents if base_name(name) not in REGRESSORS]
        if classifiers:
            able = ", ".join(REGRESSORS)
            raise ValueError(f"{', '.join(classifiers)} cannot learn values, only labels. What can: {able}.")
    if any(base_name(name) == "hmc" for name in agents) and find_spec("blackjax") is None:
        raise ValueError("the agent hmc needs BlackJAX: pip install 'gnothi[blackjax]', or name --agents without it")


def place_in_cell(spec: Spec) -> int:
    """The how-manieth problem of its cell this is, from 0: its seed."""
    return spec.index % GRIDS[spec.sweep].num_seeds if isinstance(spec, PublishedSpec) else spec.seed
