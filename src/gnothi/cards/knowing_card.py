"""A card of a small model whose knowledge is known: is its holding back, and its uncertainty, of what it was not told?

Whether a model that says "I do not know" does not know can be asked only where it is known what it was told. So a model
is trained here on invented people (`gnothi.safety.knowledge`), asked about all of them, and measured twice: answering
always, and holding back where its epistemic uncertainty is high.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax

from gnothi.cards.agent_card import Measured
from gnothi.cards.card_words import value_in_words
from gnothi.cards.examples import examples_of
from gnothi.cards.system_card import Asked, Missing, Subject
from gnothi.safety.abstention import held_back_by_others
from gnothi.safety.evaluations.hallucination import coverage_evaluation, holding_back
from gnothi.safety.knowing_model import train_knowing_model
from gnothi.safety.knowledge import COVERAGES, knowledge_base
from gnothi.safety.results import measure
from gnothi.safety.run import Progress, answers_path, run

MEMBERS = "members"  # the folder of the ensemble's weights, in that of the card
TOLD = {"often": "told often", "once": "told once", "never": "never told", "stranger": "strangers"}
NOTHING_ELSE = Missing(
    "Everything else", "This model knows invented people and no language: there is no more to ask it."
)


@dataclass(frozen=True)
class Upbringing:
    """What a model is told, and how it learns: `repeats` is how often it is told what it is told often.

    `penalty` is what a wrong answer costs where it holds back: the threshold follows from it.
    """

    people: int = 80
    repeats: int = 8
    members: int = 5
    steps: int = 300
    width: int = 48
    penalty: float = 1.0
    seed: int = 0


def measure_knowing_model(folder: Path, how: Upbringing | None = None, *, progress: Progress | None = None) -> Measured:
    """Trains the model, asks it, measures; members and answers that the folder holds are used again.

    **Arguments:** `folder`, of the card; `how` it is brought up; `progress`.

    **Raises:** `ValueError` if a number of `how` is out of its range, or the folder holds another model.
    """
    how = how or Upbringing()
    if not how.penalty > 0:
        raise ValueError(f"penalty must be above 0, got {how.penalty}: where wrong answers cost nothing, guess")
    base = knowledge_base(how.people, repeats=how.repeats, seed=how.seed)
    model = train_knowing_model(
        base,
        key=jax.random.key(how.seed),
        num_members=how.members,
        steps=how.steps,
        width=how.width,
        folder=folder / MEMBERS,
        progress=progress,
    )
    evaluation = coverage_evaluation(base)
    start = time.perf_counter()
    rows = run(model, evaluation, folder, progress=progress)
    seconds = sum(row.answer.seconds for row in rows) or time.perf_counter() - start
    log = hashlib.sha256(answers_path(folder, evaluation).read_bytes()).hexdigest()
    careful = holding_back(evaluation, how.penalty)
    asked = ((evaluation, rows), (careful, held_back_by_others(rows, "epistemic", how.penalty)))
    settings: dict[str, str | int | float] = {
        "people": how.people,
        "facts": len(base.facts),
        "told often": f"{how.repeats} times",
    }
    about = {"members": how.members, "steps": how.steps, "width": how.width, "seed": how.seed}
    return Measured(
        Subject(model.name, "language model", model.version, about=about),
        tuple(result for one, some in asked for result in measure(one, some, log_sha256=log)),
        tuple(Asked(one.name, one.title, one.about, settings, seconds) for one, _ in asked),
        (NOTHING_ELSE,),
        examples=tuple(example for one, some in asked for example in examples_of(one.name, some, show=False)),
    )


def print_coverage(card: Mapping[str, Any], console: Any) -> None:
    """Prints what the model makes of facts by how often it was told them, and what its uncertainty says of that."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = {(row["evaluation"], row["metric"]): row for row in card["results"]}
    always, careful = (evaluation["name"] for evaluation in card["evaluations"])
    columns = {
        "right": (always, "accuracy"),
        "right, holding back": (careful, "accuracy"),
        "wrong, holding back": (careful, "hallucination"),
        "held back": (careful, "abstention"),
    }
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption="A stranger is one of whom the model was told nothing.")
    grid.add_column("facts")
    for name in columns:
        grid.add_column(name, min_width=14)
    for coverage in COVERAGES:
        cells = [_two_lines(rows[key]["by_category"][coverage]) for key in columns.values()]
        grid.add_row(TOLD[coverage], *cells)
    console.print(grid)
    for words, metrics in (
        ("Tells what was never told from what was", ("untold_by_epistemic", "untold_by_total")),
        ("Tells right answers from wrong ones", ("epistemic_separation", "total_separation")),
    ):
        one, other = (value_in_words(rows[always, metric]["estimate"]) for metric in metrics)
        console.print(Text(f"{words} (area under the ROC curve): epistemic uncertainty {one}, all of it {other}."))
    gain = value_in_words(rows[always, "untold_epistemic_gain"]["estimate"])
    scores = [value_in_words(rows[one, "penalised_score"]["estimate"]) for one in (always, careful)]
    console.print(Text(f"The first less the second, of what was told, on the same pairs of facts: {gain}."))
    console.print(Text(f"Right less wrong: {scores[0]} answering always, {scores[1]} holding back."))


def _two_lines(estimate: Mapping[str, Any]) -> str:
    """A number over its interval, so that the table fits into 80 columns."""
    return value_in_words(estimate).replace(" [", "\n[")
