"""`gnothi label`: which texts to label next, round by round."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

if TYPE_CHECKING:
    from gnothi.language import ActiveTrainer
    from gnothi.language.pool import Pool


@dataclass(frozen=True)
class Label:
    """Asks for the labels that teach the most: a few texts a round, until the budget is spent.

    POOL.csv has a header and a column of texts. Each call reads the labels that have come back, learns from them, and
    writes the next texts to POOL.next.csv: fill in its label column, and make the same call again. Labels are kept in
    POOL.labels.csv, and what the model makes of every text is in POOL.predicted.csv. Stop and go on whenever you like.

    Example: gnothi label pool.csv --text-column text --label-column label --budget 500 --batch 20
    """

    pool: Annotated[Path, tyro.conf.Positional]
    """The CSV of texts."""

    text_column: str = "text"
    """The column of texts."""

    label_column: str = "label"
    """The column of labels, in the files that go out and come back; those that POOL.csv has already count too."""

    budget: int = 500
    """How many labels there are to be in all."""

    batch: int = 20
    """How many texts a round."""

    classes: tuple[str, ...] = ()
    """All labels there may be, so that another one is a mistake; else what is given is what there is."""

    rule: str = "batch"
    """Which texts: batch (informative together), variance, bald, margin, entropy, variation_ratio or uniform."""

    agent: str = "epinet"
    """What learns; `gnothi agents` says what there is."""

    model: str = "minilm"
    """The encoder of texts: a name, a folder as Hugging Face has them, or owner/name on a hub."""

    encoding: str = "utf-8"
    """Of POOL.csv and of what comes back."""

    seed: int = 0
    """From which all that is random follows."""

    oracle_column: str | None = None
    """Labels to answer with, a column of POOL.csv: to try this out on texts whose labels are known."""

    def run(self) -> None:
        """Reads answers, learns, asks."""
        import numpy as np

        from gnothi.language import pool as pools

        if self.budget < 1 or self.batch < 1:
            raise ValueError(f"--budget and --batch must be 1 or more, got {self.budget} and {self.batch}")
        pool = pools.read_pool(self.pool, self.text_column, self.label_column, encoding=self.encoding)
        labels, new = self._labels(pool)
        classes = pools.find_classes(labels, self.classes, pool.path)
        oracle = self._oracle(pool) if self.oracle_column else None
        if oracle is not None:
            classes = sorted(set(classes) | set(oracle))
        trainer = self._trainer(pool, max(2, len(classes)))
        if labels:
            rows = np.array(list(labels))
            trainer.tell(rows, [classes.index(labels[row]) for row in rows])
        if new:
            pool.beside("next.csv").unlink()
        if oracle is not None:
            self._answer_all(pool, trainer, classes, labels, oracle)
        self._end(pool, trainer, classes, labels)

    def _labels(self, pool: "Pool") -> tuple[dict[int, str], dict[int, str]]:
        """All labels there are, and those of them that have just come back: these are kept before anything else."""
        from gnothi.language import pool as pools

        labels = {row: label for row, label in enumerate(pool.labels) if label}
        kept, asked = pool.beside("labels.csv"), pool.beside("next.csv")
        if kept.exists():
            labels |= pools.read_answers(kept, len(pool.texts), self.label_column)
        new = {}
        if asked.exists():
            new = pools.read_answers(asked, len(pool.texts), self.label_column, self.encoding)
            if not new:
                raise ValueError(f"{asked} has no label yet: fill in its column {self.label_column!r}, then call again")
            pools.find_classes(new, self.classes, asked)
            labels |= new
            self._keep(pool, labels)
        return labels, new

    def _keep(self, pool: "Pool", labels: dict[int, str]) -> None:
        from gnothi.language import pool as pools

        rows = [(row + 1, label) for row, label in labels.items() if pool.labels[row] != label]
        pools.write_rows(pool.beside("labels.csv"), ("row", self.label_column), rows)

    def _oracle(self, pool: "Pool") -> list[str]:
        from gnothi.language import pool as pools

        column = self.oracle_column or ""
        answers = [value.strip() for value in pools.read_columns(pool.path, (column,), (), self.encoding)[column]]
        missing = [row for row, answer in enumerate(answers, 1) if not answer]
        if missing:
            raise ValueError(f"{pool.path}: the oracle has no answer in {len(missing)} rows, the first is {missing[0]}")
        return answers

    def _trainer(self, pool: "Pool", num_classes: int) -> "ActiveTrainer":
        from gnothi.agents import AGENTS, NetworkAgent, find_agent
        from gnothi.data import standardise
        from gnothi.language import ActiveSettings, ActiveTrainer
        from gnothi.language.pool import vectors_of

        agent = find_agent(self.agent, AGENTS)
        if not isinstance(agent, NetworkAgent):
            raise ValueError(f"--agent {self.agent} does not learn step by step: take epinet, ensemble+, mlp, ...")
        settings = ActiveSettings(rule=self.rule)
        (features,) = standardise(vectors_of(pool, self.model, self._encode))
        return ActiveTrainer(agent, features, num_classes, settings, seed=self.seed)

    def _encode(self, texts: Any) -> Any:
        from rich.progress import Progress

        from gnothi.language import TextEncoder, load

        model = load(self.model)
        if not isinstance(model, TextEncoder):
            raise ValueError(f"{self.model} is not an encoder of texts: take minilm, or another BERT")
        with Progress(transient=True) as progress:
            bar = progress.add_task("Reading texts", total=len(texts))
            return model.encode(texts, progress=lambda done, _: progress.update(bar, completed=done))

    def _answer_all(
        self, pool: "Pool", trainer: "ActiveTrainer", classes: list[str], labels: dict[int, str], oracle: list[str]
    ) -> None:
        from rich.progress import Progress

        with Progress(transient=True) as progress:
            bar = progress.add_task("Labelling", total=self.budget, completed=len(labels))
            while (left := min(self.budget, len(pool.texts)) - len(labels)) > 0:
                rows = trainer.ask(min(self.batch, left))
                answers = {int(row): oracle[row] for row in rows}
                trainer.tell(rows, [classes.index(answer) for answer in answers.values()])
                labels |= answers
                self._keep(pool, labels)
                progress.update(bar, completed=len(labels))

    def _end(self, pool: "Pool", trainer: "ActiveTrainer", classes: list[str], labels: dict[int, str]) -> None:
        """Says where things stand, writes what the model makes of the texts, and the next ones to label."""
        from collections import Counter

        from gnothi.language import pool as pools

        counts = Counter(labels.values())
        words = ", ".join(f"{label} {count}" for label, count in counts.most_common())
        print(f"{len(labels)} of {self.budget} labelled{': ' if words else ''}{words}.")
        if len(classes) >= 2 and labels:
            chances = trainer.predict(trainer.features)
            rows = [
                (row + 1, labels.get(row, ""), classes[best], f"{chances[row, best]:.4f}", pool.texts[row])
                for row, best in enumerate(chances.argmax(axis=1))
            ]
            header = ("row", self.label_column, "predicted", "probability", self.text_column)
            pools.write_rows(pool.beside("predicted.csv"), header, rows)
            print(f"What the model makes of every text: {pool.beside('predicted.csv')}")
        left = min(self.budget, len(pool.texts)) - len(labels)
        if left <= 0:
            print("The budget is spent." if len(labels) >= self.budget else "Every text has a label.")
            return
        questions = [(row + 1, "", pool.texts[row]) for row in trainer.ask(min(self.batch, left))]
        asked = pool.beside("next.csv")
        pools.write_rows(asked, ("row", self.label_column, self.text_column), questions)
        print(f"Next: fill in the column {self.label_column!r} of {asked}, then make the same call again.")
