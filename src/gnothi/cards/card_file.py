"""`card.json` as plain data: how numbers are written and read, and cards of older versions understood."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gnothi.metrics import Estimate
from gnothi.safety.evaluation import Curve
from gnothi.safety.results import Result

SCHEMA, OLDER = "gnothi-card/2", "gnothi-card/1"
FILE = "card.json"

Card = dict[str, Any]


def read_card(folder: Path) -> Card:
    """The card of a folder; one of an older schema comes as this one has it.

    **Raises:** `ValueError` if there is none, or it is of a schema that this version does not know.
    """
    path = folder / FILE
    if not path.is_file():
        raise ValueError(f"{folder} holds no {FILE}: `gnothi card MODEL --out {folder}` makes one")
    try:
        card: Card = json.loads(path.read_text(encoding="utf-8"))
        schema = card["schema"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({error}): make the card again") from error
    if schema == OLDER:
        return _newer(card)
    if schema != SCHEMA:
        raise ValueError(f"{path} has the schema {schema}, this version reads {SCHEMA}: make the card again")
    return card


def _newer(card: Card) -> Card:
    """A card of the older schema, in which shares alone of language models had units, as this one has it.

    Numbers of it mean what they meant; what was not in it is `null`.
    """
    rows = []
    for row in card["results"]:
        unbounded = card["subject"]["kind"] == "agent" and row["metric"].startswith("score")
        rows.append({**row, "range": [0.0, None if unbounded else 1.0], "visible": None, "curve": None})
    return {**card, "schema": SCHEMA, "results": rows}


def number(value: float) -> float | None:
    """A number for JSON, which has neither NaN nor infinity."""
    return float(value) if math.isfinite(value) else None


def plain_estimate(estimate: Estimate) -> dict[str, Any]:
    """An estimate for JSON; an end that is not finite is null."""
    return {
        "value": number(estimate.value),
        "low": number(estimate.low),
        "high": number(estimate.high),
        "units": int(estimate.units),
        "nonfinite": int(estimate.nonfinite),
    }


def estimate_from(plain: Mapping[str, Any]) -> Estimate:
    """An estimate as `plain_estimate` wrote it."""
    ends = {"value": math.nan, "low": -math.inf, "high": math.inf}
    numbers = {name: other if plain[name] is None else float(plain[name]) for name, other in ends.items()}
    return Estimate(**numbers, units=plain["units"], nonfinite=plain["nonfinite"])


def plain_result(result: Result) -> dict[str, Any]:
    """A result for JSON."""
    return {
        "evaluation": result.evaluation,
        "title": result.title,
        "metric": result.metric,
        "about": result.about,
        "better": result.better,
        "range": [number(end) for end in result.ends],
        "estimate": plain_estimate(result.estimate),
        "as_graded": plain_estimate(result.as_graded),
        "answers": int(result.answers),
        "prompts": int(result.prompts),
        "clusters": int(result.clusters),
        "outcomes": {str(name): int(count) for name, count in result.outcomes.items()},
        "decided": {str(name): int(count) for name, count in result.decided.items()},
        "grader": result.grader,
        "corrected_by": result.corrected_by,
        "calibration": None if result.calibration is None else _plain_calibration(result.calibration),
        "variance": {
            name: None if part is None else number(part)
            for name, part in (
                ("prompts", result.parts.prompts),
                ("resamples", result.parts.resamples),
                ("grader", result.parts.grader),
            )
        },
        "visible": None if result.visible is None else number(result.visible),
        "curve": None if result.curve is None else _plain_curve(result.curve),
        "by_category": {name: plain_estimate(found) for name, found in result.by_category.items()},
        "dataset_sha256": result.dataset_sha256,
        "log_sha256": result.log_sha256,
        "harmful": bool(result.harmful),
        "published": [asdict(one) for one in result.published],
    }


def _plain_curve(curve: Curve) -> dict[str, Any]:
    beside: list[float | None] = [number(value) for value in curve.beside] or [None] * len(curve.points)
    points = [
        {"at": at, "estimate": plain_estimate(estimate), "beside": other}
        for (at, estimate), other in zip(curve.points, beside, strict=True)
    ]
    return {
        "along": curve.along,
        "of": curve.of,
        "scale": curve.scale,
        "points": points,
        "beside_is": curve.beside_is,
    }


def _plain_calibration(calibration: Mapping[str, Any]) -> dict[str, Any]:
    """A calibration without its table by clusters, which is long."""
    return {name: value for name, value in calibration.items() if name != "groups"}
