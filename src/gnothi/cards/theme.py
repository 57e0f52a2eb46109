"""How charts look: one set of fonts, and a colour for each agent that is the same in every chart."""

from collections.abc import Iterable
from typing import Any

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
