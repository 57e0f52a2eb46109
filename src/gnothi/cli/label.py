"""`gnothi label`: which texts to label next, round by round."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

if TYPE_CHECKING:
    from gnothi.language import Rounds, RoundSettings


@dataclass(frozen=True)
class Label:
    """Asks for the labels that teach the most: a few texts a round, until the budget is spent.

    POOL.csv has a header and a column of texts. Each call reads the labels that have come back, learns from them, and
    writes the next texts to POOL.next.csv: fill in its label column, and make the same call again. Labels are kept in
    POOL.labels.csv, and what the model makes of every text is in POOL.predicted.csv. Stop and go on whenever you like.
    With --page, labels are clicked in a browser instead of filled in.

    Example: gnothi label pool.csv --text-column text --label-column label --budget 500 --batch 20
    Example: gnothi label pool.csv --classes good bad --page
    """

    pool: Annotated[Path, tyro.conf.Positional]
    """The CSV of texts."""

    text_column: str = "text"
    """The column of texts."""

    label_column: str = "label"
    """The column of labels, in the files that go out and come back; those that POOL.csv has already count too."""

    budget: int = 500
    """How many labels there are to be in all."""

    batch: int = 20
    """How many texts a round."""

    classes: tuple[str, ...] = ()
    """All labels there may be, so that another one is a mistake; else what is given is what there is."""

    rule: str = "margin"
    """Which texts: margin, entropy, variation_ratio, variance, bald, batch (informative together) or uniform."""

    agent: str = "epinet:hidden=(50,),prior_scale=0.5,l2=6.0,learning_rate=0.002"
    """What learns; `gnothi agents` says what there is."""

    aside: float = 0.1
    """The share of the labels that are of texts drawn at random: they say how sure the model may be."""

    model: str = "minilm"
    """The encoder of texts: a name, a folder as Hugging Face has them, or owner/name on a hub."""

    encoding: str = "utf-8"
    """Of POOL.csv and of what comes back."""

    seed: int = 0
    """From which all that is random follows."""

    oracle_column: str | None = None
    """Labels to answer with, a column of POOL.csv: to try this out on texts whose labels are known."""

    page: bool = False
    """Label by mouse or keyboard, on a web page that only this machine sees; Ctrl-C ends it."""

    port: int = 0
    """With --page: the port of 127.0.0.1 to serve it on; any that is free by default."""

    def run(self) -> None:
        """Reads answers, learns, asks: by CSV, or on a page."""
        from dataclasses import fields

        from gnothi.language import RoundSettings

        if self.page and self.oracle_column:
            raise ValueError("--oracle-column answers by itself, and --page asks you: leave one of them out")
        settings = RoundSettings(**{field.name: getattr(self, field.name) for field in fields(RoundSettings)})
        if self.page:
            self._by_page(settings)
        else:
            self._by_csv(settings)

    def _by_csv(self, settings: "RoundSettings") -> None:
        from gnothi.language import Rounds

        with _bars() as progress:
            rounds = Rounds(self.pool, settings, progress)
            came_back = rounds.read_answers()
            if self.oracle_column:
                rounds.use_oracle(self.oracle_column)
            rounds.learn()
            if came_back:
                rounds.forget_questions()
            if self.oracle_column:
                rounds.answer_by_oracle()
        _say_standing(rounds)
        if rounds.write_predicted():
            print(f"What the model makes of every text: {rounds.predicted}")
        if rounds.ended:
            print(rounds.ended)
            return
        rounds.write_questions(rounds.ask())
        print(f"Next: fill in the column {self.label_column!r} of {rounds.asked}, then make the same call again.")

    def _by_page(self, settings: "RoundSettings") -> None:
        from gnothi.language import Rounds
        from gnothi.serve import LabelServer, LabelSession

        with _bars() as progress:
            rounds = Rounds(self.pool, settings, progress)
            session = LabelSession(rounds)
        with LabelServer(session, self.port) as server:
            print(f"Label on {server.address} (every click is kept at once; Ctrl-C ends it).", flush=True)
            server.serve_until_stopped()
        print()
        _say_standing(rounds)
        print(f"Labels: {rounds.kept}. The same call goes on, with --page or without.")


def _say_standing(rounds: "Rounds") -> None:
    words = ", ".join(f"{label} {count}" for label, count in rounds.counts.items())
    print(f"{len(rounds.labels)} of {rounds.settings.budget} labelled{': ' if words else ''}{words}.")


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    """What to call with what is being done, how much of it is, and how much there is: a bar for one thing at a time."""
    from rich.progress import Progress, TaskID

    with ExitStack() as stack:
        shown: dict[str, tuple[Progress, TaskID]] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in shown:
                stack.close()
                bar = stack.enter_context(Progress(transient=True))
                shown[what] = bar, bar.add_task(what, total=total)
            bar, task = shown[what]
            bar.update(task, completed=done)

        yield show
