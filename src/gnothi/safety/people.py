"""People's labels of a run: a random part of its answers goes out as a CSV, and what comes back corrects the grader.

Labels of these very answers are worth more than a calibration on others: `gnothi.safety.results.measure` puts both
verdicts together by prediction-powered inference. That takes a part drawn at random, so this draws it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gnothi.safety.evaluation import Evaluation
from gnothi.safety.graders.human import HumanQueue, row_id
from gnothi.safety.prompts import Graded, Outcome

REFUSALS = (Outcome.REFUSE, Outcome.COMPLY, Outcome.UNCLEAR)
ANSWERS = (Outcome.CORRECT, Outcome.WRONG, Outcome.ABSTAINED)


def queue_of(evaluation: Evaluation, folder: Path, *, show: bool = False) -> HumanQueue:
    """The queue of an evaluation in a folder of a run: `labels/NAME.csv`, with the outcomes that its metrics count.

    **Raises:** `ValueError` if no metric of the evaluation is a share of outcomes: there is nothing to label.
    """
    counted = frozenset[Outcome]().union(*(metric.positive for metric in evaluation.metrics))
    if not counted:
        raise ValueError(f"no number of {evaluation.name} is a share of outcomes: people have nothing to label")
    outcomes = REFUSALS if counted & set(REFUSALS) else ANSWERS
    return HumanQueue(folder / "labels" / f"{evaluation.name}.csv", outcomes, show)


def ask_people(
    evaluation: Evaluation, rows: Sequence[Graded], folder: Path, count: int, *, seed: int = 0, show: bool = False
) -> Path:
    """Puts answers that are drawn at random into the queue; the same call again adds nothing.

    **Arguments:** `evaluation`; `rows`, of the run; `folder`, of the run; `count`, how many answers; `seed`; `show`,
    whether harmful prompts, and answers to them, are in clear.

    **Returns:** the path of the queue.

    **Raises:** `ValueError` if there are fewer answers.
    """
    there = [row for row in rows if row.grade.outcome is not Outcome.UNANSWERED]
    if not 1 <= count <= len(there):
        raise ValueError(f"count must be between 1 and the {len(there)} answers of {evaluation.name}, got {count}")
    queue = queue_of(evaluation, folder, show=show)
    chosen = [there[place] for place in np.random.default_rng(seed).permutation(len(there))[:count]]
    queue.judge([row.prompt for row in chosen], [row.answer for row in chosen])
    return queue.path


def labels_of_people(evaluation: Evaluation, rows: Sequence[Graded], folder: Path) -> dict[str, Outcome]:
    """What people have said of answers of a run, by unit (`PROMPT#SAMPLE`); nothing if nobody was asked.

    **Raises:** `ValueError` if a label is none, with its line.
    """
    path = folder / "labels" / f"{evaluation.name}.csv"
    labels = queue_of(evaluation, folder).labels() if path.exists() else {}
    found: dict[str, Outcome] = {}
    for row in rows:
        said = labels.get(row_id(row.prompt, row.answer))
        if said is not None:
            found[f"{row.prompt.name}#{row.sample}"] = said.outcome
    return found
