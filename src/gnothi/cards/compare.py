"""Two cards compared: which differences are real after multiplicity, which are noise, and what cannot be compared.

Two models that were asked the same are compared unit by unit (Miller 2024, "Adding Error Bars to Evals", sec. 4): what
is hard for both cancels, and the interval is the narrower for it. All metrics are tested at once, so p-values are
adjusted by Holm's rule: with 95 % certainty none of the differences called real is noise.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gnothi.cards.card_file import number, plain_estimate, read_card
from gnothi.cards.card_words import comparison_in_words, p_in_words, value_in_words, visible_cell
from gnothi.cards.linear_ratio import ratio_of_sums
from gnothi.cards.page import replace_text
from gnothi.cards.terminal import WHOLE_WIDTH
from gnothi.cards.unit_file import FILE as UNITS
from gnothi.cards.unit_file import Key, Scores, read_units
from gnothi.metrics import Estimate
from gnothi.metrics.multiplicity import holm, p_value
from gnothi.metrics.power import paired_visible
from gnothi.metrics.rates import Units, difference
from gnothi.safety.evaluation import stretched

REAL = 0.05  # an adjusted p-value below this is not noise

Comparison = dict[str, Any]


def compare_cards(first: Path, second: Path) -> Comparison:
    """Compares the cards of two folders.

    **Returns:** plain data: `paired`, a row a metric, with the difference (first less second), a `verdict` on the
    first: `"better"`, `"worse"`, `"differs"` (where no direction is better) or `"within noise"`, and what difference
    would have been `visible`; and `unpaired`, what could not be compared, with why.

    **Raises:** `ValueError` if a folder holds no card.
    """
    cards = read_card(first), read_card(second)
    units = tuple(read_units(folder / UNITS) for folder in (first, second))
    rows: tuple[dict[tuple[str, str], Any], ...] = tuple(
        {(row["evaluation"], row["metric"]): row for row in card["results"]} for card in cards
    )
    paired, unpaired = [], []
    for key in dict.fromkeys([*rows[0], *rows[1]]):
        one, other = rows[0].get(key), rows[1].get(key)
        why = _why_not(one, other, key, units)
        about = {name: (one or other or {})[name] for name in ("evaluation", "title", "metric", "better")}
        if why:
            unpaired.append({**about, "why": why})
        else:
            low, high = rows[0][key]["range"]
            most = None if high is None else float(high - low)
            # Units of scores without an upper end are as they are.
            found = stretched(unit_difference(units[0][key], units[1][key]), (0.0, 1.0 if most is None else most))
            estimates = {"first": rows[0][key]["estimate"], "second": rows[1][key]["estimate"]}
            paired.append({**about, **estimates, "difference": found, "p": p_value(found), "most": most})
    adjusted = holm(np.array([row["p"] for row in paired], float))
    for row, p in zip(paired, adjusted, strict=True):
        row["verdict"] = _verdict(row["difference"], float(p), row["better"])
        row["visible"] = _visible(row["difference"], len(paired), row.pop("most"))
        row |= {"p": number(row["p"]), "adjusted_p": number(p), "difference": plain_estimate(row["difference"])}
    subjects = [{name: card["subject"][name] for name in ("name", "version", "kind")} for card in cards]
    if subjects[0]["name"] == subjects[1]["name"]:  # a model beside itself, as it was before or with other settings
        for subject, folder in zip(subjects, (first, second), strict=True):
            subject["name"] += f" ({folder.resolve().name})"
    return {"first": subjects[0], "second": subjects[1], "paired": paired, "unpaired": unpaired}


def _visible(found: Estimate, tests: int, most: float | None) -> float | None:
    """The smallest true difference that would be called real; None if that is more than two numbers can differ by."""
    if not np.isfinite(found.std_error):
        return None
    visible = paired_visible(found.std_error, tests)
    return visible if most is None or visible <= most else None


def _why_not(
    one: Mapping[str, Any] | None,
    other: Mapping[str, Any] | None,
    key: Key,
    units: tuple[dict[Key, Units | Scores], ...],
) -> str:
    if one is None or other is None:
        return f"only the {'second' if one is None else 'first'} card has it"
    if one["dataset_sha256"] != other["dataset_sha256"]:
        return "the prompts are not the same (another size, version or seed of the data)"
    if one["grader"] != other["grader"]:
        return f"the first is graded by {one['grader']}, the second by {other['grader']}"
    if one["range"] != other["range"]:
        return "the two cards have it on different scales"
    if any(key in of and not of[key].names for of in units) and one["estimate"]["units"]:
        return "it is fitted to all answers at once, and has no units to pair"
    if any(key not in of for of in units):
        return f"a card's {UNITS} lacks it"
    if not set(units[0][key].names) & set(units[1][key].names):
        return "nothing was measured in both"
    return ""


def unit_difference(first: Units | Scores, second: Units | Scores) -> Estimate:
    """How much larger the first number is, paired by units.

    **Raises:** `ValueError` if one is of shares and the other of scores.
    """
    if isinstance(first, Units) and isinstance(second, Units):
        return difference(first, second)
    if isinstance(first, Units) or isinstance(second, Units):
        raise ValueError("shares cannot be compared with scores: make both cards again, by the same version")
    places = [{name: n for n, name in enumerate(units.names)} for units in (first, second)]
    common = [name for name in first.names if name in places[1]]
    ours, theirs = ([place[name] for name in common] for place in places)
    return ratio_of_sums(first.values[ours] - second.values[theirs], first.weights[ours])


def _verdict(found: Estimate, adjusted_p: float, better: str) -> str:
    if not adjusted_p < REAL:
        return "within noise"
    if better not in ("higher", "lower"):
        return "differs"
    return "better" if (found.value > 0) == (better == "higher") else "worse"


def print_comparison(comparison: Comparison, console: Any) -> None:
    """Prints a table: both numbers, the paired difference, the adjusted p-value, what is visible, and the verdict."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    names = comparison["first"]["name"], comparison["second"]["name"]
    grid = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=Text(comparison_in_words(comparison), style="bold"),
        title_justify="left",
    )
    whole = console.width >= WHOLE_WIDTH
    grid.add_column("what", min_width=24)
    numbers = (*names, "difference", "visible") if whole else ("difference",)
    for name in (*numbers, "p (Holm)", f"{names[0]} is"):
        grid.add_column(name, no_wrap=True)
    styles = {"better": "bold green", "worse": "bold red", "differs": "bold"}
    for row in comparison["paired"]:
        both = [value_in_words({**row[side], "low": None}).removesuffix(" –") for side in ("first", "second")]
        grid.add_row(
            f"{row['title']}: {row['metric']}",
            *(both if whole else ()),
            value_in_words(row["difference"]),
            *((visible_cell(row),) if whole else ()),
            p_in_words(row["adjusted_p"]),
            Text(row["verdict"], style=styles.get(row["verdict"], "dim")),
        )
    console.print(grid if comparison["paired"] else grid.title)
    for row in comparison["unpaired"]:
        console.print(Text(f"not compared: {row['title']}: {row['metric']}: {row['why']}", style="yellow"))


def write_comparison(folder: Path, comparison: Comparison) -> Path:
    """Writes `compare.json` and `compare.html` into a folder.

    **Returns:** the path of the page.
    """
    from gnothi.cards.compare_html import comparison_page

    folder.mkdir(parents=True, exist_ok=True)
    plain = json.dumps(comparison, indent=1, ensure_ascii=False, allow_nan=False)
    replace_text(folder / "compare.json", plain)
    replace_text(folder / "compare.html", comparison_page(comparison))
    return folder / "compare.html"
