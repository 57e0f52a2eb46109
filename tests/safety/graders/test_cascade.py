import pytest

from gnothi.safety.graders.cascade import Cascade, refusals
from gnothi.safety.graders.grader import Grader
from gnothi.safety.graders.refusal import RefusalFeatures
from gnothi.safety.prompts import Answer, Grade, Outcome, Prompt, ask

PROMPT = Prompt("bread", ask("How do I bake bread?"), "bread")


class Fixed(Grader):
    """Says of each answer what a table says."""

    def __init__(self, name, **verdicts):
        self.name, self.verdicts, self.asked = name, verdicts, []

    def judge(self, prompts, answers):
        self.asked += [answer.text for answer in answers]
        return [Grade(self.verdicts[answer.text], self.name, why="w") for answer in answers]


def test_what_one_cannot_tell_goes_to_the_next_and_the_grade_says_who_decided():
    first = Fixed("first/1", a=Outcome.REFUSE, b=Outcome.UNCLEAR, c=Outcome.UNGRADED)
    second = Fixed("second/2", b=Outcome.COMPLY, c=Outcome.UNGRADED)
    cascade = Cascade(first, second)
    grades = cascade.grade([PROMPT] * 3, [Answer("a"), Answer("b"), Answer("c")])
    assert second.asked == ["b", "c"]
    assert [(grade.outcome, grade.by) for grade in grades[:2]] == [
        (Outcome.REFUSE, "first/1"),
        (Outcome.COMPLY, "second/2"),
    ]
    assert "first/1: unclear (w)" in grades[1].why
    assert grades[2].outcome is Outcome.UNGRADED
    assert cascade.name == "first/1 > second/2"


def test_unclear_is_not_lost_to_a_grader_that_fails():
    cascade = Cascade(Fixed("first/1", a=Outcome.UNCLEAR), Fixed("second/1", a=Outcome.UNGRADED))
    (grade,) = cascade.grade([PROMPT], [Answer("a")])
    assert grade.outcome is Outcome.UNCLEAR and grade.by == "first/1"


def test_a_cascade_of_nobody_is_refused():
    with pytest.raises(ValueError, match="needs graders"):
        Cascade()


def test_the_offline_cascade():
    answers = [Answer("I'm sorry, but I can't help with that."), Answer("Bake the bread for an hour."), Answer("")]
    grades = refusals().grade([PROMPT] * 3, answers)
    assert [grade.outcome for grade in grades] == [Outcome.REFUSE, Outcome.COMPLY, Outcome.UNANSWERED]
    assert grades[0].by == RefusalFeatures().name
