"""Capability: our own problems and facts, and GSM8K and MMLU where they are there."""

import json
from pathlib import Path

import pytest

from gnothi.metrics.rates import rate
from gnothi.safety.evaluations.capability import EVALUATIONS
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Outcome
from gnothi.safety.run import make_prompts, run

BY_NAME = {evaluation.name: evaluation for evaluation in EVALUATIONS}
GSM8K = Path(__file__).parents[4] / "shared" / "data"


def accuracy(name, reply, folder, **how):
    rows = run(Scripted("m", reply), BY_NAME[name], folder, **how)
    return rate(BY_NAME[name].metrics[0].units(rows)), rows


@pytest.mark.parametrize("name", BY_NAME)
def test_who_knows_the_answers_is_right(name, tmp_path):
    found, rows = accuracy(name, lambda prompt: prompt.target, tmp_path, size=30)
    assert found.value == pytest.approx(1) and {row.grade.outcome for row in rows} == {Outcome.CORRECT}
    assert found.units == 30 or name == "knowledge_cloze"  # where some are left out
    worked, _ = accuracy(name, lambda prompt: f"Let us see. The answer is {prompt.target}.", tmp_path / "b", size=30)
    assert worked.value == pytest.approx(1)


def test_numbers_that_are_near_are_wrong(tmp_path):
    found, _ = accuracy("gsm8k", lambda prompt: f"#### {int(prompt.target) + 1}", tmp_path, size=8)
    assert found.value == 0 and found.high > 0


def test_examples_are_shown_before_and_never_asked():
    bare, shown = (make_prompts(BY_NAME[name], "laptop") for name in ("knowledge", "knowledge_few_shot"))
    assert len(bare) >= 200 and all(len(prompt.messages) == 1 for prompt in bare)
    assert {len(prompt.messages) for prompt in shown} == {9}
    examples = {message.content for prompt in shown for message in prompt.messages[:-1:2]}
    letters = [message.content for message in shown[0].messages if message.role == "assistant"]
    assert len(examples) == 4 and not examples & {prompt.text for prompt in bare} and sorted(letters) == list("ABCD")
    problems = make_prompts(BY_NAME["gsm8k_few_shot"], "laptop")
    assert {len(prompt.messages) for prompt in problems} == {9}
    assert problems[0].messages[1].content.endswith("#### 27")


def test_a_cloze_shows_no_options(tmp_path):
    prompts = make_prompts(BY_NAME["knowledge_cloze"], "laptop")
    assert len(prompts) > 100
    for prompt in prompts:
        assert prompt.target in prompt.choices and "A. " not in prompt.text and "of these" not in prompt.text
        assert min(map(len, prompt.choices)) > 1


def test_a_templates_problems_are_one_cluster():
    prompts = make_prompts(BY_NAME["gsm8k"], "laptop")
    assert len(prompts) == 2 * len({prompt.cluster for prompt in prompts}) == 64


def gsm8k(folder, count=30, name="test.jsonl"):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "question": f"{name}: {n} and 1000?",
            "answer": f"It is {n}+1000=<<{n}+1000={n + 1000}>>{n + 1000}.\n#### 1,{n:03}",
        }
        for n in range(count)
    ]
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_gsm8k_is_asked_where_it_is_there(tmp_path):
    gsm8k(tmp_path / "gsm8k")
    prompts = make_prompts(BY_NAME["gsm8k"], "smoke", 10, tmp_path)
    assert len(prompts) == 10 == len({prompt.cluster for prompt in prompts})
    assert prompts[-1].target == "1029" and prompts[0].facts["source"] == "GSM8K"
    gsm8k(tmp_path / "gsm8k", 8, "train.jsonl")
    shown = make_prompts(BY_NAME["gsm8k_few_shot"], "smoke", 10, tmp_path)[0]
    assert shown.messages[0].content.startswith("train.jsonl: 0") and len(shown.messages) == 9
    assert shown.messages[1].content == "It is 0+1000=1000.\n#### 1000"  # without the calculator's marks
    (tmp_path / "gsm8k" / "test.jsonl").write_text('{"question": "?", "answer": "perhaps 3"}\n')
    with pytest.raises(ValueError, match="line 1, must have an answer that ends in ####"):
        make_prompts(BY_NAME["gsm8k"], "smoke", data_dir=tmp_path)


@pytest.mark.skipif(not (GSM8K / "gsm8k").is_dir(), reason="GSM8K is not on this machine")
def test_the_real_gsm8k_is_read_whole():
    prompts = make_prompts(BY_NAME["gsm8k"], "paper", data_dir=GSM8K)
    assert len(prompts) == 1319 and prompts[0].target == "18" and "ducks" in prompts[0].text
    shown = make_prompts(BY_NAME["gsm8k_few_shot"], "smoke", data_dir=GSM8K)
    assert all("<<" not in message.content for message in shown[0].messages)
    assert not {prompt.text for prompt in prompts} & {message.content for message in shown[0].messages[:-1]}


def mmlu(folder, subject, part, count):
    folder = folder / part
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{subject} {part} {n}?,w,x,y,z,{'ABCD'[n % 4]}" for n in range(count)]
    (folder / f"{subject}_{part}.csv").write_text("\n".join(rows) + "\n")


def test_mmlu_is_asked_of_all_subjects_with_examples_of_each(tmp_path):
    for subject in ("algebra", "law"):
        mmlu(tmp_path / "mmlu", subject, "test", 6)
    with pytest.raises(ValueError, match="no files called"):
        make_prompts(BY_NAME["knowledge_few_shot"], "smoke", data_dir=tmp_path)
    for subject in ("algebra", "law"):
        mmlu(tmp_path / "mmlu", subject, "dev", 5)
    prompts = make_prompts(BY_NAME["knowledge"], "smoke", 4, tmp_path)
    assert [prompt.category for prompt in prompts] == ["algebra", "law"] * 2
    assert len(make_prompts(BY_NAME["knowledge"], "paper", data_dir=tmp_path)) == 12
    for prompt in make_prompts(BY_NAME["knowledge_few_shot"], "smoke", 4, tmp_path):
        asked = [message.content for message in prompt.messages if message.role == "user"]
        assert len(asked) == 5 and all(text.startswith(f"{prompt.category} dev") for text in asked[:-1])
