"""Sets of labelled texts: as many as were published, none on both sides, and no file taken for another."""

import importlib.util
import io
import shutil
import tarfile
from collections import Counter
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from gnothi.language import texts
from gnothi.language.texts import ARCHIVES, TextSet, load_texts

GLUE = Path(__file__).parents[3] / "shared" / "data" / "glue"

needs_glue = pytest.mark.skipif(not GLUE.exists(), reason="needs GLUE")
needs_pip = pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="needs pip")
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")


def counts(found: TextSet) -> tuple[list[int], list[int]]:
    """Rows of each class, of training and test data, once they are known to be in order."""
    train, test = (
        list(zip(of, pairs or [""] * len(of), strict=True))
        for of, pairs in ((found.texts, found.pairs), (found.test_texts, found.test_pairs))
    )
    assert not set(train) & set(test)
    assert all(text and text == text.strip() for text in (*found.texts, *found.test_texts))
    assert len(train) == len(found.labels) and len(test) == len(found.test_labels)
    size = len(found.classes)
    return np.bincount(found.labels, minlength=size).tolist(), np.bincount(found.test_labels, minlength=size).tolist()


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(ValueError, match=r"'newsgroup'. Did you mean 'newsgroups'\? There are: sst-2, cola, rte, "):
        load_texts("newsgroup")


# GLUE, from a folder


@needs_glue
def test_sst_2():
    found = load_texts("sst-2", GLUE)
    assert found.classes == ("negative", "positive") and found.pairs is None and found.label_shares is None
    assert counts(found) == ([29780, 37569], [428, 444]) and found.dropped == {}
    assert (found.test_texts[0], found.test_labels[0]) == ("it 's a charming and often affecting journey .", 1)


@needs_glue
def test_cola_with_its_training_data_put_together_again():
    found = load_texts("cola", GLUE / "CoLA")
    assert len(found.texts) == 8551 - 16 and found.dropped == {"in the test data too": 16}
    assert counts(found) == ([2526, 6009], [322, 721])
    assert 'Susan whispered "Shut up".' in found.texts


@needs_glue
def test_rte():
    found = load_texts("rte", GLUE)
    assert found.classes == ("entailment", "not_entailment")
    assert counts(found) == ([1249, 1241], [146, 131])  # 2,490, as published, and 277
    assert found.pairs[0] == "Weapons of Mass Destruction Found in Iraq."


@pytest.fixture
def sst(tmp_path):
    folder = tmp_path / "SST-2"
    folder.mkdir()
    (folder / "train.tsv").write_text('sentence\tlabel\nsaid "no \t0\n\nsame\t1\n \t1\n')
    (folder / "val.tsv").write_text("put back\t1\n")
    (folder / "dev.tsv").write_text("sentence\tlabel\nsame\t0")
    return folder


def test_a_folder_of_glue(sst):
    for folder in (sst, sst.parent):
        found = load_texts("sst-2", folder)
        assert found.texts == ('said "no', "put back") and found.labels.tolist() == [0, 1]
        assert found.test_texts == ("same",) and found.test_labels.tolist() == [0]
        assert found.dropped == {"empty": 1, "in the test data too": 1}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"sentence\tlabel\ngood\t1\nbad\n", r"train.tsv, line 3: 1 columns, but SST-2 has 2 \(sentence, label\)"),
        (b"sentence\tlabel\ngood\t2\n", r"train.tsv, line 2: the label must be 0 or 1, got '2'"),
        (b"sentence\tlabel\ncaf\xe9\t1\n", r"train.tsv is not UTF-8: its byte 18 is 0xe9"),
        (b"sentence\tlabel\n", r"sst-2 has 0 training and 1 test texts: both are needed"),
    ],
)
def test_a_bad_file_says_where(sst, content, error):
    (sst / "train.tsv").write_bytes(content)
    (sst / "val.tsv").unlink()
    with pytest.raises(ValueError, match=error):
        load_texts("sst-2", sst)


def test_missing_files_say_what_was_looked_for(sst, tmp_path, monkeypatch):
    (sst / "dev.tsv").unlink()
    with pytest.raises(FileNotFoundError, match=r"SST-2 has no dev.tsv of SST-2: .* SST-2/dev.tsv"):
        load_texts("sst-2", tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        load_texts("movies", tmp_path / "nowhere")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"texts has no train.tsv and no dev.tsv of RTE: no package carries"):
        load_texts("rte")


# Archives


@pytest.mark.parametrize("name", ["movies", "spam", "newsgroups"])
def test_a_file_that_was_not_pinned_is_refused(tmp_path, name):
    archive = ARCHIVES["vader" if name == "movies" else name]
    (tmp_path / archive.file).write_bytes(b"something else")
    with pytest.raises(ValueError, match=rf"{archive.file} is not the file that was pinned \(sha256 [0-9a-f]{{12}}"):
        load_texts(name, tmp_path)


def mail(body: str, subtype: str = "plain") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Gr\u00fc\u00dfe"
    message["X-Spam-Status"] = "guilty"
    message.set_content(body, subtype=subtype, cte="base64")
    return message


def test_mails_are_read_as_a_reader_sees_them(tmp_path, monkeypatch):
    both = mail("the plain one")
    both.add_alternative("<p>the other</p>", subtype="html")
    mails = [
        ("spam-1", mail("<style>p {color: red}</style><p>Fish &amp;\n chips<!-- guilty --></p>", "html")),
        ("easy-ham-1", both),
        ("hard-ham-1", mail("x" * 3000)),
        ("easy-ham-2", mail("a test text 3")),
    ]
    path = tmp_path / ARCHIVES["spam"].file
    with tarfile.open(path, "w:gz") as archive:
        for number, (group, message) in enumerate(mails):
            member = tarfile.TarInfo(f"package/data/{group}/{number}.txt")
            member.size = len(message.as_bytes())
            archive.addfile(member, io.BytesIO(message.as_bytes()))
    pinned = ARCHIVES["spam"]._replace(sha256=sha256(path.read_bytes()).hexdigest())
    monkeypatch.setitem(ARCHIVES, "spam", pinned)
    monkeypatch.setattr(texts, "TEST_BYTES", 128)
    found = load_texts("spam", tmp_path)
    by_text = dict(zip((*found.texts, *found.test_texts), (*found.labels, *found.test_labels), strict=True))
    assert by_text == {
        "Gr\u00fc\u00dfe Fish & chips": 1,
        "Gr\u00fc\u00dfe the plain one": 0,
        "Gr\u00fc\u00dfe " + "x" * 1994: 0,
        "Gr\u00fc\u00dfe a test text 3": 0,
    }


# What was published


@needs_pip
def test_movies():
    found = load_texts("movies")
    assert found.dropped == {"no clear side": 10605 - 10072}
    assert counts(found) == ([4052, 4030], [1024, 966])
    votes = dict(zip((*found.texts, *found.test_texts), (*found.votes, *found.test_votes), strict=True))
    assert votes["Effective but too tepid biopic"].tolist() == [10, 2]  # and three who chose 0
    assert disagreement(found) == pytest.approx(0.0398, abs=1e-4)


@needs_pip
def test_tweets():
    found = load_texts("tweets")
    assert found.dropped == {"no clear side": 4}  # of 4,200: their raters even out to 0
    assert counts(found) == ([1025, 2301], [274, 596])
    assert disagreement(found) == pytest.approx(0.0605, abs=1e-4)


def disagreement(found: TextSet) -> float:
    """How often a rater drawn at random disagrees with the label, once shares are known to be in order."""
    shares = np.concatenate([found.label_shares, found.test_label_shares])
    labels = np.concatenate([found.labels, found.test_labels])
    assert shares.min() >= 0 and np.allclose(shares.sum(1), 1)
    assert (shares.argmax(1) == labels).mean() > 0.99  # the sign of the mean is mostly that of most raters
    return 1 - shares[np.arange(len(labels)), labels].mean()


@needs_pip
def test_the_split_is_that_of_the_hash_of_each_text():
    found = load_texts("tweets")
    sides = [{sha256(text.encode()).digest()[0] < 51 for text in side} for side in (found.texts, found.test_texts)]
    assert sides == [{False}, {True}]


@needs_pip
@pytest.mark.slow
def test_newsgroups():
    found = load_texts("newsgroups")
    train, test = counts(found)
    assert (len(train), sum(train), sum(test)) == (20, 11293 - 7, 7528) and found.dropped == {"in the test data too": 7}
    named = Counter(dict(zip(found.classes, train, strict=True)))
    assert named.most_common(1) == [("rec.sport.hockey", 600)] and named["talk.religion.misc"] == 377
    assert (max(test), min(test)) == (399, 251)


@needs_npm
@pytest.mark.slow
def test_spam():
    found = load_texts("spam")
    train, test = counts(found)
    assert np.add(train, test).tolist() == [4150, 1896] and found.dropped == {}
    assert 0.17 < sum(test) / 6046 < 0.23
    assert max(map(len, found.texts)) == texts.MAIL_LENGTH
    headers = [
        text for text in (*found.texts, *found.test_texts) if "Received: from" in text or "X-Spam-Status" in text
    ]
    assert len(headers) < 30  # mails whose writers quote some
