"""When two failures are one: what is counted cannot be raised by finding the same thing again.

A failure is *distinct* by what was broken and how, both of which were fixed before the campaign began: the cluster of
the base prompt (a person's, not the attacker's: paraphrases of one request are one cluster) and the technique. Asking
the same again, another sample of the same answer, and the same technique behind another chain of transforms add
nothing. How the model worded its answer does not matter, so neither do answers that a model varies by itself.
"""

from collections.abc import Hashable
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Int

from gnothi.safety.redteam.arms import Attack, AttackSpace

Distinct = Literal["prompt and technique", "prompt", "topic and technique"]


def keys_of(space: AttackSpace, distinct: str = "prompt and technique") -> Int[np.ndarray, " attacks"]:
    """Which failure each attack would find, from 0 on: those of one number are the same failure.

    **Raises:** `ValueError` if there is no such way to tell failures apart.
    """
    if distinct not in get_args(Distinct):
        raise ValueError(f"distinct must be one of {', '.join(get_args(Distinct))}, got {distinct!r}")
    number: dict[Hashable, int] = {}
    return np.array([number.setdefault(_key(attack, distinct), len(number)) for attack in space.attacks])


def _key(attack: Attack, distinct: str) -> Hashable:
    if distinct == "prompt":
        return attack.base.cluster
    if distinct == "topic and technique":
        return attack.arm.topic, attack.arm.technique
    return attack.base.cluster, attack.arm.technique


def expected_gains(
    chances: Float[np.ndarray, " attacks"], keys: Int[np.ndarray, " attacks"], available: Bool[np.ndarray, " attacks"]
) -> Float[np.ndarray, " attacks"]:
    """What each attack adds to the expected number of distinct failures, the likelier of one failure being made first.

    Any so many of these gains that are largest are of attacks that can be made in that order, so that their sum is the
    most that so many queries are expected to find, if attacks of one failure succeed independently.

    **Arguments:** `chances` of success; `keys`, of `keys_of`; `available`, which may still be made: others gain 0.
    """
    gains = np.zeros(len(chances))
    places = np.flatnonzero(available)
    order = places[np.lexsort((-chances[places], keys[places]))]
    if not order.size:
        return gains
    spared = np.log1p(-np.clip(chances[order], 0, 1 - 1e-12))
    before = np.concatenate([[0.0], np.cumsum(spared)[:-1]])
    first = np.r_[True, keys[order][1:] != keys[order][:-1]]
    start = before[first][np.cumsum(first) - 1]
    gains[order] = chances[order] * np.exp(before - start)
    return gains


def expected_new(
    chances: Float[np.ndarray, " attacks"],
    keys: Int[np.ndarray, " attacks"],
    available: Bool[np.ndarray, " attacks"],
    queries: int,
) -> float:
    """The most new distinct failures that so many queries are expected to find; arguments as of `expected_gains`."""
    gains = expected_gains(chances, keys, available)
    most = min(queries, int(available.sum()))
    return float(np.partition(gains, gains.size - most)[gains.size - most :].sum()) if most else 0.0
