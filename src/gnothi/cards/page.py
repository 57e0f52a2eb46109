"""A page: one HTML file that opens offline, made of sections, paragraphs and charts."""

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import vl_convert

from gnothi.cards.plots import Chart
from gnothi.cards.theme import FONT, chart_config


def html_page(*, title: str, header: str, body: str) -> str:
    """A whole page.

    **Arguments:** `title`, plain text; `header` and `body`, HTML. Charts in it are drawn by the page's script.
    """
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    return template.substitute(title=escape(title), font=FONT, header=header, body=body, library=_library())


def replace_text(path: Path, text: str) -> None:
    """Writes a file whole, or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


@cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, the same for all charts of a page."""
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").replace("</script", "<\\/script")


def section(title: str, *parts: str, name: str = "") -> str:
    """A section of HTML parts under a title; `name`, to link to it."""
    anchor = f' id="{escape(name)}"' if name else ""
    return f"<section{anchor}><h2>{escape(title)}</h2>\n" + "\n".join(parts) + "</section>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text, in which `words between backquotes` are code; `kind`, a class of the page's style."""
    words = "".join(f"<code>{p}</code>" if n % 2 else p for n, p in enumerate(escape(text, quote=False).split("`")))
    return f'<p class="{kind}">{words}</p>' if kind else f"<p>{words}</p>"


def table(head: Sequence[str], body: Sequence[Sequence[str]], *, heads: bool = False, wraps: bool = False) -> str:
    """A table of cells that are HTML, under titles that are plain text.

    `heads`, whether the first cell of a row is its title; `wraps`, whether cells hold sentences.
    """
    titles = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    rows = []
    for cells in body:
        first, rest = (f'<th scope="row">{cells[0]}</th>', cells[1:]) if heads else ("", cells)
        rows.append(f"<tr>{first}{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>")
    kind = ' class="wraps"' if wraps else ""
    head_row = f"<thead><tr>{titles}</tr></thead>"
    return f'<div class="box"><table{kind}>{head_row}<tbody>{"".join(rows)}</tbody></table></div>'


def facts(of: Mapping[str, str]) -> str:
    """A list of names and values, plain text."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in of.items())
    return f"<dl>{rows}</dl>"


def chart_place(chart: Chart, *, label: str, renderer: str = "svg", scrolls: bool = False) -> str:
    """A place for a chart, which the page's script draws; `label` describes it to who cannot see it.

    `scrolls`, whether it keeps its width where the page is narrower.
    """
    spec: dict[str, Any] = {**chart.to_dict(validate=False), "config": chart_config()}
    spec.pop("$schema", None)
    if not scrolls:
        spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    data = json.dumps(spec, allow_nan=False).replace("<", "\\u003c")
    place = f'<div class="chart" role="img" aria-label="{escape(label)}" data-renderer="{renderer}"></div>'
    return f'<div class="{"box" if scrolls else ""}">{place}<script type="application/json">{data}</script></div>'
