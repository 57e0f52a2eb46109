"""`card.md`: a card as Markdown, for a repository or a hub."""

from collections.abc import Mapping, Sequence
from typing import Any

from gnothi.cards.card_words import (
    HOW_TO_READ,
    HOW_TO_READ_AGENTS,
    HOW_TO_READ_LEVELS,
    basis,
    calibrations_in_words,
    comparison_in_words,
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
from gnothi.cards.wording import format_number

Card = Mapping[str, Any]


def card_markdown(card: Card) -> str:
    """The Markdown of a card, drawn from its data alone."""
    subject, made, agent = card["subject"], card["provenance"], card["subject"]["kind"] == "agent"
    first, *rest = card["headline"]
    parts = [f"# Card of {_cell(subject['name'])}", f"**{_cell(first)}.**", *map(_cell, rest)]
    parts += ["## All numbers", _numbers(card["results"])]
    if card["scorecard"] is not None:
        parts += ["## Risk levels", *_levels(card["scorecard"]), *HOW_TO_READ_LEVELS]
    parts += ["## How to read the numbers", *(HOW_TO_READ_AGENTS if agent else HOW_TO_READ)]
    if card.get("comparison"):
        parts += ["## Beside the baseline", *_comparison(card["comparison"])]
    asked = {one["name"]: one for one in card["evaluations"]}
    for row in first_rows(card["results"]):
        rows = [other for other in card["results"] if other["evaluation"] == row["evaluation"]]
        parts += _evaluation(rows, asked.get(row["evaluation"], {}))
        shown = [one for one in card["examples"] if one["evaluation"] == row["evaluation"]]
        parts += [_examples(shown)] if shown else []
    if card["costs"]:
        body = [[c["name"], "–" if c["value"] is None else format_number(c["value"]), c["unit"]] for c in card["costs"]]
        parts += ["## Cost", _table(["what", "amount", "unit"], body)]
    parts.append("## What was not measured")
    missing = [[one["what"], one["why"]] for one in card["missing"]]
    parts.append(_table(["what", "why"], missing) if missing else "Nothing of what this package can measure.")
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    parts += [
        "## Provenance",
        f"{_cell(subject['name'])}, {subject['kind']}, version `{subject['version']}`; made {made['made']} in "
        f"{made['seconds']:.0f} s at scale {made['scale']} by {versions}; schema `{card['schema']}`.",
        f"```\n{made['command'].replace('```', '')}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _numbers(results: Sequence[Mapping[str, Any]]) -> str:
    body = [
        [
            f"[{_cell(row['title'])}: {_cell(row['metric'])}](#{_slug(row['title'])})",
            value_in_words(row["estimate"]),
            row["better"] or "–",
            f"{row['answers']:,}",
            f"{row['clusters']:,}",
        ]
        for row in results
    ]
    return _table(["what", "number, 95 % interval", "better", "answers", "clusters"], body, escaped=True)


def _levels(plain: Mapping[str, Any]) -> list[str]:
    framework = plain["framework"]
    body = [
        [row["title"] + ("" if row["tracked"] else " (watched)"), *(level_in_words(row[v]) for v in ("pre", "post"))]
        for row in plain["categories"]
    ]
    body.append(["Overall", *((plain["overall"].get(v) or {}).get("level") or "no level" for v in ("pre", "post"))])
    gates = [[g["name"], g["variant"], f"at most {g['at_most']}", g["verdict"]] for g in plain["gates"]]
    return [
        f"{framework['title']} ({framework['version']}). {framework['source']}",
        _table(["category", "before mitigations", "after mitigations"], body),
        _table(["gate", "column", "needs", "verdict"], gates),
    ]


def _comparison(comparison: Mapping[str, Any]) -> list[str]:
    body = [
        [
            f"{row['title']}: {row['metric']}",
            *(value_in_words(row[side]) for side in ("first", "second", "difference")),
            visible_cell(row),
            row["verdict"],
        ]
        for row in comparison["paired"]
    ]
    head = ["what", comparison["first"]["name"], comparison["second"]["name"], "difference", "visible", "verdict"]
    lost = [f"Not compared: {row['title']}, {row['metric']}: {row['why']}." for row in comparison["unpaired"]]
    return [comparison_in_words(comparison), *([_table(head, body)] if body else []), *lost]


def _evaluation(rows: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]) -> list[str]:
    first = rows[0]
    body = [
        [
            row["metric"],
            value_in_words(row["estimate"]),
            visible_cell(row),
            row["about"],
            variance_in_words(row).removeprefix("variance: "),
        ]
        for row in rows
    ]
    parts = [f"## {_cell(first['title'])}", *([_cell(asked["about"])] if asked.get("about") else [])]
    head = ["metric", "number", "visible difference", "what it is"]
    head += ["where the variance comes from"] if splits_variance(rows) else []
    body = [cells[: len(head)] for cells in body]
    parts += [_table(head, body), *filter(None, [_cell(visible_in_words(first))]), *_parts(rows)]
    outcomes = ", ".join(f"{name} {number:,}" for name, number in first["outcomes"].items())
    stands = "; ".join([basis(first), *map(_cell, graders_in_words(rows))])
    parts += [_cell(f"Calibration of the grader: {words}.") for words in calibrations_in_words(rows)]
    parts.append(f"Stands on {stands}." + (f" Outcomes: {outcomes}." if outcomes else ""))
    published = [
        [row["metric"], values, where, value_in_words(row["estimate"])]
        for row, where, values in published_in_words(rows)
    ]
    if published:
        parts.append("Published, on another data set and by another grader, not to be ranked with ours:")
        parts.append(_table(["metric", "published", "where", "ours"], published))
    hashes = [f"data `{first['dataset_sha256'][:16]}`" if first["dataset_sha256"] else ""]
    hashes += [f"log `{first['log_sha256'][:16]}`" if first["log_sha256"] else ""]
    return [*parts, *([f"sha256: {', '.join(filter(None, hashes))}."] if any(hashes) else [])]


def _parts(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the page draws, as tables: curves, and numbers that may be below 0 by category."""
    parts = []
    for row in rows:
        if row["curve"]:
            curve = row["curve"]
            head = [curve["along"], curve["of"], *([curve["beside_is"]] if curve["beside_is"] else [])]
            body = [
                [format_number(point["at"]), value_in_words(point["estimate"])]
                + (["–" if point["beside"] is None else format_number(point["beside"])] if curve["beside_is"] else [])
                for point in curve["points"]
            ]
            parts += [f"`{_cell(row['metric'])}` along what it depends on:", _table(head, body)]
        elif is_signed(row) and len(row["by_category"]) > 1:
            body = [[name, value_in_words(estimate)] for name, estimate in row["by_category"].items()]
            parts += [f"`{_cell(row['metric'])}` by category:", _table(["category", "number"], body)]
    return parts


def _examples(examples: Sequence[Mapping[str, Any]]) -> str:
    body = []
    for one in examples:
        texts = [one["prompt"], one["answer"]]
        if one["withheld"]:
            which = f"{one['category']}, " if one["category"] else ""
            texts = [f"withheld: {which}sha256 {one['sha256'][:16]}", "withheld"]
        body.append([*texts, one["outcome"]])
    return _table(["asked last", "answered", "graded"], body)


def _table(head: Sequence[str], body: Sequence[Sequence[str]], *, escaped: bool = False) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cell if escaped else _cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    """Text that Markdown takes as it is: no pipe, no tag, no new line."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _slug(title: str) -> str:
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")
