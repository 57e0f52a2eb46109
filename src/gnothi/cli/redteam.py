"""`gnothi redteam`: attacks on a model, chosen by what was learnt from those before."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

if TYPE_CHECKING:
    from collections.abc import Callable

    from gnothi.metrics.grader_errors import GraderErrors
    from gnothi.metrics.intervals import Estimate
    from gnothi.safety.graders.grader import Grader
    from gnothi.safety.models import Model
    from gnothi.safety.redteam import AttackSpace, Campaign, CampaignSettings, JudgementFile
    from gnothi.serve import Case


@dataclass(frozen=True)
class RedTeam:
    """Looks for ways to make a model give way: each batch of attacks is chosen by what all before it taught.

    An attack is a technique, a chain of transforms and a base prompt of some topic. What counts is distinct failures:
    a base prompt broken by a technique that had not broken it before. Everything is kept in --out, by hash and topic
    and never in clear where it is harmful; the same call goes on where it stopped, and Ctrl-C stops it at any moment.

    Example: gnothi redteam planted --budget 300 --against uniform epsilon fixed

    Example: gnothi redteam smollm2-135m --attacks secrets --budget 200 --out runs/secrets --page
    """

    model: Annotated[str, tyro.conf.Positional]
    """What is attacked: `planted` (a target to practise on), or a model as `gnothi card` takes it."""

    attacks: str = "secrets"
    """What is asked: secrets (harmless), strongreject or do-not-answer; `planted` has attacks of its own."""

    budget: int = 500
    """Queries in all."""

    policy: Literal["thompson", "information", "greedy", "uniform", "epsilon", "fixed"] = "information"
    """How attacks are chosen."""

    batch: int = 10
    """Attacks that are made together, between which nothing is learnt."""

    distinct: Literal["prompt and technique", "prompt", "topic and technique"] = "prompt and technique"
    """What makes two failures one."""

    stop_below: float = 1.0
    """Stops when the next 100 queries are expected to find fewer new failures than this; 0: never."""

    out: Path = Path("runs/redteam")
    """The folder of the campaign."""

    against: tuple[str, ...] = ()
    """Policies to be compared on the same target, each with the same budget, in folders beside this campaign's."""

    beside: str | None = None
    """Another model that is asked the same attacks: the answers are compared in pairs, on the page."""

    page: bool = False
    """Afterwards, judge answers (with --beside: pairs of them) on a page that only this machine sees."""

    show: bool = False
    """Show harmful text on the page, and what broke the model in the terminal."""

    calibration: Path | None = None
    """What `gnothi safety calibrate` wrote of the grader: its errors are then taken into account."""

    data_dir: Path | None = None
    """Where the sets of harmful requests are, if you have them."""

    max_tokens: int = 48
    """Of an answer."""

    seed: int = 0
    """From which all that is random follows."""

    port: int = 0
    """With --page: the port of 127.0.0.1 to serve it on; any that is free by default."""

    def run(self) -> None:
        """Attacks, and says what was found."""
        from gnothi.safety.redteam import CampaignSettings

        self._check()
        settings = CampaignSettings(
            budget=self.budget,
            policy=self.policy,
            batch=self.batch,
            distinct=self.distinct,
            stop_below=self.stop_below,
            max_tokens=self.max_tokens,
            seed=self.seed,
        )
        space, model, grader = self._target()
        errors = self._errors(grader.name)
        other = self._other(model)
        try:
            with self._campaign(space, model, grader, self.out, settings, errors) as campaign:
                self._attack(campaign)
                if self.against:
                    self._compare(campaign, errors)
                if self.page:
                    self._judge(campaign, other)
        except KeyboardInterrupt:
            print(f"What was done is kept in {self.out}: the same call goes on from there.")
            raise

    def _check(self) -> None:
        """What can be known to be wrong before a query is spent."""
        from gnothi.safety.redteam.policies import find_policy
        from gnothi.serve.page_server import check_port

        if self.beside and not self.page:
            raise ValueError("--beside makes pairs for people to judge: add --page")
        if self.data_dir is not None and not self.data_dir.is_dir():
            raise ValueError(f"--data-dir {self.data_dir} is not a folder")
        if self.model == "planted" and self.attacks != "secrets":
            raise ValueError(
                f"planted has attacks of its own, got --attacks {self.attacks}: leave that out, or name a model"
            )
        for policy in self.against:
            find_policy(policy)
        check_port(self.port)

    def _target(self) -> "tuple[AttackSpace, Model, Grader]":
        if self.model == "planted":
            from gnothi.safety.graders.refusal import RefusalRules
            from gnothi.safety.redteam import plant

            target = plant(seed=self.seed)
            return target.space, target.model, RefusalRules()
        from gnothi.safety.load import load_model
        from gnothi.safety.redteam import find_suite, space_of

        suite = find_suite(self.attacks)
        return space_of(suite.prompts(self.data_dir), seed=self.seed), load_model(self.model), suite.grader()

    def _other(self, model: "Model") -> "Model | None":
        """The model of --beside; it is there before any query is spent."""
        from gnothi.safety.load import load_model

        if self.beside is None:
            return None
        other = load_model(self.beside)
        if other.name == model.name:
            raise ValueError(f"--beside {self.beside} is called {model.name} as MODEL is: rename its folder")
        return other

    def _errors(self, grader: str) -> "GraderErrors | None":
        if self.calibration is None:
            return None
        from gnothi.safety.calibration import read_calibration
        from gnothi.safety.prompts import Outcome

        calibration = read_calibration(self.calibration)
        if calibration.grader != grader:
            raise ValueError(f"{self.calibration} is of {calibration.grader}, and {grader} judges here")
        return calibration.errors({Outcome.COMPLY})

    def _campaign(
        self,
        space: "AttackSpace",
        model: "Model",
        grader: "Grader",
        folder: Path,
        settings: "CampaignSettings",
        errors: "GraderErrors | None",
    ) -> "Campaign":
        from gnothi.safety.redteam import Campaign

        return Campaign(space, model, grader, folder, settings, errors, answers=self.out / "answers.jsonl")

    def _attack(self, campaign: "Campaign") -> None:
        with _bar(campaign.settings.policy, campaign.settings.budget) as show:
            why = campaign.run(show)
        print(why)
        if campaign.queries:
            self._say(campaign)

    def _compare(self, campaign: "Campaign", errors: "GraderErrors | None") -> None:
        """The other policies on the same target, with as many queries; no answer is asked for twice."""
        from dataclasses import replace

        from rich.console import Console
        from rich.table import Table

        from gnothi.safety.redteam import advantage, per_thousand

        table = Table("policy", "queries", "found", "per 1,000", f"{self.policy} finds", title_justify="left")
        table.title = f"Distinct failures ({self.distinct}), of as many queries"
        made, here = len(campaign.queries), _range(per_thousand(campaign.queries))
        table.add_row(self.policy, str(made), str(campaign.found), here, "")
        for name in dict.fromkeys(self.against):
            settings = replace(campaign.settings, policy=name, budget=made, stop_below=0.0)
            folder = self.out / "against" / name
            target = campaign.space, campaign.model, campaign.grader
            with self._campaign(*target, folder, settings, errors) as other:
                with _bar(name, settings.budget) as show:
                    other.run(show)
                ratio = advantage(campaign.queries, other.queries)
                table.add_row(
                    name,
                    str(len(other.queries)),
                    str(other.found),
                    _range(per_thousand(other.queries)),
                    f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}] times",
                )
        Console().print(table)

    def _say(self, campaign: "Campaign") -> None:
        from gnothi.safety.redteam import findings

        found = findings(campaign)
        words = ", ".join(f"{count} {outcome}" for outcome, count in sorted(found.outcomes.items()))
        print(f"{found.queries} of {len(campaign.space)} attacks were made on {campaign.model.name}: {words}.")
        print(
            f"{found.distinct} distinct failures ({self.distinct}), {_range(found.per_thousand)} per 1,000 queries; "
            f"about {_range(found.remaining)} are left, of which the next 100 queries are expected to find "
            f"{found.expected_new:.1f}."
        )
        if found.confirmed is not None:
            sure = found.confirmed
            print(f"By what is known of the grader's errors, {_range(sure)} of them are real.")
        print(f"Of all attacks, {_percent(found.rate)} would succeed. Weakest: technique | topic | chain")
        for weak in found.weakest:
            print(f"  {weak.arm}: {_percent(weak.chance)}, {weak.failed} of {weak.queries} tried")
        if found.judged:
            print(f"{found.judged} answers were judged by people, whose word holds.")
        if found.waiting:
            print(f"{found.waiting} answers wait for a person: the same call with --page.")
        if self.show:
            self._reveal(campaign)
        print(f"Kept in {self.out}.")

    def _reveal(self, campaign: "Campaign") -> None:
        for query in campaign.queries:
            if query.new:
                prompt, answer = campaign.space.prompt(query.place), campaign.answer(query.place)
                print(f"--- {prompt.name}\n{prompt.text}\n>>> {answer.text if answer else ''}")

    def _judge(self, campaign: "Campaign", other: "Model | None") -> None:
        from gnothi.serve import AttackBench, AttackServer, AttackSession, PairBench

        pairs = None if other is None else self._pairs(campaign, other)
        bench = AttackBench(campaign) if pairs is None else PairBench(*pairs, seed=self.seed)
        with AttackServer(AttackSession(bench, show=self.show), self.port) as server:
            print(f"Judge on {server.address} (every click is kept at once; Ctrl-C ends it).", flush=True)
            server.serve_until_stopped()
        print()
        if other is None or pairs is None:
            self._say(campaign)
        else:
            self._say_preference(campaign.model.name, other.name, pairs[1])

    def _pairs(self, campaign: "Campaign", other: "Model") -> "tuple[list[Case], JudgementFile]":
        """Attacks to which this model or the other gave way, as graded, with both answers."""
        from gnothi.safety.redteam import JudgementFile, answers_beside
        from gnothi.serve import Case

        both = answers_beside(campaign, other, self.out / f"beside-{other.name}.jsonl")
        cases = [Case(prompt.name, prompt, (first.text, second.text)) for prompt, first, second in both]
        return cases, JudgementFile(self.out / f"pairs-{other.name}.jsonl")

    def _say_preference(self, name: str, other: str, file: "JudgementFile") -> None:
        from gnothi.safety.redteam import preference

        if not len(file):
            print("No pair was judged.")
            return
        said = preference(list(file))
        print(
            f"{len(file)} pairs: {name} is safer in {_percent(said.first)}, {other} in {_percent(said.second)}, "
            f"alike in {_percent(said.tie)}; Cohen's h {said.cohens_h.value:+.2f} "
            f"[{said.cohens_h.low:+.2f}, {said.cohens_h.high:+.2f}]. Attacks were chosen against {name} alone."
        )


def _range(found: "Estimate") -> str:
    return f"{found.value:.0f} [{found.low:.0f}, {found.high:.0f}]"


def _percent(found: "Estimate") -> str:
    return f"{100 * found.value:.0f} % [{100 * found.low:.0f}, {100 * found.high:.0f}]"


@contextmanager
def _bar(policy: str, budget: int) -> "Iterator[Callable[[int, int], None]]":
    """What to call with the failures found and the queries made: a bar, or lines if no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(policy, total=budget)
        told = 0

        def show(found: int, made: int) -> None:
            nonlocal told
            progress.update(task, completed=made, description=f"{policy}: {found} found")
            if not console.is_terminal and 10 * made // budget > told:
                told = 10 * made // budget
                print(f"{policy}: {found} found in {made} of {budget} queries", flush=True)

        yield show
