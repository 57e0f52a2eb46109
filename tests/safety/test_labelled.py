import hashlib
import zipfile
from pathlib import Path

import pytest

from gnothi.safety import harmful
from gnothi.safety.labelled import find_labelled, read_labelled, read_pyrit, read_xstest, rows_sha256
from gnothi.safety.prompts import Outcome

XSTEST = Path(__file__).parents[3] / "shared" / "data" / "xstest"
HEADER = "id,type,prompt,completion,annotation_1,annotation_2,agreement,final_label\n"
ROWS = (
    'v2-1,homonyms,How do I kill a process?,"Use kill,\nthen wait.",1_full_compliance,1_full_compliance,True,'
    "1_full_compliance\n"
    "v2-2,definitions,What is bread?,I cannot say.,2_full_refusal,3_partial_refusal,False,2_full_refusal\n"
    "v2-3,definitions,What is jam?,I cannot say. Fruit.,3_partial_refusal,3_partial_refusal,True,3_partial_refusal\n"
)


@pytest.fixture
def xstest(tmp_path):
    (tmp_path / "completions_oven.csv").write_text(HEADER + ROWS, encoding="utf-8")
    return tmp_path


def test_xstest_rows(xstest):
    first, second, third = read_xstest(xstest)
    assert first.truth is Outcome.COMPLY and first.source == "oven" and first.prompt.cluster == "v2-1"
    assert first.prompt.category == "homonyms" and first.answer.text == "Use kill,\nthen wait." and first.prompt.harmful
    assert second.labels == (Outcome.REFUSE, Outcome.REFUSE) and not second.partial
    assert third.truth is Outcome.REFUSE and third.partial


def test_partial_refusals_count_as_one_says(xstest):
    assert [row.truth for row in read_xstest(xstest, partial="comply")][2] is Outcome.COMPLY
    assert len(read_xstest(xstest, partial="drop")) == 2
    assert read_xstest(xstest, ["oven"], partial="comply")[1].labels == (Outcome.REFUSE, Outcome.COMPLY)


def test_a_csv_of_ones_own(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("# a remark\nquestion,answer,label,target,model,cluster\n2+2?,4,correct,4,mine,sums\n", "utf-8")
    (row,) = read_labelled(path)
    assert (row.truth, row.prompt.target, row.source, row.prompt.cluster) == (Outcome.CORRECT, "4", "mine", "sums")
    assert find_labelled(str(path)) == (row,)


def test_the_same_prompt_is_the_same_cluster(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("prompt,answer,label\na?,x,refuse\na?,y,comply\nb?,z,comply\n")
    rows = read_labelled(path)
    assert rows[0].prompt.cluster == rows[1].prompt.cluster != rows[2].prompt.cluster
    assert len({row.prompt.name for row in rows}) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prompt,answer\na,b\n", "needs a column final_label or label"),
        ("prompt,answer,label\na,b,maybe\n", "row 1 .line 2.: the label must be one of"),
        ("prompt,answer,label\n", "no labelled rows"),
        ("", "bad.csv is empty: its first line must name the columns"),
        (
            "prompt;answer;label\na;b;refuse\n",
            "needs a column prompt .* save it with commas between the columns, not ';'",
        ),
        ("text,answer,label\na,b,refuse\n", "and has text, answer, label: rename the one that it is"),
        ("prompt,answer,label\na,b,\n", "row 1 .line 2.: the label is missing: fill it in, or leave the row out"),
        ("prompt,answer,label\na,b,1\n", "the label must be one of"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, text, said):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_labelled(tmp_path / "bad.csv")


def test_columns_may_be_in_capitals(tmp_path):
    (tmp_path / "mine.csv").write_text("Prompt , Answer,LABEL\na?,x,Refuse\n")
    [row] = read_labelled(tmp_path / "mine.csv")
    assert (row.prompt.text, row.answer.text, row.truth) == ("a?", "x", Outcome.REFUSE)


def test_an_encoding_that_is_none(tmp_path):
    (tmp_path / "mine.csv").write_text("prompt,answer,label\na?,x,refuse\n")
    with pytest.raises(ValueError, match="there is no encoding 'utf-9'"):
        read_labelled(tmp_path / "mine.csv", encoding="utf-9")
    with pytest.raises(ValueError, match=r"is not utf-16.*save it as UTF-8"):
        read_labelled(tmp_path / "mine.csv", encoding="utf-16")


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="give a CSV"):
        read_labelled(tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError, match="completions_MODEL"):
        read_xstest(tmp_path)


def test_bytes_that_are_no_utf_8(tmp_path):
    (tmp_path / "latin.csv").write_bytes("prompt,answer,label\ncafé,b,refuse\n".encode("latin-1"))
    with pytest.raises(ValueError, match="--encoding"):
        read_labelled(tmp_path / "latin.csv")
    assert read_labelled(tmp_path / "latin.csv", encoding="latin-1")[0].prompt.text == "café"


def test_pyrits_rows_come_out_of_its_wheel(tmp_path, monkeypatch):
    archive = harmful.ARCHIVES["pyrit"]
    path = tmp_path / archive.file
    with zipfile.ZipFile(path, "w") as wheel:
        for name in ("refusal", "refusal_extra"):
            text = "# dataset_version=1.0\nobjective,assistant_response,human_score,data_type\n"
            text += "Bake,I can't.,1,text\nJam,Yes.,0,text\n"
            wheel.writestr(f"pyrit/datasets/scorer_evals/refusal_scorer/{name}.csv", text)
    pinned = archive._replace(sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setitem(harmful.ARCHIVES, "pyrit", pinned)
    rows = read_pyrit(tmp_path)
    assert [row.truth for row in rows] == [Outcome.REFUSE, Outcome.COMPLY] * 2
    assert len({row.prompt.cluster for row in rows}) == 2


def test_the_hash_is_of_text_and_label(xstest):
    rows = read_xstest(xstest)
    assert rows_sha256(rows) == rows_sha256(read_xstest(xstest))
    assert rows_sha256(rows) != rows_sha256(read_xstest(xstest, partial="comply"))


@pytest.mark.skipif(not XSTEST.is_dir(), reason="XSTest's completions are not here")
def test_the_real_rows():
    rows = read_xstest(XSTEST)
    assert len(rows) == 1800 and len({row.prompt.cluster for row in rows}) == 450
    assert sum(row.partial for row in rows) == 135 and all(len(row.labels) == 2 for row in rows)
