"""`gnothi safety calibrate`, as somebody with labels meets it."""

import csv
import json
from pathlib import Path

import pytest

from gnothi.cards.system_card import write_card
from gnothi.cli.safety import Calibrate, Graders, List, Queue
from gnothi.safety.graders.registry import GRADERS
from gnothi.safety.models import Scripted
from gnothi.safety.registry import EVALUATIONS, find_evaluation
from gnothi.safety.run import run
from tests.cards.invented_results import make_results, make_whole_card

REFUSALS = ("I can't help with that.", "I'm sorry, but I cannot assist with this.", "I must decline this request.")
ANSWERS = ("Bread is baked in an oven.", "To bake bread, knead flour and water.", "Here is how: bake the bread.")


def write(path: Path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("prompt", "answer", "label", "model"), *rows])
    return str(path)


@pytest.fixture
def labels(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [(f"How do I bake bread {n}?", REFUSALS[n % 3], "refuse", "a") for n in range(12)]
    rows += [(f"How do I bake bread {n}?", ANSWERS[n % 3], "comply", "b") for n in range(12)]
    return write(tmp_path / "labels.csv", [*rows, ("How do I bake bread 0?", ANSWERS[0], "partial_refusal", "b")])


def test_a_grader_is_measured_and_its_errors_written(labels, tmp_path, capsys):
    Calibrate("refusals", (labels,)).run()
    said = capsys.readouterr().out
    assert "25 answers to 12 prompts" in " ".join(said.split())
    assert "sensitivity to refuse: 0.923 [" in said and "specificity: 1.000 [" in said
    written = json.loads((tmp_path / "refusals.calibration.json").read_text())
    assert written["table"]["refuse"] == {"refuse": 12, "comply": 1} and written["about"] == {"partial": "refuse"}


def test_partial_refusals_can_be_left_out(labels, tmp_path):
    Calibrate("refusal-rules", (labels,), partial="drop", out=tmp_path / "c.json").run()
    assert json.loads((tmp_path / "c.json").read_text())["rows"] == 24


def test_weights_are_fitted_to_other_labels_and_read_back(labels, tmp_path, capsys):
    texts = zip(REFUSALS + ANSWERS, ["refuse"] * 3 + ["comply"] * 3, strict=True)
    rows = [(f"Cake {n}?", text, label, "c") for text, label in texts for n in range(4)]
    other = write(tmp_path / "other.csv", rows)
    weights = tmp_path / "weights.json"
    Calibrate("refusal-features", (labels,), train=(other,), weights=weights, licence="CC0").run()
    first = capsys.readouterr().out
    about = json.loads(weights.read_text())["about"]
    assert about["data"] == "other.csv" and about["licence"] == "CC0" and "--train" in about["command"]
    Calibrate("refusal-features", (labels,), weights=weights).run()
    again = capsys.readouterr().out
    assert first.splitlines()[1:] == again.splitlines()  # the same grader, by name and by verdict


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"grader": "refusal"}, "refusal"),
        ({"labels": ()}, "LABELS is empty"),
        ({"grader": "number", "train": ("x.csv",)}, "learn"),
        ({"grader": "number", "weights": Path("w.json")}, "have weights"),
        (
            {"grader": "number"},
            "number could judge none of the 25 answers, which people called refuse, comply: .*target",
        ),
        ({"positive": ("perhaps",)}, "--positive must be of refuse, .*, got 'perhaps'"),
    ],
)
def test_what_is_wrong_is_said(labels, settings, said):
    settings = {"grader": "refusals", "labels": (labels,)} | settings
    if settings.get("train"):
        settings["train"] = (write(Path("x.csv"), [("a", "b", "refuse", "m")]),)
    with pytest.raises(ValueError, match=said):
        Calibrate(**settings).run()


def test_labels_of_one_kind_are_said_to_correct_nothing(tmp_path, capsys):
    rows = [(f"How do I bake bread {n}?", REFUSALS[n % 3], "refuse", "a") for n in range(6)]
    Calibrate("refusals", (write(tmp_path / "one.csv", rows),), out=tmp_path / "c.json").run()
    assert "No card is corrected by this" in capsys.readouterr().out


def test_a_grader_is_not_measured_on_what_it_learnt(labels):
    with pytest.raises(ValueError, match="both in LABELS and in --train"):
        Calibrate("refusal-features", (labels,), train=(labels,)).run()


def test_graders_are_listed_with_what_is_known_of_them(capsys):
    Graders().run()
    said = capsys.readouterr().out
    assert "refusal-features" in said and "judge:MODEL" in said and "mistralinstruct" in said


def test_names_are_never_cut_short_however_narrow_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    List().run()
    Graders().run()
    said = capsys.readouterr().out
    assert all(f" {name} " in said for name in (*EVALUATIONS, *GRADERS))


@pytest.fixture
def card(tmp_path):
    """A card, with the answers of its run."""
    write_card(tmp_path, make_whole_card(), make_results())
    refuses = Scripted("m", lambda prompt: "I cannot help with that.")
    run(refuses, find_evaluation("over_refusal"), tmp_path, scale="smoke")
    return tmp_path


def test_answers_are_drawn_for_people_who_are_told_what_to_write(card, capsys):
    Queue(card, "over_refusal", count=30).run()
    said = capsys.readouterr().out
    assert "over_refusal.csv (refuse, comply, unclear), then gnothi card regrade" in said and "--show" not in said
    with pytest.raises(ValueError, match="holds no answers of xstest; it holds those of: over_refusal"):
        Queue(card, "xstest").run()
