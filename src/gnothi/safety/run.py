"""Puts a model through an evaluation: prompts, answers on disk, grades."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from gnothi.safety.answers import AnswerFile, ask_and_keep
from gnothi.safety.evaluation import Evaluation, Scale
from gnothi.safety.models import Model
from gnothi.safety.prompts import Graded, Prompt

AT_ONCE = 128  # prompts that a model is shown together, to answer in the order that suits it

Progress = Callable[[str, int, int], None]  # what is being done, how much of it is, and how much there is


def run(
    model: Model,
    evaluation: Evaluation,
    folder: Path,
    *,
    scale: Scale = "laptop",
    size: int | None = None,
    data_dir: Path | None = None,
    progress: Progress | None = None,
    again: bool = True,
) -> list[Graded]:
    """Asks a model what an evaluation asks, and grades what it says.

    Answers are kept in `folder/answers/NAME.jsonl` as they come; those that are there are not asked for again.

    **Arguments:** `model`; `evaluation`; `folder`, of the run; `scale`, which says how many clusters of prompts, unless
    `size` does; `data_dir`, where the original data are, if the reader has them; `progress`; `again`, whether prompts
    that the model failed to answer when the run was last made are asked once more.

    **Raises:** `ValueError` if the folder holds answers of another model, or there are no prompts.
    """
    prompts = make_prompts(evaluation, scale, size, data_dir)
    about = {
        "evaluation": evaluation.name,
        "model": model.name,
        "version": model.version,
        "max_tokens": evaluation.max_tokens,
        "temperature": evaluation.temperature,
    }
    file = AnswerFile(answers_path(folder, evaluation), about)
    wanted = [(prompt, sample) for sample in range(evaluation.samples) for prompt in prompts]

    def missing(prompt: Prompt, sample: int) -> bool:
        answer = file.answers.get((prompt.sha256, sample))
        return answer is None or (again and bool(answer.error))

    left = [(prompt, sample) for prompt, sample in wanted if missing(prompt, sample)]
    done = len(wanted) - len(left)

    def tell(kept: int) -> None:
        if progress is not None:
            progress(evaluation.title, done + kept, len(wanted))

    ask_and_keep(
        *(model, file, left, tell),
        at_once=AT_ONCE,
        max_tokens=evaluation.max_tokens,
        temperature=evaluation.temperature,
        seed=done,
    )
    return _graded(evaluation, wanted, file)


def regrade(
    evaluation: Evaluation,
    folder: Path,
    *,
    scale: Scale = "laptop",
    size: int | None = None,
    data_dir: Path | None = None,
) -> list[Graded]:
    """Grades the answers that a folder holds, without a model; arguments as of `run`.

    **Raises:** `ValueError` if an answer is missing.
    """
    path = answers_path(folder, evaluation)
    file = AnswerFile(path, _begun(path))
    prompts = make_prompts(evaluation, scale, size, data_dir)
    wanted = [(prompt, sample) for sample in range(evaluation.samples) for prompt in prompts]
    missing = sum((prompt.sha256, sample) not in file.answers for prompt, sample in wanted)
    if missing:
        raise ValueError(f"{path} lacks {missing} of {len(wanted)} answers: run the evaluation first, at this size")
    return _graded(evaluation, wanted, file)


def make_prompts(
    evaluation: Evaluation, scale: Scale, size: int | None = None, data_dir: Path | None = None
) -> list[Prompt]:
    """The prompts of an evaluation.

    **Raises:** `ValueError` if there are none, or two are called alike.
    """
    prompts = list(evaluation.prompts(evaluation.sizes[scale] if size is None else size, data_dir))
    if not prompts or len({prompt.name for prompt in prompts}) < len(prompts):
        raise ValueError(f"{evaluation.name} makes {'no prompts' if not prompts else 'two prompts of the same name'}")
    return prompts


def dataset_sha256(prompts: Sequence[Prompt]) -> str:
    """Of all prompts, whatever their order."""
    return dataset_of(prompt.sha256 for prompt in prompts)


def dataset_of(hashes: Iterable[str]) -> str:
    """The same, of prompts of which only the hashes are left."""
    return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()


def answers_path(folder: Path, evaluation: Evaluation) -> Path:
    """Where the answers to an evaluation are kept."""
    return folder / "answers" / f"{evaluation.name}.jsonl"


def _begun(path: Path) -> dict[str, object]:
    import json

    if not path.exists():
        raise ValueError(f"there is no {path}: run the evaluation first")
    with path.open() as file:
        about: dict[str, object] = json.loads(file.readline())
    return about


def _graded(evaluation: Evaluation, wanted: Sequence[tuple[Prompt, int]], file: AnswerFile) -> list[Graded]:
    answers = [file.answers[prompt.sha256, sample] for prompt, sample in wanted]
    grades = evaluation.grader().grade([prompt for prompt, _ in wanted], answers)
    return [
        Graded(prompt, answer, grade, sample)
        for (prompt, sample), answer, grade in zip(wanted, answers, grades, strict=True)
    ]
