"""Word problems: whole numbers, and always the same."""

import re

import pytest

from gnothi.safety.questions.word_problems import WORKED, num_templates, word_problems

ALL = [problem for template in range(num_templates()) for problem in word_problems(template, 3)]


def test_no_two_are_alike():
    assert num_templates() >= 30
    assert len({problem.text for problem in ALL}) == len({problem.name for problem in ALL}) == len(ALL)
    assert all(problem.answer > 0 and "{" not in problem.text for problem in ALL)
    assert word_problems(3, 2) == word_problems(3, 3)[:2]


@pytest.mark.parametrize(
    ("template", "answer"),
    [
        ("egg-boxes", lambda a, b, c: a * b / c),
        ("cake", lambda a, b, c, d: b * c - a * d),
        ("class", lambda a, b, c, d: a - (b + c - d)),
        ("cycling", lambda a, b: a + (a + b) + (a + 2 * b) + (a + 3 * b)),
        ("paint", lambda a, b, c: 2 * b * c / a),
        ("trees", lambda a, b, c: 2 * (a / b + 1) - c),
        ("ribbon", lambda a, b, c: 100 * a / b - c),
    ],
)
def test_answers_are_right(template, answer):
    problems = [problem for problem in ALL if problem.template == template]
    assert len(problems) == 3
    for problem in problems:
        assert problem.answer == answer(*map(int, re.findall(r"\d+", problem.text)))


def test_worked_examples_come_to_their_answers():
    for problem in WORKED:
        sums = re.findall(r"([\d +*/-]+) = (\d+)", problem.worked)
        assert sums and all(eval(left) == int(right) for left, right in sums)
        assert int(sums[-1][1]) == problem.answer
        assert problem.text not in {other.text for other in ALL}
