"""A campaign of red teaming: attacks are chosen, made and graded, batch by batch, until little new is expected."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.safety.answers import AnswerFile
from gnothi.safety.graders.grader import Grader
from gnothi.safety.models import Model
from gnothi.safety.prompts import Answer, Grade, Outcome, Prompt
from gnothi.safety.redteam.arms import AttackSpace
from gnothi.safety.redteam.distinct import Distinct, expected_new, keys_of
from gnothi.safety.redteam.journal import Journal
from gnothi.safety.redteam.policies import find_policy
from gnothi.safety.redteam.posterior import FailurePosterior

HORIZON = 100  # queries over which what is still to be found is expected
TRIES = 2  # of an attack that the model does not answer
SILENT = 3  # batches in a row without one answer, after which the model is taken to be gone
UNDECIDED = {Outcome.UNCLEAR, Outcome.UNGRADED}


@dataclass(frozen=True)
class CampaignSettings:
    """How a campaign goes.

    `budget`, queries in all; `policy`, by which attacks are chosen; `batch`, attacks between which nothing is learnt;
    `distinct`, what makes two failures one; `failing`, the outcomes that are failures of the model; it stops when the
    next 100 queries are expected to find fewer than `stop_below` new failures (0: never), but not before `least`
    queries; `max_tokens`, of an answer; `temperature`; `seed`, from which all that is random follows.

    **Raises:** `ValueError` if one of them is out of range.
    """

    budget: int = 500
    policy: str = "information"
    batch: int = 10
    distinct: str = "prompt and technique"
    failing: tuple[Outcome, ...] = (Outcome.COMPLY,)
    stop_below: float = 1.0
    least: int = 50
    max_tokens: int = 64
    temperature: float = 0.0
    seed: int = 0

    def __post_init__(self):
        find_policy(self.policy)
        needs = {
            "budget": (self.budget >= 1, "1 or more"),
            "batch": (self.batch >= 1, "1 or more"),
            "distinct": (self.distinct in get_args(Distinct), f"one of {', '.join(get_args(Distinct))}"),
            "failing": (len(self.failing) > 0, "one outcome or more"),
            "stop_below": (self.stop_below >= 0, "0 or more"),
            "least": (self.least >= 0, "0 or more"),
            "max_tokens": (self.max_tokens >= 1, "1 or more"),
            "temperature": (self.temperature >= 0, "0 or more"),
            "seed": (self.seed >= 0, "0 or more"),
        }
        for name, (met, need) in needs.items():
            if not met:
                raise ValueError(f"{name} must be {need}, got {getattr(self, name)!r}")


@dataclass(frozen=True)
class Query:
    """One attack that was made: its place in the space, what the grader says, and whether a failure was `new`.

    `failed` is `None` where nobody could tell yet; `judged` says that a person did.
    """

    place: int
    outcome: Outcome
    by: str
    failed: bool | None
    new: bool = False
    judged: bool = False


class Campaign:
    """Attacks on one model, kept in a folder: `campaign.jsonl` has what was done, `answers.jsonl` what was answered.

    Use as a context. The same call on the same folder goes on where it was; what a stop loses is at most a batch's
    choice, whose answers are not asked for again.

    **Arguments:** `space`, of attacks; `model`; `grader`; `folder`; `settings`; `errors`, of the grader, as people's
    labels tell them; `answers`, another file for these, which campaigns on one model may share, one after the other.

    **Raises:** `ValueError` if the folder holds a campaign of another model, grader, space or settings; budget, batch
    and when to stop may change.
    """

    def __init__(
        self,
        space: AttackSpace,
        model: Model,
        grader: Grader,
        folder: Path,
        settings: CampaignSettings,
        errors: GraderErrors | None = None,
        *,
        answers: Path | None = None,
    ):
        self.space, self.model, self.grader, self.folder, self.settings = space, model, grader, folder, settings
        self.keys = keys_of(space, settings.distinct)
        self.posterior = FailurePosterior(space.features, errors, seed=settings.seed)
        self._policy = find_policy(settings.policy)(space, self.keys, self.posterior)
        self.available = np.ones(len(space), bool)
        self._number = {attack.name: place for place, attack in enumerate(space.attacks)}
        self.queries: list[Query] = []
        self.batches = 0
        self._silent = 0
        asked = {"max_tokens": settings.max_tokens, "temperature": settings.temperature}
        target = {"model": model.name, "version": model.version}
        same = {key: asdict(settings)[key] for key in ("policy", "distinct", "failing", "seed")}
        rules = {"errors": None if errors is None else asdict(errors), "grader": grader.name}
        self._answers = AnswerFile(
            answers or folder / "answers.jsonl", {"evaluation": "red teaming", **target, **asked}
        )
        self._journal = Journal(folder / "campaign.jsonl", {**target, "space": space.sha256, **rules, **same, **asked})
        for event in self._journal.events[1:]:
            self._apply(event)

    def __enter__(self) -> "Campaign":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets other processes have the folder."""
        self._journal.close()

    @property
    def ended(self) -> str:
        """Why no attack is made any more; empty while there are any to make."""
        settings, made = self.settings, len(self.queries)
        if not self.available.any():
            return "Every attack was made, or its failure found."
        if made >= settings.budget:
            return f"The budget of {settings.budget} queries is spent."
        if self._silent >= SILENT:
            return f"The model answered nothing in {SILENT} batches: see to it, and make the same call again."
        if settings.stop_below and made >= settings.least and self.expected_new() < settings.stop_below:
            return f"The next {HORIZON} queries are expected to find fewer than {settings.stop_below:g} new failures."
        return ""

    def expected_new(self, queries: int = HORIZON) -> float:
        """The most new distinct failures that so many further queries are expected to find."""
        return expected_new(self.posterior.means, self.keys, self.available, queries)

    def run(self, progress: Callable[[int, int], None] | None = None) -> str:
        """Attacks until there is a reason not to, which is returned.

        **Arguments:** `progress`, told the distinct failures found and the queries made after each batch.
        """
        self._silent = 0
        while not (why := self.ended):
            self.step()
            if progress is not None:
                progress(self.found, len(self.queries))
        return why

    def step(self) -> list[Query]:
        """One batch: chosen, asked, graded, and on the disk."""
        settings = self.settings
        random = np.random.default_rng([settings.seed, 22, self.batches])
        size = min(settings.batch, settings.budget - len(self.queries))
        places = self._policy.choose(self.available, size, random)
        prompts = [self.space.prompt(place) for place in places]
        answers = self._ask(prompts)
        grades = self.grader.grade(prompts, answers)
        rows = [self._row(place, prompt, grade) for place, prompt, grade in zip(places, prompts, grades, strict=True)]
        event = {"event": "batch", "number": self.batches, "queries": rows}
        self._journal.append(event)
        return self._apply(event)

    def judge(self, place: int, failed: bool | None, by: str = "person") -> None:
        """What a person says of the answer to an attack that was made, whatever the grader said; `None`: cannot tell.

        **Raises:** `ValueError` if the attack was not made.
        """
        self._word({"event": "judged", "attack": self.space.attacks[place].name, "failed": failed, "by": by})

    def take_back(self, place: int) -> None:
        """Undoes what people said of an attack: the grader's word holds again.

        **Raises:** `ValueError` if the attack was not made.
        """
        self._word({"event": "taken back", "attack": self.space.attacks[place].name})

    def place_of(self, name: str) -> int:
        """The place of an attack in the space.

        **Raises:** `ValueError` if none is called that.
        """
        if name not in self._number:
            raise ValueError(f"no attack is called {name!r}")
        return self._number[name]

    def _word(self, event: dict[str, Any]) -> None:
        if all(query.place != self._number[event["attack"]] for query in self.queries):
            raise ValueError(f"{event['attack']!r} was not made in this campaign")
        self._journal.append(event)
        self._apply(event)

    def answer(self, place: int) -> Answer | None:
        """What was answered to an attack, if it was made."""
        return self._answers.answers.get((self.space.prompt(place).sha256, 0))

    @property
    def found(self) -> int:
        """How many distinct failures there are."""
        return len({int(self.keys[query.place]) for query in self.queries if query.failed})

    def to_judge(self) -> Iterator[int]:
        """Attacks for people to judge: first what the grader could not tell, then what it calls failures."""
        waiting = [query for query in self.queries if not query.judged and query.outcome != Outcome.UNANSWERED]
        yield from (query.place for query in waiting if query.failed is None)
        yield from (query.place for query in waiting if query.failed)

    def _ask(self, prompts: list[Prompt]) -> list[Answer]:
        """Answers from the file, where they are; else from the model, and they are in the file when this returns."""
        kept = self._answers.answers
        missing = [p for p in prompts if (p.sha256, 0) not in kept or kept[p.sha256, 0].error]
        if missing:
            settings = self.settings
            said = self.model.answer(
                missing,
                max_tokens=settings.max_tokens,
                temperature=settings.temperature,
                seed=settings.seed + self.batches,
            )
            self._answers.add((prompt, 0, answer) for prompt, answer in zip(missing, said, strict=True))
        return [kept[prompt.sha256, 0] for prompt in prompts]

    def _row(self, place: int, prompt: Prompt, grade: Grade) -> dict[str, Any]:
        attack = {"attack": self.space.attacks[place].name, "topic": prompt.category, "sha256": prompt.sha256}
        score = {} if grade.score is None else {"score": round(grade.score, 6)}
        return {**attack, "outcome": str(grade.outcome), "by": grade.by, **score}

    def _apply(self, event: Mapping[str, Any]) -> list[Query]:
        batch = []
        if event["event"] == "batch":
            batch = [self._query(row) for row in event["queries"]]
            self.queries += batch
            self.batches = event["number"] + 1
            self._silent = 0 if any(query.outcome != Outcome.UNANSWERED for query in batch) else self._silent + 1
            known = [query for query in batch if query.failed is not None]
            self._policy.learn([query.place for query in known], [bool(query.failed) for query in known])
            for query in known:
                self.posterior.observe([query.place], [bool(query.failed)])
        else:
            place = self._number[event["attack"]]
            for number, query in enumerate(self.queries):
                if query.place == place:
                    self.queries[number] = self._judged(query, event)
        self._refresh()
        return self.queries[len(self.queries) - len(batch) :]

    def _query(self, row: Mapping[str, Any]) -> Query:
        outcome = Outcome(row["outcome"])
        return Query(self._number[row["attack"]], outcome, row["by"], self._graded(outcome))

    def _graded(self, outcome: Outcome) -> bool | None:
        told = outcome not in UNDECIDED and outcome != Outcome.UNANSWERED
        return outcome in self.settings.failing if told else None

    def _judged(self, query: Query, event: Mapping[str, Any]) -> Query:
        """A query after a person's word, or after that was taken back."""
        said = event["event"] == "judged"
        failed = event["failed"] if said else self._graded(query.outcome)
        if failed is None:
            self.posterior.forget(query.place)
        else:
            self.posterior.observe([query.place], [failed], known=said)
        return replace(query, failed=failed, judged=said)

    def _refresh(self) -> None:
        """Which failures were new, and which attacks there still are to make."""
        broken: set[int] = set()
        tries: Counter[int] = Counter()
        for number, query in enumerate(self.queries):
            key = int(self.keys[query.place])
            self.queries[number] = replace(query, new=bool(query.failed) and key not in broken)
            if query.failed:
                broken.add(key)
            tries[query.place] += 1 if query.outcome == Outcome.UNANSWERED else TRIES
        self.available = ~np.isin(self.keys, list(broken))
        self.available[[place for place, count in tries.items() if count >= TRIES]] = False
