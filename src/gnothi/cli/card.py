"""`gnothi card`: the system card of a language model or of an agent, a rating of it, and two cards compared."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, subcommand

from gnothi.cli.card_from_logs import FromLogs
from gnothi.cli.card_output import default_folder, new_console, write_measured

if TYPE_CHECKING:
    from gnothi.cards.agent_card import Measured


@dataclass(frozen=True)
class Make:
    """Makes a card: runs the evaluations, writes card.html, card.json and card.md.

    Answers stay: the same command again goes on where it stopped, and asks nothing twice.

    Example: gnothi card smollm2-135m --scale smoke

    Example: gnothi card epinet --baseline ensemble
    """

    model: Positional[str]
    """A language model (a name, a folder, a .gguf file, inspect/PROVIDER/MODEL) or an agent of `gnothi agents`."""

    out: Path | None = None
    """The folder of the card; runs/card/MODEL-SCALE by default."""

    baseline: str | None = None
    """Another model, or the folder of its card: the card says on which numbers the two differ."""

    framework: str = "preparedness-beta"
    """Of the risk levels: preparedness-beta, preparedness-v2, or a TOML file like theirs."""

    evals: tuple[str, ...] = ()
    """Which evaluations; all by default."""

    scale: Literal["smoke", "laptop", "paper"] = "laptop"
    """How large: minutes, an hour, or the originals' sizes."""

    data_dir: Path | None = None
    """Where data lie that no package carries: xstest_prompts.csv, simple_qa_test_set.csv, BBQ's folder, ..."""

    before: Path | None = None
    """The card of the same model before mitigations: its levels are the column of that name."""

    variant: Literal["pre", "post"] = "post"
    """Whether MODEL itself is measured before mitigations, or as it ships."""

    calibrations: Path | None = None
    """A folder of calibrations of graders, as `gnothi safety calibrate` writes them; else those of the package."""

    workers: int | None = None
    """For an agent: how many processes; one a core by default."""

    show: bool = False
    """Put harmful prompts, and what was answered to them, into the card in clear; it is then not for everybody."""

    def run(self) -> None:
        """Measures, writes, says where."""
        from gnothi.cards.compare import compare_cards, print_comparison
        from gnothi.cards.system_card import add_comparison

        if self.data_dir is not None and not self.data_dir.is_dir():
            raise ValueError(f"--data-dir {self.data_dir} is not a folder")
        if self.before is not None and self.variant == "pre":
            raise ValueError("--before is of a model as it ships: leave it out, or --variant pre")
        out = self.out or default_folder(self.model, self.scale)
        other = None if self.baseline is None else self._folder_of(self.baseline)
        if other is not None and other.resolve() == out.resolve():
            raise ValueError(f"--baseline {self.baseline} is the card itself ({out}): name another model, or --out")
        page = self._make(self.model, out, self.variant, self.before)
        if self.baseline is not None and other is not None:
            if other != Path(self.baseline):
                self._make(self.baseline, other, "post", None)
            comparison = compare_cards(out, other)
            page = add_comparison(out, comparison)
            print_comparison(comparison, new_console())
        print(f"Card: {page.resolve()}")

    def _folder_of(self, baseline: str) -> Path:
        """The folder of a card that is there, or the one where the card of a model goes."""
        there = (Path(baseline) / "card.json").is_file()
        return Path(baseline) if there else default_folder(baseline, self.scale)

    def _make(self, model: str, out: Path, variant: Literal["pre", "post"], pre: Path | None) -> Path:
        import time

        start = time.perf_counter()
        from gnothi.cards.agent_card import is_agent
        from gnothi.cards.card_file import read_card
        from gnothi.cards.system_card import evidence_of
        from gnothi.safety.preparedness import find_framework
        from gnothi.safety.ratings import read_ratings

        ratings = read_ratings(out)  # before hours of work: it is not to be lost, so it must be readable
        framework = None if is_agent(model) else find_framework(self.framework)
        before = None if pre is None else evidence_of(read_card(pre))
        found = self._agent(model, out) if is_agent(model) else self._language_model(model, out, variant)
        return write_measured(out, found, self.scale, start, framework=framework, before=before, ratings=ratings)

    def _agent(self, model: str, out: Path) -> "Measured":
        from contextlib import ExitStack

        from gnothi.cards import CellProgress
        from gnothi.cards.agent_card import measure_agent

        if self.evals:
            raise ValueError(f"{model} is an agent: --evals are of language models")
        with ExitStack() as stack:
            bars: list[CellProgress] = []
            return measure_agent(
                model,
                out,
                scale=self.scale,
                workers=self.workers,
                on_plan=lambda cells: bars.append(stack.enter_context(CellProgress(new_console(), cells))),
                on_start=lambda group: bars[0].start(group),
                on_finish=lambda group: bars[0].finish(group),
            )

    def _language_model(self, model: str, out: Path, variant: Literal["pre", "post"]) -> "Measured":
        from gnothi.cards import progress_bars
        from gnothi.cards.language_card import measure_language_model, read_calibrations
        from gnothi.safety.load import load_model

        with progress_bars() as progress:
            return measure_language_model(
                load_model(model),
                out,
                scale=self.scale,
                names=self.evals,
                data_dir=self.data_dir,
                calibrations=read_calibrations(self.calibrations),
                variant=variant,
                show=self.show,
                progress=progress,
            )


@dataclass(frozen=True)
class Compare:
    """Compares two cards: which differences are real after multiplicity, which are noise, what cannot be compared.

    Example: gnothi card compare runs/card/smollm2-135m-laptop runs/card/mine-laptop
    """

    first: Positional[Path]
    """The folder of a card."""

    second: Positional[Path]
    """The folder of the card to compare it with."""

    out: Path | None = None
    """Where compare.html and compare.json go; the folder of the first card by default."""

    def run(self) -> None:
        """Compares, prints, writes the page."""
        from gnothi.cards.compare import compare_cards, print_comparison, write_comparison

        comparison = compare_cards(self.first, self.second)
        page = write_comparison(self.out or self.first, comparison)  # first: who reads the table may go, as `head` does
        print_comparison(comparison, new_console())
        print(f"Page: {page.resolve()}")


@dataclass(frozen=True)
class Rate:
    """Puts a risk category at a level, by a person, and writes the card anew. Making the card again keeps it.

    Example: gnothi card rate runs/card/smollm2-135m-laptop persuasion low --by "A. Reader" --because "Read 40 answers."
    """

    card: Positional[Path]
    """The folder of a card."""

    category: Positional[str]
    """Which category, as card.json calls it."""

    level: Positional[str]
    """Which level."""

    by: str
    """Who rates."""

    because: str
    """Why."""

    variant: Literal["pre", "post"] = "post"
    """Which column: before mitigations, or as it ships."""

    def run(self) -> None:
        """Keeps the rating, writes the card."""
        from gnothi.cards.system_card import rate_card

        page = rate_card(self.card, self.category, self.level, by=self.by, because=self.because, variant=self.variant)
        print(
            f"{self.category}: {self.level}, by {self.by}. Kept in {self.card / 'ratings.json'}. Card: {page.resolve()}"
        )


@dataclass(frozen=True)
class Regrade:
    """Makes a language model's card anew from the answers in its folder: no model is run.

    For labels of people that have come back (`gnothi safety queue`), other calibrations, or a newer grader.

    Example: gnothi card regrade runs/card/smollm2-135m-laptop
    """

    card: Positional[Path]
    """The folder of the card."""

    data_dir: Path | None = None
    """As of `gnothi card`, if one was given."""

    calibrations: Path | None = None
    """As of `gnothi card`."""

    show: bool = False
    """Keep examples of harmful prompts in clear, in the card and on its page."""

    def run(self) -> None:
        """Grades, measures, writes."""
        from gnothi.cards import progress_bars
        from gnothi.cards.card_file import read_card
        from gnothi.cards.language_card import measure_language_model, read_calibrations
        from gnothi.cards.log_card import SCALE
        from gnothi.cards.system_card import remake_card
        from gnothi.safety.knowing_model import KnowingModel
        from gnothi.safety.models import Recorded

        old = read_card(self.card)
        subject, made = old["subject"], old["provenance"]
        if subject["kind"] != "language model":
            raise ValueError(f"{self.card} is the card of an agent: gnothi card {subject['name']} makes it anew")
        if subject["name"] == KnowingModel.name:
            again = made["command"]
            raise ValueError(f"{self.card} is of a model that was trained for it: `{again}` makes it anew, in seconds")
        if made["scale"] == SCALE:
            again = made["command"].removesuffix(" --regrade")
            raise ValueError(f"{self.card} was made of logs: {again} --regrade judges their answers anew")
        with progress_bars() as progress:
            found = measure_language_model(
                Recorded(subject["name"], subject["version"]),
                self.card,
                scale=made["scale"],
                names=[one["name"] for one in old["evaluations"]],
                data_dir=self.data_dir,
                calibrations=read_calibrations(self.calibrations),
                variant=subject["variant"],
                show=self.show,
                progress=progress,
            )
        page = remake_card(self.card, found.results, asked=found.asked, missing=found.missing, examples=found.examples)
        print(f"Card: {page.resolve()}")


@dataclass(frozen=True)
class Card:
    """The card of a model or an agent: every number with its interval, its grader and its data; risk levels; costs.

    Example: gnothi card smollm2-135m --scale smoke
    """

    command: (
        Annotated[Make, subcommand("make")]
        | Annotated[FromLogs, subcommand("from-logs")]
        | Annotated[Compare, subcommand("compare")]
        | Annotated[Rate, subcommand("rate")]
        | Annotated[Regrade, subcommand("regrade")]
    )

    def run(self) -> None:
        """Runs the command below."""
        self.command.run()


COMMANDS = ("make", "from-logs", "compare", "rate", "regrade")


def with_command(arguments: list[str]) -> list[str]:
    """`card MODEL ...` as `card make MODEL ...`: what most people want needs no word of its own."""
    if arguments[:1] == ["card"] and len(arguments) > 1 and arguments[1] not in (*COMMANDS, "-h", "--help"):
        return ["card", "make", *arguments[1:]]
    return arguments
