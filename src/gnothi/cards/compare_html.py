"""A comparison of two cards as a section of a card's page, or as a page of its own."""

from collections.abc import Mapping
from html import escape
from typing import Any

from gnothi.cards.card_plots import difference_chart
from gnothi.cards.card_words import (
    comparison_in_words,
    interval_in_words,
    p_in_words,
    value_in_words,
    visible_cell,
)
from gnothi.cards.page import chart_place, html_page, paragraph, section, table
from gnothi.cards.wording import format_number

NOTE = (
    "Differences are of the first less the second, unit by unit on the same prompts, of answers as they were graded: "
    "where a grader errs alike on both, a true difference is larger than shown, never of the other sign. Verdicts are "
    "after Holm's adjustment for all numbers at once: with 95 % certainty none of those called real is noise. Within "
    "noise does not mean equal: a true difference as large as the visible one would have been called real four times "
    "in five, and a smaller one less often."
)


def comparison_page(comparison: Mapping[str, Any]) -> str:
    """A page of a comparison alone."""
    one, other = comparison["first"]["name"], comparison["second"]["name"]
    words = f"{one} beside {other}"
    header = f'<p class="eyebrow">{escape(words)}</p><h1>{escape(comparison_in_words(comparison))}</h1>'
    return html_page(title=f"gnothi: {words}", header=header, body=comparison_section(comparison, said=True))


def comparison_section(comparison: Mapping[str, Any], *, said: bool = False) -> str:
    """What differs, what does not, and what could not be compared; `said`, whether the page's title says it."""
    one, other = comparison["first"], comparison["second"]
    parts = [*([] if said else [paragraph(comparison_in_words(comparison))]), paragraph(NOTE, "caption")]
    if comparison["paired"]:
        chart = difference_chart(comparison["paired"])
        parts.append(chart_place(chart, label="paired differences with intervals, as in the table"))
        body = [
            [
                escape(f"{row['title']}: {row['metric']}"),
                *(number_cell(row[side]) for side in ("first", "second", "difference")),
                visible_cell(row),
                escape(p_in_words(row["adjusted_p"])),
                f"<b>{row['verdict']}</b>" if row["verdict"] != "within noise" else "within noise",
            ]
            for row in comparison["paired"]
        ]
        head = ["what", one["name"], other["name"], "difference", "visible", "p, after Holm", f"{one['name']} is"]
        parts.append(table(head, body, heads=True, wraps=True))
    if comparison["unpaired"]:
        body = [[escape(f"{row['title']}: {row['metric']}"), escape(row["why"])] for row in comparison["unpaired"]]
        parts += ["<h3>Not compared</h3>", table(["what", "why"], body, heads=True, wraps=True)]
    return section(f"{one['name']} beside {other['name']}", *parts, name="comparison")


def number_cell(estimate: Mapping[str, Any]) -> str:
    """A number and its interval, as HTML."""
    if estimate["value"] is None:
        return escape(value_in_words(estimate))
    shown = format_number(float(estimate["value"]))
    return f'<b>{shown}</b> <small class="ends">{escape(interval_in_words(estimate))}</small>'
