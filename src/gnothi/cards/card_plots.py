"""Charts of a card: all numbers at a glance, levels, outcomes, categories, and the differences of two cards."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from gnothi.cards.card_words import first_rows, is_signed
from gnothi.cards.plots import WIDTH, Chart
from gnothi.cards.theme import INK

OURS, THEIRS = "#e0662b", "#3f86d0"
#: From harmless to the highest: told apart by lightness too, for who sees no colours.
LEVELS = ("#7fb7a4", "#e3b23c", "#d9622b", "#7d1d3f")
OUTCOMES = {
    "correct": "#0f9184",
    "comply": "#3f86d0",
    "refuse": "#7a5195",
    "abstained": "#d29a18",
    "unclear": "#a99b8b",
    "wrong": "#d0503f",
    "ungraded": "#5b6472",
    "unanswered": "#20262f",
}
QUARTERS = [0, 0.25, 0.5, 0.75, 1]
HALVES = [-1, -0.5, 0, 0.5, 1]
CURVE_HEIGHT = 190
LETTER = 7.3  # pixels of one in bold, or more
LONG = 60  # characters of a name that would be cut in one line
_SHARES: dict[str, Any] = {"scale": alt.Scale(domain=[0, 1]), "axis": alt.Axis(values=QUARTERS, format=".2~f")}
_NUMBER: dict[str, Any] = {"type": "quantitative", "format": ".3f"}


def glance_chart(
    results: Sequence[Mapping[str, Any]], *, width: Any = WIDTH, ink: str = INK, longest: int = 0
) -> Chart:
    """Every number with its interval, and what other models' cards published, as thin strokes.

    Shares are from 0 to 1; where a score is more than that, a dashed line stands at 1. Signed numbers, which are best
    drawn by themselves, are from -1 to 1, with a dashed line at 0.

    **Arguments:** `results`, of a card, with values; `width`, in pixels or `"container"`; `ink`, of lines and text;
    `longest`, letters of the longest name of several charts that shall stand in line.
    """
    rows, others, order = [], [], []
    for row in results:
        estimate, name = row["estimate"], f"{row['title']}|{row['metric']}"
        if row["title"] not in order:
            order.append(row["title"])  # a line of its own: metrics stand below it
        order.append(name)
        low, high = (estimate["value"] if estimate[end] is None else estimate[end] for end in ("low", "high"))
        about = {"name": name, "title": row["title"], "metric": row["metric"]}
        rows.append({**about, "value": estimate["value"], "low": low, "high": high, "n": estimate["units"]})
        others += [{**about, **{key: p[key] for key in ("value", "model", "where")}} for p in row["published"]]
    metric = "indexof(datum.value, '|') >= 0"
    axis = alt.Axis(
        ticks=False,
        labelLimit=420,
        minExtent=min(420, max(240, round(LETTER * longest))),
        labelExpr=f"{metric} ? split(datum.value, '|')[1] : datum.value",
        labelFontWeight={"condition": {"test": metric, "value": "normal"}, "value": 600},
    )
    y = alt.Y("name:N", sort=order, title=None, axis=axis, scale=alt.Scale(domain=order))
    top, signed = max([1.0, *(row["high"] for row in rows)]), any(is_signed(row) for row in results)
    bottom = min([-1.0, *(row["low"] for row in rows)]) if signed else 0
    ticks = {"values": HALVES if signed else QUARTERS} if top == 1 and bottom in (0, -1) else {"tickCount": 6}
    x_axis = alt.Axis(orient="top", format=".2~f", **ticks)
    x: dict[str, Any] = {"scale": alt.Scale(domain=[bottom, top], nice=False), "title": None, "axis": x_axis}
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=y, tooltip=_tooltip("title", "metric", "value", "low", "high", "n")
    )
    layers = [
        base.mark_rule(strokeWidth=3, opacity=0.5, color=OURS).encode(x=alt.X("low:Q", **x), x2="high:Q"),
        base.mark_point(filled=True, size=60, opacity=1, color=OURS).encode(x=alt.X("value:Q", **x)),
    ]
    if signed or top > 1:
        layers.insert(0, _line_at(0 if signed else 1, ink).encode(x=alt.X("at:Q", **x)))
    if others:
        published = alt.Chart(alt.Data(values=others)).encode(
            y=y, tooltip=_tooltip("metric", "model", "value", "where")
        )
        strokes = published.mark_tick(thickness=2, height=9, opacity=0.75, color=THEIRS, orient="vertical")
        layers.insert(0, strokes.encode(x=alt.X("value:Q", **x)))
    return alt.layer(*layers).properties(width=width, height=alt.Step(17))


def level_chart(scorecard: Mapping[str, Any], variant: str, *, width: Any = WIDTH, ink: str = INK) -> Chart | None:
    """The probability of each level of each category that was measured; none if none was.

    **Arguments:** `scorecard`, of a card; `variant`, `"pre"` or `"post"`; `width`; `ink`.
    """
    levels = scorecard["framework"]["levels"]
    rows = [
        {"category": row["title"], "level": level, "rank": rank, "probability": row[variant]["probabilities"][level]}
        for row in scorecard["categories"]
        if row[variant] and row[variant]["probabilities"]
        for rank, level in enumerate(levels)
    ]
    if not rows:
        return None
    order = list(dict.fromkeys(row["category"] for row in rows))
    colours = LEVELS if len(levels) == len(LEVELS) else (LEVELS[0], *LEVELS[-len(levels) + 1 :])
    scale = alt.Scale(domain=list(levels), range=list(colours[: len(levels)]))
    bars = alt.Chart(alt.Data(values=rows)).mark_bar(height=16)
    return alt.layer(
        bars.encode(
            x=alt.X("probability:Q", stack=True, title="probability of each level", **_SHARES),
            y=alt.Y("category:N", sort=order, title=None, axis=_names(grid=False)),
            color=alt.Color("level:N", scale=scale, sort=list(levels), legend=alt.Legend(orient="top", title=None)),
            order=alt.Order("rank:Q"),
            tooltip=_tooltip("category", "level", "probability"),
        )
    ).properties(width=width, height=alt.Step(28))


def outcome_chart(results: Sequence[Mapping[str, Any]], *, width: Any = WIDTH, ink: str = INK) -> Chart:
    """What became of every answer, by evaluation, as parts of all; counts stand in the table.

    **Arguments:** as of `glance_chart`.
    """
    rows, order = [], []
    for row in first_rows(results):
        total = sum(row["outcomes"].values()) or 1
        order.append(row["title"])
        known = [*OUTCOMES, *(name for name in row["outcomes"] if name not in OUTCOMES)]
        for rank, outcome in enumerate(known):
            if row["outcomes"].get(outcome):
                count = row["outcomes"][outcome]
                rows.append(
                    {"title": row["title"], "outcome": outcome, "rank": rank, "count": count, "share": count / total}
                )
    seen = [name for name in OUTCOMES if any(row["outcome"] == name for row in rows)]
    scale = alt.Scale(domain=seen, range=[OUTCOMES[name] for name in seen])
    bars = alt.Chart(alt.Data(values=rows)).mark_bar(height=13)
    return alt.layer(
        bars.encode(
            x=alt.X("share:Q", stack=True, title="share of answers", **_SHARES),
            y=alt.Y("title:N", sort=order, title=None, axis=_names(grid=False)),
            color=alt.Color("outcome:N", scale=scale, sort=seen, legend=alt.Legend(orient="top", title=None)),
            order=alt.Order("rank:Q"),
            tooltip=_tooltip("title", "outcome", "count", "share"),
        )
    ).properties(width=width, height=alt.Step(20))


def category_chart(row: Mapping[str, Any], *, width: Any = WIDTH, ink: str = INK) -> Chart:
    """A result by category, with intervals.

    **Arguments:** `row`, a result of a card; `width`; `ink`.
    """
    found = {name: e for name, e in row["by_category"].items() if e["value"] is not None}
    rows = [
        {
            "category": name,
            "value": e["value"],
            "low": e["value"] if e["low"] is None else e["low"],
            "high": e["value"] if e["high"] is None else e["high"],
            "n": e["units"],
        }
        for name, e in found.items()
    ]
    order = [one["category"] for one in sorted(rows, key=lambda one: -one["value"])]
    share = not is_signed(row) and all(0 <= one["value"] <= 1 for one in rows)
    x: dict[str, Any] = {
        "title": row["metric"],
        **(_SHARES if share else {"axis": alt.Axis(tickCount=5, format=".2~f")}),
    }
    zero = [_line_at(0, ink).encode(x=alt.X("at:Q", **x))] if is_signed(row) else []
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("category:N", sort=order, title=None, axis=alt.Axis(ticks=False, labelLimit=260)),
        tooltip=_tooltip("category", "value", "low", "high", "n"),
    )
    return alt.layer(
        *zero,
        base.mark_rule(strokeWidth=2.5, opacity=0.5, color=OURS, clip=True).encode(x=alt.X("low:Q", **x), x2="high:Q"),
        base.mark_point(filled=True, size=45, opacity=1, color=OURS).encode(x=alt.X("value:Q", **x)),
    ).properties(width=width, height=alt.Step(17))


def curve_chart(row: Mapping[str, Any], *, width: Any = WIDTH, ink: str = INK) -> Chart:
    """What a result is one point of: a line with its band (bins have neither); dashed, what it is to be held against.

    **Arguments:** `row`, a result of a card that has a curve; `width`; `ink`.
    """
    curve, rows = row["curve"], []
    for point in curve["points"]:
        estimate = point["estimate"]
        if estimate["value"] is not None:
            low, high = (estimate["value"] if estimate[end] is None else estimate[end] for end in ("low", "high"))
            rows.append(
                {"at": point["at"], "value": estimate["value"], "low": low, "high": high, "n": estimate["units"]}
            )
    inside = row["range"][0] == 0 and all(one["low"] >= 0 and one["high"] <= 1 for one in rows)
    y: dict[str, Any] = {"title": None, **(_SHARES if inside else {"axis": alt.Axis(tickCount=5)})}
    log = curve["scale"] == "log"
    scale = alt.Scale(type="log" if log else "linear", nice=False, padding=6, zero=False)
    if curve["scale"] == "bins" and curve["beside_is"]:  # shares along shares: where there are none is to be seen too
        scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="~g", values=[one["at"] for one in rows]) if log else alt.Axis(format="~g", tickCount=5)
    x = alt.X("at:Q", title=curve["along"], scale=scale, axis=axis)
    base = alt.Chart(alt.Data(values=rows)).encode(x=x, tooltip=_tooltip("at", "value", "low", "high", "n"))
    layers = [
        base.mark_rule(strokeWidth=2, opacity=0.4, color=OURS).encode(y=alt.Y("low:Q", **y), y2="high:Q"),
        base.mark_point(filled=True, size=40, opacity=1, color=OURS).encode(y=alt.Y("value:Q", **y)),
    ]
    if curve["scale"] != "bins":  # nothing is said of what lies between bins
        band = base.mark_area(opacity=0.18, color=OURS).encode(y=alt.Y("low:Q", **y), y2="high:Q")
        layers = [band, base.mark_line(strokeWidth=1.5, color=OURS).encode(y=alt.Y("value:Q", **y)), *layers]
    beside = [{"at": p["at"], "beside": p["beside"]} for p in curve["points"] if p["beside"] is not None]
    if beside:
        line = alt.Chart(alt.Data(values=beside)).mark_line(strokeDash=[4, 3], opacity=0.7, color=ink)
        layers.append(line.encode(x=x, y=alt.Y("beside:Q", **y)))
    return alt.layer(*layers).properties(width=width, height=CURVE_HEIGHT)


def difference_chart(rows: Sequence[Mapping[str, Any]], *, width: Any = WIDTH, ink: str = INK) -> Chart:
    """Paired differences with their intervals, those that are real in colour.

    **Arguments:** `rows`, of a comparison, that could be paired; `width`; `ink`.
    """
    plain = [
        {
            "name": f"{row['title']}: {row['metric']}",
            "value": row["difference"]["value"],
            "low": row["difference"]["low"],
            "high": row["difference"]["high"],
            "verdict": row["verdict"],
            "p": row["adjusted_p"],
        }
        for row in rows
        if row["difference"]["low"] is not None and row["difference"]["high"] is not None
    ]
    order = [row["name"] for row in plain]
    seen = {"better": "#0f9184", "worse": "#d0503f", "differs": THEIRS, "within noise": "#8a8f98"}
    colour = alt.Color(
        "verdict:N",
        scale=alt.Scale(domain=list(seen), range=list(seen.values())),
        legend=alt.Legend(orient="top", title=None),
    )
    two_lines = any(len(name) > LONG for name in order)
    base = alt.Chart(alt.Data(values=plain)).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=_names(two_lines=two_lines)),
        color=colour,
        tooltip=_tooltip("name", "value", "low", "high", "p", "verdict"),
    )
    zero = _line_at(0, ink)
    title = "difference"
    return alt.layer(
        zero.encode(x="at:Q"),
        base.mark_rule(strokeWidth=2.5, opacity=0.55).encode(x=alt.X("low:Q", title=title), x2="high:Q"),
        base.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X("value:Q", title=title)),
    ).properties(width=width, height=alt.Step(32 if two_lines else 21))


def _line_at(place: float, ink: str) -> alt.Chart:
    return alt.Chart(alt.Data(values=[{"at": place}])).mark_rule(strokeDash=[3, 3], opacity=0.6, color=ink)


def _names(grid: bool = True, *, two_lines: bool = False) -> alt.Axis:
    """An axis of names, as wide in one chart as in the next; in two lines, what is measured under its evaluation."""
    label, up = ("split(datum.label, ': ')", -6) if two_lines else ("datum.label", 0)
    return alt.Axis(ticks=False, grid=grid, labelLimit=420, minExtent=240, labelExpr=label, labelOffset=up)


def _tooltip(*fields: str) -> list[alt.Tooltip]:
    numbers = {"value", "low", "high", "probability", "share", "p"}
    return [alt.Tooltip(f, **_NUMBER) if f in numbers else alt.Tooltip(f"{f}:N") for f in fields]
