"""`gnothi safety knowing`: a model whose knowledge is known, asked what it knows."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Knowing:
    """Trains a small model on invented people and asks: does it hold back, and is it unsure, where it was never told?

    Prints accuracy and abstention for facts told often, once and never, and how well epistemic uncertainty tells these
    apart, beside all of it; writes a card. It resumes: members and answers in the folder are kept. About a minute.

    Example: gnothi safety knowing
    """

    out: Path = Path("runs/card/knowing-model")
    """The folder of the card."""

    people: int = 80
    """How many people there are, five facts each; a fifth of them are never told of. Intervals are over people."""

    repeats: int = 8
    """How often the model is told what it is told often."""

    members: int = 5
    """Of the ensemble: how far they disagree is the epistemic uncertainty."""

    steps: int = 300
    """Of training, each member."""

    penalty: float = 1.0
    """What a wrong answer costs, where a right one is worth 1: the model holds back by that."""

    seed: int = 0
    """Of the people, the weights and the order of training."""

    def run(self) -> None:
        """Trains, asks, prints, writes."""
        import shlex
        import sys
        import time

        start = time.perf_counter()
        from rich.console import Console

        from gnothi.cards import progress_bars
        from gnothi.cards.knowing_card import Upbringing, measure_knowing_model, print_coverage
        from gnothi.cards.system_card import Provenance, make_card, write_card
        from gnothi.cards.versions import versions

        how = Upbringing(self.people, self.repeats, self.members, self.steps, penalty=self.penalty, seed=self.seed)
        with progress_bars() as progress:
            found = measure_knowing_model(self.out, how, progress=progress)
        seconds = time.perf_counter() - start
        made = Provenance(shlex.join(["gnothi", *sys.argv[1:]]), "laptop", seconds, versions())
        card = make_card(
            found.results, found.subject, made, asked=found.asked, missing=found.missing, examples=found.examples
        )
        page = write_card(self.out, card, found.results)
        print_coverage(card, Console())
        print(f"Card: {page.resolve()}")
