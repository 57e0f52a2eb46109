"""`units.jsonl`: what each number of a card is the mean of, a line a metric, so that two cards can be compared.

Names of units are prompts' names, by which the units of two models pair; in an evaluation with harmful prompts they
are hashes of these, since a name may quote what is asked.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from gnothi.cards.page import replace_text
from gnothi.metrics.rates import Units
from gnothi.safety.results import Result

FILE = "units.jsonl"
Key = tuple[str, str]  # an evaluation, and a metric


@dataclass(frozen=True)
class Scores:
    """Units of an agent, a problem each: a number is the sum of `values` over the sum of `weights`.

    `weights` are 1, or the values of who knows nothing on the same problems: the same in every card.
    """

    names: tuple[str, ...]
    values: Float[np.ndarray, " units"]
    weights: Float[np.ndarray, " units"]


def write_units(path: Path, results: Sequence[Result], scores: Mapping[Key, Scores]) -> None:
    """Writes the units of each result, or its scores where it has some."""
    lines = []
    for result in results:
        found = scores.get((result.evaluation, result.metric))
        about = {
            "evaluation": result.evaluation,
            "metric": result.metric,
            "kind": "shares" if found is None else "scores",
        }
        units: Units | Scores = result.units if found is None else found
        words = {"names": units.names}
        if isinstance(units, Units):
            words |= {"clusters": units.clusters, "prompts": units.prompts}
        if result.harmful:
            words = {name: tuple(map(_hidden, some)) for name, some in words.items()}
        numbers = {"values": _numbers(units.values), "weights": _numbers(units.weights)}
        lines.append(json.dumps({**about, **numbers, **words}))
    replace_text(path, "\n".join([*lines, ""]))


def read_units(path: Path) -> dict[Key, Units | Scores]:
    """Units by evaluation and metric.

    **Raises:** `ValueError` if the file cannot be read.
    """
    found: dict[Key, Units | Scores] = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            names = tuple(row["names"])
            values, weights = (np.array([float(x) for x in row[name]], float) for name in ("values", "weights"))
            key = row["evaluation"], row["metric"]
            if row["kind"] == "scores":
                found[key] = Scores(names, values, weights)
            else:
                found[key] = Units(names, values, weights, tuple(row["clusters"]), tuple(row["prompts"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({error}): make the card again") from error
    return found


def _numbers(values: Iterable[float]) -> list[float | str]:
    """JSON has no NaN and no infinity: they are words."""
    return [float(value) if np.isfinite(value) else str(float(value)) for value in values]


def _hidden(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]
