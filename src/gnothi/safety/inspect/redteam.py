"""A red-teaming campaign as a task of Inspect's, whose samples are the attacks that the campaign chooses.

The campaign runs in a thread, unchanged. Its model is a stand-in: what it is asked becomes samples, and what comes of
these (Inspect asks the model, our scorer grades) is its answer. So the folder of the campaign is as `gnothi redteam`
writes it, and the same call goes on where it stopped.
"""

import queue
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Thread

import anyio.to_thread
from inspect_ai import SampleSource, Task, task
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalSample
from inspect_ai.model import GenerateConfig, get_model

from gnothi.safety.evaluation import Evaluation, share
from gnothi.safety.graders.grader import Grader
from gnothi.safety.inspect.asking import TRIES
from gnothi.safety.inspect.known import RED_TEAM, remember
from gnothi.safety.inspect.logs import row_of_sample
from gnothi.safety.inspect.scorers import graded
from gnothi.safety.inspect.solver import asks
from gnothi.safety.inspect.tasks import sample_of
from gnothi.safety.models import Model
from gnothi.safety.prompts import Answer, Grade, Outcome, Prompt
from gnothi.safety.redteam import AttackSpace, Campaign, CampaignSettings, find_suite, space_of


def red_team_task(
    space: AttackSpace, grader: Grader, folder: Path, settings: CampaignSettings, *, show: bool = False
) -> Task:
    """A campaign as a task.

    Arguments are as of `Campaign`; `show` as of `task_of`. The metric `failed` is a share of attacks that were chosen
    to fail: it says how well they were chosen, and is no rate of the model's.
    """
    evaluation = Evaluation(
        name=RED_TEAM,
        title="Red teaming",
        about="Attacks that were chosen by what was learnt from those before; a cluster is a base prompt.",
        prompts=lambda size, data_dir: [space.prompt(place) for place in range(min(size, len(space)))],
        grader=lambda: grader,
        metrics=(share("failed", settings.failing, "the share of attacks that succeeded", better="lower"),),
        sizes={"smoke": 50, "laptop": 500, "paper": len(space)},
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
    )
    remember(evaluation)
    stand_in, told = _StandIn(), _Told(grader)
    begin = partial(Campaign, space, stand_in, told, folder, settings)
    return Task(
        dataset=Attacks(begin, stand_in, told, evaluation, show=show),
        solver=asks(show=show, seed=settings.seed if settings.temperature else None),
        scorer=graded(),
        config=GenerateConfig(
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
            max_retries=TRIES - 1,
        ),
        score_on_error=True,
        display_name=evaluation.title,
        description=evaluation.about,
        metadata={"folder": str(folder), "space": space.sha256},
    )


@task(name=RED_TEAM)
def red_team(
    attacks: str = "secrets",
    budget: int = 500,
    policy: str = "information",
    batch: int = 10,
    stop_below: float = 1.0,
    out: str = "runs/redteam",
    data: str | None = None,
    seed: int = 0,
    show: bool = False,
) -> Task:
    """Attacks on a model, chosen by what was learnt from those before; arguments as of `gnothi redteam`."""
    suite = find_suite(attacks)
    space = space_of(suite.prompts(None if data is None else Path(data)), seed=seed)
    settings = CampaignSettings(budget, policy, batch, stop_below=stop_below, max_tokens=48, seed=seed)
    return red_team_task(space, suite.grader(), Path(out), settings, show=show)


class _StandIn(Model):
    """What the campaign asks. Batches of prompts go out, lists of answers come back."""

    def __init__(self) -> None:
        self.name = self.version = ""
        self.asked: queue.Queue[list[Prompt] | None] = queue.Queue()  # None: the campaign has ended
        self.answered: queue.Queue[list[Answer]] = queue.Queue()

    def answer(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> list[Answer]:
        self.asked.put(list(prompts))
        return self.answered.get()


class _Told(Grader):
    """The grader of the campaign: it says what the scorer said, and judges only what no sample was made of."""

    def __init__(self, grader: Grader):
        self.name, self.grader = grader.name, grader
        self.grades: dict[str, Grade] = {}

    def judge(self, prompts: Sequence[Prompt], answers: Sequence[Answer]) -> list[Grade]:
        old = [place for place, prompt in enumerate(prompts) if prompt.sha256 not in self.grades]
        judged = self.grader.judge([prompts[n] for n in old], [answers[n] for n in old]) if old else []
        found: Mapping[int, Grade] = dict(zip(old, judged, strict=True))
        return [found.get(place) or self.grades[prompt.sha256] for place, prompt in enumerate(prompts)]


class Attacks(SampleSource):
    """The attacks of a campaign, as samples."""

    def __init__(
        self,
        begin: Callable[[], Campaign],
        stand_in: _StandIn,
        told: _Told,
        evaluation: Evaluation,
        *,
        show: bool = False,
    ):
        self.begin, self.stand_in, self.told, self.evaluation, self.show = begin, stand_in, told, evaluation, show
        self.thread: Thread | None = None
        self.failed: BaseException | None = None
        self.prompts: list[Prompt] = []
        self.came: dict[str, Answer] = {}
        self.made: dict[str, int] = {}

    async def next_samples(self) -> list[Sample] | None:
        """The next batch; `None` once the campaign has ended.

        **Raises:** what the campaign raised.
        """
        if self.thread is None:
            self.stand_in.name = self.stand_in.version = str(get_model())
            self.thread = Thread(target=self._run, daemon=True)
            self.thread.start()
        prompts = await anyio.to_thread.run_sync(self.stand_in.asked.get, abandon_on_cancel=True)
        if prompts is None:
            if self.failed is not None:
                raise self.failed
            return None
        self.prompts, self.came = prompts, {}
        return [self._sample(prompt) for prompt in prompts]

    async def sample_complete(self, sample: EvalSample) -> list[Sample] | None:
        """Tells the campaign, once the last of a batch is there."""
        row = row_of_sample(sample)
        if row.grade.outcome != Outcome.UNANSWERED:
            self.told.grades[row.prompt.sha256] = row.grade
        self._came(row.prompt.sha256, row.answer)
        return None

    async def sample_abandoned(self, sample: Sample, epoch: int) -> list[Sample] | None:
        """One that never ran is one that was not answered."""
        self._came((sample.metadata or {})["sha256"], Answer(error="it was called off"))
        return None

    def _came(self, sha256: str, answer: Answer) -> None:
        self.came[sha256] = answer
        if all(prompt.sha256 in self.came for prompt in self.prompts):
            self.stand_in.answered.put([self.came[prompt.sha256] for prompt in self.prompts])

    def _sample(self, prompt: Prompt) -> Sample:
        sample = sample_of(prompt, self.evaluation, show=self.show)
        times = self.made[prompt.sha256] = self.made.get(prompt.sha256, 0) + 1
        if times > 1:  # one that was not answered is asked again, and samples have names of their own
            sample.id = f"{prompt.name}#{times}"
        return sample

    def _run(self) -> None:
        try:
            with self.begin() as campaign:
                campaign.run()
        except BaseException as error:
            self.failed = error
        finally:
            self.stand_in.asked.put(None)
