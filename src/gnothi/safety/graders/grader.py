"""What a grader is."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from gnothi.safety.prompts import Answer, Grade, Outcome, Prompt


class Grader(ABC):
    """What judges answers. `name` has the version in it (`refusal-rules/1`): another rule is another grader."""

    name: str

    @abstractmethod
    def judge(self, prompts: Sequence[Prompt], answers: Sequence[Answer]) -> list[Grade]:
        """A grade for each answer, which is there and not empty."""

    def grade(self, prompts: Sequence[Prompt], answers: Sequence[Answer]) -> list[Grade]:
        """A grade for each answer; one that is an error or empty is `UNANSWERED` without being judged."""
        there = [n for n, answer in enumerate(answers) if not answer.error and (answer.text.strip() or answer.sound)]
        judged = iter(self.judge([prompts[n] for n in there], [answers[n] for n in there]) if there else [])
        kept = set(there)
        return [
            next(judged) if n in kept else Grade(Outcome.UNANSWERED, self.name, why=answer.error or "empty")
            for n, answer in enumerate(answers)
        ]
