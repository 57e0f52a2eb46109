"""`report.html`: one self-contained page that opens offline, and the picture for a README."""

import shlex
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import altair as alt

from gnothi.cards.figures import PRINT_INK, write_png
from gnothi.cards.floor import LAWFUL, excesses, floor_chart, floor_title, trusted
from gnothi.cards.leaderboard import BASELINE, Leaderboard, leaderboards, slice_rows, table_of, whole_runs
from gnothi.cards.page import chart_place, facts, html_page, paragraph, replace_text, section
from gnothi.cards.plots import Chart, compute_chart, drawable, score_chart, score_panel, slice_panel
from gnothi.cards.portraits import choose_portraits, load_portraits, portrait_chart
from gnothi.cards.theme import agent_colours
from gnothi.cards.wording import (
    count_problems,
    explain,
    format_count,
    format_gap,
    format_interval,
    format_number,
    headline,
    hidden,
    portrait_finding,
)
from gnothi.sweep import Record, RunFolder, read_records


def write_report(run_folder: Path) -> Path:
    """Writes `report.html` into a run's folder.

    **Arguments:** `run_folder`, as `gnothi testbed run` made it; the run need not be finished.

    **Returns:** the page's path.

    **Raises:** `ValueError` if the folder holds no run, no records or no joint scores.
    """
    runs = RunFolder(run_folder).about()
    everything = trusted(read_records(run_folder))
    records = whole_runs(everything)
    boards = leaderboards(records)
    main = boards[0]
    in_suite = [r for r in records if (r.suite, r.metric) == (main.suite, main.metric)]
    parts = [_table_section(main)]
    if main.rows:
        parts += [_score_section(main), _portrait_section(run_folder), _compute_section(main)]
        parts += [_floor_section(everything, main.suite), _slice_section(main, in_suite)]
    for board in boards[1:]:
        chosen = [r for r in records if (r.suite, r.metric) == (board.suite, board.metric)]
        parts.append(_further_section(board, chosen))
    parts += [_reading_section(), _provenance_section(run_folder, runs, records)]
    page = html_page(title=f"gnothi: {main.suite}, {count_problems(main)}", header=_header(main), body="\n".join(parts))
    path = run_folder / "report.html"
    replace_text(path, page)
    return path


def write_picture(run_folder: Path, path: Path) -> None:
    """Writes a PNG for a README: joint samples of two or three agents, or the scores if nothing was drawn in the plane.

    **Arguments:** `run_folder`; `path`, of the picture.

    **Raises:** `ValueError` if the folder holds neither portraits nor joint scores.
    """
    portraits = choose_portraits(load_portraits(run_folder))
    subtitle: dict[str, Any] = {"fontSize": 15, "subtitleFontSize": 12, "offset": 14}
    if portraits:
        title = alt.Title(
            portrait_finding(portraits)[0],
            subtitle="Probability of class 1, one input at a time (left), and four joint samples of each agent",
            **subtitle,
        )
        chart: Chart = portrait_chart(portraits, title=title, ink=PRINT_INK)
    else:
        board = leaderboards(read_records(run_folder))[0]
        title = alt.Title(f"{board.suite}: {count_problems(board)}", subtitle=explain(board, gaps=False), **subtitle)
        chart = score_chart(board, title=title, ink=PRINT_INK)
    write_png(chart, path)


def _header(board: Leaderboard) -> str:
    first, *rest = headline(board)
    lead = "".join(f'<p class="lead">{escape(sentence)}</p>' for sentence in rest)
    return (
        f'<p class="eyebrow">{escape(board.suite)} · {count_problems(board)} · {len(board.agents)} agents</p>'
        f"<h1>{escape(first)}</h1>{lead}"
    )


def _table_section(board: Leaderboard, title: str = "Leaderboard") -> str:
    notes = [paragraph(note, "note") for note in board.notes]
    if not board.rows:
        return section(title, *notes)
    return section(title, paragraph(explain(board), "caption"), _table(board), *notes)


def _table(board: Leaderboard) -> str:
    head = ["agent"]
    for tau in board.taus:
        head += [f"score at τ = {tau}", *(["behind the best"] if tau == board.taus[0] else []), "nats"]
    head += ["CPU seconds", "parameters"]
    spoilt = any(row.nonfinite for row in board.rows)
    head += ["not finite"] if spoilt else []
    rows = []
    colours = agent_colours(board.agents)
    for place, agent in enumerate(board.agents):
        dot = f'<span class="dot" style="background:{colours[agent]}"></span>'
        cells = [f'<th scope="row">{dot}{escape(agent)}</th>']
        lost = 0
        for tau in board.taus:
            row = board.at(tau)[place]
            lost += row.nonfinite
            gap = "best" if row.behind == 0 else format_gap(row)
            bounds = "" if row.behind == 0 else f"<small>{format_interval(row.behind_low, row.behind_high)}</small>"
            cells.append(
                f"<td><b>{format_number(row.score)}</b><small>{format_interval(row.low, row.high)}</small></td>"
            )
            cells += [f"<td>{gap}{bounds}</td>"] if tau == board.taus[0] else []
            cells.append(f"<td>{format_number(row.mean)}</td>")
        cells += [f"<td>{x}</td>" for x in (format_number(row.cpu_seconds), format_count(row.parameters))]
        cells += [f"<td>{lost or '–'}</td>"] if spoilt else []
        rows.append(f"<tr>{''.join(cells)}</tr>")
    titles = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    return f'<div class="box"><table><thead><tr>{titles}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _panels(board: Leaderboard) -> str:
    panels = []
    for tau in reversed(board.taus):
        words = "One label at a time" if tau == 1 else f"{tau} labels together"
        chart = chart_place(score_panel(board, tau), label=f"scores of each agent at tau {tau}, as in the table")
        lost = [row.agent for row in board.at(tau) if not drawable([row])]
        note = (
            f'<p class="caption">Not drawn, for want of a finite score: {escape(", ".join(lost))}.</p>' if lost else ""
        )
        panels.append(f"<div><h3>{words} (τ = {tau})</h3>{chart}{note}</div>")
    return f'<div class="panels">{"".join(panels)}</div>'


def _score_section(board: Leaderboard) -> str:
    title = "What one label at a time hides, many labels together show" if hidden(board)[1] else "Scores"
    return section(
        title, paragraph("Points are scores, lines their 95 % intervals; lower is better.", "caption"), _panels(board)
    )


def _portrait_section(run_folder: Path) -> str:
    portraits = choose_portraits(load_portraits(run_folder))
    if not portraits:
        words = "This run has no problem in the plane, so there is nothing to draw: `--suite demo` has some."
        return section("Joint samples", paragraph(words, "caption"))
    caption = (
        f"The problem is {portraits[0]['problem']}: points are its training data, colours the probability of class 1. "
        "Each joint sample is one way the world might be: one index, used for the whole plane. Where the data decides, "
        "good samples agree; where it does not, they differ."
    )
    chart = chart_place(
        portrait_chart(portraits), label="marginal predictions and joint samples", renderer="canvas", scrolls=True
    )
    title, finding = portrait_finding(portraits)
    return section(
        title,
        paragraph(finding),
        f"<figure>{chart}<figcaption>{escape(caption)}</figcaption></figure>",
    )


def _compute_section(board: Leaderboard) -> str:
    words = "The dashed line joins agents that no other beats in both score and cost. Compilation is not counted."
    tau = board.taus[0]
    chart = chart_place(compute_chart(board), label=f"score at tau {tau} against CPU seconds, as in the table")
    return section(f"Score against compute, τ = {tau}", paragraph(words, "caption"), chart)


def _floor_section(records: Sequence[Record], suite: str) -> str:
    """How far everyone is above the posterior; nothing where it was not drawn from."""
    rows = excesses([record for record in records if record.suite == suite]) if suite in LAWFUL else []
    if not rows:
        return ""
    words = "Nobody scores better on average than draws from the posterior (the dashed line). Differences are paired."
    chart = chart_place(floor_chart(rows), label="nats above the posterior, by agent")
    return section(floor_title(rows), paragraph(words, "caption"), chart)


def _slice_section(board: Leaderboard, records: Sequence[Record]) -> str:
    factors: list[tuple[str, Callable[[Record], Any]]] = [("real table", table_of)]
    if board.metric == "kl":
        factors = [
            ("input size", lambda r: r.input_size),
            ("temperature", lambda r: r.temperature),
            ("training points a dimension", lambda r: None if r.data_ratio is None else round(r.data_ratio, 3)),
        ]
    panels = []
    for name, level in factors:
        rows = slice_rows(records, level)
        if rows:
            chart = chart_place(slice_panel(rows, board, name), label=f"score by {name}")
            panels.append(f"<div><h3>By {name}</h3>{chart}</div>")
    agents = [agent for agent in board.agents if agent != BASELINE]
    colours = agent_colours(agents)
    legend = "".join(
        f'<li><span class="dot" style="background:{colours[agent]}"></span>{escape(agent)}</li>' for agent in agents
    )
    words = f"Scores at τ = {board.taus[0]}, each over {BASELINE}'s on the same problems." if board.normalised else ""
    return section(
        "Where the differences come from",
        paragraph(words, "caption"),
        f'<ul class="legend">{legend}</ul><div class="panels">{"".join(panels)}</div>',
    )


def _further_section(board: Leaderboard, records: Sequence[Record]) -> str:
    real = board.metric == "joint_log_loss"
    table = _table_section(board, "Real data" if real else board.suite)
    if not board.rows:
        return table
    words = (
        "Nobody knows the truth of real data, so agents are scored by the joint log-loss of labels held out. Intervals "
        "are over splits of these tables: they say nothing about other tables."
    )
    return table.removesuffix("</section>") + (
        (paragraph(words, "caption") if real else "") + _panels(board) + "</section>"
    )


def _reading_section() -> str:
    lines = (
        "A score asks how far an agent's joint prediction of τ labels is from the truth: `d_KL` is the log-probability "
        "(in nats) that it loses on those labels. Zero is perfect; lower is better.",
        "At τ = 1 only the marginal prediction counts. At larger τ labels are predicted together, so an agent must "
        "also say which of its errors go together: what it does not know.",
        "The τ labels sit on two inputs, drawn at random (dyadic sampling): this makes τ = 10 informative however "
        "many dimensions the inputs have. Suites named 2d draw every input independently.",
        f"A score is divided by that of `{BASELINE}`, which gives every class the same probability: 1 is no better "
        "than knowing nothing, and more than 1 is overconfidence.",
        "Intervals hold 95 % of resampled sets of problems. The paired difference to the best is sharper than two "
        "separate intervals, because all agents face the same problems.",
    )
    return section("How to read this", *(paragraph(line) for line in lines))


def _provenance_section(run_folder: Path, runs: Sequence[dict[str, Any]], records: Sequence[Record]) -> str:
    cells = {(r.subject, r.config_hash, r.evaluation, r.seed): r for r in records}
    hashes = sorted({(r.subject, r.config_hash) for r in records})
    about = {
        "suites": ", ".join(sorted({r.suite for r in records})),
        "problems": str(len({r.evaluation for r in records})),
        "cells": f"{len(cells)} of agent, problem and seed; {len(records)} records",
        "agents' seeds": ", ".join(str(seed) for seed in sorted({r.seed for r in records})),
        "configurations": ", ".join(f"{subject} {config}" for subject, config in hashes),
        "compute": f"{sum(r.cpu_seconds for r in cells.values()):.0f} CPU seconds, and "
        f"{sum(r.compile_seconds for r in cells.values()):.0f} seconds of compilation",
        "versions": "; ".join(sorted({r.versions for r in records})),
    }
    commands = [shlex.join(_command(run, run_folder)) for run in runs]
    commands.append(shlex.join(["gnothi", "testbed", "report", str(run_folder)]))
    return section("Provenance", facts(about), f"<pre><code>{escape(chr(10).join(commands))}</code></pre>")


def _command(run: dict[str, Any], run_folder: Path) -> list[str]:
    """What was typed to make a run."""
    if "command" in run:
        return shlex.split(run["command"])
    options = {name: value if isinstance(value, list) else [value] for name, value in run.items()}
    typed = [word for name, values in options.items() for word in (f"--{name}", *map(str, values))]
    return ["gnothi", "testbed", "run", *typed, "--out", str(run_folder)]
