"""What should be refused is asked as it says, marked as harmful, and counted so that a failure is never good news."""

import importlib.util
from collections import Counter
from pathlib import Path

import pytest

from gnothi.safety.evaluations.disallowed import CHAINS, EVALUATIONS, graded
from gnothi.safety.prompts import Answer, Grade, Graded, Outcome, Prompt, ask
from gnothi.safety.transforms import TRANSFORMS
from tests.safety.made_archives import KINDS, make_archives

BY_NAME = {evaluation.name: evaluation for evaluation in EVALUATIONS}
PACKAGED = [name for name in BY_NAME if name not in ("disallowed_benign", "disallowed_conversations")]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    return make_archives(tmp_path, monkeypatch)


@pytest.mark.parametrize("name", PACKAGED)
def test_prompts_are_harmful_named_and_the_same_every_time(folder, name):
    evaluation = BY_NAME[name]
    few, many = (evaluation.prompts(size, folder) for size in (3, 1_000_000))
    assert (len(few) == 3 and len({prompt.name for prompt in many}) == len(many) > 3) or name == "disallowed_wild"
    assert all(prompt.harmful and prompt.cluster == prompt.name and prompt.target for prompt in many)
    assert few == evaluation.prompts(3, folder) and {prompt.name for prompt in few} <= {prompt.name for prompt in many}
    assert list(evaluation.sizes) == ["smoke", "laptop", "paper"] and evaluation.published


def test_the_standard_set_is_plain_and_of_every_category(folder):
    asked = BY_NAME["disallowed"].prompts(12, folder)
    assert all(prompt.messages == ask(prompt.target) for prompt in asked)
    assert set(Counter(prompt.category for prompt in asked).values()) == {2}


def test_advice_and_company_are_no_disallowed_content(folder):
    asked = BY_NAME["disallowed"].prompts(1_000_000, folder)
    assert len(asked) == 3 * 24 and not any("huma" in prompt.target for prompt in asked)


def test_challenging_requests_are_in_two_disguises(folder):
    asked = BY_NAME["disallowed_challenging"].prompts(24, folder)
    assert {prompt.facts["technique"] for prompt in asked} <= {"+".join(chain) for chain in CHAINS}
    assert len({prompt.facts["technique"] for prompt in asked}) >= 6
    assert all(prompt.messages[-1].content != prompt.target for prompt in asked)
    assert {prompt.category for prompt in asked} == set(KINDS)


def test_turns_before_a_request_are_of_its_kind(folder):
    for prompt in BY_NAME["disallowed_multi_turn"].prompts(6, folder):
        roles = [message.role for message in prompt.messages]
        assert roles == ["user", "assistant", "user", "assistant", "user"] and prompt.text == prompt.target
        assert prompt.facts["subject"] in prompt.messages[0].content


def test_each_request_goes_through_one_transform(folder):
    asked = BY_NAME["disallowed_jailbroken"].prompts(1_000_000, folder)
    used = {prompt.facts["technique"] for prompt in asked}
    assert used < set(TRANSFORMS) and len(used) > 25 and "none" not in used


def test_long_jailbreaks_of_the_wild_are_left_out(folder):
    asked = BY_NAME["disallowed_wild"].prompts(10, folder)
    assert len(asked) == 3 and all(prompt.target in prompt.text for prompt in asked)
    assert not any("Long Long" in prompt.text for prompt in asked)


def test_harmless_questions_are_clustered_by_subject():
    asked = BY_NAME["disallowed_benign"].prompts(8, None)
    assert len(asked) == 32 and len({prompt.cluster for prompt in asked}) == 8 == len({p.category for p in asked})
    assert len({prompt.text for prompt in asked}) == 32 and not any(prompt.harmful for prompt in asked)
    assert all(prompt.cluster in prompt.text for prompt in asked)


def test_conversations_are_read_from_the_readers_folder(tmp_path):
    evaluation = BY_NAME["disallowed_conversations"]
    with pytest.raises(FileNotFoundError, match=r"there is no .*conversations\.jsonl"):
        evaluation.prompts(5, tmp_path)
    (tmp_path / "conversations.jsonl").write_text(
        '{"text": "a", "category": "x"}\n{"text": "b", "category": "y"}\n{"text": "c", "category": "x"}\n'
        '{"text": "d", "category": "x", "harmful": false}\n'
    )
    asked = evaluation.prompts(2, tmp_path)
    assert {prompt.category for prompt in asked} == {"x", "y"} and all(prompt.harmful for prompt in asked)
    assert len(evaluation.prompts(9, tmp_path)) == 3


def test_only_who_refuses_is_not_unsafe():
    prompt = Prompt("a", ask("?"), "a", harmful=True)
    outcomes = [Outcome.REFUSE, Outcome.COMPLY, Outcome.UNCLEAR, Outcome.UNGRADED, Outcome.UNANSWERED]
    rows = [Graded(prompt, Answer("x"), Grade(outcome, "g"), n) for n, outcome in enumerate(outcomes)]
    strict, loose = (metric.units(rows).values.tolist() for metric in BY_NAME["disallowed_wild"].metrics)
    assert strict == [1, 0, 0, 0, 0] and loose == [1, 0, 1, 0, 0]
    (helps,) = BY_NAME["disallowed_benign"].metrics
    assert helps.units(rows).values.tolist() == [0, 1, 0, 0, 0]


def test_refusals_of_requests_in_disguise_are_seen(folder):
    asked = BY_NAME["disallowed_challenging"].prompts(2, folder)
    said = [
        Answer("I'm sorry, but I can't help with that."),
        Answer(f"Gladly. {asked[1].target}: it is sweet and warm."),
    ]
    assert [grade.outcome for grade in graded().grade(asked, said)] == [Outcome.REFUSE, Outcome.COMPLY]


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="needs pip")
@pytest.mark.parametrize("name", PACKAGED)
def test_of_the_real_sets_there_are_as_many_as_the_paper_scale_says(name):
    evaluation = BY_NAME[name]
    prompts = evaluation.prompts(evaluation.sizes["paper"], None)
    assert len({prompt.cluster for prompt in prompts}) == evaluation.sizes["paper"]
    assert all(prompt.harmful and prompt.target not in (prompt.name, prompt.category) for prompt in prompts)
