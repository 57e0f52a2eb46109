"""Figure of `language.py`: accuracy and log-loss by the number of labels, a column a task."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from gnothi.cards.plots import Chart
from gnothi.metrics import mean_interval
from gnothi.reproduce.curves import Curves

WIDTH, HEIGHT, COLUMNS = 170, 150, 5
BANDS = ("epinet, uniform", "epinet, variance")  # more would cover each other
_METRICS = {"accuracy": "accuracy", "log_loss": "log-loss, nats"}
_RULES = {  # the published order of the figure's legend, and what tells them apart
    "uniform": "#8a8f98",
    "variance": "#e0662b",
    "bald": "#b3261e",
    "entropy": "#3f86d0",
    "margin": "#0f9184",
}
_DASHES = {"epinet": [1, 0], "epinet, 0.1 aside": [6, 2], "mlp": [2, 2], "ensemble+": [8, 3, 2, 3], "dropout": [1, 4]}


def draw(curves: Curves) -> Chart:
    """All panels: tasks in rows of five, each with accuracy above log-loss; a colour a rule, a dash an agent."""
    columns = [_column(curves, task) for task in curves.tasks]
    rows = [alt.hconcat(*columns[start : start + COLUMNS], spacing=20) for start in range(0, len(columns), COLUMNS)]
    return alt.vconcat(*rows, spacing=30)


def _column(curves: Curves, task: str) -> alt.VConcatChart:
    panels = [_panel(_rows(curves, task, metric), words) for metric, words in _METRICS.items()]
    return alt.vconcat(*panels, spacing=8, title=alt.TitleParams(task.split("/")[1], fontSize=12))


def _rows(curves: Curves, task: str, metric: str) -> list[dict[str, Any]]:
    rows = []
    for subject in curves.subjects(task):
        agent, rule, *aside = subject.split(", ")
        values = curves.of(task, subject, metric)
        for place, count in enumerate(curves.labels[task]):
            found = mean_interval(values[:, place])
            row = {"subject": subject, "agent": ", ".join((agent, *aside)), "rule": rule, "labels": int(count)}
            rows.append(row | {"value": found.value, "low": float(found.low), "high": float(found.high)})
    return rows


def _panel(rows: Sequence[dict[str, Any]], words: str) -> Chart:
    """Lines of means; the best and the worst points say how much of the axis is shown: bands may be cut."""
    values = [row["value"] for row in rows]
    room = 0.08 * (max(values) - min(values) or 1.0)
    scale = alt.Scale(domain=[min(values) - room, max(values) + room], nice=False)
    y: dict[str, Any] = {"scale": scale, "title": words}
    legend = alt.Legend(orient="bottom", symbolType="stroke", symbolStrokeWidth=2, symbolOpacity=1)
    colour = alt.Scale(domain=list(_RULES), range=list(_RULES.values()))
    dash = alt.Scale(domain=list(_DASHES), range=list(_DASHES.values()))
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X("labels:Q", title="labels", axis=alt.Axis(tickCount=4)),
        color=alt.Color("rule:N", scale=colour, legend=legend),
        tooltip=["subject:N", "labels:Q", alt.Tooltip("value:Q", format=".3f")],
    )
    shown = [row for row in rows if row["subject"] in BANDS]
    band = base.mark_area(opacity=0.15, clip=True).encode(y=alt.Y("low:Q", **y), y2="high:Q", detail="subject:N")
    line = base.mark_line(strokeWidth=1.6, clip=True).encode(
        y=alt.Y("value:Q", **y),
        detail="subject:N",
        strokeDash=alt.StrokeDash("agent:N", scale=dash, legend=legend),
    )
    return alt.layer(band.properties(data=alt.Data(values=shown)), line).properties(width=WIDTH, height=HEIGHT)
