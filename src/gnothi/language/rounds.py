"""Rounds of labelling: labels come back and are kept, the model learns from them, and asks for the next texts.

All that is known lies beside the pool, in the files that `pool.py` names, so that whoever stops, even by kill -9, goes
on from there: on the command line by CSV, or on the page of `gnothi.serve`. Labels are on disk before anything else.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from gnothi.agents import AGENTS, NetworkAgent, find_agent
from gnothi.data import principal_axes
from gnothi.language.active import ActiveSettings, ActiveTrainer, few_candidates
from gnothi.language.encode import TextEncoder
from gnothi.language.load import load
from gnothi.language.pool import (
    find_classes,
    read_answers,
    read_columns,
    read_pool,
    read_questions,
    vectors_of,
    write_rows,
)

#: Told what is being done, how much of it is, and how much there is.
Progress = Callable[[str, int, int], None]
READING, LABELLING = "Reading texts", "Labelling"


@dataclass(frozen=True)
class RoundSettings:
    """What rounds of labelling go by.

    `text_column`, `label_column` and `encoding` of the CSV; `budget`, how many labels there are to be in all; `batch`,
    how many texts a round; `classes`, all labels there may be, or what is given is what there is; `rule`, one of
    `gnothi.language.RULES`; `agent`, what learns; `aside`, the share of labels that are of texts drawn at random, and
    say how sure predictions may be; `model`, the encoder of texts; `seed`, from which all that is random follows.
    """

    text_column: str = "text"
    label_column: str = "label"
    budget: int = 500
    batch: int = 20
    classes: tuple[str, ...] = ()
    rule: str = "margin"
    agent: str = "epinet:hidden=(50,),prior_scale=0.5,l2=6.0,learning_rate=0.002"
    aside: float = 0.1
    model: str = "minilm"
    encoding: str = "utf-8"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.budget < 1 or self.batch < 1:
            raise ValueError(f"--budget and --batch must be 1 or more, got {self.budget} and {self.batch}")


class Rounds:
    """The rounds of labelling of one pool of texts; rows are numbered from 0 here, from 1 in files.

    A round is `read_answers` or `label`, then `learn`, `write_predicted` and `ask`.

    **Arguments:** `path` of the CSV; `settings`; `progress`, called while texts are read and labels given.

    **Raises:** `FileNotFoundError`; `ValueError` if the pool, or labels that were kept, cannot be read.
    """

    def __init__(self, path: Path, settings: RoundSettings | None = None, progress: Progress | None = None):
        self.settings = settings or RoundSettings()
        self.pool = read_pool(
            path, self.settings.text_column, self.settings.label_column, encoding=self.settings.encoding
        )
        self.asked, self.kept, self.predicted = map(self.pool.beside, ("next.csv", "labels.csv", "predicted.csv"))
        self.labels = {row: label for row, label in enumerate(self.pool.labels) if label}
        self._stamp = _stamp(self.kept)
        if self.kept.exists():
            self.labels |= read_answers(self.kept, len(self.pool.texts), self.settings.label_column)
        self._progress = progress or (lambda what, done, total: None)
        self._oracle: list[str] = []
        self._features: Float[np.ndarray, "texts width"] | None = None
        self._trainer: ActiveTrainer | None = None
        self._told: dict[int, str] = {}
        self._learnt: list[str] = []  # classes, as the trainer numbers them
        self._chances: Float[np.ndarray, "texts classes"] | None = None

    @property
    def classes(self) -> list[str]:
        """All classes, those of the oracle too.

        **Raises:** `ValueError` if a label is none of the classes named, or labels are too many to be classes.
        """
        known = find_classes(self.labels, self.settings.classes, self.pool.path)
        return sorted({*known, *self._oracle}) if self._oracle else known

    @property
    def counts(self) -> dict[str, int]:
        """How many labels of each class there are, the most frequent first."""
        return dict(Counter(self.labels.values()).most_common())

    @property
    def goal(self) -> int:
        """How many labels there can be in the end: the budget, or all texts if they are fewer."""
        return min(self.settings.budget, len(self.pool.texts))

    @property
    def left(self) -> int:
        """How many labels there are still to be."""
        return max(0, self.goal - len(self.labels))

    @property
    def ended(self) -> str:
        """Why nothing more is asked; empty while something is."""
        if self.left:
            return ""
        return "The budget is spent." if len(self.labels) >= self.settings.budget else "Every text has a label."

    @property
    def last(self) -> int | None:
        """The row that got its label last, of those that have none in the pool itself."""
        return next((row for row in reversed(self.labels) if not self.pool.labels[row]), None)

    def unanswered(self) -> list[int]:
        """Rows that went out in the file of questions, if not one of them has come back with a label."""
        if not self.asked.exists():
            return []
        about = len(self.pool.texts), self.settings.label_column, self.settings.encoding
        if read_answers(self.asked, *about):
            return []
        return [row for row in read_questions(self.asked, *about) if row not in self.labels]

    def read_answers(self, *, needed: bool = True) -> int:
        """Keeps the labels that have come back in the file of questions, all of them or none; how many there were.

        The file stays there until `forget_questions`.

        **Raises:** `ValueError` if a label is no class, or the file is there without any, unless none is `needed`.
        """
        if not self.asked.exists():
            return 0
        column = self.settings.label_column
        new = read_answers(self.asked, len(self.pool.texts), column, self.settings.encoding)
        if not new:
            if not needed:
                return 0
            raise ValueError(f"{self.asked} has no label yet: fill in its column {column!r}, then call again")
        find_classes(new, self.settings.classes, self.asked)
        self._keep(self.labels | new)
        return len(new)

    def forget_questions(self) -> None:
        """Removes the file of questions, if it is there."""
        self.asked.unlink(missing_ok=True)

    def label(self, row: int, label: str) -> None:
        """Keeps one label: it is on disk when this returns.

        **Raises:** `ValueError` if it is no class, or empty, or more than a line, and as of `classes`; `OSError` if it
        could not be written. Nothing has changed then.
        """
        if not label.strip() or not label.isprintable():
            raise ValueError(f"a label must be a line of text, got {label!r}")
        labels = self.labels | {row: label.strip()}
        find_classes(labels, self.settings.classes, self.pool.path)
        self._keep(labels)

    def unlabel(self, row: int) -> None:
        """Takes a row's label back; the model forgets it the next time it learns. Errors as of `label`."""
        self._keep({other: label for other, label in self.labels.items() if other != row})

    def _keep(self, labels: dict[int, str]) -> None:
        if _stamp(self.kept) != self._stamp:
            raise ValueError(
                f"{self.kept} has changed since it was read: is another call at work on it? "
                "Nothing was kept: stop, and call again"
            )
        rows = [(row + 1, label) for row, label in labels.items() if self.pool.labels[row] != label]
        write_rows(self.kept, ("row", self.settings.label_column), rows)
        self._stamp = _stamp(self.kept)
        self.labels = labels

    def use_oracle(self, column: str) -> None:
        """From now on a column of the pool says the labels: its values are classes.

        **Raises:** `ValueError` if there is no such column, or it is empty in a row.
        """
        path = self.pool.path
        find_classes(self.labels, self.settings.classes, path)  # what is wrong with labels is said first
        found = read_columns(path, (column,), (), self.settings.encoding)[column]
        answers = [value.strip() for value in found]
        missing = [row for row, answer in enumerate(answers, 1) if not answer]
        if missing:
            raise ValueError(f"{path}: the oracle has no answer in {len(missing)} rows, the first is {missing[0]}")
        self._oracle = answers

    def answer_by_oracle(self) -> None:
        """Asks, is answered by the oracle, and learns, until nothing is left to ask."""
        self._progress(LABELLING, len(self.labels), self.settings.budget)
        while rows := self.ask():
            self._keep(self.labels | {row: self._oracle[row] for row in rows})
            self.learn()
            self._progress(LABELLING, len(self.labels), self.settings.budget)

    def learn(self) -> None:
        """Learns from the labels that are new; from all of them anew if classes have changed, or a label is gone.

        **Raises:** `ValueError` if there is no such agent or rule, or the encoder is none; as of `classes` and
        `gnothi.language.load` else.
        """
        classes = self.classes
        if self._trainer is None or classes != self._learnt or not self._told.keys() <= self.labels.keys():
            self._trainer = self._new_trainer(max(2, len(classes)))
            self._told, self._learnt, self._chances = {}, classes, None
        new = {row: label for row, label in self.labels.items() if self._told.get(row) != label}
        if new:
            self._trainer.tell(list(new), [classes.index(label) for label in new.values()])
            self._told, self._chances = dict(self.labels), None

    def ask(self, *, without: Collection[int] = ()) -> list[int]:
        """The rows of the next round, the most wanted first; none of `without`, and none at all if none is left."""
        if self._trainer is None:
            self.learn()
        if not self.left or self._trainer is None:
            return []
        count = min(self.settings.batch, self.left)
        rows = [int(row) for row in self._trainer.ask(count + len(without))]
        return [row for row in rows if row not in without][:count]

    def write_questions(self, rows: Sequence[int]) -> None:
        """Writes the file of questions: these rows' texts, with an empty label."""
        questions = [(row + 1, "", self.pool.texts[row]) for row in rows]
        write_rows(self.asked, ("row", self.settings.label_column, self.settings.text_column), questions)

    def write_predicted(self) -> bool:
        """Writes what the model makes of every text; whether it did, which takes a label and two classes."""
        if self._trainer is None or len(self._learnt) < 2 or not self._told:
            return False
        chances = self._trainer.predict(self._trainer.features)
        self._chances = chances
        rows = [
            (row + 1, self.labels.get(row, ""), self._learnt[best], f"{chances[row, best]:.4f}", self.pool.texts[row])
            for row, best in enumerate(chances.argmax(axis=1))
        ]
        header = ("row", self.settings.label_column, "predicted", "probability", self.settings.text_column)
        write_rows(self.predicted, header, rows)
        return True

    def chances(self, row: int) -> Mapping[str, float]:
        """Each class's probability for a row, as of the last `write_predicted`; empty if nothing was learnt then."""
        if self._chances is None:
            return {}
        return dict(zip(self._learnt, map(float, self._chances[row]), strict=True))

    def _new_trainer(self, num_classes: int) -> ActiveTrainer:
        agent = find_agent(self.settings.agent, AGENTS)
        if not isinstance(agent, NetworkAgent):
            raise ValueError(
                f"--agent {self.settings.agent} does not learn step by step: take epinet, ensemble+, mlp, ..."
            )
        candidates = few_candidates(self.settings.batch)
        settings = ActiveSettings(self.settings.rule, num_candidates=candidates, aside=self.settings.aside)
        if self._features is None:
            (self._features,) = principal_axes(vectors_of(self.pool, self.settings.model, self._encode))
        return ActiveTrainer(agent, self._features, num_classes, settings, seed=self.settings.seed)

    def _encode(self, texts: Sequence[str]) -> Float[np.ndarray, "texts width"]:
        model = load(self.settings.model)
        if not isinstance(model, TextEncoder):
            raise ValueError(f"{self.settings.model} is not an encoder of texts: take minilm, or another BERT")
        self._progress(READING, 0, len(texts))
        return model.encode(texts, progress=lambda done, total: self._progress(READING, done, total))


def _stamp(path: Path) -> tuple[int, int] | None:
    """Changes when a file does."""
    if not path.exists():
        return None
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
