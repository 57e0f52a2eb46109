"""Evaluations by the name that samples carry: those of the registry, and those that a task was made of."""

from gnothi.safety.evaluation import Evaluation
from gnothi.safety.graders.grader import Grader
from gnothi.safety.registry import find_evaluation

RED_TEAM = "red_team"  # attacks that were chosen to succeed: an evaluation to Inspect, and no rate of a model's

_OWN: dict[str, Evaluation] = {}
_GRADERS: dict[str, Grader] = {}


def remember(evaluation: Evaluation) -> None:
    """Lets an evaluation be found by name in this process."""
    _OWN[evaluation.name] = evaluation
    _GRADERS.pop(evaluation.name, None)


def evaluation_of(name: str) -> Evaluation:
    """The evaluation of a name.

    **Raises:** `ValueError` if there is none, with the nearest name.
    """
    return _OWN[name] if name in _OWN else find_evaluation(name)


def grader_of(name: str) -> Grader:
    """The grader of an evaluation, made once."""
    if name not in _GRADERS:
        _GRADERS[name] = evaluation_of(name).grader()
    return _GRADERS[name]
