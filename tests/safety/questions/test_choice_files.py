"""Multiple choice in the shapes in which people publish it."""

import json

import pytest

from gnothi.safety.questions.choice_files import read_choices


def test_mmlus_own_tables_have_no_header(tmp_path):
    path = tmp_path / "astronomy_test.csv"
    path.write_text('"Which planet, of these, is red?",Venus,Mars,Earth,Saturn,B\n')
    (question,) = read_choices(path)
    assert question.options[question.right] == "Mars" and question.category == "astronomy"
    assert question.language == "English" and question.name == "astronomy_test-1"


def test_translations_have_a_header_and_a_language_in_their_name(tmp_path):
    path = tmp_path / "mmlu_FR-FR.csv"
    path.write_text(",Question,A,B,C,D,Answer,Subject\n0,Combien font 1 + 1 ?,1,2,3,4,B,algebra\n")
    (question,) = read_choices(path)
    assert (question.language, question.category, question.right) == ("French", "algebra", 1)
    path = path.rename(tmp_path / "mmlu_YO-NG.csv")
    assert next(read_choices(path)).language == "Yoruba"


@pytest.mark.parametrize(
    ("row", "right", "language"),
    [
        ({"question": "?", "choices": ["x", "y"], "answer": 1}, 1, "English"),
        ({"question": "?", "options": ["x", "y", "z"], "answer": "C", "language": "de"}, 2, "German"),
        ({"question": "?", "choices": ["x", "y"], "answer": "y", "language": "Tamil"}, 1, "Tamil"),
        ({"question": "?", "choices": ["x", "y"], "answer": "1", "language": "french"}, 1, "French"),
        ({"question": "?", "choices": ["1", "0"], "answer": "0"}, 1, "English"),  # the option, not the position
        ({"question": "?", "choices": {"text": ["x", "y"], "label": ["A", "B"]}, "answer": "A"}, 0, "English"),
        ({"Question": "?", "A": "x", "B": "y", "C": "z", "Answer": "C", "language": "ZH-CN"}, 2, "Chinese"),
    ],
)
def test_json_lines_come_in_many_shapes(tmp_path, row, right, language):
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps(row) + "\n")
    (question,) = read_choices(path)
    assert (question.right, question.language) == (right, language)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "?", "choices": ["x"], "answer": 0}, "1 options"),
        ({"question": "?", "answer": 0}, "0 options"),
        ({"question": "?", "choices": ["x", "y"], "answer": "E"}, "answer 'E'"),
        ({"question": "?", "choices": ["x", "y"], "answer": 2}, "answer 2"),
        ({"question": "?", "choices": ["x", "y"], "answer": -1}, "answer -1"),
        ({"choices": ["x", "y"], "answer": 0}, "no 'question'"),
    ],
)
def test_a_bad_row_is_named(tmp_path, row, message):
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps(row) + "\n")
    with pytest.raises(ValueError, match=f"line 1,.*{message}"):
        list(read_choices(path))
