"""Labelling, round by round, of real texts and of a network's own labels: which rule needs the fewest labels?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Float

from gnothi.agents import NetworkAgent
from gnothi.data import principal_axes
from gnothi.language import ActiveSettings, TextEncoder, load
from gnothi.language.simulate import Answered, Runs, Schedule, simulate
from gnothi.language.texts import load_texts
from gnothi.metrics import Estimate
from gnothi.reproduce.measured import measured
from gnothi.sweep import Record
from gnothi.testbed import GenerativeSpec
from gnothi.testbed.run import config_hash

TOKENS = 64  # of a text that are read


@dataclass(frozen=True)
class EncodeTask:
    """The vectors of a set of texts: `pool` and `test`, how many at most."""

    set: str
    folder: Path  # of the run
    data: Path | None  # where sets that no package carries lie
    pool: int
    test: int

    @property
    def cell(self) -> str:
        """The cell's file."""
        return f"vectors/{self.set}-{self.pool}-{self.test}"

    @property
    def file(self) -> Path:
        """Where the vectors are."""
        return self.folder / f"{self.cell}.npz"


@dataclass(frozen=True)
class Texts:
    """A set of texts, of whose answers a share `noise` is drawn at random."""

    encoded: EncodeTask
    noise: float

    @property
    def evaluation(self) -> str:
        """Its name in records."""
        return f"language/{self.encoded.set}" + (f"-noise{self.noise:g}" if self.noise else "")

    @property
    def cell(self) -> str:
        """Its name in files."""
        return f"{self.evaluation}-{self.encoded.pool}-{self.encoded.test}"

    def runs(self, task: "LabelTask") -> Iterator[Runs]:
        """The runs of a task, one at a time."""
        with np.load(self.encoded.file) as kept:
            x, labels, test_x, test_labels = (kept[name] for name in ("x", "labels", "test_x", "test_labels"))
        classes = int(max(labels.max(), test_labels.max())) + 1

        def answered(x: np.ndarray, labels: np.ndarray) -> Answered:
            sure = np.eye(classes, dtype=np.float32)[labels]
            return Answered(x, (1 - self.noise) * sure + self.noise / classes)

        pool, test, keys = answered(x, labels), answered(test_x, test_labels), jax.random.key(1)
        runs = simulate(task.agent, pool, test, task.schedule, task.settings, jax.random.split(keys, task.seeds))
        return (Runs(runs.labels, *(part[seed : seed + 1] for part in runs[1:])) for seed in range(task.seeds))


@dataclass(frozen=True)
class Networks:
    """Labels that random networks of two hidden layers draw, anew at every visit.

    10 numbers an input, 200 inputs that may be labelled, one at a time and one gradient step each, as published; so is
    that results are looked at by the number of distinct inputs that were labelled, of which each may be asked often.
    """

    temperature: float

    @property
    def evaluation(self) -> str:
        """Its name in records."""
        return f"language/synthetic-T{self.temperature:g}"

    @property
    def cell(self) -> str:
        """Its name in files."""
        return self.evaluation

    def runs(self, task: "LabelTask") -> Iterator[Runs]:
        """The runs of a task, one at a time."""
        for seed in range(task.seeds):
            problem = GenerativeSpec("language", 10, 1, self.temperature, seed, inputs="iid").make()
            x, answers = np.asarray(problem.test_inputs), np.asarray(jax.nn.softmax(problem.true_logits))
            pool, test = Answered(x[:200], answers[:200]), Answered(x[200:1200], answers[200:1200])
            key, prior = jax.random.key(seed)[None], problem.prior_knowledge
            yield simulate(task.agent, pool, test, task.schedule, task.settings, key, prior=prior)


@dataclass(frozen=True)
class LabelTask:
    """One rule of one agent, `seeds` runs of it."""

    name: str
    agent: NetworkAgent
    settings: ActiveSettings
    schedule: Schedule
    seeds: int
    source: Texts | Networks

    @property
    def subject(self) -> str:
        """Who is measured."""
        aside = f", {self.settings.aside:g} aside" if self.settings.aside else ""
        return f"{self.name}, {self.settings.rule}{aside}"

    @property
    def cell(self) -> str:
        """The cell's file."""
        about = config_hash(f"{self.settings} {self.schedule}", self.agent)
        return f"{self.subject}-{about}/{self.source.cell}x{self.seeds}"


def measure(task: EncodeTask | LabelTask) -> dict[str, list[Record]]:
    """Encodes a set, or labels one."""
    if isinstance(task, EncodeTask):
        return {task.cell: list(_encode(task))}
    runs = enumerate(task.source.runs(task))
    return {task.cell: [record for seed, run in runs for record in _records(task, seed, run)]}


def _encode(task: EncodeTask) -> Iterator[Record]:
    """Vectors in `task.file`, on their principal axes; how many texts there were."""
    texts, model, rng = load_texts(task.set, task.data), load("minilm"), np.random.default_rng(0)
    if not isinstance(model, TextEncoder):
        raise TypeError("minilm is an encoder")
    rows, test_rows = (
        rng.permutation(len(labels))[:most]
        for labels, most in ((texts.labels, task.pool), (texts.test_labels, task.test))
    )
    short = replace(model, most=TOKENS)

    def encode(of: tuple[str, ...], pairs: tuple[str, ...] | None, rows: Iterable[int]) -> Float[np.ndarray, "_ _"]:
        first = short.encode([of[row] for row in rows])
        if pairs is None:
            return first
        second = short.encode([pairs[row] for row in rows])
        return np.concatenate([first, second, np.abs(first - second), first * second], axis=1)

    pool = encode(texts.texts, texts.pairs, rows)
    test = encode(texts.test_texts, texts.test_pairs, test_rows)
    x, test_x = principal_axes(pool, test)
    task.file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(task.file, x=x, test_x=test_x, labels=texts.labels[rows], test_labels=texts.test_labels[test_rows])
    for metric, count in (("texts", len(rows)), ("test texts", len(test_rows)), ("classes", len(texts.classes))):
        yield measured("minilm", f"language/{task.set}", metric, Estimate(count, count, count, units=1))


def _records(task: LabelTask, seed: int, run: Runs) -> Iterator[Record]:
    about = {"seed": seed, "config_hash": config_hash(task.subject, task.agent)}
    distinct = np.array([len(np.unique(run.asked[0, :count])) for count in run.labels])
    for place, count in enumerate(run.labels):
        for metric, values in (("accuracy", run.accuracy[0]), ("log_loss", run.log_loss[0]), ("distinct", distinct)):
            value = float(values[place])
            one = Estimate(value, value, value, 1, int(not np.isfinite(value)))
            yield measured(task.subject, task.source.evaluation, metric, one, num_train=int(count), **about)
