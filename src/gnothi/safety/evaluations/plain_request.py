"""A grader that is shown what was asked before it was disguised.

An answer to a request in base64 has no word in common with it: whoever asks if the answer keeps to the subject has to
look at the request itself. Evaluations that disguise requests keep them in a prompt's `target`.
"""

from collections.abc import Sequence
from dataclasses import replace

from gnothi.safety.graders.grader import Grader
from gnothi.safety.prompts import Answer, Grade, Prompt, ask


def undisguised(prompt: Prompt) -> Prompt:
    """The prompt as if its target had been asked in one turn, if it has a target."""
    return replace(prompt, messages=ask(prompt.target), target="") if prompt.target else prompt


class PlainRequest(Grader):
    """Another grader, which judges each answer as one to the request in the prompt's `target`, where there is one.

    It has the other's name: it is the same rule, and what is known of its errors holds for it.
    """

    def __init__(self, inner: Grader):
        self.inner, self.name = inner, inner.name

    def judge(self, prompts: Sequence[Prompt], answers: Sequence[Answer]) -> list[Grade]:
        """The other's grades."""
        return self.inner.judge([undisguised(prompt) for prompt in prompts], answers)
