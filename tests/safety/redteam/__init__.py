"""A small planted target, and models that misbehave."""

from collections.abc import Sequence

from gnothi.safety.graders.grader import Grader
from gnothi.safety.prompts import Answer, Grade, Outcome, Prompt
from gnothi.safety.redteam import PlantedTarget, Weaknesses, plant
from gnothi.safety.redteam.planted import GAVE_WAY


def small_target(seed: int = 0, **weaknesses: float) -> PlantedTarget:
    """240 attacks, of which about a fifth succeed."""
    made = Weaknesses(**({"base": -2.0, "holes": 0.1} | weaknesses))
    return plant(made, num_techniques=6, num_topics=5, num_transforms=1, prompts_per_topic=4, seed=seed)


class SaysSo(Grader):
    """Believes the planted target's words."""

    name = "says-so/1"

    def judge(self, prompts: Sequence[Prompt], answers: Sequence[Answer]) -> list[Grade]:
        said = [Outcome.COMPLY if answer.text == GAVE_WAY else Outcome.REFUSE for answer in answers]
        return [Grade(outcome, self.name) for outcome in said]
