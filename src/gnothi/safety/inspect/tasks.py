"""Our evaluations as Inspect's tasks: `inspect eval gnothi/strong_reject --model ...`."""

from collections.abc import Callable
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageUser, GenerateConfig

from gnothi.safety.evaluation import Evaluation, Scale
from gnothi.safety.inspect.asking import TRIES
from gnothi.safety.inspect.known import evaluation_of, remember
from gnothi.safety.inspect.messages import chat_of
from gnothi.safety.inspect.rows import covered, plain_prompt
from gnothi.safety.inspect.scorers import graded
from gnothi.safety.inspect.solver import asks
from gnothi.safety.prompts import Prompt
from gnothi.safety.run import dataset_sha256, make_prompts


def task_of(
    evaluation: Evaluation,
    *,
    scale: Scale = "laptop",
    size: int | None = None,
    data_dir: Path | None = None,
    show: bool = False,
) -> Task:
    """An evaluation as a task of Inspect's.

    A sample whose model fails counts as not answered, and the run goes on; its log then has the status `error`, and
    `inspect eval-retry LOG` asks those samples again.

    **Arguments:** `evaluation`; `scale`, `size`, `data_dir`, as of `gnothi.safety.run.run`; `show`, whether harmful
    prompts, and the answers to them, are in the log for anybody to read.
    """
    remember(evaluation)
    prompts = make_prompts(evaluation, scale, size, data_dir)
    samples = [sample_of(prompt, evaluation, show=show) for prompt in prompts]
    return Task(
        dataset=MemoryDataset(samples, name=evaluation.name),
        solver=asks(show=show, seed=0 if evaluation.temperature else None),
        scorer=graded(),
        config=GenerateConfig(
            max_tokens=evaluation.max_tokens,
            temperature=evaluation.temperature,
            max_retries=TRIES - 1,
        ),
        epochs=evaluation.samples,
        score_on_error=True,
        description=evaluation.about,
        display_name=evaluation.title,
        metadata={"dataset_sha256": dataset_sha256(prompts), "prompts": len(prompts)},
    )


def sample_of(prompt: Prompt, evaluation: Evaluation, *, show: bool = False) -> Sample:
    """A prompt as a sample: what a grader and a metric must know is in its metadata.

    A harmful prompt stands there sealed, unless `show`, and what can be read in its place is its category and hash.
    """
    hidden = prompt.harmful and not show
    return Sample(
        input=[ChatMessageUser(content=covered(prompt))] if hidden else chat_of(prompt.messages),
        target="" if hidden else prompt.target,
        choices=None if hidden or not prompt.choices else list(prompt.choices),
        id=prompt.name,
        metadata={
            "evaluation": evaluation.name,
            "category": prompt.category,
            "harmful": prompt.harmful,
            "shown": show,
            "sha256": prompt.sha256,
            "prompt": plain_prompt(prompt, sealed=hidden),
        },
    )


def register(name: str) -> Callable[..., Task]:
    """Registers an evaluation of the registry as a task of that name; it is looked up when the task is made."""

    @task(name=name)
    def made(size: int | None = None, scale: Scale = "laptop", data: str | None = None, show: bool = False) -> Task:
        folder = None if data is None else Path(data)
        return task_of(evaluation_of(name), scale=scale, size=size, data_dir=folder, show=show)

    return made
