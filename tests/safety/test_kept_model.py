"""What a model was asked once is not asked again."""

import pytest

from gnothi.safety.kept_model import KeptModel
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer, Prompt, ask


def prompts(count, harmful=False):
    return [Prompt(f"q{n}", ask(f"number {n}"), "c", harmful=harmful) for n in range(count)]


def test_nothing_is_asked_twice_and_what_failed_is_asked_again(tmp_path):
    asked, told = [], []

    def reply(prompt):
        asked.append(prompt.name)
        return Answer(error="late") if asked.count("q1") == 1 and prompt.name == "q1" else prompt.text.upper()

    def model():
        return KeptModel(Scripted("m", reply), tmp_path / "kept.jsonl", lambda *words: told.append(words))

    first = model().answer(prompts(3))
    assert [answer.text for answer in first] == ["NUMBER 0", "", "NUMBER 2"] and first[1].error == "late"
    again = model().answer([*prompts(4), prompts(1)[0]])
    assert [answer.text for answer in again] == ["NUMBER 0", "NUMBER 1", "NUMBER 2", "NUMBER 3", "NUMBER 0"]
    assert asked == ["q0", "q1", "q2", "q1", "q3"]
    assert told[0] == ("answers of m", 0, 3) and told[-1] == ("answers of m", 4, 4)


def test_what_came_before_it_was_stopped_is_kept(tmp_path):
    asked = []

    def reply(prompt):
        asked.append(prompt.name)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return "fine"

    with pytest.raises(KeyboardInterrupt):
        KeptModel(Scripted("m", reply), tmp_path / "kept.jsonl").answer(prompts(5))
    assert len(KeptModel(Scripted("m", reply), tmp_path / "kept.jsonl").answer(prompts(5))) == 5
    assert asked == ["q0", "q1", "q2", "q2", "q3", "q4"]


def test_a_file_of_another_model_is_refused_and_harmful_prompts_are_sealed(tmp_path):
    KeptModel(Scripted("m", lambda prompt: "a secret way"), tmp_path / "kept.jsonl").answer(prompts(1, harmful=True))
    assert "secret" not in (tmp_path / "kept.jsonl").read_text()
    with pytest.raises(ValueError, match="model was 'm'"):
        KeptModel(Scripted("other", lambda prompt: "x"), tmp_path / "kept.jsonl").answer(prompts(1))
