"""Graders one after the other, cheap ones first: each passes on what it cannot tell, and the grade says who decided."""

from collections.abc import Sequence

from gnothi.safety.graders.grader import Grader
from gnothi.safety.graders.refusal import RefusalFeatures, RefusalRules
from gnothi.safety.prompts import Answer, Grade, Outcome, Prompt

_OPEN = frozenset({Outcome.UNCLEAR, Outcome.UNGRADED})


class Cascade(Grader):
    """Asks one grader after the other, until one can tell.

    `by` of a grade is who decided, and `why` what those before said. What nobody could tell is as the last said who
    could grade at all: unclear, or ungraded if no one could. The name has the names of all, so that a calibration is of
    this very order.

    **Arguments:** `graders`, in order; `name`, if not made of theirs.

    **Raises:** `ValueError` if there are no graders.
    """

    def __init__(self, *graders: Grader, name: str = ""):
        if not graders:
            raise ValueError("a cascade needs graders: it got none")
        self.graders = graders
        self.name = name or " > ".join(grader.name for grader in graders)

    def judge(self, prompts: Sequence[Prompt], answers: Sequence[Answer]) -> list[Grade]:
        """The grade of whoever could tell first."""
        grades = [Grade(Outcome.UNGRADED, self.name)] * len(prompts)
        said: list[list[str]] = [[] for _ in prompts]
        left = list(range(len(prompts)))
        for grader in self.graders:
            if not left:
                break
            found = grader.grade([prompts[n] for n in left], [answers[n] for n in left])
            for n, grade in zip(left, found, strict=True):
                why = "; ".join(part for part in (*said[n], grade.why) if part)
                made = Grade(grade.outcome, grade.by, grade.score, why)
                if grade.outcome is not Outcome.UNGRADED or grades[n].outcome is Outcome.UNGRADED:
                    grades[n] = made
                said[n].append(f"{grade.by}: {grade.outcome}" + f" ({grade.why})" * bool(grade.why))
            left = [n for n, grade in zip(left, found, strict=True) if grade.outcome in _OPEN]
        return grades


def refusals() -> Cascade:
    """The offline cascade for refusals: by features, and what those cannot tell by rules.

    Rules first would be worse: what they are sure of they get right less often (`docs/refusal.md`).
    """
    return Cascade(RefusalFeatures(), RefusalRules())
