"""A chart as files: a PNG to show, and a page to look into."""

import json
from pathlib import Path

import vl_convert

from gnothi.cards.plots import Chart
from gnothi.cards.theme import chart_config

PRINT_INK = "#1c2330"
PRINT_FONT = "Liberation Sans, Arial"


def write_png(chart: Chart, path: Path) -> None:
    """Writes a chart as a PNG on white, twice the size of its units.

    **Arguments:** `chart`, drawn with `ink=PRINT_INK`; `path`, of the picture; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(vl_convert.vegalite_to_png(print_spec(chart), scale=2))


def write_page(chart: Chart, path: Path) -> None:
    """Writes a chart as one HTML file that opens offline, with its tooltips."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(vl_convert.vegalite_to_html(print_spec(chart), bundle=True), encoding="utf-8")


def print_spec(chart: Chart) -> str:
    """A chart's JSON with the theme of print: on white, and fonts that are everywhere."""
    config = {**chart_config(PRINT_INK), "background": "white", "padding": 16, "font": PRINT_FONT}
    return json.dumps({**chart.to_dict(validate=False), "config": config})
