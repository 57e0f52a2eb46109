"""`card.html`: a card as one page that opens offline, in the dark and on paper too."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from gnothi.cards.card_plots import category_chart, curve_chart, glance_chart, level_chart, outcome_chart
from gnothi.cards.card_words import (
    FAILURES,
    HOW_TO_READ,
    HOW_TO_READ_AGENTS,
    HOW_TO_READ_LEVELS,
    basis,
    calibrations_in_words,
    count,
    curve_in_words,
    first_rows,
    graders_in_words,
    is_signed,
    level_in_words,
    published_in_words,
    splits_variance,
    value_in_words,
    variance_in_words,
    visible_cell,
    visible_in_words,
)
from gnothi.cards.compare_html import comparison_section, number_cell
from gnothi.cards.page import chart_place, facts, html_page, paragraph, section, table
from gnothi.cards.wording import format_number

Card = Mapping[str, Any]
Row = Mapping[str, Any]
LINES = 28  # of a chart of all numbers: with its axis that is half a page
MOST_SPLIT = 4  # metrics of an evaluation that are drawn by category
COLUMNS = {"pre": "before mitigations", "post": "after mitigations, as it ships"}


def card_page(card: Card) -> str:
    """The page of a card, drawn from its data alone."""
    agent = card["subject"]["kind"] == "agent"
    lines = HOW_TO_READ_AGENTS if agent else HOW_TO_READ
    reading = section("How to read the numbers", *(paragraph(line) for line in lines), name="reading")
    parts = [_glance_section(card), reading]
    if card["scorecard"] is not None:
        parts.append(_level_section(card["scorecard"]))
    if not agent:
        parts.append(_outcome_section(card["results"]))
    if card.get("comparison"):
        parts.append(comparison_section(card["comparison"]))
    asked = {one["name"]: one for one in card["evaluations"]}
    for first in first_rows(card["results"]):
        rows = [row for row in card["results"] if row["evaluation"] == first["evaluation"]]
        shown = [one for one in card["examples"] if one["evaluation"] == first["evaluation"]]
        parts.append(_evaluation_section(rows, asked.get(first["evaluation"]), shown))
    parts += [_cost_section(card), _missing_section(card), _provenance_section(card)]
    subject = card["subject"]
    return html_page(
        title=f"gnothi: card of {subject['name']}", header=_header(card), body="\n".join(filter(None, parts))
    )


def _header(card: Card) -> str:
    subject, made = card["subject"], card["provenance"]
    words = f"Card of {subject['name']} · {subject['kind']} · scale {made['scale']} · {made['made'][:10]}"
    first, *rest = card["headline"]
    lead = "".join(f'<p class="lead">{escape(line)}</p>' for line in rest)
    return f'<p class="eyebrow">{escape(words)}</p><h1>{escape(first)}</h1>{lead}'


def _anchor(evaluation: str) -> str:
    return f"evaluation-{evaluation}"


def _link(row: Row, words: str) -> str:
    return f'<a href="#{escape(_anchor(row["evaluation"]))}">{escape(words)}</a>'


def _stretches(rows: list[Row]) -> list[list[Row]]:
    """Rows in parts that fit a screen or a page, an evaluation never torn; in one if shares are not all there is."""
    if any((row["estimate"]["high"] or 0) > 1 for row in rows):
        return [rows]
    parts: list[list[Row]] = [[]]
    lines = 0
    for _, same in groupby(rows, key=lambda row: row["title"]):
        some = list(same)
        if lines and lines + len(some) + 1 > LINES:
            parts.append([])
            lines = 0
        parts[-1] += some
        lines += len(some) + 1
    return parts


def _glance_section(card: Card) -> str:
    rows, agent = card["results"], card["subject"]["kind"] == "agent"
    parts = []
    drawn = [row for row in rows if row["estimate"]["value"] is not None]
    unsigned, signed = [row for row in drawn if not is_signed(row)], [row for row in drawn if is_signed(row)]
    if unsigned:
        words = "Points are numbers, bars their 95 % intervals."
        if any(row["published"] for row in unsigned):
            words += " Blue strokes are what other models' cards published, on other data and by other graders."
        label = "numbers with their intervals, as in the table below"
        parts += [paragraph(words, "caption")]
        longest = max(len(row["title"]) for row in unsigned)
        parts += [chart_place(glance_chart(some, longest=longest), label=label) for some in _stretches(unsigned)]
    if signed:
        words = (
            "Numbers that may be below 0. At the dashed line there is no bias and no gap, and right answers just make "
            "up for wrong ones."
        )
        chart = chart_place(glance_chart(signed), label="numbers from -1 to 1, as in the table below")
        parts += [paragraph(words, "caption"), chart]
    head = ["what", "number", "better", *(["problems"] if agent else ["answers", "clusters", "grader's errors"])]
    body = []
    for row in rows:
        cells = [_link(row, f"{row['title']}: {row['metric']}"), number_cell(row["estimate"]), row["better"] or "–"]
        cells.append(f"{row['answers']:,}")
        if not agent:
            errors = {"labels": "in it, by labels", "calibration": "in it"}.get(row["corrected_by"], "–")
            cells += [f"{row['clusters']:,}", errors]
        body.append(cells)
    return section("All numbers", *parts, table(head, body, heads=True), name="numbers")


def _level_section(plain: Row) -> str:
    framework = plain["framework"]
    parts = [paragraph(f"{framework['title']} ({framework['version']}). {framework['source']}", "caption")]
    for variant, words in COLUMNS.items():
        chart = level_chart(plain, variant)
        if chart is not None:
            label = f"probability of each level {words}, as in the table"
            parts.append(f"<h3>{words[0].upper()}{words[1:]}</h3>{chart_place(chart, label=label)}")
    body = []
    for row in plain["categories"]:
        name = row["title"] if row["tracked"] else f"{row['title']} (watched)"
        body.append([escape(name), *(_level_cell(row[variant]) for variant in COLUMNS)])
    overall = [_overall(plain["overall"].get(variant)) for variant in COLUMNS]
    body.append(["<b>Overall</b>: the highest tracked", *overall])
    parts.append(table(["category", *COLUMNS.values()], body, heads=True, wraps=True))
    parts.append("<h3>What follows</h3>")
    gates = [
        [escape(gate["name"]), escape(COLUMNS[gate["variant"]]), f"at most {escape(gate['at_most'])}", _gate(gate)]
        for gate in plain["gates"]
    ]
    parts.append(table(["gate", "column", "needs", "verdict"], gates, heads=True, wraps=True))
    parts.append("<h3>Indicators</h3>")
    parts.append(table(["indicator", "number", "thresholds", "why there"], _indicators(plain), heads=True, wraps=True))
    parts += [paragraph(line) for line in HOW_TO_READ_LEVELS]
    return section("Risk levels", *parts, name="levels")


def _level_cell(cell: Row | None) -> str:
    if cell is None:
        return "not measured"
    kind = "flag" if cell["decision"] == "needs review" else ""
    shown = f'<b class="{kind}">{escape(level_in_words(cell))}</b>'
    if cell["rating"]:
        rating = cell["rating"]
        shown += f"<br><small>{escape(rating['at'][:10])}: {escape(rating['because'])}"
        shown += f" Measured: {escape(cell['measured'] or 'nothing')}"
        if cell["measured"] != rating["measured"]:
            shown += f" (when it was rated: {escape(rating['measured'] or 'nothing')})"
        shown += ".</small>"
    return f"{shown}<br><small>{escape(cell['why'])}</small>" if cell["why"] else shown


def _overall(found: Row | None) -> str:
    if found is None or not found["level"]:
        return "no level"
    without = found["without_level"]
    words = f"<b>{escape(found['level'])}</b>"
    return f"{words}<br><small>without a level: {escape(', '.join(without))}</small>" if without else words


def _gate(gate: Row) -> str:
    if gate["verdict"] == "unknown":
        words = f"without a level: {', '.join(gate['without_level'])}"
        return f'<b class="flag">unknown</b><br><small>{escape(words)}</small>'
    words = gate["met"] if gate["verdict"] == "met" else gate["unmet"]
    more = "" if gate["probability"] is None else f" (probability that it is met: {gate['probability']:.2f})"
    return f"<b>{gate['verdict']}</b><br><small>{escape(words + more)}</small>"


def _indicators(plain: Row) -> list[list[str]]:
    rows = []
    for category in plain["categories"]:
        cell = category["post"] or category["pre"]
        for found in cell["indicators"] if cell else ():
            name = f"{category['title']}: {found['evaluation']}, {found['metric']}"
            sign = "≥" if found["direction"] == "above" else "≤"
            limits = ", ".join(f"{level} {sign} {value:g}" for level, value in found["thresholds"].items())
            if found["role"] == "contextual":
                limits = "context only: sets no level"
            elif found["rules_out"]:
                limits += " (a proxy: rules out, does not establish)"
            shown = "not run" if found["estimate"] is None else number_cell(found["estimate"])
            rows.append([escape(name), shown, escape(limits), escape(found["why"])])
    return rows


def _outcome_section(results: Sequence[Row]) -> str:
    first = first_rows(results)
    names = [name for row in first for name in row["outcomes"]]
    kinds = [*(n for n in dict.fromkeys(names) if n not in FAILURES), *FAILURES]
    body = []
    for row in first:
        total = sum(row["outcomes"].values())
        counts = [f"{row['outcomes'].get(kind, 0):,}" if row["outcomes"].get(kind) else "–" for kind in kinds]
        body.append([_link(row, row["title"]), f"{total:,}", *counts])
    words = "Every answer is one of these outcomes; none is left out. What failed stands last, and counts against it."
    chart = chart_place(outcome_chart(results), label="share of each outcome by evaluation, counts in the table below")
    grid = table(["evaluation", "answers", *kinds], body, heads=True)
    return section("What became of every answer", paragraph(words, "caption"), chart, grid, name="outcomes")


def _evaluation_section(rows: Sequence[Row], asked: Row | None, examples: Sequence[Row]) -> str:
    first = rows[0]
    parts = [paragraph(asked["about"])] if asked and asked["about"] else []
    split_variance = splits_variance(rows)
    corrected = any(row["corrected_by"] for row in rows)
    head = ["metric", "number", *(["as graded"] if corrected else []), "independent units"]
    judged = any(row["grader"] for row in rows)
    head += ["visible difference"] if judged else []
    head += ["where the variance comes from"] if split_variance else []
    body = []
    for row in rows:
        cells = [f"{escape(row['metric'])}<br><small>{escape(row['about'])}</small>", number_cell(row["estimate"])]
        cells += [escape(value_in_words(row["as_graded"]) if row["corrected_by"] else "–")] if corrected else []
        cells += [f"{row['estimate']['units']:,}", *([visible_cell(row)] if judged else [])]
        cells += [escape(variance_in_words(row))] if split_variance else []
        body.append(cells)
    parts.append(table(head, body, heads=True, wraps=True))
    seen = visible_in_words(first)
    parts += [paragraph(seen, "caption")] if seen else []
    parts += [_panels(rows), _examples(examples), _published(rows)]
    stands: dict[str, str | list[str]] = {
        "stands on": basis(first),
        "grader": [words.replace("graded by ", "") for words in graders_in_words(rows)],
    }
    stands["calibration of the grader"] = calibrations_in_words(rows)
    if len(first["decided"]) > 1:
        stands["who decided"] = ", ".join(f"{name} {number:,}" for name, number in first["decided"].items())
    if asked and asked["settings"]:
        stands["asked with"] = ", ".join(f"{name} {value}" for name, value in asked["settings"].items())
    if first["harmful"]:
        stands["prompts"] = "some are harmful: no log has them in clear, and no card unless it was made with --show"
    stands["dataset sha256"], stands["log sha256"] = first["dataset_sha256"], first["log_sha256"]
    lines = {name: value if isinstance(value, str) else "; ".join(value) for name, value in stands.items()}
    parts.append(facts({name: value.replace("`", "") for name, value in lines.items() if value}))
    return section(first["title"], *filter(None, parts), name=_anchor(first["evaluation"]))


def _panels(rows: Sequence[Row]) -> str:
    """What there is to look at: curves first, then metrics by category."""
    curves, split = [], []
    for row in rows:
        if row["curve"] and any(point["estimate"]["value"] is not None for point in row["curve"]["points"]):
            chart = chart_place(
                curve_chart(row), label=f"{row['metric']} along {row['curve']['along']}, with intervals"
            )
            caption = paragraph(curve_in_words(row), "caption")
            curves.append(f"<div><h3>{escape(row['metric'])}</h3>{caption}{chart}</div>")
    for row in [row for row in rows if len(row["by_category"]) > 1][:MOST_SPLIT]:
        chart = chart_place(category_chart(row), label=f"{row['metric']} by category, with intervals")
        words = f"{row['metric']} by category" + (", as graded" if row["corrected_by"] else "")
        split.append(f"<div><h3>{escape(words)}</h3>{chart}</div>")
    return "".join(f'<div class="panels">{"".join(panels)}</div>' for panels in (curves, split) if panels)


def _examples(examples: Sequence[Row]) -> str:
    if not examples:
        return ""
    body = []
    for one in examples:
        prompt, answer = escape(one["prompt"]), escape(one["answer"])
        if one["withheld"]:
            which = f"{one['category']}, " if one["category"] else ""
            prompt = f"<small>withheld: {escape(which)}sha256 {one['sha256'][:16]}</small>"
            answer = "<small>withheld</small>"
        body.append([prompt, answer, f"<b>{escape(one['outcome'])}</b><br><small>by {escape(one['by'])}</small>"])
    grid = table(["asked last", "answered", "graded"], body, wraps=True)
    return f"<h3>An answer of each outcome</h3>{grid}"


def _published(rows: Sequence[Row]) -> str:
    body = []
    for row, where, values in published_in_words(rows):
        body.append([escape(row["metric"]), escape(values), escape(where), number_cell(row["estimate"])])
    if not body:
        return ""
    words = "Published, on another data set and by another grader: not to be ranked with ours."
    grid = table(["metric", "published", "where", "ours"], body, heads=True, wraps=True)
    return f"<h3>Beside other cards</h3>{paragraph(words, 'caption')}{grid}"


def _cost_section(card: Card) -> str:
    if not card["costs"]:
        return ""
    body = [
        [
            f"{escape(cost['name'])}<br><small>{escape(cost['about'])}</small>",
            "–" if cost["value"] is None else f"<b>{format_number(cost['value'])}</b>",
            escape(cost["unit"]),
        ]
        for cost in card["costs"]
    ]
    return section("Cost", table(["what", "amount", "unit"], body, heads=True, wraps=True), name="cost")


def _missing_section(card: Card) -> str:
    body = [[escape(one["what"]), escape(one["why"])] for one in card["missing"]]
    if not body:
        return section("What was not measured", paragraph("Nothing of what this package can measure was left out."))
    return section("What was not measured", table(["what", "why"], body, heads=True, wraps=True), name="missing")


def _provenance_section(card: Card) -> str:
    subject, made = card["subject"], card["provenance"]
    lines = {
        "subject": f"{subject['name']}, {subject['kind']}",
        "version": subject["version"],
        "measured": COLUMNS[subject["variant"]],
        **{name: str(value) for name, value in subject["about"].items()},
        "made": f"{made['made']}, in {count(round(made['seconds']), 'second')}, at scale {made['scale']}",
        "versions": ", ".join(f"{name} {version}" for name, version in made["versions"].items()),
        "schema": card["schema"],
    }
    if card["units"]:
        lines["units"] = f"{card['units']['file']}, sha256 {card['units']['sha256']}"
    command = f"<pre><code>{escape(made['command'])}</code></pre>"
    return section("Provenance", facts(lines), command, name="provenance")
