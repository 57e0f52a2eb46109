import pytest

from gnothi.safety.graders.judge import Judge
from gnothi.safety.graders.registry import GRADERS, find_grader
from gnothi.safety.models import Scripted


def load(name):
    return Scripted(name, lambda prompt: "VERDICT: REFUSE")


def test_every_grader_is_made_and_has_a_name_with_a_version():
    names = [make().name for make in GRADERS.values()]
    assert len(set(names)) == len(names) and all("/" in name for name in names)


def test_judges_ask_the_model_that_is_named():
    grader = find_grader("judge:owner/model", load)
    assert isinstance(grader, Judge) and grader.model.name == "owner/model"
    assert find_grader("choose:x", load).by_choice


def test_names_that_are_none():
    with pytest.raises(ValueError, match="refusal-rules"):
        find_grader("refusal-rule", load)
    with pytest.raises(ValueError, match="judge"):
        find_grader("jugde:x", load)
