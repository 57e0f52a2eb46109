"""How charts look: one set of fonts, and a colour for each agent that is the same in every chart."""

from collections.abc import Iterable
from typing import Any

import altair as alt

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
INK = "currentColor"  # the page puts its own text colour in its place, light or dark
COLOURS = {
    "epinet": "#e0662b",
    "ensemble+": "#0f9184",
    "ensemble": "#3f86d0",
    "dropout": "#b55fa5",
    "mlp": "#d29a18",
    "random_forest": "#6f9a4d",
    "knn": "#94806a",
    "logistic": "#c86a6a",
    "uniform": "#8a8f98",
    "epinet+": "#b3261e",
    "hypermodel": "#7a5195",
    "bbb": "#c9508f",
    "sgmcmc": "#2f4b7c",
    "last_layer_ensemble": "#5f9ea0",
    "batch_ensemble": "#7fb3d5",
    "anchored_ensemble": "#58a866",
    "langevin_ensemble": "#1f6f4a",
    "deep_kernel": "#a0522d",
    "laplace": "#b8860b",
    "laplace_kron": "#8b6508",
    "swag": "#9a8fd6",
    "sngp": "#cd853f",
    "exact": "#e11d48",
    "hmc": "#f43f7a",
}
_SPARE = ("#5b6bc0", "#2aa4c0", "#8a5fd0", "#a8892c", "#d0567f", "#4f8f6b")
NEGATIVE, MIDDLE, POSITIVE = "#2166ac", "#f5f2ec", "#d95f0e"  # class 0, either, class 1: safe for the colour-blind
DARKER = ("#0b3c6e", "#8c3404")  # points of class 0 and 1 on top of them


def agent_colours(agents: Iterable[str]) -> dict[str, str]:
    """A colour for each agent, in a fixed order; agents that gnothi does not know get the spare ones.

    >>> agent_colours(["mine", "epinet"])
    {'epinet': '#e0662b', 'mine': '#5b6bc0'}
    """
    agents = set(agents)
    known = {agent: colour for agent, colour in COLOURS.items() if agent in agents}
    others = sorted(agents - set(known))
    return known | {agent: _SPARE[place % len(_SPARE)] for place, agent in enumerate(others)}


def agent_colour(agents: Iterable[str], field: str = "agent") -> alt.Color:
    """The colour channel of a chart whose `field` names agents; names stand beside the marks, so without a legend."""
    colours = agent_colours(agents)
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color(f"{field}:N", scale=scale, legend=None)


def chart_config(ink: str = INK) -> dict[str, Any]:
    """Vega-Lite's `config` for every chart, with text and lines in `ink`."""
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": ink,
            "titleColor": ink,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "domain": False,
            "tickColor": ink,
            "tickOpacity": 0.25,
            "gridColor": ink,
            "gridOpacity": 0.12,
            "labelPadding": 6,
            "titlePadding": 10,
        },
        "legend": {"labelColor": ink, "titleColor": ink, "labelFontSize": 12, "titleFontWeight": "normal"},
        "title": {"color": ink, "subtitleColor": ink, "fontSize": 13, "fontWeight": 600, "anchor": "start"},
        "text": {"color": ink, "fontSize": 12},
        "rule": {"color": ink},
    }
