"""A stranger's CSV: read as it is, or refused with the place and the cure."""

import csv

import numpy as np
import pytest

from gnothi.language.pool import find_classes, read_answers, read_pool, vectors_of, write_rows


def pool(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_texts_and_labels_are_read(tmp_path):
    path = pool(tmp_path / "a.csv", '\ufeffid,text,label\n1,"two\nlines, and a ""quote""", good \n\n2,東京,\n')
    found = read_pool(path, "text", "label")
    assert found.texts == ('two\nlines, and a "quote"', "東京") and found.labels == ("good", "")
    assert read_pool(path, "text", "topic").labels == ("", "")  # nothing is labelled yet
    latin = pool(tmp_path / "b.csv", "text\ncaf\xe9\n".encode("latin-1"))
    assert read_pool(latin, "text", "label", encoding="latin-1").texts == ("café",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("txt,label\na,b\n", r"no column 'text': did you mean 'txt'\?"),
        ("a,b\n1,2\n", "no column 'text': its columns are 'a', 'b'"),
        ("", "no column 'text': its columns are none"),
        ("text,label\n", "a header and no rows"),
        ("text,label\na,\n  ,\nb,\n,x\n", r"2 rows have no text \(2, 4\): fill them in or delete them"),
        ("text,label\na,b\nc\n", "row 2: 1 cells under 2 columns: is a quote missing"),
        ('text,label\n"a,b\n', r"line 2: unexpected end of data"),
        (b"text\nok\ncaf\xe9\n", r"line 3 is not utf-8 \(byte 0xe9\): save the file as UTF-8, or .* latin-1"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read_pool(pool(tmp_path / "a.csv", content), "text", "label")


def test_an_encoding_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="there is no encoding 'utf-9'"):
        read_pool(pool(tmp_path / "a.csv", "text\na\n"), "text", "label", encoding="utf-9")


def test_a_hundred_megabytes_are_read(tmp_path):
    text = "many words " * 90
    with (tmp_path / "a.csv").open("w") as file:
        file.write("text,label\n" + f'"{text}",\n' * 100_000)
    found = read_pool(tmp_path / "a.csv", "text", "label")
    assert len(found.texts) == 100_000 and found.texts[-1] == text


def test_answers_come_back_by_row(tmp_path):
    path = tmp_path / "next.csv"
    write_rows(
        path, ("row", "label", "text"), [(3, "good", "c"), (1, "", "a"), (2, " bad ", 'with "quotes", and\nlines')]
    )
    assert read_answers(path, 3, "label") == {2: "good", 1: "bad"}
    for row in ("0", "4", "x", ""):
        write_rows(path, ("row", "label"), [(row, "good")])
        with pytest.raises(ValueError, match="row must be from 1 to 3"):
            read_answers(path, 3, "label")
    assert [entry.name for entry in tmp_path.iterdir()] == ["next.csv"]


def test_classes_are_those_named_or_those_there_are(tmp_path):
    assert find_classes({0: "b", 5: "a", 7: "b"}, (), tmp_path) == ["a", "b"]
    assert find_classes({0: "b"}, ("b", "a"), tmp_path) == ["b", "a"]
    with pytest.raises(ValueError, match=r"row 6 has the label 'goood', which is no class: did you mean 'good'\?"):
        find_classes({0: "bad", 5: "goood"}, ("good", "bad"), tmp_path)
    with pytest.raises(ValueError, match=r"51 different labels, among them .*: name the classes with --classes"):
        find_classes({row: str(row) for row in range(51)}, (), tmp_path)


def test_vectors_are_worked_out_once(tmp_path):
    path = pool(tmp_path / "a.csv", "text\na\nb\n")
    calls = []

    def encode(texts):
        calls.append(texts)
        return np.full((len(texts), 3), len(calls), np.float32)

    for count in (1, 1):
        assert (vectors_of(read_pool(path, "text", "label"), "minilm", encode) == count).all()
    assert (vectors_of(read_pool(path, "text", "label"), "other", encode) == 2).all()
    (tmp_path / "a.vectors.npz").write_bytes(b"cut short")
    assert (vectors_of(read_pool(path, "text", "label"), "other", encode) == 3).all()
    kept = (tmp_path / "a.vectors.npz").read_bytes()
    (tmp_path / "a.vectors.npz").write_bytes(kept[: len(kept) // 2])
    assert (vectors_of(read_pool(path, "text", "label"), "other", encode) == 4).all()
    with path.open("a") as file:
        csv.writer(file).writerow(["c"])
    assert len(vectors_of(read_pool(path, "text", "label"), "other", encode)) == 3
