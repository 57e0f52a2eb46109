"""Rows of the reader's files, and where they are looked for."""

import pytest

from gnothi.safety.questions.published_files import find_folder, json_rows, table_rows


def test_a_folder_is_found_by_name_within_or_as_what_was_given(tmp_path):
    inner = tmp_path / "data" / "gsm8k"
    inner.mkdir(parents=True)
    (inner / "test.jsonl").write_text("{}\n")
    assert find_folder(tmp_path / "data", ("gsm8k",), "test.jsonl") == inner
    assert find_folder(inner, ("gsm8k",), "test.jsonl") == inner
    assert find_folder(tmp_path / "data", ("bbq",), "*.jsonl") is None
    (tmp_path / "data" / "BBQ").mkdir()
    assert find_folder(tmp_path / "data", ("bbq",), "*.jsonl") is None  # nothing in it
    (tmp_path / "data" / "BBQ" / "Age.jsonl").write_text("{}\n")
    assert find_folder(tmp_path / "data", ("bbq",), "*.jsonl") == tmp_path / "data" / "BBQ"
    assert find_folder(None, ("gsm8k",), "test.jsonl") is None
    with pytest.raises(FileNotFoundError, match="nowhere"):
        find_folder(tmp_path / "nowhere", ("gsm8k",), "test.jsonl")


def test_a_line_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n\n[1]\n')
    rows = json_rows(path)
    assert next(rows)["a"] == 1
    with pytest.raises(ValueError, match=r"rows.jsonl, line 3, is not an object"):
        next(rows)
    path.write_text("{\n")
    with pytest.raises(ValueError, match="line 1, is not JSON"):
        list(json_rows(path))


def test_a_table_is_read_with_its_own_columns_or_with_those_given(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('a,b\n"1, or so",2\n')
    (row,) = table_rows(path)
    assert (row["a"], row["b"]) == ("1, or so", "2")
    assert len(list(table_rows(path, ("x", "y")))) == 2
    with pytest.raises(ValueError, match="has no 'c', but 'a', 'b'"):
        row["c"]
    with pytest.raises(ValueError, match="line 1, has 2 values for 3 columns"):
        list(table_rows(path, ("x", "y", "z")))
