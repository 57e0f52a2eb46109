"""Word problems of a few steps, as children get them at school: our own, made from templates, in the manner of GSM8K.

Numbers are drawn until every amount comes out whole and above 0. Cobbe et al. 2021, "Training Verifiers to Solve Math
Word Problems", is what they stand in for: those are written by people, more varied, and harder.
"""

import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

Numbers = Mapping[str, int]


class WordProblem(NamedTuple):
    """A problem, its `answer`, a whole number, and the template it is of. `worked` is how one gets there, if told."""

    name: str
    template: str
    text: str
    answer: int
    worked: str = ""


class _Template(NamedTuple):
    """`ranges` are of the numbers (from, to, step); `steps` are amounts on the way, the last of them the answer."""

    name: str
    text: str
    ranges: dict[str, tuple[int, int, int]]
    steps: Callable[[Numbers], tuple[int | Fraction, ...]]


def _over(above: int, below: int) -> Fraction:
    return Fraction(above, below)


_TEMPLATES = (
    _Template(
        "egg-boxes",
        "A farmer has {a} hens. Each hen lays {b} eggs a week. The eggs are sold in boxes of {c}. How many boxes can "
        "the farmer fill in a week?",
        {"a": (8, 30, 1), "b": (4, 7, 1), "c": (6, 12, 2)},
        lambda n: (_over(n["a"] * n["b"], n["c"]),),
    ),
    _Template(
        "pens",
        "Lena buys {a} pens for ${b} each and {c} notebooks for ${d} each. She pays with a $100 note. How many dollars "
        "does she get back?",
        {"a": (3, 9, 1), "b": (1, 3, 1), "c": (2, 7, 1), "d": (3, 8, 1)},
        lambda n: (100 - n["a"] * n["b"] - n["c"] * n["d"],),
    ),
    _Template(
        "bus",
        "A bus leaves with {a} people. At the first stop {b} get off and {c} get on. At the second stop half of those "
        "on the bus get off. How many people are on the bus then?",
        {"a": (20, 50, 1), "b": (4, 15, 1), "c": (3, 12, 1)},
        lambda n: (_over(n["a"] - n["b"] + n["c"], 2),),
    ),
    _Template(
        "reading",
        "Omar reads {a} pages every weekday and {b} pages on each day of the weekend. His book has {c} pages. How many "
        "pages are left after one week?",
        {"a": (10, 25, 5), "b": (20, 45, 5), "c": (200, 400, 10)},
        lambda n: (n["c"] - 5 * n["a"] - 2 * n["b"],),
    ),
    _Template(
        "paint",
        "One can of paint covers {a} square metres. Rosa wants to paint {b} walls of {c} square metres each, with two "
        "coats. How many cans does she need?",
        {"a": (6, 15, 1), "b": (2, 6, 1), "c": (6, 18, 1)},
        lambda n: (_over(2 * n["b"] * n["c"], n["a"]),),
    ),
    _Template(
        "savings",
        "Tom saves ${a} a week. After {b} weeks he spends ${c} on a present. How many more weeks must he save to have "
        "${d}?",
        {"a": (8, 20, 1), "b": (5, 12, 1), "c": (15, 60, 5), "d": (150, 300, 10)},
        lambda n: (n["a"] * n["b"] - n["c"], _over(n["d"] - n["a"] * n["b"] + n["c"], n["a"])),
    ),
    _Template(
        "sister",
        "Ivy is {a} years old. Her brother is {b} years older than she is, and their mother is {c} times as old as the "
        "brother. How old is the mother?",
        {"a": (5, 9, 1), "b": (2, 5, 1), "c": (3, 4, 1)},
        lambda n: (n["a"] + n["b"], n["c"] * (n["a"] + n["b"])),
    ),
    _Template(
        "garden",
        "A garden is {a} metres long and {b} metres wide. A fence around it costs ${c} a metre. How many dollars does "
        "the fence cost?",
        {"a": (8, 25, 1), "b": (5, 15, 1), "c": (4, 12, 1)},
        lambda n: (2 * (n["a"] + n["b"]) * n["c"],),
    ),
    _Template(
        "marbles",
        "Ken has {a} marbles. Lily has twice as many as Ken, and Mia has {b} fewer than Lily. How many marbles do the "
        "three have together?",
        {"a": (10, 40, 1), "b": (3, 15, 1)},
        lambda n: (2 * n["a"] - n["b"], 5 * n["a"] - n["b"]),
    ),
    _Template(
        "train",
        "A train travels {a} kilometres an hour for {b} hours and then {c} kilometres an hour for {d} hours. How many "
        "kilometres does it travel in all?",
        {"a": (60, 120, 10), "b": (2, 5, 1), "c": (40, 90, 10), "d": (2, 4, 1)},
        lambda n: (n["a"] * n["b"] + n["c"] * n["d"],),
    ),
    _Template(
        "cake",
        "A cake needs {a} eggs. A baker has {b} trays of {c} eggs and bakes {d} cakes. How many eggs are left?",
        {"a": (3, 6, 1), "b": (3, 6, 1), "c": (20, 30, 10), "d": (8, 20, 1)},
        lambda n: (n["b"] * n["c"] - n["a"] * n["d"],),
    ),
    _Template(
        "rent",
        "Four friends share a flat that costs ${a} a month, and ${b} a month for heating. They share all costs "
        "equally. How many dollars does each pay in {c} months?",
        {"a": (800, 1600, 40), "b": (80, 200, 20), "c": (3, 8, 1)},
        lambda n: (_over(n["a"] + n["b"], 4), _over(n["a"] + n["b"], 4) * n["c"]),
    ),
    _Template(
        "discount",
        "A coat costs ${a}. It is sold at {b} percent off. How many dollars do {c} such coats cost now?",
        {"a": (40, 120, 20), "b": (10, 50, 10), "c": (2, 5, 1)},
        lambda n: (_over(n["a"] * (100 - n["b"]), 100), _over(n["a"] * (100 - n["b"]), 100) * n["c"]),
    ),
    _Template(
        "stickers",
        "Nora has {a} stickers. She gives a third of them to her cousin and then buys {b} packs of {c} stickers. How "
        "many stickers does she have now?",
        {"a": (30, 90, 3), "b": (2, 6, 1), "c": (5, 12, 1)},
        lambda n: (_over(n["a"], 3), _over(2 * n["a"], 3) + n["b"] * n["c"]),
    ),
    _Template(
        "wages",
        "Sam earns ${a} an hour. For every hour above 40 in a week he earns ${b}. How many dollars does he earn in a "
        "week of {c} hours?",
        {"a": (12, 20, 1), "b": (21, 30, 1), "c": (42, 50, 1)},
        lambda n: (40 * n["a"] + (n["c"] - 40) * n["b"],),
    ),
    _Template(
        "tiles",
        "A floor is {a} metres by {b} metres. Each tile is half a metre by half a metre and costs ${c}. How many "
        "dollars do the tiles for the floor cost?",
        {"a": (3, 8, 1), "b": (2, 6, 1), "c": (2, 5, 1)},
        lambda n: (4 * n["a"] * n["b"], 4 * n["a"] * n["b"] * n["c"]),
    ),
    _Template(
        "apples",
        "A shop had {a} crates of {b} apples. {c} apples were bad, and {d} crates were sold whole. None of the bad "
        "apples were in those. How many good apples are left?",
        {"a": (8, 15, 1), "b": (20, 40, 5), "c": (10, 40, 1), "d": (3, 6, 1)},
        lambda n: ((n["a"] - n["d"]) * n["b"], (n["a"] - n["d"]) * n["b"] - n["c"]),
    ),
    _Template(
        "steps",
        "Mina walks {a} steps to school and the same way back, five days a week. On Saturday she walks {b} steps. How "
        "many steps does she walk in {c} weeks?",
        {"a": (500, 1500, 100), "b": (2000, 5000, 500), "c": (2, 4, 1)},
        lambda n: (10 * n["a"] + n["b"], (10 * n["a"] + n["b"]) * n["c"]),
    ),
    _Template(
        "chairs",
        "A hall has {a} rows of {b} chairs. {c} chairs are broken, and {d} guests each take a chair. How many good "
        "chairs stay empty?",
        {"a": (10, 20, 1), "b": (12, 24, 2), "c": (5, 20, 1), "d": (60, 110, 5)},
        lambda n: (n["a"] * n["b"] - n["c"] - n["d"],),
    ),
    _Template(
        "candles",
        "A candle is {a} centimetres long and burns down by {b} centimetres an hour. After {c} hours it is blown out. "
        "How many more hours could it burn?",
        {"a": (20, 40, 1), "b": (2, 4, 1), "c": (2, 5, 1)},
        lambda n: (_over(n["a"] - n["b"] * n["c"], n["b"]),),
    ),
    _Template(
        "tickets",
        "Tickets cost ${a} for adults and ${b} for children. A group of {c} adults and {d} children has a voucher for "
        "$15. How many dollars does the group pay?",
        {"a": (9, 18, 1), "b": (4, 8, 1), "c": (2, 6, 1), "d": (3, 10, 1)},
        lambda n: (n["a"] * n["c"] + n["b"] * n["d"] - 15,),
    ),
    _Template(
        "water",
        "A tank holds {a} litres. A tap fills it with {b} litres a minute, while {c} litres a minute leak out. How "
        "many minutes does it take to fill the empty tank?",
        {"a": (120, 480, 20), "b": (12, 30, 1), "c": (2, 8, 1)},
        lambda n: (n["b"] - n["c"], _over(n["a"], n["b"] - n["c"])),
    ),
    _Template(
        "class",
        "In a class of {a} pupils, {b} play football, {c} play tennis and {d} play both. How many pupils play neither?",
        {"a": (24, 36, 1), "b": (10, 16, 1), "c": (6, 12, 1), "d": (2, 5, 1)},
        lambda n: (n["b"] + n["c"] - n["d"], n["a"] - n["b"] - n["c"] + n["d"]),
    ),
    _Template(
        "photos",
        "Elif takes {a} photos a day for {b} days. She deletes {c} photos a day, and on the last day {d} more. How "
        "many photos does she keep?",
        {"a": (20, 60, 1), "b": (5, 9, 1), "c": (5, 15, 1), "d": (10, 40, 1)},
        lambda n: ((n["a"] - n["c"]) * n["b"] - n["d"],),
    ),
    _Template(
        "loaves",
        "A bakery sells {a} loaves a day at ${b} each. Flour costs the bakery ${c} a day and rent ${d} a day. How many "
        "dollars are left after {e} days?",
        {"a": (60, 120, 10), "b": (3, 5, 1), "c": (40, 90, 10), "d": (50, 100, 10), "e": (5, 7, 1)},
        lambda n: ((n["a"] * n["b"] - n["c"] - n["d"]) * n["e"],),
    ),
    _Template(
        "ribbon",
        "A ribbon of {a} metres is cut into pieces of {b} centimetres. {c} pieces are used for presents. How many "
        "pieces are left?",
        {"a": (6, 18, 1), "b": (20, 60, 10), "c": (5, 15, 1)},
        lambda n: (_over(100 * n["a"], n["b"]), _over(100 * n["a"], n["b"]) - n["c"]),
    ),
    _Template(
        "cycling",
        "Paulo cycles {a} kilometres on Monday. On each following day he cycles {b} kilometres more than the day "
        "before. How many kilometres has he cycled by Thursday evening?",
        {"a": (8, 20, 1), "b": (2, 6, 1)},
        lambda n: (4 * n["a"] + 6 * n["b"],),
    ),
    _Template(
        "phone",
        "A phone plan costs ${a} a month and includes {b} minutes. Each minute above costs {c} cents. Anna talks for "
        "{d} minutes in a month. How many dollars does she pay?",
        {"a": (10, 25, 1), "b": (100, 200, 20), "c": (5, 20, 5), "d": (220, 400, 20)},
        lambda n: (n["a"] + _over((n["d"] - n["b"]) * n["c"], 100),),
    ),
    _Template(
        "beads",
        "A necklace has {a} blue beads, twice as many white beads and {b} gold beads. How many beads are needed for "
        "{c} necklaces?",
        {"a": (8, 20, 1), "b": (3, 9, 1), "c": (3, 8, 1)},
        lambda n: (3 * n["a"] + n["b"], (3 * n["a"] + n["b"]) * n["c"]),
    ),
    _Template(
        "cinema",
        "A cinema with {a} seats was three quarters full in the afternoon and full in the evening. A ticket costs "
        "${b}. How many dollars did the cinema take that day?",
        {"a": (80, 200, 4), "b": (6, 12, 1)},
        lambda n: (_over(3 * n["a"], 4) + n["a"], (_over(3 * n["a"], 4) + n["a"]) * n["b"]),
    ),
    _Template(
        "oranges",
        "{a} oranges make one litre of juice. Oranges come in bags of {b} at ${c} a bag. How many dollars do the "
        "oranges for {d} litres cost?",
        {"a": (8, 12, 1), "b": (6, 12, 1), "c": (3, 6, 1), "d": (3, 12, 1)},
        lambda n: (_over(n["a"] * n["d"], n["b"]), _over(n["a"] * n["d"], n["b"]) * n["c"]),
    ),
    _Template(
        "trees",
        "A road of {a} metres gets a tree every {b} metres on both sides, at both ends too. {c} trees are there "
        "already. How many must be planted?",
        {"a": (100, 400, 20), "b": (5, 20, 5), "c": (6, 20, 1)},
        lambda n: (_over(n["a"], n["b"]), 2 * (_over(n["a"], n["b"]) + 1) - n["c"]),
    ),
)

#: Problems with their solutions, to be shown before one is asked.
WORKED = (
    WordProblem(
        "worked-1",
        "worked",
        "A box holds 6 bottles. Jana carries 4 boxes and 3 single bottles. How many bottles does she carry?",
        27,
        "The boxes hold 4 * 6 = 24 bottles. With the single ones that is 24 + 3 = 27 bottles.",
    ),
    WordProblem(
        "worked-2",
        "worked",
        "Ali has $50. He buys 3 books for $9 each. How many dollars does he have left?",
        23,
        "The books cost 3 * 9 = 27 dollars. He has 50 - 27 = 23 dollars left.",
    ),
    WordProblem(
        "worked-3",
        "worked",
        "A rope of 30 metres is cut in half, and one half is cut into 5 equal pieces. How long is each of these "
        "pieces, in metres?",
        3,
        "Half of the rope is 30 / 2 = 15 metres. A fifth of it is 15 / 5 = 3 metres.",
    ),
    WordProblem(
        "worked-4",
        "worked",
        "Eva runs 4 kilometres on each of 5 days and 10 kilometres on Sunday. How many kilometres does she run in 2 "
        "such weeks?",
        60,
        "In one week she runs 4 * 5 + 10 = 30 kilometres. In 2 weeks she runs 2 * 30 = 60 kilometres.",
    ),
)


def num_templates() -> int:
    """How many templates there are."""
    return len(_TEMPLATES)


def word_problems(template: int, count: int) -> list[WordProblem]:
    """The first `count` problems of a template, by its number; always the same ones, and no two alike."""
    made = _TEMPLATES[template]
    rng = random.Random(made.name)
    found: dict[str, WordProblem] = {}
    while len(found) < count:
        numbers = {slot: rng.randrange(low, high + 1, step) for slot, (low, high, step) in made.ranges.items()}
        steps = [Fraction(step) for step in made.steps(numbers)]
        if all(step.denominator == 1 and step > 0 for step in steps):
            text = made.text.format(**numbers)
            found.setdefault(text, WordProblem(f"{made.name}-{len(found) + 1}", made.name, text, int(steps[-1])))
    return list(found.values())
