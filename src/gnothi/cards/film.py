"""The film of a bandit with actions on a line: joint samples of what each is worth, as rewards come in.

A moving picture for the page, and a few of its frames side by side for print.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import vl_convert
from jaxtyping import Float, Int

from gnothi.cards.figures import print_spec
from gnothi.cards.theme import INK, POSITIVE

WIDTH, HEIGHT = 560, 320
FRAME_TIME = 250  # milliseconds
FRAME = "frame"


def film_frames(horizon: int, count: int) -> list[int]:
    """Steps to show, `count` at most: many at first, when much is learned at each, and the last one.

    >>> film_frames(1000, 7)
    [0, 2, 9, 31, 99, 315, 999]
    """
    steps = np.round(np.geomspace(1, horizon, count)).astype(int) - 1
    return sorted(set(steps.tolist()))


def film_rows(
    positions: Float[np.ndarray, " actions"],
    means: Float[np.ndarray, " actions"],
    draws: Float[np.ndarray, "steps samples actions"],
    taken: Int[np.ndarray, " steps"],
    steps: Sequence[int],
) -> dict[str, list[dict[str, Any]]]:
    """What is drawn: `draws`, a line a sample and frame; `truth`; and `taken`, how often each action was, by frame.

    **Arguments:** `positions` of the actions; `means`, their true expected rewards; `draws` before each step; `taken`;
    `steps`, to show.
    """
    order = np.argsort(positions)
    x = positions[order].round(4).tolist()
    lines = [
        {FRAME: step, "sample": sample, "x": at, "value": round(float(value), 4)}
        for step in steps
        for sample, line in enumerate(draws[step])
        for at, value in zip(x, line[order], strict=True)
    ]
    counts = [(step, np.bincount(taken[:step], minlength=len(positions))[order]) for step in steps]
    times = [
        {FRAME: step, "x": at, "times": int(times)}
        for step, each in counts
        for at, times in zip(x, each, strict=True)
        if times
    ]
    truth = [{"x": at, "value": float(mean)} for at, mean in zip(x, means[order], strict=True)]
    return {"draws": lines, "truth": truth, "taken": times}


def write_film(rows: dict[str, list[dict[str, Any]]], path: Path, *, title: Any = "", ink: str = INK) -> None:
    """Writes the film as one HTML file that opens offline: it plays by itself, over and over, and can be stopped.

    **Arguments:** `rows`, of `film_rows`; `path`; `title`; `ink`, colour of text.
    """
    steps = sorted({row[FRAME] for row in rows["draws"]})
    shown = f"datum.{FRAME} == {json.dumps(steps)}[now]"
    words = alt.Chart(alt.Data(values=[{FRAME: step, "words": f"{step:,} rewards"} for step in steps]))
    words = words.mark_text(align="right", baseline="top", fontSize=14, color=ink)
    words = words.encode(x=alt.value(WIDTH - 8), y=alt.value(6), text="words:N")
    moving = [layer.transform_filter(shown) for layer in [*_moving(rows, ink), words]]
    now = alt.param("now", value=0, bind=alt.binding_range(min=0, max=len(steps) - 1, step=1, name="frame "))
    plays = alt.param("plays", value=True, bind=alt.binding_checkbox(name="plays "))
    chart = alt.layer(*moving, _truth(rows, ink)).add_params(now, plays)
    spec = vl_convert.vegalite_to_vega(print_spec(chart.properties(width=WIDTH, height=HEIGHT, title=title)))
    # Vega-Lite has timers for charts of one layer only; Vega has them for every signal.
    signal = next(signal for signal in spec["signals"] if signal["name"] == "now")
    signal["on"] = [
        {"events": {"type": "timer", "throttle": FRAME_TIME}, "update": f"plays ? (now + 1) % {len(steps)} : now"}
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(vl_convert.vega_to_html(spec, bundle=True), encoding="utf-8")


def film_strip(
    rows: dict[str, list[dict[str, Any]]], steps: Sequence[int], *, title: Any = "", ink: str = INK
) -> alt.HConcatChart:
    """A few frames side by side.

    **Arguments:** `rows`, of `film_rows`; `steps`, among its frames; `title`; `ink`, colour of text.
    """
    panels = []
    for step in steps:
        of_step = {name: [row for row in rows[name] if row[FRAME] == step] for name in ("draws", "taken")}
        chart = alt.layer(*_moving(of_step, ink), _truth(rows, ink))
        panels.append(chart.properties(width=200, height=160, title=f"{step:,} rewards"))
    return alt.hconcat(*panels, title=title)


def _x() -> alt.X:
    return alt.X("x:Q", title="action")


def _y() -> alt.Y:
    return alt.Y("value:Q", title="expected reward", scale=alt.Scale(domain=[0, 1]))


def _moving(rows: dict[str, list[dict[str, Any]]], ink: str) -> list[alt.Chart]:
    lines = alt.Chart(alt.Data(values=rows["draws"])).mark_line(strokeWidth=1, opacity=0.35, color=POSITIVE)
    ticks = alt.Chart(alt.Data(values=rows["taken"])).mark_tick(color=ink, thickness=1.5, orient="vertical", size=12)
    return [
        lines.encode(x=_x(), y=_y(), detail="sample:N"),
        ticks.encode(x=_x(), y=alt.datum(0), opacity=alt.Opacity("times:Q", scale=alt.Scale(type="log"), legend=None)),
    ]


def _truth(rows: dict[str, list[dict[str, Any]]], ink: str) -> alt.Chart:
    chart = alt.Chart(alt.Data(values=rows["truth"])).mark_line(strokeWidth=1.5, strokeDash=[5, 4], color=ink)
    return chart.encode(x=_x(), y=_y())
