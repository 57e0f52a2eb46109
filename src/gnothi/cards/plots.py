"""Charts, each a function from plain rows to Altair; the theme is put on by whoever draws them."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import altair as alt

from gnothi.cards.labels import Axis, log_axis, named_points, ticks_between
from gnothi.cards.leaderboard import BASELINE, METRICS, Leaderboard, Row
from gnothi.cards.theme import INK, agent_colour

Chart = alt.LayerChart | alt.FacetChart | alt.HConcatChart | alt.VConcatChart
WIDTH = "container"  # a chart is as wide as its place in the page
PAGE_WIDTH = 800  # which that is about, in pixels


def score_panel(board: Leaderboard, tau: int, *, width: Any = WIDTH, title: Any = "", ink: str = INK) -> Chart:
    """Scores of all agents at one tau with their intervals, the best at the largest tau on top.

    **Arguments:** `board`; `tau`; `width`, in pixels or `"container"`; `title`; `ink`, colour of lines and text.
    """
    rows = drawable(board.at(tau))
    score = _score_axis(rows, score_title(board, tau), room=0.17)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("agent:N", sort=board.agents, title=None, axis=alt.Axis(ticks=False, grid=False)),
        color=agent_colour(board.agents),
        tooltip=_tooltip(board),
    )
    layers = [
        base.mark_rule(strokeWidth=2.5, opacity=0.55).encode(x=score.of(alt.X, "low"), x2="high:Q"),
        base.mark_point(filled=True, size=75, opacity=1).encode(x=score.of(alt.X)),
        base.mark_text(align="left", dx=8).encode(
            x="edge:Q", text=alt.Text("score:Q", format=".3f"), color=alt.value(ink)
        ),
    ]
    if board.normalised:
        one = alt.Chart(alt.Data(values=[{"at": 1}])).mark_rule(strokeDash=[3, 3], opacity=0.5, color=ink)
        layers.insert(0, one.encode(x="at:Q"))
    return alt.layer(*layers).properties(width=width, height=27 * max(len(rows), 1), title=title)


def compute_chart(board: Leaderboard, *, width: Any = WIDTH, ink: str = INK) -> Chart:
    """Score at the largest tau against CPU seconds a problem; the dashed line joins agents that no other beats in both.

    **Arguments:** `board`; `width`, in pixels or `"container"`; `ink`, colour of lines and text.
    """
    rows = [{**row, "cost": max(row["cpu_seconds"], 1e-3)} for row in drawable(board.at(board.taus[0]))]
    return _pareto_chart(board, rows, "CPU seconds a problem, to train and to score (log)", width=width, ink=ink)


def flops_chart(board: Leaderboard, *, width: Any = WIDTH, ink: str = INK) -> Chart:
    """Score at the largest tau against the arithmetic of training, for agents where that was counted.

    **Arguments:** as of `compute_chart`.
    """
    counted = [row for row in drawable(board.at(board.taus[0])) if row["train_flops"] is not None]
    rows = [{**row, "cost": row["train_flops"] / 1e9} for row in counted if row["train_flops"] > 0]
    return _pareto_chart(board, rows, "GFLOP of training a problem (log)", width=width, ink=ink)


def _pareto_chart(board: Leaderboard, rows: list[dict[str, Any]], words: str, *, width: Any, ink: str) -> Chart:
    cost = log_axis("cost", [row["cost"] for row in rows] or [1.0], words)
    score = _score_axis(rows, score_title(board, board.taus[0]), room=0.08, wide=4)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=cost.of(alt.X), color=agent_colour(board.agents), tooltip=_tooltip(board)
    )
    front = alt.Chart(alt.Data(values=pareto_front(rows))).mark_line(
        interpolate="step-after", strokeDash=[4, 4], opacity=0.45, color=ink, strokeWidth=1.5
    )
    size = (width if isinstance(width, int | float) else PAGE_WIDTH, 400)
    return alt.layer(
        front.encode(x=cost.of(alt.X), y=score.of(alt.Y)),
        base.mark_rule(strokeWidth=2.5, opacity=0.45).encode(y=score.of(alt.Y, "low"), y2="high:Q"),
        base.mark_point(filled=True, size=90, opacity=1).encode(y=score.of(alt.Y)),
        named_points(rows, cost, score, size=size, ink=ink),
    ).properties(width=width, height=size[1])


def pareto_front(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those rows than which no cheaper one (by `cost`) has a lower `score`, the cheapest first."""
    front: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: (row["cost"], row["score"])):
        if not front or row["score"] < front[-1]["score"]:
            front.append(row)
    return front


def slice_panel(
    rows: Sequence[dict[str, Any]], board: Leaderboard, title: str, *, width: Any = WIDTH, ink: str = INK
) -> Chart:
    """Scores at each level of a factor, agents side by side.

    **Arguments:** `rows`, of `slice_rows`; `board`, of the suite; `title`, of the factor; `width`; `ink`.
    """
    shown = [row for row in drawable(rows) if row["agent"] != BASELINE]
    agents = [agent for agent in board.agents if agent != BASELINE]
    score = _score_axis(shown, "score", room=0.05)
    base = alt.Chart(alt.Data(values=shown)).encode(
        x=alt.X("level:O", title=title, axis=alt.Axis(labelAngle=0, grid=False), scale=alt.Scale(paddingInner=0.25)),
        xOffset=alt.XOffset("agent:N", sort=agents),
        color=agent_colour(agents),
        tooltip=[alt.Tooltip("level:O", title=title), *_tooltip(board)],
    )
    layers = [
        base.mark_rule(strokeWidth=2, opacity=0.55).encode(y=score.of(alt.Y, "low"), y2="high:Q"),
        base.mark_point(filled=True, size=45, opacity=1).encode(y=score.of(alt.Y)),
    ]
    if board.normalised:
        one = alt.Chart(alt.Data(values=[{"at": 1}])).mark_rule(strokeDash=[3, 3], opacity=0.5, color=ink)
        layers.insert(0, one.encode(y="at:Q"))
    return alt.layer(*layers).properties(width=width, height=230)


def score_chart(board: Leaderboard, *, title: Any = "", ink: str = INK) -> Chart:
    """The panels of every tau side by side, the smallest tau first: a picture to show by itself."""
    panels = [score_panel(board, tau, width=330, ink=ink, title=_panel_title(tau)) for tau in reversed(board.taus)]
    return alt.hconcat(*panels, spacing=40, title=title)


def score_title(board: Leaderboard, tau: int) -> str:
    """The title of an axis that shows scores."""
    name = METRICS[board.metric]
    return f"{name} at τ = {tau}, uniform = 1" if board.normalised else f"{name} at τ = {tau}, nats"


def drawable(rows: Sequence[Row] | Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Plain rows of those scores that fit on an axis; where there is no interval its ends are the score itself."""
    plain = [row if isinstance(row, dict) else asdict(row) for row in rows]
    shown = []
    for row in plain:
        if math.isfinite(row["score"]):
            ends = {end: row["score"] if math.isnan(row[end]) else row[end] for end in ("low", "high")}
            maybe = [name for name in row if name.startswith(("behind", "by_cell", "train_flops"))]
            gaps = {name: row[name] if math.isfinite(row[name]) else None for name in maybe}
            shown.append({**row, **ends, **gaps, "edge": max(ends["high"], row["score"])})
    return shown


def _panel_title(tau: int) -> str:
    return "One label at a time (τ = 1)" if tau == 1 else f"{tau} labels together (τ = {tau})"


def _tooltip(board: Leaderboard) -> list[alt.Tooltip]:
    number: dict[str, Any] = {"type": "quantitative", "format": ".3f"}
    return [
        alt.Tooltip("agent:N"),
        alt.Tooltip("score", title="score", **number),
        alt.Tooltip("low", title="95 % from", **number),
        alt.Tooltip("high", title="to", **number),
        alt.Tooltip("mean", title=f"mean {METRICS[board.metric]}, nats", **number),
        alt.Tooltip("cpu_seconds", title="CPU seconds", type="quantitative", format=".2~s"),
        alt.Tooltip("problems:Q", title="problems"),
    ]


def _score_axis(rows: Sequence[dict[str, Any]], title: str, room: float, wide: float = 8) -> Axis:
    """From zero, or logarithmic where scores spread by more than `wide`; `room` is left at the end, a part of all."""
    low, high = min((row["low"] for row in rows), default=0.0), max((row["high"] for row in rows), default=1.0)
    if low > 0 and high / low > wide:
        spread = high / low
        domain = (low / spread**0.05, high * spread ** (1.6 * room))
        return Axis("score", domain, title, ticks=ticks_between(low, high))
    return Axis("score", (min(low, 0.0), max(high, 1e-9) * (1 + room)), title, log=False)
