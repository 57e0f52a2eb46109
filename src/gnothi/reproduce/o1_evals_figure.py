"""Figure of `o1_evals.py`: published numbers with the intervals they imply, beside the packaged model's."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from gnothi.cards.figures import PRINT_INK
from gnothi.cards.plots import Chart
from gnothi.reproduce.published_rates import Table, implied
from gnothi.safety.results import Result

COLOURS = {
    "GPT-4o": "#3f86d0",
    "GPT-4o-mini": "#9cc3ea",
    "o1-mini": "#d29a18",
    "o1-preview": "#b55fa5",
    "o1": "#b3261e",
    "packaged model": "#0f9184",
}
OURS = "packaged model"
PENALTIES = np.linspace(0, 3, 61)
#: Of ours, what stands beside which published row.
BESIDE = {
    ("disallowed_multi_turn", "not_unsafe"): "WildChat, not_unsafe",
    ("over_refusal", "not_overrefuse"): "XSTest, not_overrefuse",
    ("strong_reject", "goodness@0.1"): "StrongREJECT, goodness@0.1",
    ("simpleqa", "accuracy"): "SimpleQA, accuracy",
    ("simpleqa", "hallucination"): "SimpleQA, hallucination",
}
Shares = Mapping[str, tuple[float, float]]


def draw(tables: Sequence[Table], own: Sequence[Result], simpleqa: Shares, personqa: Shares) -> Chart:
    """Rows of the o1 card with intervals, and what right and wrong answers are worth by the price of wrong ones."""
    mine = {(result.evaluation, result.metric): result.estimate for result in own}
    panels = []
    for title, name, shares in (("SimpleQA", "simpleqa", simpleqa), ("PersonQA", "personqa", personqa)):
        found = {metric: mine.get((name, metric)) for metric in ("accuracy", "hallucination")}
        right, wrong = found["accuracy"], found["hallucination"]
        ours = {} if right is None or wrong is None else {OURS: (right.value, wrong.value)}
        panels.append(_worth_panel(title, {**shares, **ours}))
    subtitle = "Bars are what n implies, none were published. The packaged model: other data, other graders."
    heading: Any = alt.Title("Numbers of the o1 card, with intervals", subtitle=subtitle)
    return alt.hconcat(_interval_panel(tables, own), alt.vconcat(*panels, spacing=24), spacing=36, title=heading)


def _interval_panel(tables: Sequence[Table], own: Sequence[Result]) -> Chart:
    rows: list[dict[str, Any]] = []
    for table in tables:
        for model, value in table.values.items():
            found = implied(value, table.n)
            rows.append(_row(table.name, model, found.value, found.low, found.high))
    for result in own:
        name = BESIDE.get((result.evaluation, result.metric))
        if name is not None:
            rows.append(_row(name, OURS, result.estimate.value, result.estimate.low, result.estimate.high))
    order = [table.name for table in tables]
    models = [model for model in COLOURS if any(row["model"] == model for row in rows)]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=alt.Axis(ticks=False, labelLimit=240)),
        yOffset=alt.YOffset("model:N", sort=models),
        color=_colour(models, legend=True),
        tooltip=["name:N", "model:N", alt.Tooltip("value:Q", format=".3f")],
    )
    x: dict[str, Any] = {"title": None, "scale": alt.Scale(domain=[0, 1])}
    return alt.layer(
        base.mark_rule(strokeWidth=2.5, opacity=0.55, clip=True).encode(x=alt.X("low:Q", **x), x2="high:Q"),
        base.mark_point(filled=True, size=40, opacity=1).encode(x=alt.X("value:Q", **x)),
    ).properties(width=380, height=430)


def _row(name: str, model: str, value: float, low: float, high: float) -> dict[str, Any]:
    return {"name": name, "model": model, "value": value, "low": max(low, 0.0), "high": min(high, 1.0)}


def _worth_panel(title: str, shares: Shares) -> Chart:
    """Lines of `right - penalty x wrong`: where two cross, their order turns."""
    rows = [
        {"model": model, "penalty": float(penalty), "worth": right - float(penalty) * wrong}
        for model, (right, wrong) in shares.items()
        for penalty in PENALTIES
    ]
    models = [model for model in COLOURS if model in shares]
    lines = alt.Chart(alt.Data(values=rows)).mark_line(strokeWidth=2, clip=True)
    silent = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(strokeDash=[3, 3], opacity=0.6, color=PRINT_INK)
    return alt.layer(
        silent.encode(y="at:Q"),
        lines.encode(
            x=alt.X("penalty:Q", title="penalty of a wrong answer"),
            y=alt.Y("worth:Q", title="right less penalty", scale=alt.Scale(domain=[-1, 0.6])),
            color=_colour(models, legend=False),
            tooltip=["model:N", alt.Tooltip("penalty:Q", format=".2f"), alt.Tooltip("worth:Q", format=".2f")],
        ),
    ).properties(width=300, height=165, title=f"{title}: silence is worth 0")


def _colour(models: Sequence[str], *, legend: bool) -> alt.Color:
    scale = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    shown = alt.Legend(orient="bottom", title=None, columns=3, values=list(models)) if legend else None
    return alt.Color("model:N", scale=scale, legend=shown)
