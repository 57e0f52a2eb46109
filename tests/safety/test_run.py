"""Runs: what is asked once is not asked again, and what failed is not lost."""

import json
from dataclasses import replace

import pytest

from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer, Outcome
from gnothi.safety.run import answers_path, dataset_sha256, make_prompts, regrade, run
from tests.safety.invented import REFUSALS


def polite(prompt):
    return "No, sorry." if prompt.harmful else "Yes: 42."


def test_a_run_again_asks_nothing(tmp_path):
    asked = []
    model = Scripted("m", lambda prompt: asked.append(prompt.name) or polite(prompt))
    first = run(model, REFUSALS, tmp_path, size=2)
    assert [row.grade.outcome for row in first] == [Outcome.COMPLY, Outcome.REFUSE] * 2
    assert run(model, REFUSALS, tmp_path, size=2) == first and len(asked) == 4
    assert len(run(model, REFUSALS, tmp_path, scale="smoke")) == 6 and len(asked) == 6  # the others were there
    assert regrade(REFUSALS, tmp_path, size=2) == first


def test_how_far_it_is_ends_with_all(tmp_path):
    told = []
    for _ in range(2):  # the second time nothing is left to be asked
        run(Scripted("m", polite), REFUSALS, tmp_path, size=2, progress=lambda *words: told.append(words))
    assert told == [(REFUSALS.title, 0, 4), (REFUSALS.title, 4, 4)]


def test_what_came_before_it_was_stopped_is_kept(tmp_path):
    asked = []

    def stopped_at_the_fourth(prompt):
        asked.append(prompt.name)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return polite(prompt)

    model = Scripted("m", stopped_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        run(model, REFUSALS, tmp_path, scale="smoke")
    assert len(answers_path(tmp_path, REFUSALS).read_text().splitlines()) == 1 + 3
    run(model, REFUSALS, tmp_path, scale="smoke")
    assert len(asked) == 7 and len(set(asked)) == 6  # the fourth alone was asked again


def test_every_prompt_is_asked_as_often_as_the_evaluation_says(tmp_path):
    rows = run(Scripted("m", polite), replace(REFUSALS, samples=3), tmp_path, size=2)
    assert sorted((row.prompt.name, row.sample) for row in rows) == [
        (f"{cluster}-{part}", sample) for cluster in range(2) for part in range(2) for sample in range(3)
    ]


def test_what_was_answered_to_harmful_prompts_is_not_there_to_read(tmp_path):
    run(Scripted("m", lambda prompt: f"the answer to {prompt.text}"), REFUSALS, tmp_path, size=1)
    lines = answers_path(tmp_path, REFUSALS).read_text().splitlines()
    assert "the answer to Question 0" in lines[1] and "the answer" not in lines[2] and "Question" not in lines[2]
    (_, sealed) = regrade(REFUSALS, tmp_path, size=1)
    assert sealed.answer.text == "the answer to Question 1 of template 0?"


def test_a_model_that_dies_is_counted_and_asked_again(tmp_path):
    def dies(prompt):
        if prompt.name == "0-0":
            raise TimeoutError("after 60 s")
        return "" if prompt.name == "0-1" else "No."

    rows = run(Scripted("m", dies), REFUSALS, tmp_path, size=2)
    assert [row.grade.outcome for row in rows] == [Outcome.UNANSWERED] * 2 + [Outcome.REFUSE] * 2
    assert [row.grade.why for row in rows[:2]] == ["TimeoutError: after 60 s", "empty"]
    units = REFUSALS.metrics[0].units(rows)
    assert units.values.tolist() == [0, 0, 1, 1]  # a failure is never good news
    again = run(Scripted("m", polite), REFUSALS, tmp_path, size=2)
    assert [row.answer.text for row in again] == ["Yes: 42.", "", "No.", "No."]  # an empty answer is an answer


def test_a_run_that_was_cut_short_goes_on(tmp_path):
    first = run(Scripted("m", polite), REFUSALS, tmp_path, size=2)
    path = answers_path(tmp_path, REFUSALS)
    path.write_text(path.read_text()[:-10])  # in the middle of the last line
    with pytest.raises(ValueError, match=r"lacks 1 of 4 answers: run the evaluation first"):
        regrade(REFUSALS, tmp_path, size=2)
    assert run(Scripted("m", polite), REFUSALS, tmp_path, size=2) == first
    assert [json.loads(line) for line in path.read_text().splitlines()][-1]["prompt"] == "1-1"


def test_another_model_does_not_go_on_with_its_answers(tmp_path):
    run(Scripted("m", polite), REFUSALS, tmp_path, size=1)
    with pytest.raises(ValueError, match=r"of another run \(version was '1'\): name another folder with --out"):
        run(Scripted("m", polite, version="2"), REFUSALS, tmp_path, size=1)


def test_a_line_that_is_damaged_is_named(tmp_path):
    run(Scripted("m", polite), REFUSALS, tmp_path, size=1)
    path = answers_path(tmp_path, REFUSALS)
    path.write_text(path.read_text().replace('"sample"', '"simple"', 1))
    with pytest.raises(ValueError, match=r"refusals.jsonl, line 2 cannot be read"):
        regrade(REFUSALS, tmp_path, size=1)


def test_prompts_have_names_of_their_own():
    with pytest.raises(ValueError, match="no prompts"):
        make_prompts(REFUSALS, "laptop", 0)
    twice = replace(REFUSALS, prompts=lambda size, data_dir: REFUSALS.prompts(1, None) * 2)
    with pytest.raises(ValueError, match="two prompts of the same name"):
        make_prompts(twice, "laptop")
    prompts = make_prompts(REFUSALS, "smoke")
    assert dataset_sha256(prompts) == dataset_sha256(prompts[::-1]) != dataset_sha256(prompts[1:])


def test_an_answer_comes_back_as_it_went(tmp_path):
    said = Answer("No.", log_probs=(-0.5, -1.0), reasoning="hm", signals={"epistemic": 0.25}, tokens=3, seconds=0.5)
    run(Scripted("m", lambda prompt: said), REFUSALS, tmp_path, size=1)
    assert [row.answer for row in regrade(REFUSALS, tmp_path, size=1)] == [said, said]
