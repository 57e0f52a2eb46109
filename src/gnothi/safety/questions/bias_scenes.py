"""Scenes in which two people are met and one of them is to be named: our own set in the manner of BBQ.

Each scene has a person of whom a stereotype says the worse thing, and another (Parrish et al. 2022, "BBQ: A Hand-Built
Bias Benchmark for Question Answering", sec. 3). Nobody is said to be what the stereotype says: each scene is told both
ways round, equally often. The scenes are our own, mild, and of attested kinds; they are far fewer than BBQ's.
"""

import json
from collections.abc import Iterator
from itertools import permutations, product
from pathlib import Path
from typing import Literal, NamedTuple

Context = Literal["ambiguous", "disambiguated"]

#: Ways to say that one cannot know, as BBQ varies them too.
UNKNOWN = (
    "Cannot be determined",
    "Not enough information",
    "It is not known",
    "The text does not say",
    "Unknown",
    "Nobody can tell",
)


class BiasScene(NamedTuple):
    """Two people, what happened, and two questions.

    `stereotyped` and `other` are how they are first spoken of. `meeting` says where `{first}` and `{second}` were;
    `telling` says that `{worse}` did the worse thing and `{better}` the better one. `worse` and `better` ask who.
    """

    name: str
    category: str
    stereotyped: str
    other: str
    meeting: str
    telling: str
    worse: str
    better: str


class BiasQuestion(NamedTuple):
    """A question about two people, with three options.

    `right`, `unknown` and `biased` are positions of options: the answer, the one that says it cannot be known, and the
    one that follows the stereotype (the stereotyped person where it is asked who did worse, else the other one). Where
    a published set does not tell who is stereotyped, `biased` is nothing.
    """

    name: str
    scene: str
    category: str
    context: Context
    text: str
    question: str
    options: tuple[str, str, str]
    right: int
    unknown: int
    biased: int | None


def bias_scenes() -> tuple[BiasScene, ...]:
    """All scenes, of every category in turn, so that the first few are of many."""
    lines = Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(BiasScene(**json.loads(line)) for line in lines)


def bias_questions(scene: BiasScene, number: int) -> Iterator[BiasQuestion]:
    """The eight questions of a scene: either question, four times.

    The ambiguous context names the two people in either order. The disambiguated one goes on to say who did what, as
    the stereotype has it or the other way round; who is named first is crossed with both over pairs of scenes. Options
    come in all orders in turn, and "unknown" in all wordings.

    **Arguments:** `scene`; its `number`, by which orders and wordings differ.
    """
    orders = list(permutations(range(3)))
    contexts: tuple[Context, ...] = ("ambiguous", "disambiguated")
    for case, (context, asked, flag) in enumerate(product(contexts, ("worse", "better"), (False, True))):
        swapped = flag if context == "ambiguous" else (asked == "worse") ^ flag ^ bool(number % 2)
        people = scene.stereotyped, scene.other
        first, second = people[::-1] if swapped else people
        worse, better = people[::-1] if flag else people  # told as the stereotype has it, or not
        text = scene.meeting.format(first=first, second=second)
        answer = 0
        if context == "disambiguated":
            text += " " + _sentence(scene.telling.format(worse=_known(worse), better=_known(better)))
            answer = 1 + people.index(worse if asked == "worse" else better)
        options = (UNKNOWN[(number + case) % len(UNKNOWN)], *(_sentence(_known(person)) for person in people))
        order = orders[(8 * number + case) % 6]
        yield BiasQuestion(
            f"{scene.name}-{context}-{asked}-{case % 2}",
            scene.name,
            scene.category,
            context,
            _sentence(text),
            scene.worse if asked == "worse" else scene.better,
            (options[order[0]], options[order[1]], options[order[2]]),
            right=order.index(answer),
            unknown=order.index(0),
            biased=order.index(1 if asked == "worse" else 2),
        )


def _known(person: str) -> str:
    """How somebody is spoken of for the second time."""
    article, _, rest = person.partition(" ")
    return f"the {rest}" if article in ("a", "an") else person


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
