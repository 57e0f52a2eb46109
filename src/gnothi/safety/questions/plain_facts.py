"""Plain facts that most people learn at school, with four options each: our own small set of general knowledge.

What is asked stands in `plain_facts.tsv`. Rows without wrong answers (capitals, symbols of elements, ...) borrow those
of others of their kind. Sums and products are made here.
"""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

from gnothi.safety.questions.lettered import ChoiceQuestion

#: How a kind of rows that are pairs of words is asked about.
ASKED = {
    "capital": "What is the capital of {}?",
    "continent": "On which continent is {}?",
    "symbol": "What is the chemical symbol of {}?",
    "young": "What is a young {} called?",
    "plural": 'What is the plural of "{}"?',
    "past": 'What is the past tense of "{}"?',
}
OPTIONS = 4


def plain_facts() -> list[ChoiceQuestion]:
    """All questions, of every kind in turn; always the same ones, and none twice."""
    rng = random.Random(0)
    with Path(__file__).with_name("plain_facts.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    kinds: dict[str, list[ChoiceQuestion]] = {}
    for row in rows:
        kind, right, wrong = row["kind"], row["answer"], row["wrong"].split(";")
        if kind in ASKED:
            others = sorted({other["answer"] for other in rows if other["kind"] == kind} - {right})
            wrong = rng.sample(others, OPTIONS - 1)
        text = ASKED.get(kind, "{}").format(row["ask"])
        name = f"{kind}-{len(kinds.get(kind, ())) + 1}"
        kinds.setdefault(kind, []).append(_question(rng, name, kind, text, right, wrong))
    kinds["arithmetic"] = list(_arithmetic(rng))
    for questions in kinds.values():
        rng.shuffle(questions)
    turns = range(max(map(len, kinds.values())))
    return [questions[turn] for turn in turns for questions in kinds.values() if turn < len(questions)]


def _question(rng: random.Random, name: str, kind: str, text: str, right: str, wrong: list[str]) -> ChoiceQuestion:
    options = [right, *wrong]
    rng.shuffle(options)
    return ChoiceQuestion(name, kind, text, tuple(options), options.index(right))


def _arithmetic(rng: random.Random) -> Iterator[ChoiceQuestion]:
    pairs = [(a, b) for a in range(3, 13) for b in range(3, a + 1)]
    for number, (a, b) in enumerate(rng.sample(pairs, 16)):
        wrong = rng.sample([a * b - a, a * b + a, a * b + 1, a * b - 2], OPTIONS - 1)
        text = f"What is {a} times {b}?"
        yield _question(rng, f"arithmetic-{number + 1}", "arithmetic", text, str(a * b), [str(n) for n in wrong])
    for number in range(16, 32):
        a, b = rng.randint(21, 89), rng.randint(11, 20)
        answer, word = (a + b, "plus") if number % 2 else (a - b, "minus")
        wrong = rng.sample([answer - 10, answer - 1, answer + 1, answer + 2, answer + 10], OPTIONS - 1)
        text = f"What is {a} {word} {b}?"
        yield _question(rng, f"arithmetic-{number + 1}", "arithmetic", text, str(answer), [str(n) for n in wrong])
