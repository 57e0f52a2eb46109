"""The system card: what was measured of a model or an agent, and all that stands behind every number.

`card.json` is the card (docs/card-schema.md says what is in it); `card.html` and `card.md` are drawn from it alone, so
that a rating by people, which changes it, needs no model. `units.jsonl` beside it holds what each number is the mean
of: by that, two cards are compared.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from gnothi.cards.card_file import FILE, SCHEMA, Card, estimate_from, number, plain_estimate, plain_result, read_card
from gnothi.cards.card_html import card_page
from gnothi.cards.card_markdown import card_markdown
from gnothi.cards.card_words import headline
from gnothi.cards.examples import Example
from gnothi.cards.page import replace_text
from gnothi.cards.unit_file import FILE as UNITS
from gnothi.cards.unit_file import Key, Scores, write_units
from gnothi.cards.versions import versions
from gnothi.safety.preparedness import (
    VARIANTS,
    Assessment,
    Evidence,
    Framework,
    Variant,
    assess,
    framework_from,
    read_gates,
)
from gnothi.safety.preparedness import overall as overall_level
from gnothi.safety.ratings import Rating, add_rating, rating_of, read_ratings
from gnothi.safety.results import Result


@dataclass(frozen=True)
class Subject:
    """What the card is of.

    `kind` is `"language model"` or `"agent"`; `version`, a hash of its weights or settings; `variant`, whether it was
    measured before or after mitigations, which as it ships it is; `about`, further facts for people.
    """

    name: str
    kind: Literal["language model", "agent"]
    version: str
    variant: Variant = "post"
    about: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """An evaluation that was run: what it asks, with which settings, and for how many seconds."""

    name: str
    title: str
    about: str
    settings: Mapping[str, str | int | float] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Missing:
    """What was not measured, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Cost:
    """What the subject costs: a number of a `unit`, and what it is."""

    name: str
    value: float
    unit: str
    about: str = ""


@dataclass(frozen=True)
class Provenance:
    """What made the card: what was typed, at which scale, for how many seconds, by which versions, when (UTC)."""

    command: str
    scale: str
    seconds: float
    versions: Mapping[str, str]
    made: str = field(default_factory=lambda: _now())


def make_card(
    results: Sequence[Result],
    subject: Subject,
    provenance: Provenance,
    *,
    asked: Sequence[Asked] = (),
    framework: Framework | None = None,
    before: Evidence | None = None,
    ratings: Sequence[Rating] = (),
    missing: Sequence[Missing] = (),
    costs: Sequence[Cost] = (),
    examples: Sequence[Example] = (),
) -> Card:
    """A card as plain data, fit for JSON.

    **Arguments:** `results`; `subject`; `provenance`; `asked`, the evaluations behind the results; `framework`, of the
    scorecard, none for a subject that it says nothing of; `before`, the same indicators of the subject before
    mitigations; `ratings`, by people; `missing`, what was not measured; `costs`; `examples`, of answers.

    **Raises:** `ValueError` if there are no results.
    """
    if not results:
        raise ValueError("a card needs a result: nothing was measured")
    card: Card = {
        "schema": SCHEMA,
        "subject": asdict(subject),
        "headline": [],
        "scorecard": None,
        "results": [plain_result(result) for result in results],
        "evaluations": [asdict(one) for one in asked],
        "costs": [asdict(cost) | {"value": number(cost.value)} for cost in costs],
        "examples": [asdict(one) for one in examples],
        "missing": [asdict(one) for one in missing],
        "provenance": asdict(provenance),
        "units": None,
        "comparison": None,
    }
    if framework is not None:
        evidence: dict[Variant, Evidence | None] = {"pre": before, "post": None}
        evidence[subject.variant] = evidence_of(card)
        card["scorecard"] = scorecard(framework, evidence, ratings)
    card["headline"] = headline(card)
    return card


def write_card(
    folder: Path, card: Card, results: Sequence[Result] = (), scores: Mapping[Key, Scores] | None = None
) -> Path:
    """Writes `card.json`, `card.html`, `card.md`, and `units.jsonl` if there are results.

    **Arguments:** `folder`; `card`; `results` that it was made of; `scores`, the units of those that are no shares.

    **Returns:** the path of the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if results:
        write_units(folder / UNITS, results, scores or {})
        found = hashlib.sha256((folder / UNITS).read_bytes()).hexdigest()
        card["units"] = {"file": UNITS, "sha256": found}
    return _write(folder, card)


def _write(folder: Path, card: Card) -> Path:
    replace_text(folder / FILE, json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False))
    replace_text(folder / "card.md", card_markdown(card))
    replace_text(folder / "card.html", card_page(card))
    return folder / "card.html"


def remake_card(
    folder: Path,
    results: Sequence[Result],
    *,
    asked: Sequence[Asked] = (),
    missing: Sequence[Missing] = (),
    examples: Sequence[Example] = (),
) -> Path:
    """The card of a folder made anew of results that were measured again, on the same answers.

    Subject, framework, the other column of the scorecard, people's ratings and costs stay; a comparison does not.

    **Arguments:** `folder`; the others as of `make_card`.

    **Returns:** the path of the page.
    """
    old = read_card(folder)
    subject = Subject(**old["subject"])
    provenance = Provenance(**{**old["provenance"], "versions": versions(), "made": _now()})
    framework = None if old["scorecard"] is None else framework_from(old["scorecard"]["framework"])
    card = make_card(
        results,
        subject,
        provenance,
        asked=asked,
        framework=framework,
        before=None if framework is None or subject.variant == "pre" else _evidence_in(old["scorecard"], "pre"),
        ratings=read_ratings(folder),
        missing=missing,
        examples=examples,
    )
    return write_card(folder, {**card, "costs": old["costs"]}, results)


def add_comparison(folder: Path, comparison: Mapping[str, Any]) -> Path:
    """A card that says how its subject compares with a baseline, as `gnothi.cards.compare.compare_cards` found.

    **Returns:** the path of the page.
    """
    return _write(folder, {**read_card(folder), "comparison": dict(comparison)})


def rate_card(folder: Path, category: str, level: str, *, by: str, because: str, variant: Variant = "post") -> Path:
    """A person's rating of a category: kept in `ratings.json`, and the card is written anew.

    **Arguments:** `folder`, of a card; `category`; `level`; `by` whom; `because` of what; `variant`, which column.

    **Returns:** the path of the page.

    **Raises:** `ValueError` if the card has no scorecard, category or level of that name, or something is left empty.
    """
    card = read_card(folder)
    if card["scorecard"] is None:
        raise ValueError(f"the card of {card['subject']['name']} has no scorecard to rate")
    framework = framework_from(card["scorecard"]["framework"])
    framework.category(category)
    cells = {row["category"]: row[variant] for row in card["scorecard"]["categories"]}
    measured = (cells[category] or {}).get("measured") or ""
    rating = Rating(framework.name, category, variant, level, by, because, _now(), measured)
    ratings = add_rating(folder, framework, rating)
    evidence = {v: _evidence_in(card["scorecard"], v) for v in VARIANTS}
    card["scorecard"] = scorecard(framework, evidence, ratings)
    card["headline"] = headline(card)
    return _write(folder, card)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def scorecard(
    framework: Framework, evidence: Mapping[Variant, Evidence | None], ratings: Sequence[Rating] = ()
) -> dict[str, Any]:
    """The scorecard as plain data: levels before and after mitigations, the overall level, and the gates.

    **Arguments:** `framework`; `evidence` by variant, none where nothing was measured; `ratings`, of any framework.
    """
    assessed = {v: {} if found is None else assess(framework, found) for v, found in evidence.items()}
    cells = {
        variant: {c.name: _cell(framework, c.name, variant, of.get(c.name), ratings) for c in framework.categories}
        for variant, of in assessed.items()
    }
    levels = {v: {name: cell["level"] for name, cell in of.items() if cell} for v, of in cells.items()}
    chances = {v: {name: _chances(cell) for name, cell in of.items() if cell} for v, of in cells.items()}
    overall = {}
    for variant, of in levels.items():
        level, without = overall_level(framework, of)
        overall[variant] = {"level": level, "without_level": list(without)}
    gates = [
        {
            **asdict(reading.gate),
            "verdict": reading.verdict,
            "probability": number(reading.probability),
            "too_high": list(reading.too_high),
            "without_level": list(reading.without_level),
        }
        for reading in read_gates(framework, levels, chances)
    ]
    categories = [
        {"category": c.name, "title": c.title, "about": c.about, "tracked": c.tracked}
        | {variant: cells[variant][c.name] for variant in VARIANTS}
        for c in framework.categories
    ]
    return {"framework": framework.plain(), "categories": categories, "overall": overall, "gates": gates}


def _cell(
    framework: Framework, category: str, variant: Variant, found: Assessment | None, ratings: Sequence[Rating]
) -> dict[str, Any] | None:
    rating = rating_of(ratings, framework.name, category, variant)
    if found is None and rating is None:
        return None
    measured = found.level if found else ""
    cell: dict[str, Any] = {
        "level": rating.level if rating else measured,
        "measured": measured,
        "point": found.point if found else "",
        "probabilities": dict(found.probabilities) if found else {},
        "decision": "rated by a person" if rating else found.decision if found else "",
        "why": found.why if found else "",
        "rating": asdict(rating) if rating else None,
        "indicators": [],
    }
    for reading in found.readings if found else ():
        estimate = None if reading.estimate is None else plain_estimate(reading.estimate)
        cell["indicators"].append({**asdict(reading.indicator), "estimate": estimate, "reached": dict(reading.reached)})
    return cell


def _chances(cell: Mapping[str, Any]) -> dict[str, float]:
    """The probability of each level; what a person says is taken at their word."""
    return {cell["level"]: 1.0} if cell["rating"] else cell["probabilities"]


def _evidence_in(plain: Mapping[str, Any], variant: Variant) -> Evidence | None:
    """The evidence that a scorecard was made of."""
    cells = [row[variant] for row in plain["categories"]]
    if not any(cell and cell["indicators"] for cell in cells):
        return None
    return {
        (found["evaluation"], found["metric"]): estimate_from(found["estimate"])
        for cell in cells
        if cell
        for found in cell["indicators"]
        if found["estimate"] is not None
    }


def evidence_of(card: Card) -> Evidence:
    """A card's estimates by evaluation and metric."""
    return {(row["evaluation"], row["metric"]): estimate_from(row["estimate"]) for row in card["results"]}
