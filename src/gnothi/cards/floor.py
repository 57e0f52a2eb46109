"""The floor: how far each agent is above the posterior, on the problems where that could be drawn from."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from gnothi.agents import in_range
from gnothi.cards.plots import WIDTH, Chart
from gnothi.cards.theme import INK, agent_colour
from gnothi.cards.wording import format_number
from gnothi.metrics import Estimate, mean_interval
from gnothi.sweep import Record

FLOORS = ("exact", "hmc")  # agents that draw from the posterior; the first of them that did a problem is its floor
LAWFUL = ("classification", "classification_2d", "published", "published_2d", "multiclass", "demo", "smoke")


@dataclass(frozen=True)
class Excess:
    """An agent's mean d_KL in nats at one tau, and its paired difference to the posterior's on the same problems."""

    agent: str
    tau: int
    mean: float
    above: Estimate


def trusted(records: Sequence[Record]) -> list[Record]:
    """The records without those of draws from a posterior whose diagnostics are out of range (`agents.TRUSTED`)."""
    doubted = {(r.subject, r.evaluation) for r in records if not in_range(r.metric, r.value)}
    return [record for record in records if (record.subject, record.evaluation) not in doubted]


def excesses(records: Sequence[Record]) -> list[Excess]:
    """Each agent above the floor, the nearest at the largest tau first; empty where nothing drew from the posterior.

    **Arguments:** `records`, trusted ones, of one suite whose problems come from the prior that the floor believes in.
    """
    values: dict[str, dict[tuple[str, int], float]] = defaultdict(dict)
    for record in records:
        if record.metric == "kl" and record.tau is not None:
            values[record.subject][record.evaluation, record.tau] = record.value
    rows = []
    for agent, own in values.items():
        floor: dict[tuple[str, int], float] = {}
        for name in FLOORS[::-1]:
            floor |= values.get(name, {}) if name != agent else {}
        if agent == FLOORS[0]:
            floor = own
        for tau in sorted({tau for _, tau in own.keys() & floor.keys()}, reverse=True):
            keys = sorted(key for key in own.keys() & floor.keys() if key[1] == tau)
            mine = np.array([own[key] for key in keys])
            gap = mean_interval(mine - np.array([floor[key] for key in keys]))
            rows.append(Excess(agent, tau, float(mine.mean()), gap))
    order = {row.agent: row.above.value for row in reversed(rows)}  # by the largest tau, which comes first
    return sorted(rows, key=lambda row: (order[row.agent], row.agent, -row.tau))


def floor_title(rows: Sequence[Excess]) -> str:
    """What the floor is and on how many problems it stands, in words."""
    most = max(row.above.units for row in rows)
    return f"Above the posterior, on the {most} problems where it could be drawn from"


def floor_chart(rows: Sequence[Excess], *, width: Any = WIDTH, title: Any = "", ink: str = INK) -> Chart:
    """Excess over the posterior at the largest tau with its interval; the floor itself is the dashed line at 0.

    **Arguments:** `rows`, of `excesses`; `width`, in pixels or `"container"`; `title`; `ink`, of lines and text.
    """
    tau = max(row.tau for row in rows)
    shown: list[dict[str, Any]] = [
        {
            "agent": row.agent,
            "above": row.above.value,
            "low": row.above.low if np.isfinite(row.above.low) else row.above.value,
            "high": row.above.high if np.isfinite(row.above.high) else row.above.value,
            "problems": row.above.units,
            "words": format_number(row.above.value),
        }
        for row in rows
        if row.tau == tau and row.agent not in (FLOORS[0], "uniform") and np.isfinite(row.above.value)
    ]
    numbers = [alt.Tooltip(f"{name}:Q", format=".3f") for name in ("above", "low", "high")]
    agents = [row["agent"] for row in shown]
    scale = alt.Scale(type="symlog", constant=0.05, nice=False, padding=14)
    base = alt.Chart(alt.Data(values=shown)).encode(
        y=alt.Y("agent:N", sort=agents, title=None, axis=alt.Axis(ticks=False, grid=False)),
        color=agent_colour(agents),
        tooltip=["agent:N", "problems:Q", *numbers],
    )
    x = alt.X(
        "above:Q",
        scale=scale,
        title=f"d_KL at τ = {tau} above the posterior's, nats (dashed: the posterior)",
        axis=alt.Axis(values=[-0.1, 0, 0.1, 0.2, 0.5, 1, 2, 5, 10], format="~g"),
    )
    floor = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(strokeDash=[5, 4], color=ink, strokeWidth=1.5)
    return alt.layer(
        floor.encode(x=alt.X("at:Q", scale=scale)),
        base.mark_rule(strokeWidth=2.5, opacity=0.55).encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
        base.mark_point(filled=True, size=75, opacity=1).encode(x=x),
        base.mark_text(align="left", dx=8, dy=-9, fontSize=10).encode(x=x, text="words:N", color=alt.value(ink)),
    ).properties(width=width, height=22 * max(len(shown), 1), title=title)
