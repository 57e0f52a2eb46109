"""The same questions in every language."""

import csv
import re
import string
from collections import Counter
from pathlib import Path

import pytest

import gnothi.safety.questions.parallel_questions as parallel
from gnothi.safety.questions.parallel_questions import LANGUAGES, instruction, parallel_questions

QUESTIONS = parallel_questions()


def test_there_are_many_and_they_are_always_the_same():
    assert len(QUESTIONS) >= 120 and parallel_questions() == QUESTIONS
    assert len({question.name for question in QUESTIONS}) == len(QUESTIONS)
    kinds = {question.kind for question in QUESTIONS}
    assert len(kinds) >= 12 and {question.kind for question in QUESTIONS[: len(kinds)]} == kinds


def test_every_language_says_everything():
    with Path(parallel.__file__).with_name("parallel_words.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len({row["key"] for row in rows}) == len(rows)
    for row in rows:
        fields = [
            sorted(name for _, name, _, _ in string.Formatter().parse(row[language]) if name) for language in LANGUAGES
        ]
        assert all(row[language].strip() for language in LANGUAGES), row["key"]
        assert all(sorted(set(one)) == sorted(set(fields[0])) for one in fields), row["key"]
    assert len({instruction(language) for language in LANGUAGES}) == len(LANGUAGES)


def test_options_are_four_and_differ_and_the_right_one_stands_at_one_place_in_all():
    for question in QUESTIONS:
        for language in LANGUAGES:
            text, options = question.written(language)
            assert len(set(options)) == 4 and "{" not in text and not re.search(r"\w+-\d+$", options[0]), question
        # Where the answer is a figure, it is the same figure everywhere.
        figures = {question.written(language)[1][question.right] for language in LANGUAGES}
        assert len(figures) == 1 or not any(figure.isdigit() for figure in figures)
    places = Counter(question.right for question in QUESTIONS)
    assert max(places.values()) < 1.7 * min(places.values())


def computed(ask, text, options):
    """The answer to an English question that can be computed."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    match ask:
        case "ask-plus" | "ask-apples":
            return sum(numbers)
        case "ask-birds":
            return numbers[0] - numbers[1]
        case "ask-half":
            return numbers[0] // 2
        case "ask-double":
            return numbers[0] * 2
        case "ask-minutes":
            return numbers[0] * 60
        case "ask-largest":
            return max(map(int, options))
        case "ask-smallest":
            return min(map(int, options))
        case "ask-tallest":
            return text.split()[0]
        case "ask-shortest":
            return text.split("taller than ")[3].split(".")[0]
    raise AssertionError(ask)


def test_what_can_be_computed_is_right():
    asks = ("plus", "apples", "birds", "half", "double", "minutes", "largest", "smallest", "tallest", "shortest")
    some = [question for question in QUESTIONS if question.ask.removeprefix("ask-") in asks]
    assert {question.ask.removeprefix("ask-") for question in some} == set(asks)
    for question in some:
        text, options = question.written("English")
        assert options[question.right] == str(computed(question.ask, text, options))


@pytest.mark.parametrize(
    ("name", "language", "asked", "right"),
    [
        ("day-yesterday-0", "German", "Heute ist Montag. Welcher Tag war gestern?", "Sonntag"),
        ("opposite-3", "Spanish", "pequeño", "grande"),
        ("month-next-month-11", "Indonesian", "Desember", "Januari"),
        ("digits-70", "French", "soixante-dix", "70"),
        ("month-next-season-3", "Italian", "dopo l'autunno", "inverno"),
        ("capital-8", "Portuguese", "Egito", "Cairo"),
        ("colour-0", "Chinese", "雪是什么颜色的", "白色"),
        ("legs-3", "English", "a spider", "8"),
    ],
)
def test_words_are_matched(name, language, asked, right):
    (question,) = (question for question in QUESTIONS if question.name == name)
    text, options = question.written(language)
    assert asked in text and options[question.right] == right
