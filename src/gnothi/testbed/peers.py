"""Scores of other libraries' agents, to stand beside ours: as published, or measured with their code."""

import json
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class PeerScore:
    """One score of somebody else's agent.

    `what` is `"kl"` (of one problem), `"mean kl"` (over the problems of a suite) or `"kl over mlp"` (mean KL over that
    of mlp). `index` is the problem's place in its sweep, `PublishedSpec.index`, or `None` for a mean. `cpu_seconds`
    are those of all trainings behind a mean, where they were measured. `source` says in words where it is from.
    """

    agent: str
    suite: str
    what: str
    tau: int
    value: float
    source: str
    index: int | None = None
    cpu_seconds: float | None = None


def peer_scores() -> tuple[PeerScore, ...]:
    """All scores of other libraries that we know, each with its source.

    >>> {s.tau: s.value for s in peer_scores() if (s.agent, s.what, s.suite) == ("epinet", "mean kl", "published")}
    {1: 0.2128, 10: 0.8593}
    """
    tables = json.loads(resources.files("gnothi.testbed").joinpath("peers.json").read_text())
    return tuple(score for table in tables for score in _scores(table))


def _scores(table: dict) -> list[PeerScore]:
    by_index: dict[int | None, dict[str, list[float]]]
    by_index = {int(index): agents for index, agents in table.get("problems", {}).items()}
    by_index = by_index or {None: table["agents"]}
    seconds = table.get("cpu_seconds", {})
    return [
        PeerScore(agent, table["suite"], table["what"], tau, value, table["source"], index, seconds.get(agent))
        for index, agents in by_index.items()
        for agent, values in agents.items()
        for tau, value in zip(table["taus"], values, strict=True)
    ]
