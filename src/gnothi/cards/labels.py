"""Points with names on two axes: where the names go, so that they cover neither each other nor the points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

LETTER = 0.56  # the mean width of a letter, of its size
GAP = 7  # between a point and its name, in pixels


def place_labels(
    points: Sequence[tuple[float, float]], words: Sequence[str], *, font_size: float, width: float
) -> list[tuple[float, float]]:
    """Shifts of each name's left middle from its point, in pixels: greedily, those with most neighbours first.

    **Arguments:** `points`, in pixels, y downwards; `words`, the names; `font_size`, in pixels; `width`, of the frame,
    out of which no name should reach.
    """
    at = np.array(points, float).reshape(-1, 2)
    sizes = np.array([[LETTER * font_size * len(word), font_size] for word in words]).reshape(-1, 2)
    dots = np.concatenate([at - 6, at + 6], axis=1)
    boxes = np.zeros((0, 4))
    shifts: dict[int, tuple[float, float]] = {}
    crowd = (np.abs(at[:, None] - at[None]).max(axis=2) < 40).sum(axis=1)
    for which in np.argsort(-crowd, kind="stable"):
        wide, high = sizes[which]
        options = _options(float(wide), float(high))
        corners = np.array([[at[which, 0] + dx, at[which, 1] + dy - high / 2] for dx, dy in options])
        rects = np.concatenate([corners, corners + sizes[which]], axis=1)
        cost = [
            3 * _overlap(rect, boxes)
            + 2 * _overlap(rect, np.delete(dots, which, axis=0))
            + 50 * max(0.0, -rect[0], rect[2] - width)
            + 0.4 * np.hypot(*shift)
            + 2 * place
            for place, (rect, shift) in enumerate(zip(rects, options, strict=True))
        ]
        best = int(np.argmin(cost))
        boxes = np.concatenate([boxes, rects[best : best + 1]])
        shifts[int(which)] = options[best]
    return [shifts[place] for place in range(len(at))]


def _options(wide: float, high: float) -> list[tuple[float, float]]:
    """Shifts to try, the preferred first: right, left, above, below, the corners, and all of them farther away."""
    right, left, middle = float(GAP), -GAP - wide, -wide / 2
    near = [(right, 0.0), (left, 0.0), (right, -high), (right, high), (left, -high), (left, high)]
    near += [(middle, -high - 2), (middle, high + 2)]
    return near + [(dx, sign * k * high) for k in (1.8, 2.6) for dx in (right, left, middle) for sign in (-1, 1)]


def _overlap(rect: np.ndarray, others: np.ndarray) -> float:
    """The area, in pixels, that a rectangle (left, top, right, bottom) shares with others."""
    sides = np.minimum(rect[2:], others[:, 2:]) - np.maximum(rect[:2], others[:, :2])
    return float(np.clip(sides, 0, None).prod(axis=1).sum())


@dataclass(frozen=True)
class Axis:
    """An axis whose domain is known here, so that what lies where on it is known too.

    `field`, of the rows; `domain`; `log`, whether logarithmic; `title`; `ticks`, values to mark (Vega's own if none).
    """

    field: str
    domain: tuple[float, float]
    title: str
    log: bool = True
    ticks: tuple[float, ...] = ()

    def along(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        low, high, value = (math.log(v) if self.log else v for v in (*self.domain, value))
        return (value - low) / (high - low)

    def of(self, channel: type[alt.X] | type[alt.Y], field: str | None = None) -> Any:
        """The channel of a chart, for this axis's field or for another that is drawn on it."""
        scale = alt.Scale(type="log" if self.log else "linear", domain=list(self.domain), nice=False)
        # A linear axis takes its numbers' length from its ticks, and "~g" would make 10 of it 1e+1.
        wording: dict[str, Any] = {"format": "~g"} if self.log else {}
        axis = alt.Axis(**wording, **({"values": list(self.ticks)} if self.ticks else {"tickCount": 5}))
        return channel(f"{field or self.field}:Q", scale=scale, title=self.title, axis=axis)


def log_axis(field: str, values: Sequence[float], title: str, *, room: float = 0.12) -> Axis:
    """A logarithmic axis around positive values, with `room` on both sides, as a part of the whole."""
    low, high = math.log(min(values)), math.log(max(values))
    rim = room * max(high - low, 0.5)
    return Axis(
        field, (math.exp(low - rim), math.exp(high + rim)), title, True, ticks_between(min(values), max(values))
    )


def ticks_between(low: float, high: float) -> tuple[float, ...]:
    """Ticks at 1, 2 and 5 times powers of ten; at more where there is one power, at powers alone where many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 1.5, 2, 3, 5, 7) if high < 10 * low else (1, 2, 5) if len(powers) <= 4 else (1,)
    return tuple(t for p in powers for m in steps if low / 1.5 <= (t := float(f"{m}e{p}")) <= high * 1.5)


def named_points(
    rows: Sequence[dict[str, Any]],
    x: Axis,
    y: Axis,
    *,
    size: tuple[float, float],
    ink: str,
    font_size: float = 11,
    name: str = "agent",
) -> alt.Chart:
    """The names of points as a layer of a chart of `size` (width and height in pixels)."""
    points = [(x.along(row[x.field]) * size[0], (1 - y.along(row[y.field])) * size[1]) for row in rows]
    shifts = place_labels(points, [row[name] for row in rows], font_size=font_size, width=size[0])
    placed = [{**row, "dx": dx, "dy": dy} for row, (dx, dy) in zip(rows, shifts, strict=True)]
    words = alt.Chart(alt.Data(values=placed)).mark_text(
        align="left", baseline="middle", dx={"expr": "datum.dx"}, dy={"expr": "datum.dy"}, fontSize=font_size
    )
    return words.encode(x=x.of(alt.X), y=y.of(alt.Y), text=f"{name}:N", color=alt.value(ink))
