"""Attacks: a technique, a topic and a chain of transforms, put to one base prompt."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Int
from scipy import sparse

from gnothi.safety.prompts import Message, Prompt

#: What makes other messages of messages, from a seed: a `gnothi.safety.transforms.Transform` is one.
Rewrite = Callable[[tuple[Message, ...], int], tuple[Message, ...]]

PLAIN = "none"  # the technique that leaves a prompt as it is


@dataclass(frozen=True)
class Arm:
    """How something is asked for: a `technique`, on a `topic`, the request written by a `chain` of transforms."""

    technique: str
    topic: str
    chain: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " | ".join((self.technique, self.topic, "+".join(self.chain) or PLAIN))


@dataclass(frozen=True)
class Attack:
    """An arm, and the base prompt that it is put to, whose category is the arm's topic."""

    arm: Arm
    base: Prompt

    @property
    def name(self) -> str:
        """Its own among the attacks of a space."""
        return f"{self.arm.technique}|{'+'.join(self.arm.chain) or PLAIN}|{self.base.name}"


@dataclass(frozen=True)
class Features:
    """What is known of attacks before any is made: each has features, and each feature is of one group."""

    matrix: sparse.csr_matrix  # attacks x features
    group_of: Int[np.ndarray, " features"]
    groups: tuple[str, ...]

    @property
    def sizes(self) -> Int[np.ndarray, " groups"]:
        """How many features each group has."""
        return np.bincount(self.group_of, minlength=len(self.groups))


@dataclass(frozen=True)
class AttackSpace:
    """All attacks there are to choose from.

    **Arguments:** `attacks`; `rewrites`, by name, of techniques and of the transforms of chains; `seed`, for those
    that draw.

    **Raises:** `ValueError` if there is no attack, two are called alike, or one names a rewrite that is not there.
    """

    attacks: tuple[Attack, ...]
    rewrites: Mapping[str, Rewrite] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self):
        if not self.attacks:
            raise ValueError("there are no attacks: name at least one base prompt, technique and chain")
        names = [attack.name for attack in self.attacks]
        if len(set(names)) < len(names):
            raise ValueError(f"two attacks are called {next(name for name in names if names.count(name) > 1)!r}")
        used = {name for attack in self.attacks for name in (attack.arm.technique, *attack.arm.chain)} - {PLAIN}
        if missing := sorted(used - self.rewrites.keys()):
            raise ValueError(f"there is no transform {missing[0]!r}: there are {', '.join(sorted(self.rewrites))}")

    def __len__(self) -> int:
        return len(self.attacks)

    def prompt(self, place: int) -> Prompt:
        """What a model is asked by an attack: the chain rewrites the request, then the technique wraps it."""
        attack = self.attacks[place]
        messages = attack.base.messages
        for name in (*attack.arm.chain, attack.arm.technique):
            if name != PLAIN:
                messages = tuple(self.rewrites[name](messages, self.seed))
        facts = {"technique": attack.arm.technique, "chain": "+".join(attack.arm.chain)}
        return Prompt(
            name=attack.name,
            messages=messages,
            cluster=attack.base.cluster,
            category=attack.arm.topic,
            target=attack.base.target,
            facts={**attack.base.facts, **facts},
            harmful=attack.base.harmful,
        )

    @property
    def sha256(self) -> str:
        """Of the names of all attacks and of what their base prompts ask."""
        bases = {attack.base.name: attack.base for attack in self.attacks}
        plain = [
            [attack.name for attack in self.attacks],
            {name: base.sha256 for name, base in bases.items()},
            self.seed,
        ]
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()

    @cached_property
    def features(self) -> Features:
        """Indicators of technique, topic, each transform of the chain, technique with topic (the arm's residual),
        technique with chain, topic with chain, and the cluster of the base prompt; a group that says the same of every
        attack is left out."""
        columns: dict[str, list[tuple[object, ...]]] = {
            "technique": [(a.arm.technique,) for a in self.attacks],
            "topic": [(a.arm.topic,) for a in self.attacks],
            "transform": [a.arm.chain or (PLAIN,) for a in self.attacks],
            "technique and topic": [((a.arm.technique, a.arm.topic),) for a in self.attacks],
            "technique and chain": [((a.arm.technique, a.arm.chain),) for a in self.attacks],
            "topic and chain": [((a.arm.topic, a.arm.chain),) for a in self.attacks],
            "base prompt": [(a.base.cluster,) for a in self.attacks],
        }
        return features_of(columns)


def features_of(columns: Mapping[str, Sequence[tuple[object, ...]]]) -> Features:
    """Indicators of the levels of each group; a group whose rows are as those of an earlier one is left out.

    **Arguments:** `columns`, by group, the levels that each attack has.
    """
    rows: list[Int[np.ndarray, " entries"]] = []
    places: list[Int[np.ndarray, " entries"]] = []
    group_of: list[int] = []
    groups: list[str] = []
    seen: set[bytes] = set()
    count = len(next(iter(columns.values())))
    for name, levels in columns.items():
        number: dict[object, int] = {}
        entries = [(row, number.setdefault(level, len(number))) for row, some in enumerate(levels) for level in some]
        pairs = np.array(entries, int).reshape(-1, 2)
        if len(number) < 2 or pairs.tobytes() in seen:
            continue
        seen.add(pairs.tobytes())
        rows.append(pairs[:, 0])
        places.append(pairs[:, 1] + len(group_of))
        group_of += [len(groups)] * len(number)
        groups.append(name)
    shape = (count, len(group_of))
    if not groups:
        return Features(sparse.csr_matrix(shape, dtype=float), np.zeros(0, int), ())
    where = (np.concatenate(rows), np.concatenate(places))
    matrix = sparse.csr_matrix((np.ones(where[0].size), where), shape=shape)
    return Features(matrix, np.array(group_of), tuple(groups))


def cross(
    bases: Iterable[Prompt], techniques: Sequence[str], chains: Sequence[tuple[str, ...]] = ((),)
) -> tuple[Attack, ...]:
    """Every technique and chain on every base prompt, the topic of which is its category; a technique at a time."""
    prompts = list(bases)
    return tuple(
        Attack(Arm(technique, base.category, tuple(chain)), base)
        for technique in techniques
        for chain in chains
        for base in prompts
    )
