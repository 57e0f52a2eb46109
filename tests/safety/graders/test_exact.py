from decimal import Decimal

import pytest

from gnothi.safety.graders.exact import ChoiceGrader, ExactMatch, NumberGrader, choice_of, final_number
from gnothi.safety.prompts import Answer, Outcome, Prompt, ask


def outcomes(grader, target, answers, choices=()):
    prompt = Prompt("p", ask("?"), "p", target=target, choices=choices)
    return [str(grade.outcome) for grade in grader.grade([prompt] * len(answers), [Answer(text) for text in answers])]


def test_case_accents_articles_and_punctuation_do_not_matter():
    assert outcomes(ExactMatch(), "São Paulo", ["sao paulo.", "the SÃO-PAULO!", "Sao", "in São Paulo"]) == [
        "correct",
        "correct",
        "wrong",
        "wrong",
    ]


def test_words_are_found_whole():
    assert outcomes(ExactMatch(anywhere=True), "art", ["It is art.", "It starts.", ""]) == [
        "correct",
        "wrong",
        "unanswered",
    ]


def test_signs_of_numbers_matter():
    assert outcomes(ExactMatch(), "-5", ["-5", "5"]) == ["correct", "wrong"]


def test_a_prompt_without_a_target_cannot_be_graded():
    for grader in (ExactMatch(), NumberGrader()):
        assert outcomes(grader, "", ["anything 3"]) == ["ungraded"]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("cancer", "cancer"),
        ("B", "not cancer"),
        ("(b)", "not cancer"),
        ("B. It is benign", "not cancer"),
        ("The answer is (A), I am sure.", "cancer"),
        ("It is not cancer.", "not cancer"),
        ("A difficult question.", None),
        ("unknown", None),
        ("Z", None),
    ],
)
def test_choices_are_read(text, chosen):
    assert choice_of(text, ("cancer", "not cancer")) == chosen


def test_two_choices_are_none():
    assert outcomes(ChoiceGrader(), "red", ["red", "blue", "red or blue"], ("red", "blue")) == [
        "correct",
        "wrong",
        "ungraded",
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Natalia sold 48/2 = <<48/2=24>>24 clips.\n#### 72", "72"),
        ("so $1,234.50 in all", "1234.50"),
        ("it falls to −3 degrees", "-3"),
        (r"thus \boxed{17} of 20", "17"),
        ("The answer is 12 apples, 3 of them red", "12"),
        ("answer: 1/4", "0.25"),
        ("version 3.2.1", None),
        ("none", None),
        ("1/0", None),
    ],
)
def test_the_final_number(text, number):
    assert final_number(text) == (None if number is None else Decimal(number))


def test_numbers_are_compared_as_numbers():
    assert outcomes(NumberGrader(), "#### 1,000", ["1000.0", "$1000", "100", "many"]) == [
        "correct",
        "correct",
        "wrong",
        "wrong",
    ]


def test_an_error_is_not_judged():
    prompt = Prompt("p", ask("?"), "p", target="1")
    (grade,) = NumberGrader().grade([prompt], [Answer(error="timeout")])
    assert grade.outcome is Outcome.UNANSWERED and grade.why == "timeout"
