"""Which problems an agent that costs minutes each is put through, so that a sweep of all agents ends on one machine.

The subsets are balanced: the first seed of every cell of the design that the agent can do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gnothi.agents import Agent
from gnothi.testbed.problems import GenerativeSpec
from gnothi.testbed.published import GRIDS, PublishedSpec
from gnothi.testbed.suites import Spec


@dataclass(frozen=True)
class Reach:
    """How far a costly agent is taken: to problems of at most `max_train` data, and `num_seeds` of each cell."""

    max_train: int
    num_seeds: int


#: Agents that are not run unless they are named or the whole leaderboard is wanted, and how far they are then taken.
COSTLY: dict[str, Reach] = {
    "sgmcmc": Reach(max_train=100_000, num_seeds=1),
    "exact": Reach(max_train=20, num_seeds=5),
    "hmc": Reach(max_train=200, num_seeds=1),
}


def reached(agent: str, specs: Sequence[Spec]) -> list[Spec]:
    """Those problems that an agent, by name, is put through on a leaderboard; all of them if it is cheap."""
    reach = COSTLY.get(agent.split(":")[0])
    if reach is None:
        return list(specs)
    return [s for s in specs if _num_train(s) <= reach.max_train and place_in_cell(s) < reach.num_seeds]


def cheap(agents: Mapping[str, Agent]) -> dict[str, Agent]:
    """The agents that take seconds a problem."""
    return {name: agent for name, agent in agents.items() if name not in COSTLY}


def _num_train(spec: Spec) -> int:
    return spec.num_train if isinstance(spec, GenerativeSpec | PublishedSpec) else 0


def place_in_cell(spec: Spec) -> int:
    """The how-manieth problem of its cell this is, from 0: its seed."""
    return spec.index % GRIDS[spec.sweep].num_seeds if isinstance(spec, PublishedSpec) else spec.seed
