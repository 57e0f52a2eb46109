import zipfile

import numpy as np
import pytest
from inspect_ai import Task, score
from inspect_ai import eval as run
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log

from gnothi.safety.evaluation import Evaluation
from gnothi.safety.inspect import read_log, served, task_of, write_log
from gnothi.safety.inspect.scorers import graded
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer, Message, Outcome, Prompt, Sound
from gnothi.safety.run import run as run_here
from tests.safety.invented import REFUSALS, SaysNo


def reply(prompt):
    if "template 1" in prompt.text:
        return Answer(error="away")
    words = "No. " + "It would be wrong. " * 30 if "template 2" in prompt.text else "Of course."
    return Answer(words, log_probs=(-1.0, -2.0), reasoning="hm", signals={"epistemic": 0.25}, tokens=3, seconds=0.5)


MODEL = Scripted("toy", reply, version="7")


def values(log):
    return {name: metric.value for name, metric in log.results.scores[0].metrics.items()}


@pytest.mark.parametrize("ending", ["eval", "json"])
def test_rows_that_are_written_are_read_again(tmp_path, ending):
    rows = run_here(MODEL, REFUSALS, tmp_path, size=4)
    path = tmp_path / f"run.{ending}"
    write_log(rows, REFUSALS, MODEL, path)
    assert read_log(path) == rows
    log = read_eval_log(str(path))
    assert values(log)["refused"] == pytest.approx(2 / 8) and values(log)["answered"] == 6
    assert (log.results.scores[0].scored_samples, log.results.total_samples) == (8, 8)
    assert log.eval.metadata["version"] == "7"


def test_what_is_written_holds_nothing_harmful_to_read(tmp_path):
    rows = run_here(MODEL, REFUSALS, tmp_path, size=2)
    write_log(rows, REFUSALS, MODEL, tmp_path / "run.json")
    text = (tmp_path / "run.json").read_text()
    assert "Question 0 of template 1" in text and "Question 1 of" not in text
    write_log(rows, REFUSALS, MODEL, tmp_path / "shown.json", show=True)
    assert "Question 1 of template 1" in (tmp_path / "shown.json").read_text()
    with pytest.raises(ValueError, match="one row"):
        write_log([], REFUSALS, MODEL, tmp_path / "none.json")


def test_a_run_here_and_a_run_of_inspects_give_the_same_grades(tmp_path):
    (log,) = run(task_of(REFUSALS, size=4), model=served(MODEL), display="none")
    there = {(row.prompt.name, row.sample): (row.grade.outcome, row.answer.text) for row in read_log(log.location)}
    here = {
        (row.prompt.name, row.sample): (row.grade.outcome, row.answer.text)
        for row in run_here(MODEL, REFUSALS, tmp_path, size=4)
    }
    assert there == here


class SaysNoTwice(SaysNo):
    """Another rule: refusals are long."""

    name = "says-no/2"

    def judge(self, prompts, answers):
        return [
            grade if len(answer.text) > 50 else type(grade)(Outcome.COMPLY, self.name)
            for grade, answer in zip(super().judge(prompts, answers), answers, strict=True)
        ]


def test_a_log_is_graded_anew_without_a_model(tmp_path):
    def other(prompt):
        return "No." if "template 0" in prompt.text else reply(prompt)

    model = Scripted("gone", other)
    (log,) = run(task_of(REFUSALS, size=4), model=served(model), display="none")
    assert values(log)["refused"] == pytest.approx(4 / 8)
    stricter = Evaluation(
        REFUSALS.name, REFUSALS.title, "", REFUSALS.prompts, SaysNoTwice, REFUSALS.metrics, REFUSALS.sizes
    )
    task_of(stricter, size=1)  # it is the one of that name now
    rows = read_log(log.location, regrade=True)
    assert sum(row.grade.outcome == Outcome.REFUSE for row in rows) == 2
    assert {row.grade.by for row in rows if row.answer.text} == {"says-no/2"}
    again = score(read_eval_log(log.location), graded(), action="overwrite", display="none")
    assert values(again)["refused"] == pytest.approx(2 / 8) and values(again)["answered"] == 6
    assert [row.grade.outcome for row in read_log(again)] == [row.grade.outcome for row in rows]


def test_sound_goes_in_and_comes_back():
    tone = Sound(np.sin(np.arange(400) / 5) / 2, 8000)

    def hears(prompt):
        heard = prompt.messages[-1].sound
        return Answer(f"No, {heard.wave.size} samples", sound=heard)

    spoken = Evaluation(
        "spoken",
        "Spoken",
        "Sounds.",
        lambda size, folder: [
            Prompt(f"s{n}", (Message("user", "Who is it?", tone),), "voice", harmful=n == 1) for n in range(2)
        ],
        SaysNo,
        REFUSALS.metrics,
        REFUSALS.sizes,
    )
    (log,) = run(task_of(spoken), model=served(Scripted("ears", hears)), display="none")
    assert log.status == "success"
    rows = read_log(log.location)
    assert [row.answer.text for row in rows] == ["No, 400 samples"] * 2
    for row in rows:
        assert np.abs(row.prompt.messages[0].sound.wave - tone.wave).max() < 1 / 32767
        assert np.abs(row.answer.sound.wave - tone.wave).max() < 2 / 32767


def test_logs_of_others_are_refused(tmp_path):
    (log,) = run(
        Task(dataset=[Sample(input="Hello")], name="others"), model=served(MODEL), display="none", log_dir=str(tmp_path)
    )
    with pytest.raises(ValueError, match="no task of gnothi's"):
        read_log(log.location)
    with zipfile.ZipFile(log.location) as file:
        assert file.namelist()
