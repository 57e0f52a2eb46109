"""Inspect's logs as graded rows, and graded rows as logs: what was run one way is read, shown and scored the other."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from inspect_ai.dataset import Sample
from inspect_ai.log import (
    EvalConfig,
    EvalDataset,
    EvalLog,
    EvalPlan,
    EvalResults,
    EvalSample,
    EvalSpec,
    EvalStats,
    read_eval_log,
    recompute_metrics,
    write_eval_log,
)
from inspect_ai.log._log import EvalMetricDefinition, EvalScorer
from inspect_ai.model import GenerateConfig, ModelOutput, ModelUsage
from inspect_ai.scorer import Score

from gnothi.safety.evaluation import Evaluation
from gnothi.safety.inspect.known import evaluation_of, grader_of, remember
from gnothi.safety.inspect.rows import answer_of, covered, edited_by, grade_in, plain_answer, prompt_of
from gnothi.safety.inspect.scorers import score_of
from gnothi.safety.inspect.solver import STORED, VERSION
from gnothi.safety.inspect.tasks import sample_of
from gnothi.safety.models import Model
from gnothi.safety.prompts import Answer, Grade, Graded, Outcome

SCORER = "graded"


def read_log(log: EvalLog | Path | str, *, regrade: bool = False) -> list[Graded]:
    """The graded rows of a log of one of our tasks; no model is asked.

    A sample that died before it was graded is a row as well: it is `UNANSWERED`. One that somebody invalidated is
    `UNGRADED`, and where a person wrote another outcome over a score, that counts.

    **Arguments:** `log`, or where it is; `regrade`, whether the grader of the evaluation judges the answers anew;
    what people said of some stays.

    **Raises:** `ValueError` if the log is of another task, or has no samples.
    """
    if not isinstance(log, EvalLog):
        log = read_eval_log(str(log), resolve_attachments="full")
    if not log.samples:
        raise ValueError(f"{log.location} holds no samples: run it with --log-samples")
    if any("evaluation" not in sample.metadata or "prompt" not in sample.metadata for sample in log.samples):
        raise ValueError(f"{log.location} is a log of {log.eval.task}, which is no task of gnothi's")
    rows = [row_of_sample(sample) for sample in log.samples]
    if not regrade:
        return rows
    grader = evaluation_of(log.samples[0].metadata["evaluation"]).grader()
    grades = grader.grade([row.prompt for row in rows], [row.answer for row in rows])
    return [
        row if by_people(sample) else Graded(row.prompt, row.answer, grade, row.sample)
        for row, grade, sample in zip(rows, grades, log.samples, strict=True)
    ]


def write_log(
    rows: Sequence[Graded], evaluation: Evaluation, model: Model, path: Path, *, show: bool = False
) -> EvalLog:
    """Writes graded rows as a log, which `inspect view` shows and `inspect score` scores.

    **Arguments:** `rows`, of one run of `evaluation` by `model`; `path`, which ends in `.eval` or `.json`; `show`,
    whether harmful prompts, and the answers to them, can be read in it.

    **Raises:** `ValueError` if there are no rows.
    """
    if not rows:
        raise ValueError("a log needs one row or more")
    remember(evaluation)
    name, now = f"gnothi/{model.name}", datetime.now(UTC).isoformat()
    of_prompt = {row.prompt.name: sample_of(row.prompt, evaluation, show=show) for row in rows}
    log = EvalLog(
        status="success",
        eval=EvalSpec(
            created=now,
            task=f"gnothi/{evaluation.name}",
            task_display_name=evaluation.title,
            task_registry_name=f"gnothi/{evaluation.name}",
            eval_id=uuid4().hex,
            run_id=uuid4().hex,
            task_id=uuid4().hex,
            dataset=EvalDataset(name=evaluation.name, samples=len(of_prompt), sample_ids=list(of_prompt)),
            model=name,
            model_generate_config=GenerateConfig(max_tokens=evaluation.max_tokens, temperature=evaluation.temperature),
            config=EvalConfig(epochs=max(row.sample for row in rows) + 1),
            metadata={"version": model.version},
            scorers=[EvalScorer(name=SCORER, metrics=[EvalMetricDefinition(name="gnothi/rates")])],
        ),
        plan=EvalPlan(),
        stats=EvalStats(started_at=now, completed_at=now),
        results=EvalResults(total_samples=len(rows), completed_samples=len(rows)),
        samples=[_sample(row, of_prompt[row.prompt.name], model, evaluation, show) for row in rows],
    )
    recompute_metrics(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_eval_log(log, str(path))
    return log


def row_of_sample(sample: EvalSample) -> Graded:
    """The graded row of one sample of a log."""
    chat = sample.input if isinstance(sample.input, list) else None
    prompt = prompt_of(sample.metadata["prompt"], chat)
    kept = sample.store.get(STORED)
    died = sample.error.message if sample.error else "it was not asked"
    answer = Answer(error=died[:1000]) if kept is None else answer_of(dict(kept))
    score = score_in(sample)
    if sample.invalidation is not None:
        grade = Grade(Outcome.UNGRADED, sample.invalidation.author, why=sample.invalidation.reason or "invalidated")
    elif score is None:
        grade = Grade(Outcome.UNANSWERED if answer.error else Outcome.UNGRADED, "inspect", why=died[:1000])
    else:
        grade = grade_in(score)
    return Graded(prompt, answer, grade, sample.epoch - 1)


def by_people(sample: EvalSample) -> bool:
    """Whether a person wrote another outcome over a sample's score, or invalidated it."""
    score = score_in(sample)
    return sample.invalidation is not None or (score is not None and edited_by(score) is not None)


def score_in(sample: EvalSample) -> Score | None:
    """The score that our scorer gave a sample, if it did."""
    score = (sample.scores or {}).get(SCORER)
    return score if score is not None and score.metadata else None


def _sample(row: Graded, sample: Sample, model: Model, evaluation: Evaluation, show: bool) -> EvalSample:
    hidden = row.prompt.harmful and not show
    text = covered(row.prompt, row.answer.text) if hidden else row.answer.text
    output = ModelOutput.from_content(f"gnothi/{model.name}", text)
    output.usage = ModelUsage(output_tokens=row.answer.tokens, total_tokens=row.answer.tokens)
    asked = sample.input if isinstance(sample.input, list) else []
    return EvalSample(
        id=row.prompt.name,
        epoch=row.sample + 1,
        input=sample.input,
        choices=sample.choices,
        target=sample.target,
        messages=[*asked, output.message],
        output=output,
        scores={SCORER: score_of(row, evaluation.name, grader_of(evaluation.name).name, hidden)},
        metadata=sample.metadata or {},
        store={STORED: plain_answer(row.answer, sealed=hidden), VERSION: model.version},
        total_time=row.answer.seconds,
        uuid=uuid4().hex,
    )
