"""Rewarded decisions of a deployed bandit as arrays: what off-policy estimates and the nightly refit read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

Arm = str | int


@dataclass(frozen=True)
class LoggedDecisions:
    """Decisions that have their reward, in the order in which rewards came.

    `ids` are decision numbers; `arms` positions in `names`; `probabilities` the propensities, how likely the arm taken
    was at the time; `available` which arms there were at the time.
    """

    names: tuple[Arm, ...]
    ids: Int[np.ndarray, " decisions"]
    contexts: Float[np.ndarray, "decisions inputs"]
    arms: Int[np.ndarray, " decisions"]
    probabilities: Float[np.ndarray, " decisions"]
    rewards: Float[np.ndarray, " decisions"]
    available: Bool[np.ndarray, "decisions arms"]

    def __len__(self) -> int:
        return len(self.ids)


class _Chosen(NamedTuple):
    context: list[float]
    arm: int
    probability: float
    available: tuple[int, ...]


def rewarded_decisions(records: Iterable[dict[str, Any]]) -> LoggedDecisions:
    """Puts decisions and their rewards together; `records` are those of a log, from its first line."""
    context_size = 0
    positions: dict[Arm, int] = {}
    available: tuple[int, ...] = ()
    waiting: dict[int, _Chosen] = {}
    rows: list[tuple[int, float, _Chosen]] = []
    for record in records:
        match record["event"]:
            case "create":
                context_size = record["settings"]["context_size"]
                positions = {name: position for position, name in enumerate(record["settings"]["arms"])}
                available = tuple(positions.values())
            case "choose":
                arm = positions[record["arm"]]
                waiting[record["id"]] = _Chosen(record["context"], arm, record["probability"], available)
            case "reward":
                pairs = zip(record["ids"], record["rewards"], strict=True)
                rows += [(number, reward, waiting.pop(number)) for number, reward in pairs]
            case "add_arm":
                available = (*available, positions.setdefault(record["arm"], len(positions)))
            case "retire_arm":
                available = tuple(arm for arm in available if arm != positions[record["arm"]])
    chosen = [row[2] for row in rows]
    there = np.zeros((len(rows), len(positions)), bool)
    for row, one in enumerate(chosen):
        there[row, list(one.available)] = True
    return LoggedDecisions(
        names=tuple(positions),
        ids=np.array([row[0] for row in rows], np.int64),
        contexts=np.array([one.context for one in chosen], float).reshape(len(rows), context_size),
        arms=np.array([one.arm for one in chosen], np.int64),
        probabilities=np.array([one.probability for one in chosen], float),
        rewards=np.array([row[1] for row in rows], float),
        available=there,
    )
