"""A pool to label, whose vectors are there already."""

import csv
from pathlib import Path

import numpy as np

from gnothi.language import Rounds, RoundSettings
from gnothi.language.pool import read_pool, vectors_of


def make_pool(folder: Path, count: int = 12) -> Path:
    """Texts `good 0`, `bad 1`, ... and one that looks like HTML, with vectors that tell good from bad."""
    path = folder / "pool.csv"
    texts = [f"{'bad' if row % 2 else 'good'} {row}" for row in range(count)]
    texts[0] = 'good <script>alert("1")</script> & "quotes"'
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text",), *((text,) for text in texts)])
    random = np.random.default_rng(0)
    vectors = random.normal(size=(count, 3)).astype(np.float32)
    vectors[:, 0] = [3.0 if text.startswith("good") else -3.0 for text in texts]
    vectors_of(read_pool(path, "text", "label"), "minilm", lambda texts: vectors)
    return path


def open_rounds(path: Path, **settings) -> Rounds:
    """Rounds of three texts, learnt by one small network."""
    return Rounds(path, RoundSettings(**{"budget": 6, "batch": 3, "agent": "mlp", "rule": "margin"} | settings))


def truth(text: str) -> str:
    """The right label."""
    return text.split()[0]


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
