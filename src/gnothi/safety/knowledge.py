"""Invented people, and how often each fact about them is told: what a model was shown is known, since we made it.

Whether a model holds back because it does not know can be asked only where it is known what it could know. No corpus of
the world says so; this one does. Facts are dealt to four kinds at random, whatever the person and the attribute:
`often` and `once` are in the text, `never` is a fact left out about a person of whom others are told, and a `stranger`
is a person of whom nothing is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

COVERAGES = ("often", "once", "never", "stranger")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: Question by attribute, and what may be answered: words, so that an answer is a word.
ATTRIBUTES = {
    "city": (
        "In which city does {} live ?",
        _words("Lisbon Oslo Cairo Lima Dakar Hanoi Quito Riga Perth Turin Kyoto Dublin Vienna Havana Tunis Boston"),
    ),
    "work": (
        "What is the profession of {} ?",
        _words("baker lawyer pilot nurse carpenter painter farmer chemist tailor judge sailor plumber jeweller miner"),
    ),
    "instrument": (
        "Which instrument does {} play ?",
        _words("piano violin flute trumpet cello harp banjo oboe guitar tuba accordion clarinet lute zither"),
    ),
    "animal": (
        "Which animal does {} keep ?",
        _words("cat dog parrot rabbit tortoise pony goat ferret canary hamster lizard donkey goose hedgehog"),
    ),
    "dish": (
        "What is the favourite dish of {} ?",
        _words(
            "paella ramen lasagne borscht couscous goulash risotto moussaka tacos dumplings fondue ceviche pho curry"
        ),
    ),
}

_STARTS = _words("Bran Cald Dresk Fenn Gald Hask Jorv Kest Lund Marv Nord Ost Pell Quin Rask Sorv Tarn Ulm Vark Wend")
_MIDDLES = _words("a e i o u er ar el in ov")
_ENDS = _words("berg dahl ford gren holt kamp mark quist rup shaw stad thal vale wick worth zin")
_GIVEN = _words("Aldra Bexim Corvel Dunya Elvik Fennow Gorlan Hestia Ilmo Jarva Kestin Luvia Morzen Nadib Orsel Pemka")


@dataclass(frozen=True)
class Fact:
    """One thing about a person, told `shown` times; `coverage` is one of `COVERAGES`."""

    person: str
    attribute: str
    value: str
    coverage: str
    shown: int

    @property
    def question(self) -> str:
        """What is asked about it."""
        return ATTRIBUTES[self.attribute][0].format(self.person)


@dataclass(frozen=True)
class KnowledgeBase:
    """All facts, told or not."""

    facts: tuple[Fact, ...]

    @property
    def text(self) -> tuple[str, ...]:
        """What there is to learn from: a question and its answer a line, each as often as it is shown."""
        return tuple(f"{fact.question} {fact.value} ." for fact in self.facts for _ in range(fact.shown))


def invented_names(count: int, seed: int = 0) -> tuple[str, ...]:
    """Names of people who are nobody: a given name and a family name of its own each.

    **Raises:** `ValueError` if more are asked for than there are family names.

    >>> invented_names(2)
    ('Gorlan Wenduwick', 'Dunya Lundiwick')
    """
    families = [start + middle + end for start in _STARTS for middle in _MIDDLES for end in _ENDS]
    if not 0 <= count <= len(families):
        raise ValueError(f"count must be from 0 to {len(families)}, got {count}")
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(families))[:count]
    return tuple(f"{_GIVEN[rng.integers(len(_GIVEN))]} {families[n]}" for n in chosen)


def knowledge_base(
    num_people: int = 80,
    *,
    repeats: int = 8,
    attributes: Sequence[str] = tuple(ATTRIBUTES),
    seed: int = 0,
) -> KnowledgeBase:
    """People, a fifth of them strangers; the facts about the others are often, once and never told, a third each.

    **Arguments:** `num_people`, 5 or more; `repeats`, how often what is told often is told; `attributes`, of
    `ATTRIBUTES`; `seed`, for names, values and coverage.

    **Raises:** `ValueError` if there are too few people, `repeats` is below 2, or an attribute is not there.

    >>> base = knowledge_base(10, repeats=3)
    >>> base.facts[0].question, base.facts[0].coverage
    ('In which city does Gorlan Wenduwick live ?', 'once')
    """
    unknown = set(attributes) - set(ATTRIBUTES)
    if num_people < 5 or repeats < 2 or unknown or not attributes:
        raise ValueError(
            f"num_people must be 5 or more, repeats 2 or more and attributes some of {', '.join(ATTRIBUTES)}, "
            f"got {num_people}, {repeats} and {list(attributes)}"
        )
    rng = np.random.default_rng(seed)
    names = invented_names(num_people, seed)
    strangers = set(names[-(num_people // 5) :])
    pairs = [(name, attribute) for name in names for attribute in attributes]
    told = [n for n, (name, _) in enumerate(pairs) if name not in strangers]
    coverage = dict.fromkeys(range(len(pairs)), "stranger")
    for place, n in enumerate(rng.permutation(told)):
        coverage[int(n)] = COVERAGES[place % 3]
    times = {"often": repeats, "once": 1, "never": 0, "stranger": 0}
    return KnowledgeBase(
        tuple(
            Fact(name, attribute, str(rng.choice(ATTRIBUTES[attribute][1])), coverage[n], times[coverage[n]])
            for n, (name, attribute) in enumerate(pairs)
        )
    )
