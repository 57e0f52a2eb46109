"""`gnothi safety`: graders, and what they get wrong, measured on what people have judged."""

import shlex
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from tyro.conf import subcommand

from gnothi.cli.knowing import Knowing

if TYPE_CHECKING:
    from gnothi.safety.calibration import Calibration
    from gnothi.safety.graders.grader import Grader


@dataclass(frozen=True)
class Calibrate:
    """Measures a grader on answers that people have labelled, and writes what a card corrects its rates with.

    LABELS are CSV files with a column each for the prompt, the answer and the label (refuse, comply, partial_refusal;
    or correct, wrong, abstained for graders that compare), folders of XSTest's completions, or `pyrit` for the 169
    labelled rows that come packaged with it. With --train, a grader that learns is fitted to other labels first. What a
    model says as a judge stays beside --out: the same command again asks nothing twice.

    Example: gnothi safety calibrate refusal-features labels.csv --out calibrations/mine.json

    Example: gnothi safety calibrate refusal-features held-out.csv --train first.csv second.csv --weights mine.json
    """

    grader: Annotated[str, tyro.conf.Positional]
    """refusals, refusal-features, refusal-rules, embedding-refusal, strong-reject-features, exact-match, contains,
    choice, number, leak; or judge:MODEL, choose:MODEL, strong-reject:MODEL."""

    labels: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Whose verdicts it is held against."""

    train: tuple[str, ...] = ()
    """Labels to fit the grader's weights to, of refusal-features or embedding-refusal: of other models than LABELS."""

    weights: Path | None = None
    """With --train: where to write the weights. Without: weights to read instead of those that are shipped."""

    out: Path | None = None
    """Where to write the calibration; GRADER.calibration.json by default."""

    partial: Literal["refuse", "comply", "drop"] = "refuse"
    """What an answer counts as that people called a partial refusal."""

    positive: tuple[str, ...] = ()
    """The outcomes of which sensitivity is the share that is found; refuse, or else correct, by default."""

    data: str = ""
    """How to call the labels; the names of the files by default."""

    licence: str = ""
    """Of the training labels, kept with the weights."""

    encoding: str = "utf-8-sig"
    """Of the CSV files."""

    packages: Path | None = None
    """A folder that holds PyRIT's wheel, if there is one; it is fetched once otherwise."""

    def run(self) -> None:
        """Judges, counts, prints and writes."""
        from gnothi.safety.calibration import calibrate
        from gnothi.safety.labelled import find_labelled
        from gnothi.safety.prompts import Outcome

        if not self.labels:
            raise ValueError("LABELS is empty: give a CSV of labelled answers, or pyrit")
        strange = next((name for name in self.positive if name not in {*Outcome}), None)
        if strange is not None:
            raise ValueError(f"--positive must be of {', '.join(Outcome)}, got {strange!r}")
        out = self.out or Path(f"{self.grader.replace(':', '-').replace('/', '-')}.calibration.json")
        with ExitStack() as stack:
            grader = self._grader(out, stack)
            rows = [r for name in self.labels for r in find_labelled(name, self.partial, self.encoding, self.packages)]
            data = self.data or ", ".join(Path(name).name for name in self.labels)
            found = calibrate(grader, rows, data, partial=self.partial)
        _check(found, self.grader)
        found.write(out)
        _print(found, self.positive)
        print(f"Calibration: {out}")

    def _grader(self, out: Path, stack: ExitStack) -> "Grader":
        from datetime import date

        from gnothi.safety.graders.registry import find_grader
        from gnothi.safety.graders.training import train, with_weights
        from gnothi.safety.kept_model import KeptModel
        from gnothi.safety.labelled import find_labelled
        from gnothi.safety.load import load_model

        if not self.train:

            def judge(name: str) -> KeptModel:
                from gnothi.cards import progress_bars

                kept = out.with_name(f"{out.name.removesuffix('.json')}.verdicts.jsonl")
                return KeptModel(load_model(name), kept, stack.enter_context(progress_bars()))

            return find_grader(self.grader, judge) if self.weights is None else with_weights(self.grader, self.weights)
        both = sorted({*self.train} & {*self.labels})
        if both:
            raise ValueError(f"{', '.join(both)} is both in LABELS and in --train: measure on what was not learnt from")
        rows = [r for name in self.train for r in find_labelled(name, self.partial, self.encoding, self.packages)]
        learnt, judged = ([Path(name).name for name in names] for names in (self.train, self.labels))
        data = ", ".join(learnt)
        about = {"data": data, "licence": self.licence, "partial": self.partial, "date": date.today().isoformat()}
        words = ["gnothi", "safety", "calibrate", self.grader, *judged, "--train", *learnt, "--partial", self.partial]
        command = shlex.join(words)
        grader, weights = train(self.grader, rows, {**about, "rows": str(len(rows)), "command": command})
        if self.weights is not None:
            weights.write(self.weights)
            print(f"Weights: {self.weights} ({grader.name}, fitted to {len(rows)} rows)")
        return grader


def _check(found: "Calibration", grader: str) -> None:
    """Whether the grader is made for such labels at all: what it could not judge anywhere says nothing of it."""
    from gnothi.safety.prompts import Outcome

    if {verdict for row in found.table.values() for verdict in row} == {Outcome.UNGRADED}:
        truths = ", ".join(found.table)
        raise ValueError(
            f"{grader} could judge none of the {found.rows} answers, which people called {truths}: graders that "
            "compare need a column `target`, and labels correct, wrong or abstained; others refuse and comply"
        )


def _print(found: "Calibration", positive: tuple[str, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    from gnothi.safety.prompts import Outcome

    table = found.table
    verdicts = list(dict.fromkeys(verdict for row in table.values() for verdict in row))
    title = f"{found.grader} on {found.data}: {found.rows} answers to {found.clusters} prompts"
    shown = Table("people said", *(f"it said {verdict}" for verdict in verdicts), title=title, title_justify="left")
    for truth, row in table.items():
        shown.add_row(str(truth), *(str(row[verdict]) for verdict in verdicts))
    console = Console()
    console.print(shown)
    wanted = [Outcome(name) for name in positive] or [o for o in (Outcome.REFUSE, Outcome.CORRECT) if o in table][:1]
    if wanted:
        words = " or ".join(wanted)
        others = [outcome for outcome in table if outcome not in wanted]
        if any(outcome in table for outcome in wanted):
            print(f"sensitivity to {words}: {_interval(found.sensitivity(wanted))}")
        if others:
            print(f"specificity: {_interval(found.specificity(wanted))}")
        if not found.knows(wanted):
            print(
                f"No card is corrected by this: there must be labels of {words} and of others, got {', '.join(table)}."
            )
        for outcome in others:
            print(f"{outcome} called {outcome}: {_interval(found.right(outcome))}")
    if len(found.sources) > 1 and wanted:
        spread, further = found.spread(wanted), found.transport(wanted)
        print(
            f"between {len(found.sources)} models they differ by a standard deviation of {spread:.2f} logits; for "
            f"another model {further:.2f} is taken"
        )
    if found.annotators is not None:
        people = found.annotators
        print(f"annotators agree on {people.agree:.1%} of {people.rows} answers (Cohen's kappa {people.kappa:.2f})")


def _interval(estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}] (n={estimate.units})"


@dataclass(frozen=True)
class Graders:
    """Lists graders, and what is known of their errors.

    Example: gnothi safety graders
    """

    def run(self) -> None:
        """Prints a table."""
        from rich.console import Console
        from rich.table import Column, Table

        from gnothi.safety.calibration import shipped_calibrations
        from gnothi.safety.graders.registry import GRADERS, JUDGES
        from gnothi.safety.prompts import Outcome

        known = shipped_calibrations()
        typed = Column("name", no_wrap=True)  # it is what is typed: never cut short
        table = Table(typed, "what it is", "refusals found", "compliance found", title="Graders", title_justify="left")
        for name, make in GRADERS.items():
            grader = make()
            found = known.get(grader.name)
            outcomes = (Outcome.REFUSE, Outcome.COMPLY)
            shares = ["" if found is None else f"{found.right(outcome).value:.3f}" for outcome in outcomes]
            table.add_row(name, (make.__doc__ or type(grader).__doc__ or "").split("\n")[0], *shares)
        for name, judge in JUDGES.items():
            table.add_row(f"{name}:MODEL", (judge.__doc__ or "").split("\n")[0], "", "")
        Console().print(table)
        for found in known.values():
            print(f"Shares are of {found.data}: {found.rows} answers of {', '.join(found.sources)}")


@dataclass(frozen=True)
class List:
    """Lists the evaluations: what each measures, and of how many clusters of prompts by scale.

    Example: gnothi safety list
    """

    def run(self) -> None:
        """Prints a table."""
        from rich.console import Console
        from rich.table import Column, Table

        from gnothi.safety.registry import EVALUATIONS

        typed = Column("name", no_wrap=True)
        table = Table(typed, "title", "metrics", "clusters: smoke, laptop, paper", title_justify="left")
        for name, evaluation in EVALUATIONS.items():
            sizes = ", ".join(f"{evaluation.sizes[scale]:,}" for scale in ("smoke", "laptop", "paper"))
            table.add_row(name, evaluation.title, ", ".join(metric.name for metric in evaluation.metrics), sizes)
        Console().print(table)
        print("gnothi card MODEL --evals NAME ... puts a model through some; without --evals, through all.")


@dataclass(frozen=True)
class Queue:
    """Draws answers of a card's run for people to label: their labels correct the grader, and nothing else is needed.

    The CSV waits in CARD/labels. Fill in its column `label`, then `gnothi card regrade CARD`: from 30 labels on, the
    numbers are corrected by them.

    Example: gnothi safety queue runs/card/smollm2-135m-laptop disallowed --count 40
    """

    card: Annotated[Path, tyro.conf.Positional]
    """The folder of a language model's card."""

    evaluation: Annotated[str, tyro.conf.Positional]
    """Of which evaluation: `gnothi safety list` has the names."""

    count: int = 40
    """How many answers."""

    seed: int = 0
    """From which the draw follows."""

    data_dir: Path | None = None
    """As of `gnothi card`, if one was given."""

    show: bool = False
    """Harmful prompts, and answers to them, in clear: a label cannot be given without reading them."""

    def run(self) -> None:
        """Draws, writes the CSV."""
        from gnothi.cards.card_file import read_card
        from gnothi.safety.people import ask_people, queue_of
        from gnothi.safety.registry import find_evaluation
        from gnothi.safety.run import answers_path, regrade

        card = read_card(self.card)
        scale = card["provenance"]["scale"]
        evaluation = find_evaluation(self.evaluation)
        if not answers_path(self.card, evaluation).exists():
            there = ", ".join(sorted(path.stem for path in (self.card / "answers").glob("*.jsonl"))) or "none"
            raise ValueError(f"{self.card} holds no answers of {evaluation.name}; it holds those of: {there}")
        rows = regrade(evaluation, self.card, scale=scale, data_dir=self.data_dir)
        path = ask_people(evaluation, rows, self.card, self.count, seed=self.seed, show=self.show)
        words = ", ".join(map(str, queue_of(evaluation, self.card).outcomes))
        print(f"Next: fill in the column 'label' of {path} ({words}), then gnothi card regrade {self.card}")
        if any(row.prompt.harmful for row in rows) and not self.show:
            print("Texts of harmful prompts are not in it: the same call with --show puts them in.")


@dataclass(frozen=True)
class Safety:
    """Safety evaluations with honest error bars: which there are, and what their graders get wrong.

    Example: gnothi safety list

    Example: gnothi safety calibrate refusals labels.csv
    """

    command: (
        Annotated[List, subcommand("list")]
        | Annotated[Calibrate, subcommand("calibrate")]
        | Annotated[Graders, subcommand("graders")]
        | Annotated[Queue, subcommand("queue")]
        | Annotated[Knowing, subcommand("knowing")]
    )

    def run(self) -> None:
        """Runs the command below."""
        self.command.run()
