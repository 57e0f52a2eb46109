"""`gnothi card from-logs`: the card of a model whose evaluations were run by Inspect AI, from its logs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from gnothi.cli.card_output import default_folder, new_console, write_measured


@dataclass(frozen=True)
class FromLogs:
    """Makes a card from Inspect AI's logs of our evaluations: no model is run, and nothing is asked again.

    Of each evaluation its newest whole run counts. Which logs are left out, and why, is said.

    Example: inspect eval gnothi/over_refusal gnothi/bbq --model openai/gpt-4o && gnothi card from-logs logs
    Example: gnothi card from-logs logs --model openai/gpt-4o --baseline gnothi/smollm2-135m
    """

    logs: Positional[tuple[Path, ...]]
    """Logs (.eval, .json), or folders of them."""

    model: str | None = None
    """Which model, where the logs are of several."""

    out: Path | None = None
    """The folder of the card; runs/card/MODEL-logs by default."""

    baseline: str | None = None
    """The folder of a card, other logs, or another model in these: the card says on which numbers the two differ."""

    framework: str = "preparedness-beta"
    """Of the risk levels: preparedness-beta, preparedness-v2, or a TOML file like theirs."""

    evals: tuple[str, ...] = ()
    """Which evaluations; all that there are logs of by default."""

    before: Path | None = None
    """The card of the same model before mitigations: its levels are the column of that name."""

    variant: Literal["pre", "post"] = "post"
    """Whether the model itself is measured before mitigations, or as it ships."""

    calibrations: Path | None = None
    """A folder of calibrations of graders, as `gnothi safety calibrate` writes them; else those of the package."""

    regrade: bool = False
    """Judge the answers anew, with today's graders, where no person has; otherwise the grades in the logs count."""

    queue: str | None = None
    """Of which evaluation people are to label answers: some are drawn at random into a CSV in CARD/labels. Filled in,
    it corrects that evaluation's numbers when the card is made again."""

    count: int = 40
    """How many answers --queue draws; from 30 labels on they count."""

    show: bool = False
    """Put harmful prompts, and what was answered to them, into the card in clear; it is then not for everybody."""

    def run(self) -> None:
        """Reads, measures, writes, says where."""
        import gnothi.safety.inspect  # noqa: F401 - says at once what to install, where it is not there
        from gnothi.cards.compare import compare_cards, print_comparison
        from gnothi.cards.system_card import add_comparison

        if not self.logs:
            raise ValueError("LOGS is empty: name Inspect's logs, or a folder of them (Inspect's own is logs)")
        if self.before is not None and self.variant == "pre":
            raise ValueError("--before is of a model as it ships: leave it out, or --variant pre")
        out, page = self._make(self.logs, self.model, self.out, self.variant, self.before)
        if self.baseline is not None:
            other = self._other(out)
            comparison = compare_cards(out, other)
            page = add_comparison(out, comparison)
            print_comparison(comparison, new_console())
        print(f"Card: {page.resolve()}")

    def _other(self, out: Path) -> Path:
        """The folder of the baseline's card, which is made if it is of logs."""
        assert self.baseline is not None
        other, there = Path(self.baseline), Path(self.baseline).exists()
        if (other / "card.json").is_file():
            if other.resolve() == out.resolve():
                raise ValueError(f"--baseline {self.baseline} is the card itself: name another one, or --out")
            return other
        logs, model = ((other,), None) if there else (self.logs, self.baseline)
        return self._make(logs, model, None, "post", None, taken=out)[0]

    def _make(
        self,
        logs: tuple[Path, ...],
        model: str | None,
        out: Path | None,
        variant: Literal["pre", "post"],
        pre: Path | None,
        taken: Path | None = None,
    ) -> tuple[Path, Path]:
        """The folder of a card and its page; the folder must not be the one that is `taken`."""
        import time

        start = time.perf_counter()
        from gnothi.cards import progress_bars
        from gnothi.cards.card_file import read_card
        from gnothi.cards.language_card import read_calibrations
        from gnothi.cards.log_card import SCALE, measure_logs, read_logs
        from gnothi.cards.system_card import evidence_of
        from gnothi.safety.preparedness import find_framework
        from gnothi.safety.ratings import read_ratings

        framework = find_framework(self.framework)
        before = None if pre is None else evidence_of(read_card(pre))
        calibrations = read_calibrations(self.calibrations)
        with progress_bars() as progress:
            found = read_logs(
                logs,
                model=model,
                names=self.evals,
                regrade=self.regrade,
                progress=lambda done, total: progress("evaluations read", done, total),
            )
        for note in found.notes:
            print(note)
        out = out or default_folder(found.model, "logs")
        if taken is not None and out.resolve() == taken.resolve():
            raise ValueError(f"--baseline {self.baseline} is the card itself ({out}): name another model, or --out")
        ratings = read_ratings(out)
        measured = measure_logs(found, out, calibrations=calibrations, variant=variant, show=self.show)
        page = write_measured(out, measured, SCALE, start, framework=framework, before=before, ratings=ratings)
        if self.queue is not None and taken is None:
            path = found.ask_people(self.queue, out, self.count, show=self.show)
            print(f"Next: fill in the column 'label' of {path}, then make this card again")
        return out, page
