"""What commands that make cards share: where a card goes, and how it is written."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from gnothi.cards.agent_card import Measured
    from gnothi.safety.preparedness import Evidence, Framework
    from gnothi.safety.ratings import Rating


def default_folder(model: str, scale: str) -> Path:
    """Where a card goes if nobody says."""
    return Path("runs/card") / f"{model.strip('/').replace('/', '-').replace(':', '-')}-{scale}"


def write_measured(
    out: Path,
    found: "Measured",
    scale: str,
    start: float,
    *,
    framework: "Framework | None",
    before: "Evidence | None",
    ratings: "Sequence[Rating]",
) -> Path:
    """Makes the card of what was measured since `start`, writes it, and prints its headline."""
    import shlex
    import sys
    import time

    from gnothi.cards.system_card import Provenance, make_card, write_card
    from gnothi.cards.versions import versions

    card = make_card(
        found.results,
        found.subject,
        Provenance(shlex.join(["gnothi", *sys.argv[1:]]), scale, time.perf_counter() - start, versions()),
        asked=found.asked,
        framework=framework,
        before=before,
        ratings=ratings,
        missing=found.missing,
        costs=found.costs,
        examples=found.examples,
    )
    page = write_card(out, card, found.results, found.scores)
    for line in card["headline"]:
        print(line)
    return page


def new_console() -> "Console":
    """Where tables and bars go; Rich is loaded when it is asked for."""
    from rich.console import Console

    return Console()
