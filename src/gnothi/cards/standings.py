"""The leaderboard as a page of Markdown: scores, slices, ranks, costs, the floor, and theirs beside ours."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np

from gnothi.agents import AGENTS, TRUSTED
from gnothi.cards.figures import PRINT_INK, write_png
from gnothi.cards.floor import FLOORS, LAWFUL, Excess, excesses, floor_chart, floor_title, trusted
from gnothi.cards.leaderboard import BASELINE, Leaderboard, leaderboards, name_agents, slice_rows
from gnothi.cards.plots import Chart, flops_chart
from gnothi.cards.wording import count_problems, explain, format_count, format_interval, format_number
from gnothi.metrics import mean_interval, ratio_interval
from gnothi.sweep import Record, RunFolder, read_records
from gnothi.testbed.peers import PeerScore, peer_scores
from gnothi.testbed.reach import COSTLY, base_name
from gnothi.testbed.run import config_hash

RANKED = ("kl", "joint_log_loss")  # synthetic problems first


def write_standings(run_folder: Path, path: Path) -> None:
    """Writes `path` (Markdown) and beside it a picture of score against compute.

    Of an agent of gnothi's, only what its present settings gave is counted.

    **Arguments:** `run_folder`, whose records to read; `path`.

    **Raises:** `ValueError` if the folder holds no joint scores.
    """
    present = {name: config_hash(name, agent) for name, agent in AGENTS.items()}
    found = [r for r in read_records(run_folder) if present.get(r.subject, r.config_hash) == r.config_hash]
    found = name_agents(trusted(found))
    suites: dict[str, list[Record]] = defaultdict(list)
    for record in found:
        if record.metric in RANKED:
            suites[record.suite].append(record)
    projected = [record for record in found if record.metric == "kl_projected"]
    picture = path.with_suffix(".png")
    parts = [
        "# Leaderboard",
        _provenance(found, [run["command"] for run in RunFolder(run_folder).about() if "command" in run]),
    ]
    for suite in sorted(suites, key=lambda suite: (RANKED.index(suites[suite][0].metric), -len(suites[suite]))):
        parts += _suite(suite, suites[suite], picture)
        theirs = [score for score in peer_scores() if score.suite == suite]
        if theirs:
            parts += _beside(suites[suite], [r for r in projected if r.suite == suite], theirs)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _provenance(records: Sequence[Record], commands: Sequence[str]) -> str:
    cells = {record.cell for record in records}
    versions = "; ".join(sorted({record.versions for record in records}))
    typed = ", ".join(f"`{command}`" for command in commands)
    ranges = ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in TRUSTED.items())
    return (
        f"Written by {typed} from {len(cells)} cells (agent, problem, seed): {versions}.\n\n"
        "A score is an agent's mean d_KL over that of `uniform` on the same problems; lower is better. Brackets hold "
        "95 % intervals by bootstrap over draws of problems, within the cells of the design where these hold several: "
        "both orders tau of a problem share its training. *By cell* is a score to which every cell counts the same; "
        "the plain mean is ruled by cells of low temperature. A rank's bounds hold 95 % of resampled sets of problems. "
        f"Draws from a posterior count only where their diagnostics are in range ({ranges})."
    )


def _suite(suite: str, records: Sequence[Record], picture: Path) -> list[str]:
    done: dict[str, set[str]] = defaultdict(set)
    for record in records:
        done[record.subject].add(record.evaluation)
    names = done[BASELINE] or set().union(*done.values())  # `uniform` comes along with every command
    records = [record for record in records if record.evaluation in names]
    whole = [record for record in records if done[record.subject] >= names]
    (board,) = leaderboards(whole)
    above = excesses(records) if suite in LAWFUL else []
    parts = [f"## {suite}: {count_problems(board)}", explain(board, gaps=False), *(f"! {note}" for note in board.notes)]
    if board.rows:
        parts.append(_scores(board, whole))
        if suite == "classification":
            write_png(_picture(board, above), picture)
            parts.append(f"![Score against the arithmetic of training, and above the posterior]({picture.name})")
        if board.metric == "kl":
            parts += _slices(whole, board)
    parts += _parts_only(records, {agent: done[agent] & names for agent in done if not done[agent] >= names})
    return parts + (_floor(above) if above else [])


def _picture(board: Leaderboard, above: Sequence[Excess]) -> Chart:
    """Score against compute; beside it, where the posterior could be drawn from, how far above it everyone is."""
    pareto = flops_chart(board, width=620, ink=PRINT_INK)
    if not above:
        return pareto
    floor = floor_chart(above, width=340, title=floor_title(above), ink=PRINT_INK)
    return alt.hconcat(pareto, floor, spacing=40).resolve_scale(color="independent")


def _parts_only(records: Sequence[Record], partial: dict[str, set[str]]) -> list[str]:
    """Agents that did some of the problems, each with its score on those."""
    rows = []
    for agent, names in partial.items():
        both = [r for r in records if r.evaluation in names and r.subject in (agent, BASELINE)]
        (board,) = leaderboards(both)
        own = [next(row for row in board.at(tau) if row.agent == agent) for tau in board.taus if board.rows]
        subset = str(COSTLY[base_name(agent)]) if base_name(agent) in COSTLY else "not finished"
        if own:
            cells = [f"`{agent}`", str(own[0].problems), subset]
            cells += [_with(row.score, row.low, row.high) for row in own]
            minutes = _cpu_minutes(both)[agent]
            rows.append([*cells, format_number(own[0].cpu_seconds), format_number(minutes)])
    if not rows:
        return []
    head = ["agent", "problems", "which", *(f"score, tau = {tau}" for tau in board.taus), "CPU s a problem", "CPU min"]
    return ["On a part of the problems, each over `uniform` on the same ones:", _table(head, rows)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" | ".join(head), " | ".join(["---"] + ["---:"] * (len(head) - 1))]
    return "\n".join(f"| {line} |" for line in (*lines, *(" | ".join(row) for row in rows)))


def _scores(board: Leaderboard, records: Sequence[Record]) -> str:
    minutes = _cpu_minutes(records)
    head = ["agent"]
    for tau in board.taus:
        head += [f"score, tau = {tau}", f"by cell, tau = {tau}"] + (["rank", "nats"] if tau == board.taus[0] else [])
    head += ["CPU s a problem", "CPU min in all, compiled", "weights", "training GFLOP"]
    rows = []
    for place, agent in enumerate(board.agents):
        cells = [f"`{agent}`"]
        for tau in board.taus:
            row = board.at(tau)[place]
            cells += [_with(row.score, row.low, row.high), _with(row.by_cell, row.by_cell_low, row.by_cell_high)]
            cells += (
                [f"{row.rank} [{row.rank_low}, {row.rank_high}]", format_number(row.mean)]
                if tau == board.taus[0]
                else []
            )
        cells += [format_number(row.cpu_seconds), format_number(minutes[agent]), format_count(row.parameters)]
        cells.append("–" if math.isnan(row.train_flops) else format_number(row.train_flops / 1e9))
        rows.append(cells)
    return _table(head, rows)


def _with(value: float, low: float, high: float) -> str:
    return f"{format_number(value)} {format_interval(low, high)}"


def _cpu_minutes(records: Sequence[Record]) -> dict[str, float]:
    cells = {record.cell: record for record in records}
    minutes: dict[str, float] = defaultdict(float)
    for record in cells.values():
        minutes[record.subject] += (record.cpu_seconds + record.compile_seconds) / 60
    return minutes


def _slices(records: Sequence[Record], board: Leaderboard) -> list[str]:
    """A table for each factor of the design and tau: those of the largest tau open, the others to be opened."""
    factors: dict[str, Callable[[Record], Any]] = {
        "input size": lambda r: r.input_size,
        "data an input": lambda r: None if r.data_ratio is None else round(r.data_ratio, 3),
        "temperature": lambda r: r.temperature,
    }
    parts = []
    for tau in board.taus:
        own = [record for record in records if record.tau == tau]
        tables = []
        for name, level in factors.items():
            rows = {(row["level"], row["agent"]): row for row in slice_rows(own, level)}
            levels = sorted({level for level, _ in rows})
            if levels:
                body = [[f"`{a}`", *(_slice_cell(rows.get((value, a))) for value in levels)] for a in board.agents]
                tables.append(_table([name, *(f"{value:g}" for value in levels)], body))
        if tables:
            tables = [f"Scores at tau = {tau} by slice, with intervals over the problems of each:", *tables]
            around = (["<details>", f"<summary>By slice at tau = {tau}</summary>"], ["</details>"])
            parts += tables if tau == board.taus[0] else [*around[0], *tables, *around[1]]
    return parts


def _slice_cell(row: dict[str, Any] | None) -> str:
    return "–" if row is None else _with(row["score"], row["low"], row["high"])


def _floor(rows: Sequence[Excess]) -> list[str]:
    """How far each agent is above the posterior, on the problems where that could be drawn from."""
    taus = sorted({row.tau for row in rows}, reverse=True)
    lines: dict[str, list[str]] = {}
    for row in rows:
        cells = lines.setdefault(row.agent, [f"`{row.agent}`", str(row.above.units)])
        gap = _with(row.above.value, row.above.low, row.above.high) if row.agent != FLOORS[0] else "0"
        cells += [format_number(row.mean), gap]
    head = ["agent", "problems"]
    for tau in taus:
        head += [f"nats, tau = {tau}", "above the posterior"]
    words = (
        "Excess over the posterior, in nats, on the problems where it could be drawn from, paired, with 95 % intervals "
        f"(by `{FLOORS[0]}`, and by `{FLOORS[1]}` where that could not; the one beside the other on those of both):"
    )
    return [words, _table(head, list(lines.values()))]


def _beside(records: Sequence[Record], projected: Sequence[Record], theirs: Sequence[PeerScore]) -> list[str]:
    """Ours beside theirs: on single problems paired, or as means over that of `mlp`."""
    taus = sorted({score.tau for score in theirs}, reverse=True)
    single = [score for score in theirs if score.what == "kl"]
    if single:
        return _paired(records, single, taus)
    return _over_mlp(records, projected, [score for score in theirs if score.what == "kl over mlp"], taus)


def _index(record: Record) -> int:
    return int(record.evaluation.rsplit("/", 1)[1].split("-")[0])


def _paired(records: Sequence[Record], theirs: Sequence[PeerScore], taus: Sequence[int]) -> list[str]:
    peers: dict[str, dict[tuple, float]] = defaultdict(dict)
    for score in theirs:
        peers[score.agent][score.index, score.tau] = score.value
    whole = {agent: values for agent, values in peers.items() if len(values) == max(map(len, peers.values()))}
    best = min(whole, key=lambda agent: _mean(whole[agent], taus[0]))
    ours: dict[str, dict[tuple, float]] = defaultdict(dict)
    for record in records:
        if (_index(record), record.tau) in peers[best]:
            ours[record.subject][_index(record), record.tau] = record.value
    head = ["ours", "problems"]
    for tau in taus:
        head += [f"ours, tau = {tau}", "theirs", "ours less theirs"]
    head.append(f"less their `{best}`, tau = {taus[0]}")
    rows = []
    for agent, values in sorted(ours.items(), key=lambda item: _mean(item[1], taus[0])):
        cells, same = [f"`{agent}`", str(len({i for i, _ in values}))], peers.get(agent)
        for tau in taus:
            keys = [key for key in values if key[1] == tau]
            own = np.array([values[key] for key in keys])
            cells.append(format_number(float(own.mean())))
            cells += ["–", "–"] if same is None else _difference(own, np.array([same[key] for key in keys]))
        keys = [key for key in values if key[1] == taus[0]]
        cells.append(_difference(np.array([values[k] for k in keys]), np.array([peers[best][k] for k in keys]))[1])
        rows.append(cells)
    words = f"Ours beside theirs on the same instances and test draws, mean d_KL in nats, paired. {theirs[0].source}"
    return [words, _table(head, rows)]


def _mean(values: dict[tuple, float], tau: int) -> float:
    return float(np.mean([value for (_, t), value in values.items() if t == tau]))


def _difference(own: np.ndarray, other: np.ndarray) -> list[str]:
    gap = mean_interval(own - other)
    return [format_number(float(other.mean())), _with(gap.value, gap.low, gap.high)]


def _over_mlp(
    records: Sequence[Record], projected: Sequence[Record], theirs: Sequence[PeerScore], taus: Sequence[int]
) -> list[str]:
    """Beyond tau = 10 the original scores by random projections, and so is what stands beside it."""
    by_agent: dict[tuple, dict[str, float]] = defaultdict(dict)
    for record in [*(r for r in records if (r.tau or 0) <= 10), *projected]:
        by_agent[record.subject, record.tau][record.evaluation] = record.value
    rows = []
    for agent in dict.fromkeys(score.agent for score in theirs):
        cells, count = [f"`{agent}`"], 0
        for tau in taus:
            published = next(s.value for s in theirs if (s.agent, s.tau) == (agent, tau))
            common = sorted(by_agent[agent, tau].keys() & by_agent["mlp", tau].keys())
            count = len(common)
            cells += [_ratio(by_agent[agent, tau], by_agent["mlp", tau], common), format_number(published)]
        rows.append([*cells, str(count)])
    head = ["agent"]
    for tau in taus:
        head += [f"ours, tau = {tau}", "published"]
    words = f"Mean d_KL over that of `mlp`, beside what was published. {theirs[0].source}"
    return [words, _table([*head, "problems"], rows)]


def _ratio(values: dict[str, float], mlp: dict[str, float], common: Sequence[str]) -> str:
    if not common:
        return "–"
    own, base = (np.array([table[name] for name in common]) for table in (values, mlp))
    found = ratio_interval(own, base)
    return _with(found.value, found.low, found.high)
