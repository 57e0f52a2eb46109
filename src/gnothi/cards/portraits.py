"""The picture that sells the idea: two agents say the same of each input, and different things of all together."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from gnothi.cards.theme import DARKER, INK, MIDDLE, NEGATIVE, POSITIVE

Portrait = dict[str, Any]

SHOWN_FIRST = ("epinet", "ensemble+")  # agents that know what they do not know
CONTRASTS = ("mlp", "ensemble", "dropout")  # agents that may look like them one input at a time
CELL = 5  # pixels of a point of the grid


def load_portraits(run_folder: Path) -> list[Portrait]:
    """What `gnothi.testbed` drew of each agent on the problem that it drew most agents on; none if it drew nothing.

    **Raises:** `ValueError` if a file cannot be read.
    """
    found = []
    for path in sorted((run_folder / "portraits").rglob("*.json")):
        try:
            found.append(json.loads(path.read_text()))
        except ValueError as error:
            raise ValueError(f"{path} cannot be read ({error}): delete it, and the report leaves it out") from error
    shown = {problem for problem, _ in Counter(portrait["problem"] for portrait in found).most_common(1)}
    return [portrait for portrait in found if portrait["problem"] in shown]


def choose_portraits(portraits: Sequence[Portrait]) -> list[Portrait]:
    """Two or three to show: one that looks alike in the marginal but varies less, then those that know more.

    **Arguments:** `portraits`, of one problem.
    """
    by_agent = {portrait["agent"]: portrait for portrait in portraits}
    knowing = [by_agent[agent] for agent in SHOWN_FIRST if agent in by_agent]
    if not knowing:
        return sorted(portraits, key=spread)[:: max(1, len(portraits) - 1)][:2]
    others = [by_agent[agent] for agent in CONTRASTS if agent in by_agent]
    alike = [other for other in others if spread(other) < spread(knowing[0]) / 2] or others
    return sorted(alike, key=lambda other: distance(other, knowing[0]))[:1] + knowing


def spread(portrait: Portrait) -> float:
    """How much joint samples vary: the standard deviation of a probability between samples, averaged over the plane."""
    return float(np.std(portrait["draws"], axis=0, ddof=1).mean())


def distance(first: Portrait, second: Portrait) -> float:
    """How different two marginal predictions are: the mean absolute difference of their probabilities."""
    return float(np.abs(np.subtract(first["mean"], second["mean"])).mean())


def portrait_chart(portraits: Sequence[Portrait], *, title: Any = "", ink: str = INK) -> alt.FacetChart:
    """Agents in rows; the marginal prediction and joint samples in columns; training points on top.

    **Arguments:** `portraits`, of one problem; `title`; `ink`, colour of text.
    """
    side = portraits[0]["side"]
    step = (side[-1] - side[0]) / (len(side) - 1)
    domain = [side[0] - step / 2, side[-1] + step / 2]
    pictures = [
        {"agent": portrait["agent"], "what": what, "all": ",".join(f"{prob:g}" for prob in probs)}
        for portrait in portraits
        for what, probs in _columns(portrait).items()
    ]
    points = [
        {"x": x, "y": y, "label": int(label)}
        for (x, y), label in zip(portraits[0]["x"], portraits[0]["y"], strict=True)
        if domain[0] <= x <= domain[1] and domain[0] <= y <= domain[1]
    ]
    scale = alt.Scale(domain=domain, nice=False, zero=False)
    heat = (
        alt.Chart()
        .transform_calculate(each="split(datum.all, ',')")  # one text, since Altair checks every number of a list
        .transform_flatten(["each"])
        .transform_window(place="row_number()", groupby=["agent", "what"])
        .transform_calculate(
            p="toNumber(datum.each)",
            x=f"{domain[0]} + {step} * floor((datum.place - 1) / {len(side)})",
            y=f"{domain[0]} + {step} * ((datum.place - 1) % {len(side)})",
            x2=f"datum.x + {step}",
            y2=f"datum.y + {step}",
        )
        .mark_rect()
        .encode(
            x=alt.X("x:Q", axis=None, scale=scale),
            x2="x2",
            y=alt.Y("y:Q", axis=None, scale=scale),
            y2="y2",
            color=alt.Color(
                "p:Q",
                scale=alt.Scale(domain=[0, 0.5, 1], range=[NEGATIVE, MIDDLE, POSITIVE], interpolate="rgb"),
                legend=alt.Legend(title="P(class 1)", gradientLength=150, format=".1f", values=[0, 0.5, 1]),
            ),
            tooltip=alt.Tooltip("p:Q", format=".2f", title="P(class 1)"),
        )
    )
    dots = (
        alt.Chart(alt.Data(values=points))
        .mark_point(filled=True, size=34, opacity=1, stroke="white", strokeWidth=1.2)
        .encode(
            x="x:Q",
            y="y:Q",
            fill=alt.Fill("label:O", scale=alt.Scale(domain=[0, 1], range=list(DARKER)), legend=None),
        )
    )
    head: dict[str, Any] = {"title": None, "labelColor": ink, "labelPadding": 6}
    names = [portrait["agent"] for portrait in portraits]
    rows = alt.Row("agent:N", sort=names, header=alt.Header(labelFontSize=13, labelFontWeight=600, **head))
    columns = alt.Column("what:N", sort=list(_columns(portraits[0])), header=alt.Header(labelFontSize=12, **head))
    size = CELL * len(side)
    layers = alt.layer(heat, dots, data=alt.Data(values=pictures)).properties(width=size, height=size)
    return layers.facet(row=rows, column=columns, spacing=10).properties(title=title).resolve_scale(fill="independent")


def _columns(portrait: Portrait) -> dict[str, Sequence[float]]:
    """Grids of probabilities by title."""
    samples = {f"joint sample {place}": draw for place, draw in enumerate(portrait["draws"], start=1)}
    return {"marginal": portrait["mean"], **samples}
