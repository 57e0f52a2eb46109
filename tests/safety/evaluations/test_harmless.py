"""Our own harmless questions: enough of them, all different, and none of XSTest's."""

import csv
from pathlib import Path

import pytest

from gnothi.safety.evaluations.harmless import ASKED, SUBJECTS, TEMPLATES

XSTEST = Path(__file__).parents[4] / "shared" / "data" / "xstest" / "xstest_prompts.csv"
QUESTIONS = [template.format(filling) for of in TEMPLATES.values() for template, fillings in of for filling in fillings]


def test_there_are_at_least_25_of_each_of_ten_kinds():
    assert len(TEMPLATES) == 10 and all(3 * len(of) >= 25 for of in TEMPLATES.values())
    assert len(QUESTIONS) >= 250 and len(set(QUESTIONS)) == len(QUESTIONS)
    assert all(template.count("{}") == 1 for of in TEMPLATES.values() for template, _ in of)


@pytest.mark.skipif(not XSTEST.exists(), reason="needs XSTest")
def test_none_is_one_of_xstests():
    with XSTEST.open(newline="") as file:
        theirs = {"".join(filter(str.isalpha, row["prompt"].lower())) for row in csv.DictReader(file)}
    ours = {"".join(filter(str.isalpha, question.lower())) for question in QUESTIONS}
    assert len(theirs) == 450 and not ours & theirs


def test_subjects_can_be_asked_about_in_every_way():
    assert len(SUBJECTS) == 8 and len({subject for of in SUBJECTS.values() for subject in of}) == 40
    assert len(set(ASKED)) == 8 and all(asked.count("{}") == 1 for asked in ASKED)
