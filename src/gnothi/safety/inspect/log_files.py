"""Which of many logs a card is made of: of each evaluation the newest whole run, and why not the others.

A folder of logs holds runs that were stopped, runs that were made again, and runs of other tasks. A run counts if all
that it wanted to ask is in its log: what failed in it is then an outcome like others. One that was stopped does not:
what it did not come to is no random part of its prompts.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspect_ai.log import EvalLog, read_eval_log

from gnothi.safety.evaluation import Evaluation
from gnothi.safety.inspect.known import RED_TEAM, evaluation_of
from gnothi.safety.inspect.logs import SCORER, read_log, score_in
from gnothi.safety.inspect.solver import VERSION
from gnothi.safety.prompts import Graded, Outcome
from gnothi.safety.run import dataset_of

ENDINGS = (".eval", ".json")


@dataclass(frozen=True)
class LogFile:
    """A log that seems to be of one of our evaluations, by its header."""

    path: Path
    header: EvalLog

    @property
    def evaluation(self) -> str:
        """The name of the evaluation."""
        return self.header.eval.dataset.name or ""

    @property
    def model(self) -> str:
        """The model, as `gnothi card` calls it: ours without the name of the provider."""
        return self.header.eval.model.removeprefix("gnothi/")

    @property
    def age(self) -> tuple[str, str, int]:
        """Newer is greater; a log that was scored anew is as old as its run, and newer as a file."""
        return self.header.eval.created, self.header.stats.completed_at, self.path.stat().st_mtime_ns


@dataclass(frozen=True)
class LeftOut:
    """A log that nothing is made of, and why; `evaluation` is its name, if it is one of ours."""

    path: Path
    why: str
    evaluation: str = ""


@dataclass(frozen=True)
class LoggedRun:
    """A run of an evaluation, from its log.

    `versions` are what the model was, as far as the log knows; `grader` is whose grades the rows have;
    `dataset_sha256` is of the prompts as they were asked.
    """

    file: LogFile
    evaluation: Evaluation
    rows: tuple[Graded, ...]
    versions: frozenset[str]
    grader: str
    dataset_sha256: str
    sha256: str

    @property
    def temperature(self) -> float | None:
        """As the run had it: `inspect eval --temperature` goes before the evaluation's own."""
        given = self.file.header.eval.model_generate_config.temperature
        return self.file.header.plan.config.temperature if given is None else given

    @property
    def max_tokens(self) -> int | None:
        """As the run had it."""
        given = self.file.header.eval.model_generate_config.max_tokens
        return self.file.header.plan.config.max_tokens if given is None else given

    @property
    def unanswered(self) -> int:
        """How many rows have no answer."""
        return sum(row.grade.outcome is Outcome.UNANSWERED for row in self.rows)


def find_logs(paths: Sequence[Path]) -> tuple[list[LogFile], list[LeftOut]]:
    """Logs of our evaluations among files, and in folders and what is below them; and what else is there.

    **Raises:** `ValueError` if a path is not there, or there is no log.
    """
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise ValueError(f"there is no {path}: name Inspect's logs, or a folder of them (Inspect's own is logs)")
        found = [path] if path.is_file() else [one for one in path.rglob("*") if one.suffix in ENDINGS]
        files += sorted(found)
    ours: list[LogFile] = []
    others: list[LeftOut] = []
    for path in {file.resolve(): file for file in files}.values():
        try:
            file = LogFile(path, read_eval_log(str(path), header_only=True))
        except Exception as error:  # whatever a file of that name may be
            others.append(LeftOut(path, f"it cannot be read as a log ({type(error).__name__})"))
            continue
        why = _strange(file)
        if why:
            others.append(LeftOut(path, why))
        else:
            ours.append(file)
    if not ours:
        why = "".join(f"\n  {one.path}: {one.why}" for one in others)
        raise ValueError(f"no log of an evaluation of gnothi's is in {', '.join(map(str, paths))}{why}")
    return ours, others


def of_model(files: Sequence[LogFile], model: str | None) -> tuple[list[LogFile], list[LeftOut]]:
    """The logs of one model, and those of others.

    **Raises:** `ValueError` if there are several models and none was named, or none of that name.
    """
    there: dict[str, int] = {}
    for file in files:
        there[file.model] = there.get(file.model, 0) + 1
    words = ", ".join(f"{name} ({count})" for name, count in sorted(there.items()))
    if model is None and len(there) > 1:
        raise ValueError(f"the logs are of {len(there)} models: {words}; say which one with --model")
    name = next(iter(there)) if model is None else model.removeprefix("gnothi/")
    if name not in there:
        raise ValueError(f"no log is of {model}: there are logs of {words}")
    others = [LeftOut(file.path, f"it is of {file.model}") for file in files if file.model != name]
    return [file for file in files if file.model == name], others


def whole_runs(
    files: Sequence[LogFile], *, regrade: bool = False, progress: Callable[[int, int], None] | None = None
) -> tuple[list[LoggedRun], list[LeftOut]]:
    """Of each evaluation the newest whole run, those that nothing failed in first; and what was left out.

    **Arguments:** `files`, of one model; `regrade`, whether today's graders judge all answers anew; `progress`, told
    how many evaluations were read, of how many.

    **Raises:** `ValueError` if the chosen logs are of several versions of the model.
    """
    of_evaluation: dict[str, list[LogFile]] = {}
    for file in files:
        of_evaluation.setdefault(file.evaluation, []).append(file)
    runs: list[LoggedRun] = []
    left_out: list[LeftOut] = []
    for number, some in enumerate(of_evaluation.values()):
        if progress is not None:
            progress(number, len(of_evaluation))
        chosen = None
        for file in sorted(some, key=lambda one: (one.header.status == "success", one.age), reverse=True):
            if chosen is not None:
                left_out.append(LeftOut(file.path, _why_not(file, chosen), file.evaluation))
                continue
            try:
                chosen = read_run(file, regrade=regrade)
            except ValueError as error:
                left_out.append(LeftOut(file.path, str(error), file.evaluation))
        if chosen is not None:
            runs.append(chosen)
    _one_version(runs)
    return runs, left_out


def read_run(file: LogFile, *, regrade: bool = False) -> LoggedRun:
    """The run of a log, its rows in the order in which `gnothi.safety.run.run` has them.

    **Raises:** `ValueError` if the log is of another task, has no samples, or was stopped before the end.
    """
    log = read_eval_log(str(file.path), resolve_attachments="full")
    rows = read_log(log, regrade=regrade)
    samples = log.samples or []
    spec = log.eval
    names = [str(name) for name in spec.dataset.sample_ids or dict.fromkeys(sample.id for sample in samples)]
    wanted = len(names) * (spec.config.epochs or 1)
    if len(rows) < wanted:
        again = f"inspect eval-retry {file.path} goes on with it"
        raise ValueError(f"it {_ended(file)} after {len(rows):,} of {wanted:,} samples: {again}")
    place = {name: number for number, name in enumerate(names)}
    ordered = sorted(zip(rows, samples, strict=True), key=lambda pair: (pair[0].sample, place[pair[0].prompt.name]))
    evaluation = evaluation_of(samples[0].metadata["evaluation"])
    graders = {str((score.metadata or {}).get("grader", "")) for score in map(score_in, samples) if score} - {""}
    return LoggedRun(
        file,
        evaluation,
        tuple(row for row, _ in ordered),
        _versions(log),
        " and ".join(sorted(graders)) if graders and not regrade else evaluation.grader().name,
        dataset_of(sample.metadata["sha256"] for sample in samples if sample.epoch == 1),
        hashlib.sha256(file.path.read_bytes()).hexdigest(),
    )


def _versions(log: EvalLog) -> frozenset[str]:
    """What the model was: the hash of its weights, or what the provider calls it; nothing where it never spoke."""
    samples = log.samples or []
    told = {str(sample.store[VERSION]) for sample in samples if sample.store.get(VERSION)}
    return frozenset(told or {sample.output.model for sample in samples if sample.output.model})


def _one_version(runs: Iterable[LoggedRun]) -> None:
    """**Raises:** `ValueError` if a run is of another version of the model than the newest one."""
    known = sorted((run for run in runs if run.versions), key=lambda run: run.file.age)
    for run in known[:-1]:
        if not run.versions & known[-1].versions:
            said = "; ".join(f"{', '.join(sorted(one.versions))} in {one.file.path.name}" for one in (known[-1], run))
            raise ValueError(f"the logs are of several versions of {run.file.model}: {said}. Name the files of one")


def _strange(file: LogFile) -> str:
    """Why a log is of no evaluation of ours; nothing if it is of one."""
    task = file.header.eval.task
    if task.removeprefix("gnothi/") == RED_TEAM:
        return "it is of red teaming: attacks that were chosen to succeed make no rate"
    try:
        evaluation_of(file.evaluation)
    except ValueError:
        return f"it is of {task}, which is no evaluation of gnothi's"
    scorers = [scorer.name.removeprefix("gnothi/") for scorer in file.header.eval.scorers or ()]
    return "" if SCORER in scorers else f"it is of {task}, which is no task of gnothi's"


def _why_not(file: LogFile, chosen: LoggedRun) -> str:
    """Why another log of the same evaluation was not chosen."""
    if file.header.status == "success":
        return f"a newer run of {file.evaluation} is there: {chosen.file.path.name}"
    newer = "a newer" if chosen.file.age > file.age else "an older"
    return f"it {_ended(file)}, and {newer} run of {file.evaluation} is whole: {chosen.file.path.name}"


def _ended(file: LogFile) -> str:
    """How a run that did not succeed ended."""
    return {"cancelled": "was cancelled", "error": "failed"}.get(file.header.status, "was cut off")
