"""The same plain questions in eight languages: arithmetic, order, and what every speaker knows.

Words and sentences stand in `parallel_words.tsv`, a language a column, so that whoever speaks one can check it at a
glance. Questions are made of them alike in every language: the same numbers, the same options, in the same order. So
two languages are compared question by question. No human translator has checked the columns yet.
"""

import csv
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

LANGUAGES = ("English", "French", "German", "Spanish", "Italian", "Portuguese", "Indonesian", "Chinese")
NAMES = ("Julia", "Laura", "Sara", "Nina", "Clara", "Maria")
OPTIONS = 4

#: Pairs of opposites, by number, whose words are too near each other's to be wrong answers.
NEAR = {1: 4, 4: 1, 7: 9, 9: 7}


class ParallelQuestion(NamedTuple):
    """A question before it is put in words.

    `ask` is the sentence's key; `slots` are what stands in it, and `options` what may be answered: keys of words, or
    numbers and names as they are. `right` is the position of the answer.
    """

    name: str
    kind: str
    ask: str
    slots: dict[str, str]
    options: tuple[str, ...]
    right: int

    def written(self, language: str) -> tuple[str, tuple[str, ...]]:
        """The question and its options in a language."""
        words = _words()[language]
        slots = {slot: words.get(key, key) for slot, key in self.slots.items()}
        return words[self.ask].format(**slots), tuple(words.get(option, option) for option in self.options)


def instruction(language: str) -> str:
    """How a language asks for a letter."""
    return _words()[language]["instruction"]


@cache
def _words() -> dict[str, dict[str, str]]:
    with Path(__file__).with_name("parallel_words.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {language: {row["key"]: row[language] for row in rows} for language in LANGUAGES}


def parallel_questions() -> list[ParallelQuestion]:
    """All questions, of every kind in turn; always the same ones."""
    rng = random.Random(0)
    kinds = [list(kind(rng)) for kind in (_sums, _stories, _ratios, _sizes, _digits, _heights)]
    kinds += [list(kind(rng)) for kind in (_days, _months, _colours, _opposites, _capitals, _legs, _classes)]
    for kind in kinds:
        rng.shuffle(kind)
    turns = range(max(map(len, kinds)))
    return [kind[turn] for turn in turns for kind in kinds if turn < len(kind)]


def _question(
    rng: random.Random, kind: str, name: str, ask: str, slots: dict[str, str], right: str, wrong: list[str]
) -> ParallelQuestion:
    options = [right, *wrong[: OPTIONS - 1]]
    rng.shuffle(options)
    return ParallelQuestion(f"{kind}-{name}", kind, f"ask-{ask}", slots, tuple(options), options.index(right))


def _number(
    rng: random.Random, kind: str, ask: str, slots: dict[str, int], answer: int, near: tuple[int, ...]
) -> ParallelQuestion:
    """A question whose answer is a number; `near` are differences of the wrong ones."""
    wrong = [str(answer + step) for step in rng.sample([step for step in near if answer + step > 0], OPTIONS - 1)]
    name = "-".join([ask, *map(str, slots.values())])
    return _question(rng, kind, name, ask, {key: str(value) for key, value in slots.items()}, str(answer), wrong)


def _sums(rng: random.Random) -> Iterator[ParallelQuestion]:
    for a in rng.sample(range(11, 60), 12):
        b = rng.randint(6, 39)
        yield _number(rng, "sum", "plus", {"a": a, "b": b}, a + b, (-10, -2, -1, 1, 2, 10))


def _stories(rng: random.Random) -> Iterator[ParallelQuestion]:
    for a in rng.sample(range(4, 30), 8):
        b = rng.randint(3, 12)
        yield _number(rng, "story", "apples", {"a": a, "b": b}, a + b, (-3, -2, -1, 1, 2, 3))
    for a in rng.sample(range(9, 30), 8):
        b = rng.randint(2, a - 4)
        yield _number(rng, "story", "birds", {"a": a, "b": b}, a - b, (-3, -2, -1, 1, 2, b))


def _ratios(rng: random.Random) -> Iterator[ParallelQuestion]:
    for half in rng.sample(range(6, 45), 5):
        yield _number(rng, "ratio", "half", {"a": 2 * half}, half, (-5, -2, -1, 1, 2, 5))
    for a in rng.sample(range(6, 45), 5):
        yield _number(rng, "ratio", "double", {"a": a}, 2 * a, (-10, -4, -2, 2, 4, 10))
    for hours in range(2, 7):
        yield _number(rng, "ratio", "minutes", {"a": hours}, 60 * hours, (-60, -30, -20, 20, 30, 40))


def _sizes(rng: random.Random) -> Iterator[ParallelQuestion]:
    for number in range(12):
        ask = ("largest", "smallest")[number % 2]
        shown = sorted(rng.sample(range(10, 1000), OPTIONS), reverse=ask == "largest")
        right, *wrong = map(str, shown)
        yield _question(rng, "size", f"{ask}-{number}", ask, {}, right, wrong)


def _digits(rng: random.Random) -> Iterator[ParallelQuestion]:
    numbers = [*range(12, 21), *range(30, 100, 10)]
    for number in numbers:
        wrong = rng.sample([str(other) for other in numbers if other != number], OPTIONS - 1)
        yield _question(rng, "digits", str(number), "digits", {"word": f"number-{number}"}, str(number), wrong)


def _heights(rng: random.Random) -> Iterator[ParallelQuestion]:
    for number in range(12):
        ask = ("tallest", "shortest")[number % 2]
        names = rng.sample(NAMES, OPTIONS)
        right = names[0 if ask == "tallest" else -1]
        slots = dict(zip("abcd", names, strict=True))
        yield _question(rng, "height", f"{ask}-{number}", ask, slots, right, [name for name in names if name != right])


def _after(
    rng: random.Random, kind: str, ask: str, word: str, shown: str, count: int, step: int
) -> Iterator[ParallelQuestion]:
    """Questions of what comes `step` after each of `count` things that come round again."""
    for number in range(count):
        right = (number + step) % count
        wrong = [f"{word}-{n}" for n in rng.sample([n for n in range(count) if n != right], OPTIONS - 1)]
        yield _question(rng, kind, f"{ask}-{number}", ask, {"word": f"{shown}-{number}"}, f"{word}-{right}", wrong)


def _days(rng: random.Random) -> Iterator[ParallelQuestion]:
    for ask, step in (("tomorrow", 1), ("yesterday", -1), ("three-days", 3)):
        yield from _after(rng, "day", ask, "day", "day", 7, step)


def _months(rng: random.Random) -> Iterator[ParallelQuestion]:
    yield from _after(rng, "month", "next-month", "month", "month", 12, 1)
    yield from _after(rng, "month", "next-season", "season", "after-season", 4, 1)


def _matched(rng: random.Random, kind: str, asked: str, answers: str, count: int) -> Iterator[ParallelQuestion]:
    """Questions whose answers have the numbers of what is asked."""
    for number in range(count):
        wrong = [f"{answers}-{n}" for n in rng.sample([n for n in range(count) if n != number], OPTIONS - 1)]
        yield _question(rng, kind, str(number), kind, {"word": f"{asked}-{number}"}, f"{answers}-{number}", wrong)


def _colours(rng: random.Random) -> Iterator[ParallelQuestion]:
    yield from _matched(rng, "colour", "thing", "colour", 8)


def _capitals(rng: random.Random) -> Iterator[ParallelQuestion]:
    yield from _matched(rng, "capital", "country", "capital", 12)


def _opposites(rng: random.Random) -> Iterator[ParallelQuestion]:
    for number in range(24):
        pair = number // 2
        others = [n for n in range(24) if n // 2 not in (pair, NEAR.get(pair))]
        wrong = [f"opposite-{n}" for n in rng.sample(others, OPTIONS - 1)]
        slots = {"word": f"opposite-{number}"}
        yield _question(rng, "opposite", str(number), "opposite", slots, f"opposite-{number ^ 1}", wrong)


def _legs(rng: random.Random) -> Iterator[ParallelQuestion]:
    for number, legs in enumerate((4, 2, 6, 8, 4, 2, 6)):
        wrong = [str(n) for n in (2, 4, 6, 8) if n != legs]
        yield _question(rng, "legs", str(number), "legs", {"word": f"legs-{number}"}, str(legs), wrong)


def _classes(rng: random.Random) -> Iterator[ParallelQuestion]:
    # "orange" is a colour and, in some languages, a fruit: the seventh colour is left out.
    counts = {"colour": 6, "animal": 4, "fruit": 4, "day": 7, "month": 12}
    for name in counts:
        for turn in range(2):
            right, *wrong = (
                f"{other}-{rng.randrange(counts[other])}"
                for other in [name, *rng.sample([n for n in counts if n != name], OPTIONS - 1)]
            )
            yield _question(rng, "class", f"{name}-{turn}", "member", {"word": f"class-{name}"}, right, wrong)
