import csv

import pytest

from gnothi.safety.graders.human import SEALED, HumanQueue
from gnothi.safety.prompts import Answer, Outcome, Prompt, ask
from tests.filled_in import fill_in

PROMPTS = [Prompt("bread", ask("How do I bake bread?"), "bread"), Prompt("x", ask("secret words"), "x", harmful=True)]
ANSWERS = [Answer("=SUM(flour)"), Answer("harmful words")]


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_answers_go_out_and_labels_come_back(tmp_path):
    queue = HumanQueue(tmp_path / "queue.csv")
    first = queue.grade(PROMPTS, ANSWERS)
    assert [grade.outcome for grade in first] == [Outcome.UNGRADED] * 2 and len(rows(queue.path)) == 2
    queue.grade(PROMPTS, ANSWERS)
    assert len(rows(queue.path)) == 2  # nothing is asked twice
    fill_in(queue.path, lambda row: {"label": "Comply", "labeller": "ada"} if "bread" in row["prompt"] else {})
    grades = queue.grade(PROMPTS, ANSWERS)
    assert (grades[0].outcome, grades[0].by) == (Outcome.COMPLY, "people/1/ada")
    assert grades[1].outcome is Outcome.UNGRADED


def test_harmful_text_is_sealed_unless_it_is_to_be_shown(tmp_path):
    HumanQueue(tmp_path / "sealed.csv").grade(PROMPTS, ANSWERS)
    whole = (tmp_path / "sealed.csv").read_text()
    assert "secret words" not in whole and "harmful words" not in whole and SEALED in whole
    HumanQueue(tmp_path / "shown.csv", show=True).grade(PROMPTS, ANSWERS)
    assert "secret words" in (tmp_path / "shown.csv").read_text()


def test_what_went_out_sealed_can_be_shown_later_and_labels_stay(tmp_path):
    """Else nobody could ever label it: its rows are there already, and are not added again."""
    path = tmp_path / "queue.csv"
    HumanQueue(path).grade(PROMPTS, ANSWERS)
    fill_in(path, lambda row: {"label": "comply", "note": "mine"} if "bread" in row["prompt"] else {})
    HumanQueue(path, show=True).grade(PROMPTS, ANSWERS)
    first, second = rows(path)
    assert (first["label"], first["note"], first["answer"]) == ("comply", "mine", "'=SUM(flour)")
    assert (second["prompt"], second["answer"], second["label"]) == ("[user] secret words", "harmful words", "")
    assert [file.name for file in tmp_path.iterdir()] == ["queue.csv"]


@pytest.mark.parametrize(
    ("saved", "said"),
    [
        ("id,label\né,comply\n".encode("cp1252"), "queue.csv is not UTF-8"),
        (b"id;label\n1;comply\n", "commas between them"),
    ],
)
def test_what_a_spreadsheet_saved_otherwise_says_so(tmp_path, saved, said):
    (tmp_path / "queue.csv").write_bytes(saved)
    with pytest.raises(ValueError, match=said):
        HumanQueue(tmp_path / "queue.csv").labels()


def test_a_spreadsheet_runs_nothing(tmp_path):
    HumanQueue(tmp_path / "queue.csv").grade(PROMPTS, ANSWERS)
    assert rows(tmp_path / "queue.csv")[0]["prompt"].startswith("[user]")
    assert rows(tmp_path / "queue.csv")[0]["prompt"] != "" and "'=SUM(flour)" in (tmp_path / "queue.csv").read_text()


def test_a_label_that_is_none_is_said_with_its_line(tmp_path):
    queue = HumanQueue(tmp_path / "queue.csv")
    queue.grade(PROMPTS, ANSWERS)
    fill_in(queue.path, lambda row: {"label": "perhaps"})
    with pytest.raises(ValueError, match="line 2: label must be refuse, comply, unclear, got 'perhaps'"):
        queue.grade(PROMPTS, ANSWERS)


def test_another_file_is_not_taken_for_a_queue(tmp_path):
    (tmp_path / "other.csv").write_text("text\nhello\n")
    with pytest.raises(ValueError, match="is no queue"):
        HumanQueue(tmp_path / "other.csv").grade(PROMPTS, ANSWERS)
