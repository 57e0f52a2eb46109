"""A language model's card from Inspect's logs: nothing is asked again, whoever ran the evaluations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gnothi.cards.agent_card import Measured
from gnothi.cards.examples import examples_of
from gnothi.cards.language_card import DEAF, Part, of_parts
from gnothi.cards.system_card import Asked, Missing, Subject
from gnothi.safety.calibration import Calibration
from gnothi.safety.evaluation import Evaluation
from gnothi.safety.graders.grader import Grader
from gnothi.safety.people import ask_people, labels_of_people
from gnothi.safety.preparedness import Variant
from gnothi.safety.prompts import Answer, Grade, Prompt
from gnothi.safety.registry import EVALUATIONS, find_evaluation
from gnothi.safety.results import measure

if TYPE_CHECKING:  # the extra gnothi[inspect] may not be there
    from gnothi.safety.inspect.log_files import LeftOut, LoggedRun

SCALE = "of the logs"  # where other cards have smoke, laptop or paper: each log is as large as it is


@dataclass(frozen=True)
class Logs:
    """What logs hold of one `model`: a whole run of each evaluation; which were `left_out`, what was `wanted`."""

    model: str
    runs: tuple["LoggedRun", ...]
    left_out: tuple["LeftOut", ...]
    wanted: frozenset[str]

    @property
    def notes(self) -> list[str]:
        """What is to be said aloud: which logs do not count, and what is odd in those that do."""
        not_used = [f"left out {one.path.name}: {one.why}" for one in self.left_out]
        return [*not_used, *(note for run in self.runs for note in _oddities(run))]

    def ask_people(self, name: str, folder: Path, count: int, *, show: bool = False) -> Path:
        """Puts answers to the evaluation of a name into the card's queue for people, as `ask_people` does.

        **Raises:** `ValueError` if no run is of that evaluation, or it has fewer answers.
        """
        for run in self.runs:
            if run.evaluation.name == name:
                return ask_people(run.evaluation, run.rows, folder, count, show=show)
        raise ValueError(
            f"no run in the logs is of {name}: there are {', '.join(r.evaluation.name for r in self.runs)}"
        )


class Gone(Grader):
    """A grader of which only its grades are left."""

    def __init__(self, name: str):
        self.name = name

    def judge(self, prompts: Sequence[Prompt], answers: Sequence[Answer]) -> list[Grade]:
        """**Raises:** `ValueError`, whatever is judged."""
        raise ValueError(f"{self.name} is not there any more: it cannot judge {len(answers)} answers")


def read_logs(
    paths: Sequence[Path],
    *,
    model: str | None = None,
    names: Sequence[str] = (),
    regrade: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Logs:
    """Reads Inspect's logs of our evaluations: of each, its newest whole run.

    **Arguments:** `paths` of logs, or of folders of them; `model`, where the logs are of several; `names`, of
    evaluations, all by default; `regrade`, whether today's graders judge all answers anew; `progress`, told how many
    evaluations were read, of how many.

    **Raises:** `ImportError` without `gnothi[inspect]`; `ValueError` if there is no whole run of an evaluation, the
    logs are of several models and none was named, or of several versions of one.
    """
    from gnothi.safety.inspect.log_files import find_logs, of_model, whole_runs

    wanted = frozenset(find_evaluation(name).name for name in names)
    files, strange = find_logs(paths)
    files, others = of_model(files, model)
    chosen = [file for file in files if not wanted or file.evaluation in wanted]
    runs, left_out = whole_runs(chosen, regrade=regrade, progress=progress)
    if not runs:
        why = "".join(f"\n  {one.path}: {one.why}" for one in left_out)
        of = f" of {', '.join(sorted(wanted))}" if wanted else ""
        raise ValueError(f"there is no whole run{of} in {', '.join(map(str, paths))}{why}")
    order = {name: place for place, name in enumerate(EVALUATIONS)}
    runs = sorted(runs, key=lambda run: order.get(run.evaluation.name, len(order)))
    return Logs(files[0].model, tuple(runs), (*strange, *others, *left_out), wanted)


def measure_logs(
    logs: Logs,
    folder: Path | None = None,
    *,
    calibrations: Mapping[str, Calibration] | None = None,
    variant: Variant = "post",
    show: bool = False,
) -> Measured:
    """What logs say of a model, as `gnothi.cards.language_card.measure_language_model` says it of answers.

    **Arguments:** `logs`; `folder`, of the card, where labels of people may be; `calibrations`, of graders by name;
    `variant`, which model this is; `show`, whether examples of harmful prompts are in clear.

    **Raises:** `ValueError` if nothing can be measured.
    """
    deaf = [run for run in logs.runs if any(DEAF in row.answer.error for row in run.rows)]
    missing = [Missing(run.evaluation.title, f"{run.evaluation.name}: {DEAF}.") for run in deaf]
    versions = sorted(frozenset[str]().union(*(run.versions for run in logs.runs)))
    subject = Subject(logs.model, "language model", ", ".join(versions) or logs.model, variant)
    parts = [_part(run, folder, calibrations, show) for run in logs.runs if run not in deaf]
    return of_parts(subject, parts, [*missing, *_without(logs)])


def _part(run: "LoggedRun", folder: Path | None, calibrations: Mapping[str, Calibration] | None, show: bool) -> Part:
    """What a run gives a card: measured as an answer file of ours is, with the calibration of who graded it."""
    evaluation, rows = run.evaluation, run.rows
    if run.grader != evaluation.grader().name:
        evaluation = replace(evaluation, grader=lambda: Gone(run.grader))
    labels = {} if folder is None else labels_of_people(evaluation, rows, folder)
    try:
        found = measure(evaluation, rows, calibrations=calibrations, labels=labels, log_sha256=run.sha256)
    except KeyError as error:
        old = f"{run.file.path} has prompts of another version of {evaluation.name}, which do not say {error}"
        raise ValueError(f"{old}: run it again, or leave this log out") from error
    seconds = sum(row.answer.seconds for row in rows)
    return Part(
        tuple(replace(result, dataset_sha256=run.dataset_sha256) for result in found),
        Asked(evaluation.name, evaluation.title, evaluation.about, _settings(run), seconds),
        tuple(examples_of(evaluation.name, rows, show=show)),
    )


def _settings(run: "LoggedRun") -> dict[str, str | int | float]:
    """How it was asked: as the run had it, which may be otherwise than the evaluation has it."""
    spec = run.file.header.eval
    found: dict[str, str | int | float | None] = {
        "prompts": len({row.prompt.name for row in run.rows}),
        "of prompts in the set": spec.dataset.samples if _is_cut(run) else None,
        "samples a prompt": max(row.sample for row in run.rows) + 1,
        "temperature": run.temperature,
        "most tokens": run.max_tokens,
        "log": run.file.path.name,
        "run": spec.created,
        "by": ", ".join(f"{name} {version}" for name, version in sorted(spec.packages.items())) or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _is_cut(run: "LoggedRun") -> bool:
    """Whether the run was of a part of its prompts: `inspect eval --limit`."""
    return len({row.prompt.name for row in run.rows}) < (run.file.header.eval.dataset.samples or 0)


def _oddities(run: "LoggedRun") -> list[str]:
    """What somebody who reads the card must know of a log that is in it."""
    evaluation, rows, found = run.evaluation, run.rows, []
    if run.file.header.status != "success":
        lost = f"{run.unanswered:,} of {len(rows):,} were not answered, and count as that"
        found.append(f"its run failed: {lost}; inspect eval-retry {run.file.path} asks them again")
    if _is_cut(run):
        asked, whole = len({row.prompt.name for row in rows}), run.file.header.eval.dataset.samples
        found.append(f"it has {asked:,} of {whole:,} prompts, by --limit or --sample-id")
    for what, had, ours in (
        ("at most so many tokens", run.max_tokens, evaluation.max_tokens),
        ("the temperature", run.temperature, evaluation.temperature),
    ):
        if had is not None and had != ours:
            found.append(f"it was run with {what}: {had}, where the evaluation has {ours}")
    today = evaluation.grader().name
    if run.grader != today:
        found.append(f"it was graded by {run.grader}, and {today} is today's: --regrade judges again")
    return [f"{evaluation.name} ({run.file.path.name}): {one}" for one in found]


def _without(logs: Logs) -> list[Missing]:
    """Evaluations that no run is of, and why."""
    there = {run.evaluation.name for run in logs.runs}
    broken = {one.evaluation: f"its log {one.path.name} is of no whole run: {one.why}" for one in logs.left_out}

    def reason(one: Evaluation) -> str:
        if logs.wanted and one.name not in logs.wanted:
            return f"{one.name} was not asked for (`--evals`)."
        return f"{one.name}: {broken[one.name]}." if one.name in broken else f"{one.name} is in none of the logs."

    return [Missing(one.title, reason(one)) for one in EVALUATIONS.values() if one.name not in there]
