"""A grader sees the request undisguised, and is otherwise itself."""

from gnothi.safety.evaluations.plain_request import PlainRequest, undisguised
from gnothi.safety.graders.grader import Grader
from gnothi.safety.prompts import Answer, Grade, Message, Outcome, Prompt, ask


class Echo(Grader):
    """Says what it was shown."""

    name = "echo/1"

    def judge(self, prompts, answers):
        return [Grade(Outcome.UNCLEAR, self.name, why=f"{prompt.text}|{prompt.target}") for prompt in prompts]


def test_the_target_is_shown_as_what_was_asked():
    disguised = Prompt("a", (Message("system", "x"), *ask("qnaprq")), "a", target="danced", harmful=True)
    plain = Prompt("b", ask("danced"), "b")
    graded = PlainRequest(Echo()).grade([disguised, plain, plain], [Answer("1"), Answer("2"), Answer("")])
    assert [grade.why for grade in graded] == ["danced|", "danced|", "empty"]
    assert graded[0].by == PlainRequest(Echo()).name == "echo/1"
    assert undisguised(disguised).harmful and undisguised(plain) is plain
