"""Figure of `language.py`: accuracy and log-loss by the number of labels, a column a task."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from gnothi.cards.plots import Chart
from gnothi.cards.theme import agent_colours
from gnothi.metrics import mean_interval
from gnothi.reproduce.curves import Curves

WIDTH, HEIGHT, COLUMNS = 170, 150, 5
_METRICS = {"accuracy": "accuracy", "log_loss": "log-loss, nats"}


def draw(curves: Curves) -> Chart:
    """All panels: tasks in rows of five, each with accuracy above log-loss."""
    subjects = list(dict.fromkeys(name for task in curves.tasks for name in curves.subjects(task)))
    colours = agent_colours(subjects)
    scale = alt.Scale(domain=subjects, range=[colours[name] for name in subjects])
    columns = [_column(curves, task, scale) for task in curves.tasks]
    rows = [alt.hconcat(*columns[start : start + COLUMNS], spacing=20) for start in range(0, len(columns), COLUMNS)]
    return alt.vconcat(*rows, spacing=30)


def _column(curves: Curves, task: str, scale: alt.Scale) -> alt.VConcatChart:
    panels = [_panel(_rows(curves, task, metric), words, scale) for metric, words in _METRICS.items()]
    return alt.vconcat(*panels, spacing=8, title=alt.TitleParams(task.split("/")[1].replace("-", ", "), fontSize=12))


def _rows(curves: Curves, task: str, metric: str) -> list[dict[str, Any]]:
    rows = []
    for subject in curves.subjects(task):
        values = curves.of(task, subject, metric)
        for place, count in enumerate(curves.labels[task]):
            found = mean_interval(values[:, place])
            ends = (found.low, found.high) if len(values) > 1 else (found.value, found.value)
            row = {"rule": subject, "labels": int(count), "value": found.value}
            rows.append(row | dict(zip(("low", "high"), map(float, ends), strict=True)))
    return rows


def _panel(rows: Sequence[dict[str, Any]], words: str, scale: alt.Scale) -> Chart:
    """Lines of means; the best and the worst points say how much of the axis is shown: intervals may be cut."""
    values = [row["value"] for row in rows]
    room = 0.08 * (max(values) - min(values) or 1.0)
    y = alt.Scale(domain=[min(values) - room, max(values) + room], nice=False)
    base = alt.Chart(alt.Data(values=list(rows))).encode(
        x=alt.X("labels:Q", title="labels", axis=alt.Axis(tickCount=4)),
        color=alt.Color("rule:N", scale=scale, title=None, legend=alt.Legend(orient="bottom", columns=5)),
        tooltip=["rule:N", "labels:Q", alt.Tooltip("value:Q", format=".3f")],
    )
    band = base.mark_area(opacity=0.12, clip=True).encode(y=alt.Y("low:Q", scale=y, title=words), y2="high:Q")
    line = base.mark_line(strokeWidth=1.6, clip=True).encode(y=alt.Y("value:Q", scale=y, title=words))
    return alt.layer(band, line).properties(width=WIDTH, height=HEIGHT)
