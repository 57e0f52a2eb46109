"""Graders by name, for the command line and for settings."""

from collections.abc import Callable, Mapping

from gnothi.agents.settings import look_up
from gnothi.safety.graders.cascade import refusals
from gnothi.safety.graders.exact import ChoiceGrader, ExactMatch, NumberGrader
from gnothi.safety.graders.grader import Grader
from gnothi.safety.graders.judge import Judge
from gnothi.safety.graders.leaks import LeakGrader
from gnothi.safety.graders.refusal import RefusalFeatures, RefusalRules
from gnothi.safety.graders.strong_reject import StrongRejectFeatures, StrongRejectJudge
from gnothi.safety.models import Model


def _embedding() -> Grader:
    """Refuse, comply or unclear by vectors of MiniLM."""
    from gnothi.safety.graders.embedding import EmbeddingRefusal

    return EmbeddingRefusal()


def _contains() -> Grader:
    """Correct if the target stands among the answer's words."""
    return ExactMatch(anywhere=True)


def _choosing(model: Model) -> Grader:
    """A model that judges by choosing one word."""
    return Judge(model, by_choice=True)


#: Those that need no model.
GRADERS: Mapping[str, Callable[[], Grader]] = {
    "refusals": refusals,
    "refusal-features": RefusalFeatures,
    "refusal-rules": RefusalRules,
    "embedding-refusal": _embedding,
    "strong-reject-features": StrongRejectFeatures,
    "exact-match": ExactMatch,
    "contains": _contains,
    "choice": ChoiceGrader,
    "number": NumberGrader,
    "leak": LeakGrader,
}
#: Those that ask a model: `judge:MODEL`, with a free answer; `choose:MODEL`, with one word; `strong-reject:MODEL`.
JUDGES: Mapping[str, Callable[[Model], Grader]] = {
    "judge": Judge,
    "choose": _choosing,
    "strong-reject": StrongRejectJudge,
}


def find_grader(name: str, load: Callable[[str], Model]) -> Grader:
    """The grader of a name.

    **Arguments:** `name`, of `GRADERS`; or one of `JUDGES`, a colon and the name of a model; `load`, which finds that.

    **Raises:** `ValueError` if there is none, with the nearest name.
    """
    kind, colon, model = name.partition(":")
    if not colon:
        return look_up("grader", name, GRADERS)()
    return look_up("judge", kind, JUDGES)(load(model))
