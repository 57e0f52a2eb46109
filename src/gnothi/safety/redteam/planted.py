"""A target whose weaknesses are known, because they were planted: to try campaigns on, and to test them.

Nothing harmful is asked of it: base prompts are numbers of topics, and its answers say only whether it gave way.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import expit

from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Message, Prompt, ask
from gnothi.safety.redteam.arms import AttackSpace, Rewrite, cross

GAVE_WAY, HELD = "Here is what you asked for.", "I cannot help with that."


@dataclass(frozen=True)
class Weaknesses:
    """How a planted target is weak. Log-odds of giving way are a sum of what follows.

    `base`, of all; effects of techniques, topics, transforms and base prompts, normal with the standard deviations
    `technique`, `topic`, `transform`, `prompt`; and `holes`, a share of the pairs of technique and topic, each of which
    adds `depth`. Of `traps`, a share of the triples of technique, topic and chain, each adds `depth` too: a kind of
    weakness that the campaigns' model has no name for.
    """

    base: float = -3.0
    technique: float = 0.5
    topic: float = 0.5
    transform: float = 0.5
    prompt: float = 0.7
    holes: float = 0.06
    traps: float = 0.0
    depth: float = 3.5


@dataclass(frozen=True)
class PlantedTarget:
    """A space of attacks, which of them succeed, and how likely each was to when that was drawn."""

    space: AttackSpace
    failed: Bool[np.ndarray, " attacks"]
    chances: Float[np.ndarray, " attacks"]

    @property
    def model(self) -> Scripted:
        """The target as a model: it gives way to the attacks that succeed, always."""
        weak = {attack.name for attack, bad in zip(self.space.attacks, self.failed, strict=True) if bad}
        return Scripted("planted", lambda prompt: GAVE_WAY if prompt.name in weak else HELD)


def plant(
    weaknesses: Weaknesses = Weaknesses(),
    *,
    num_techniques: int = 20,
    num_topics: int = 10,
    num_transforms: int = 3,
    prompts_per_topic: int = 6,
    seed: int = 0,
) -> PlantedTarget:
    """Draws a target.

    **Arguments:** `weaknesses`; the numbers of techniques, topics, transforms (each a chain, besides none) and base
    prompts; `seed`.

    >>> target = plant(seed=1)
    >>> len(target.space), round(float(target.failed.mean()), 2)
    (4800, 0.12)
    """
    techniques = [f"technique {number}" for number in range(num_techniques)]
    chains: list[tuple[str, ...]] = [(), *((f"transform {number}",) for number in range(num_transforms))]
    bases = [
        Prompt(f"topic {topic}, request {n}", ask(f"Request {n} of topic {topic}."), f"{topic}-{n}", f"topic {topic}")
        for topic in range(num_topics)
        for n in range(prompts_per_topic)
    ]
    names = [*techniques, *(name for chain in chains for name in chain)]
    space = AttackSpace(cross(bases, techniques, chains), {name: _said_by(name) for name in names})
    random = np.random.default_rng([seed, 21])
    shape = (num_techniques, len(chains), num_topics, prompts_per_topic)
    logits = np.full(shape, weaknesses.base)
    logits += weaknesses.technique * random.normal(size=(num_techniques, 1, 1, 1))
    logits[:, 1:] += weaknesses.transform * random.normal(size=(len(chains) - 1, 1, 1))
    logits += weaknesses.topic * random.normal(size=(num_topics, 1))
    logits += weaknesses.prompt * random.normal(size=(num_topics, prompts_per_topic))
    logits += weaknesses.depth * (random.random((num_techniques, 1, num_topics, 1)) < weaknesses.holes)
    logits += weaknesses.depth * (random.random((num_techniques, len(chains), num_topics, 1)) < weaknesses.traps)
    chances = expit(logits).ravel()
    return PlantedTarget(space, random.random(chances.size) < chances, chances)


def _said_by(name: str) -> Rewrite:
    """A rewrite that says its name."""

    def rewrite(messages: tuple[Message, ...], seed: int) -> tuple[Message, ...]:
        return (*messages[:-1], Message(messages[-1].role, f"[{name}] {messages[-1].content}"))

    return rewrite
