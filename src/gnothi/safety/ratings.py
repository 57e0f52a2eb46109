"""People's ratings of risk categories: edits with provenance, kept beside a card and never overwritten.

`ratings.json` is a list that only grows: the last rating of a category counts, and the earlier ones can still be read.
Making a card again reads it and does not write it.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gnothi.safety.preparedness import VARIANTS, Framework, Variant

FILE = "ratings.json"


@dataclass(frozen=True)
class Rating:
    """Who put a category at a level, when (UTC, ISO 8601), why, and what had been `measured` then (a level, or "")."""

    framework: str
    category: str
    variant: Variant
    level: str
    by: str
    because: str
    at: str
    measured: str

    def __post_init__(self) -> None:
        for name in ("by", "because", "at"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty: a rating says who put it there and why, for others to judge")
        if self.variant not in VARIANTS:
            raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, got {self.variant!r}")


def read_ratings(folder: Path) -> list[Rating]:
    """All ratings of a card's folder, the oldest first; none if nobody rated.

    **Raises:** `ValueError` if the file cannot be read: it is not to be lost, so it is not ignored.
    """
    path = folder / FILE
    if not path.exists():
        return []
    try:
        return [Rating(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError, ValueError) as error:
        raise ValueError(f"{path} cannot be read ({error}): mend it by hand, it holds what people decided") from error


def add_rating(folder: Path, framework: Framework, rating: Rating) -> list[Rating]:
    """Adds a rating to those of a folder.

    **Returns:** all of them, the new one last.

    **Raises:** `ValueError` if the framework is another one, or has no such category or level.
    """
    if rating.framework != framework.name:
        raise ValueError(f"a rating under {rating.framework} says nothing under {framework.name}")
    framework.category(rating.category)
    framework.rank(rating.level)
    ratings = [*read_ratings(folder), rating]
    temporary = folder / f".{FILE}.{os.getpid()}"
    temporary.write_text(json.dumps([asdict(one) for one in ratings], indent=1, ensure_ascii=False), encoding="utf-8")
    temporary.replace(folder / FILE)
    return ratings


def rating_of(ratings: Sequence[Rating], framework: str, category: str, variant: Variant) -> Rating | None:
    """The rating that counts: the last one of a category under this framework."""
    wanted = (framework, category, variant)
    return next((one for one in reversed(ratings) if (one.framework, one.category, one.variant) == wanted), None)
