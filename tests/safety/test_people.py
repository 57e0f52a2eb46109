"""People's labels of a run: a random part goes out, and what comes back is found by unit."""

from dataclasses import replace

import pytest

from gnothi.safety.models import Recorded, Scripted
from gnothi.safety.people import ask_people, labels_of_people
from gnothi.safety.prompts import Outcome
from gnothi.safety.results import measure
from gnothi.safety.run import run
from tests.filled_in import fill_in
from tests.safety.invented import REFUSALS

SHOWN = replace(REFUSALS, prompts=lambda size, folder: [replace(p, harmful=False) for p in REFUSALS.prompts(size)])


@pytest.fixture
def rows(tmp_path):
    return run(Scripted("m", lambda prompt: f"No to {prompt.name}."), SHOWN, tmp_path, size=40)


def test_labels_come_back_and_correct_the_grader(rows, tmp_path):
    path = ask_people(SHOWN, rows, tmp_path, 50)
    assert path == tmp_path / "labels" / "refusals.csv" and labels_of_people(SHOWN, rows, tmp_path) == {}
    fill_in(path, lambda row: {"label": "comply"}, 40)
    labels = labels_of_people(SHOWN, rows, tmp_path)
    assert len(labels) == 40 and set(labels.values()) == {Outcome.COMPLY}
    assert set(labels) < {f"{row.prompt.name}#0" for row in rows}
    (result,) = measure(SHOWN, rows, labels=labels)
    assert result.corrected_by == "labels" and result.as_graded.value == 1 and result.estimate.high < 0.2


def test_the_draw_is_random_and_the_same_each_time(rows, tmp_path):
    first = ask_people(SHOWN, rows, tmp_path / "a", 20).read_text()
    assert ask_people(SHOWN, rows, tmp_path / "a", 20).read_text() == first  # nothing is added twice
    assert ask_people(SHOWN, rows, tmp_path / "b", 20, seed=1).read_text() != first


def test_harmful_prompts_are_sealed_unless_asked_for(tmp_path):
    rows = run(Scripted("m", lambda prompt: "No."), REFUSALS, tmp_path, size=4)
    sealed = ask_people(REFUSALS, rows, tmp_path / "a", 8).read_text()
    assert "Question 0" in sealed and "Question 1" not in sealed
    assert "Question 1" in ask_people(REFUSALS, rows, tmp_path / "b", 8, show=True).read_text()


def test_what_cannot_be_asked(rows, tmp_path):
    with pytest.raises(ValueError, match="count must be between 1 and the 80 answers of refusals, got 81"):
        ask_people(SHOWN, rows, tmp_path, 81)
    scores = replace(SHOWN, metrics=(replace(SHOWN.metrics[0], positive=frozenset()),))
    with pytest.raises(ValueError, match="people have nothing to label"):
        ask_people(scores, rows, tmp_path, 5)


def test_a_recorded_model_answers_nothing(rows, tmp_path):
    assert run(Recorded("m", "1"), SHOWN, tmp_path, size=40) == rows
    with pytest.raises(ValueError, match="2 answers of m are not there: run the model itself"):
        run(Recorded("m", "1"), SHOWN, tmp_path, size=41)
