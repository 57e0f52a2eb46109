"""Every evaluation by name. Modules are imported when they are asked for."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

from gnothi.agents.settings import look_up
from gnothi.safety.evaluation import Evaluation

FAMILIES = (
    "disallowed",
    "over_refusal",
    "strong_reject",
    "hierarchy",
    "regurgitation",
    "bbq",
    "fairness",
    "hallucination",
    "monitor",
    "multilingual",
    "capability",
    "voice",
)


@cache
def _all() -> dict[str, Evaluation]:
    modules = [import_module(f"gnothi.safety.evaluations.{family}") for family in FAMILIES]
    return {evaluation.name: evaluation for module in modules for evaluation in module.EVALUATIONS}


class _Registry(Mapping[str, Evaluation]):
    """Evaluations by name, in the order of a card."""

    def __getitem__(self, name: str) -> Evaluation:
        return _all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_all())

    def __len__(self) -> int:
        return len(_all())


EVALUATIONS: Mapping[str, Evaluation] = _Registry()


def find_evaluation(name: str) -> Evaluation:
    """The evaluation of a name.

    **Raises:** `ValueError` if there is none, with the nearest name.
    """
    return look_up("evaluation", name, EVALUATIONS)
