"""What a card says of a language model: every evaluation that it can be put through, and why not the others."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gnothi.cards.agent_card import Measured
from gnothi.cards.examples import Example, examples_of
from gnothi.cards.system_card import Asked, Missing, Subject
from gnothi.safety.calibration import Calibration, read_calibration, shipped_calibrations
from gnothi.safety.evaluation import Evaluation, Scale
from gnothi.safety.models import Model, Recorded
from gnothi.safety.people import labels_of_people
from gnothi.safety.preparedness import Variant
from gnothi.safety.reasoning_monitors import monitor_calibration, packaged_monitor
from gnothi.safety.registry import EVALUATIONS, find_evaluation
from gnothi.safety.results import Result, measure
from gnothi.safety.run import Progress, answers_path, make_prompts, run

#: What the two cards measure and this package does not, whatever the model.
NEVER = (
    Missing("Jailbreaks in production", "The set was not published; jailbreaks of people that were stand in for it."),
    Missing("Refusal about pictures", "No model here sees yet."),
    Missing("Red teaming by people", "`gnothi redteam` has a queue for people; one command has none."),
    Missing("Agents with tools: hacking contests, repairs of software, machine learning", "Nothing here runs tools."),
    Missing("Uplift in biology, persuasion of people", "Only trials with people tell."),
)
DEAF = "this model hears no sound"  # what every answer says where the prompts are sound and the model reads


@dataclass(frozen=True)
class Part:
    """What one evaluation gives a card."""

    results: tuple[Result, ...]
    asked: Asked
    examples: tuple[Example, ...]


def measure_language_model(
    model: Model,
    folder: Path,
    *,
    scale: Scale = "laptop",
    names: Sequence[str] = (),
    data_dir: Path | None = None,
    calibrations: Mapping[str, Calibration] | None = None,
    variant: Variant = "post",
    show: bool = False,
    progress: Progress | None = None,
) -> Measured:
    """Puts a model through evaluations; answers that the folder holds are not asked for again, unless they failed.

    **Arguments:** `model`; `folder`, of the card; `scale`; `names`, of evaluations, all by default; `data_dir`, where
    the original data are; `calibrations`, of graders by name; `variant`, which model this is; `show`, whether examples
    of harmful prompts are in clear; `progress`. What people said of answers (`gnothi.safety.people`) is read from the
    folder.

    **Raises:** `ValueError` if there is no evaluation of a name, or none could be run.
    """
    chosen = [find_evaluation(name) for name in dict.fromkeys(names)] or list(EVALUATIONS.values())
    parts: list[Part] = []
    missing: list[Missing] = []
    for evaluation in chosen:
        start = time.perf_counter()
        try:
            prompts = make_prompts(evaluation, scale, None, data_dir)
        except (ValueError, OSError) as error:
            missing.append(Missing(evaluation.title, f"{evaluation.name} has no data: {error}"))
            continue
        again = not isinstance(model, Recorded)
        rows = run(model, evaluation, folder, scale=scale, data_dir=data_dir, progress=progress, again=again)
        if any(DEAF in row.answer.error for row in rows):
            missing.append(Missing(evaluation.title, f"{evaluation.name}: {DEAF}."))
            continue
        log = hashlib.sha256(answers_path(folder, evaluation).read_bytes()).hexdigest()
        labels = labels_of_people(evaluation, rows, folder)
        results = measure(evaluation, rows, calibrations=calibrations, labels=labels, log_sha256=log)
        seconds = sum(row.answer.seconds for row in rows) or time.perf_counter() - start
        about = Asked(evaluation.name, evaluation.title, evaluation.about, _settings(evaluation, len(prompts)), seconds)
        parts.append(Part(tuple(results), about, tuple(examples_of(evaluation.name, rows, show=show))))
    left_out = [one for one in EVALUATIONS.values() if one.name not in {found.name for found in chosen}]
    missing += [Missing(one.title, f"{one.name} was not asked for (`--evals`).") for one in left_out]
    return of_parts(Subject(model.name, "language model", model.version, variant), parts, missing)


def of_parts(subject: Subject, parts: Sequence[Part], missing: Sequence[Missing]) -> Measured:
    """What a card is made of: each evaluation's part of it, and what was not measured.

    **Raises:** `ValueError` if nothing was.
    """
    if not parts:
        raise ValueError(f"nothing was measured: {'; '.join(one.why for one in missing)}")
    return Measured(
        subject,
        tuple(result for part in parts for result in part.results),
        tuple(part.asked for part in parts),
        (*missing, *NEVER),
        examples=tuple(example for part in parts for example in part.examples),
    )


def read_calibrations(folder: Path | None) -> dict[str, Calibration]:
    """Calibrations by grader: the packaged ones, and over them those of a folder of the reader's.

    **Raises:** `ValueError` if the folder holds none, or a file is none.
    """
    own = [] if folder is None else [read_calibration(path) for path in sorted(folder.glob("*.json"))]
    if folder is not None and not own:
        raise ValueError(f"{folder} holds no calibration: `gnothi safety calibrate` writes one")
    monitor = packaged_monitor()
    packaged = {**shipped_calibrations(), monitor.name: monitor_calibration(monitor)}
    return {**packaged, **{one.grader: one for one in own}}


def _settings(evaluation: Evaluation, prompts: int) -> dict[str, str | int | float]:
    return {
        "prompts": prompts,
        "samples a prompt": evaluation.samples,
        "temperature": evaluation.temperature,
        "most tokens": evaluation.max_tokens,
    }
