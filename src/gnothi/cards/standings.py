"""The leaderboard as a page of Markdown: scores, slices, ranks, costs, the floor, and theirs beside ours."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gnothi.agents import TRUSTED
from gnothi.cards.figures import PRINT_INK, write_png
from gnothi.cards.leaderboard import Leaderboard, leaderboards, slice_rows
from gnothi.cards.plots import flops_chart
from gnothi.cards.wording import count_problems, explain, format_count, format_interval, format_number
from gnothi.metrics import mean_interval
from gnothi.sweep import Record, read_records
from gnothi.testbed.peers import PeerScore, peer_scores
from gnothi.testbed.reach import COSTLY

FLOOR = "exact"  # the agent that draws from the posterior
RANKED = ("kl", "joint_log_loss")  # synthetic problems first


def write_standings(run_folder: Path, path: Path, command: str) -> None:
    """Writes `path` (Markdown) and beside it a picture of score against compute.

    **Arguments:** `run_folder`, whose records to read; `path`; `command`, what was typed.

    **Raises:** `ValueError` if the folder holds no joint scores.
    """
    everything = read_records(run_folder)
    doubted = {(record.subject, record.evaluation) for record in everything if not _trusted(record)}
    records = [r for r in everything if r.metric in RANKED and (r.subject, r.evaluation) not in doubted]
    suites: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        suites[record.suite].append(record)
    picture = path.with_suffix(".png")
    parts = ["# Leaderboard", _provenance(records, command)]
    order = sorted(suites, key=lambda suite: (RANKED.index(suites[suite][0].metric), -len(suites[suite])))
    for suite, found in ((suite, suites[suite]) for suite in order):
        parts += _suite(suite, found, picture)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _trusted(record: Record) -> bool:
    """Whether a diagnostic is in its range; a problem where one is not is left out for that agent."""
    low, high = TRUSTED.get(record.metric, (-math.inf, math.inf))
    return low <= record.value <= high


def _provenance(records: Sequence[Record], command: str) -> str:
    cells = {(r.subject, r.config_hash, r.evaluation, r.seed) for r in records}
    versions = "; ".join(sorted({record.versions for record in records}))
    return (
        f"Written by `{command}` from {len(cells)} cells (agent, problem, seed): {versions}.\n\n"
        "A score is an agent's mean d_KL over that of `uniform` on the same problems; lower is better. Brackets hold "
        "95 % intervals by bootstrap over problems, within the cells of the design: both orders tau of a problem share "
        "its training, so the problem is the unit. *By cell* is a score to which every cell counts the same; the plain "
        "mean is ruled by cells of low temperature. Draws from a posterior count only where their diagnostics are in "
        "range (an effective sample size of 100, R-hat to 1.1, one divergence in 100). A rank's bounds hold 95 % of "
        "resampled sets of problems."
    )


def _suite(suite: str, records: Sequence[Record], picture: Path) -> list[str]:
    ordinary = [record for record in records if record.subject not in COSTLY]
    (board,) = leaderboards(ordinary)
    parts = [f"## {suite}: {count_problems(board)}", explain(board), _scores(board, ordinary)]
    parts += [f"! {note}" for note in board.notes]
    if board.metric == "kl" and suite == "classification":
        write_png(flops_chart(board, width=560, ink=PRINT_INK), picture)
        parts.append(f"![Score against the arithmetic of training]({picture.name})")
    if board.metric == "kl" and board.rows:
        parts += _slices(ordinary, board)
        parts += _floor(records)
    theirs = [score for score in peer_scores() if score.suite == suite]
    return parts + (_beside(records, theirs) if theirs else [])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" | ".join(head), " | ".join(["---"] + ["---:"] * (len(head) - 1))]
    return "\n".join(f"| {line} |" for line in (*lines, *(" | ".join(row) for row in rows)))


def _scores(board: Leaderboard, records: Sequence[Record]) -> str:
    minutes = _cpu_minutes(records)
    head = ["agent"]
    for tau in board.taus:
        head += [f"score, tau = {tau}", f"by cell, tau = {tau}"] + (["rank", "nats"] if tau == board.taus[0] else [])
    head += ["CPU s a problem", "CPU min in all", "weights", "training GFLOP"]
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
    cells = {(r.subject, r.config_hash, r.evaluation, r.seed): r for r in records}
    minutes: dict[str, float] = defaultdict(float)
    for record in cells.values():
        minutes[record.subject] += (record.cpu_seconds + record.compile_seconds) / 60
    return minutes


def _slices(records: Sequence[Record], board: Leaderboard) -> list[str]:
    factors: dict[str, Callable[[Record], Any]] = {
        "inputs": lambda r: r.input_size,
        "data an input": lambda r: None if r.data_ratio is None else round(r.data_ratio, 3),
        "temperature": lambda r: r.temperature,
    }
    head, columns = ["agent"], []
    for name, level in factors.items():
        rows = slice_rows(records, level)
        for place, value in enumerate(sorted({row["level"] for row in rows})):
            head.append(f"{value:g}" if place else f"{name} {value:g}")
            columns.append({row["agent"]: row["score"] for row in rows if row["level"] == value})
    body = [[f"`{a}`", *(format_number(column.get(a, math.nan)) for column in columns)] for a in board.agents]
    return [f"Scores at tau = {board.taus[0]} by slice:", _table(head, body)]


def _floor(records: Sequence[Record]) -> list[str]:
    """How far each agent is above the posterior, on the problems where that could be drawn from."""
    floor = {(r.evaluation, r.tau): r.value for r in records if r.subject == FLOOR}
    if not floor:
        return []
    taus = sorted({tau for _, tau in floor if tau is not None}, reverse=True)
    by_agent: dict[str, dict[tuple, float]] = defaultdict(dict)
    for record in records:
        if (record.evaluation, record.tau) in floor:
            by_agent[record.subject][record.evaluation, record.tau] = record.value
    rows = []
    for agent, values in by_agent.items():
        cells = [f"`{agent}`", str(len({name for name, _ in values}))]
        order = 0.0
        for tau in taus:
            own = np.array([value for (_, t), value in values.items() if t == tau])
            best = np.array([floor[key] for key in values if key[1] == tau])
            gap = mean_interval(own - best)
            cells += [format_number(float(own.mean())), _with(gap.value, gap.low, gap.high) if agent != FLOOR else "0"]
            order = order if tau != taus[0] else gap.value
        rows.append((order, cells))
    head = ["agent", "problems"]
    for tau in taus:
        head += [f"nats, tau = {tau}", f"above `{FLOOR}`"]
    words = (
        f"Excess over the posterior, in nats, on the problems that `{FLOOR}` could do (paired, with 95 % intervals):"
    )
    return [words, _table(head, [cells for _, cells in sorted(rows, key=lambda row: row[0])])]


def _beside(records: Sequence[Record], theirs: Sequence[PeerScore]) -> list[str]:
    """Ours beside theirs: on single problems paired, or as means over that of `mlp`."""
    taus = sorted({score.tau for score in theirs}, reverse=True)
    kinds = {score.what for score in theirs}
    if "kl" in kinds:
        return _paired(records, [score for score in theirs if score.what == "kl"], taus)
    return _over_mlp(records, [score for score in theirs if score.what == "kl over mlp"], taus)


def _index(record: Record) -> int:
    return int(record.evaluation.rsplit("/", 1)[1].split("-")[0])


def _paired(records: Sequence[Record], theirs: Sequence[PeerScore], taus: Sequence[int]) -> list[str]:
    peers: dict[str, dict[tuple, float]] = defaultdict(dict)
    for score in theirs:
        peers[score.agent][score.index, score.tau] = score.value
    ours: dict[str, dict[tuple, float]] = defaultdict(dict)
    for record in records:
        ours[record.subject][_index(record), record.tau] = record.value
    top = taus[0]
    whole = [agent for agent, values in peers.items() if len(values) == max(map(len, peers.values()))]
    best = min(whole, key=lambda agent: np.mean([v for (_, t), v in peers[agent].items() if t == top]))
    head = ["ours", "problems"]
    for tau in taus:
        head += [f"ours, tau = {tau}", "theirs", "ours less theirs"]
    head.append(f"less their `{best}`, tau = {top}")
    rows = []
    for agent, values in sorted(
        ours.items(), key=lambda item: np.mean([v for (_, t), v in item[1].items() if t == top])
    ):
        cells, same = [f"`{agent}`", str(len({i for i, _ in values}))], peers.get(agent)
        for tau in taus:
            keys = [key for key in values if key[1] == tau and key in peers[best]]
            own = np.array([values[key] for key in keys])
            cells.append(format_number(float(own.mean())))
            cells += ["–", "–"] if same is None else _difference(own, np.array([same[key] for key in keys]))
        keys = [key for key in values if key[1] == top and key in peers[best]]
        cells.append(_difference(np.array([values[k] for k in keys]), np.array([peers[best][k] for k in keys]))[1])
        rows.append(cells)
    words = f"Ours beside theirs on the same instances and test draws, mean d_KL in nats, paired. {theirs[0].source}"
    return [words, _table(head, rows)]


def _difference(own: np.ndarray, other: np.ndarray) -> list[str]:
    gap = mean_interval(own - other)
    return [format_number(float(other.mean())), _with(gap.value, gap.low, gap.high)]


def _over_mlp(records: Sequence[Record], theirs: Sequence[PeerScore], taus: Sequence[int]) -> list[str]:
    rows = []
    for agent in dict.fromkeys(score.agent for score in theirs):
        cells = [f"`{agent}`"]
        for tau in taus:
            published = next(s.value for s in theirs if (s.agent, s.tau) == (agent, tau))
            values = {r.evaluation: r.value for r in records if (r.subject, r.tau) == (agent, tau)}
            mlp = {r.evaluation: r.value for r in records if (r.subject, r.tau) == ("mlp", tau)}
            common = sorted(values.keys() & mlp.keys())
            cells += [_ratio(values, mlp, common), format_number(published)]
        rows.append([*cells, str(len(common))])
    head = ["agent"]
    for tau in taus:
        head += [f"ours, tau = {tau}", "published"]
    return [
        f"Mean d_KL over that of `mlp`, beside what was published. {theirs[0].source}",
        _table([*head, "problems"], rows),
    ]


def _ratio(values: dict[str, float], mlp: dict[str, float], common: Sequence[str]) -> str:
    from gnothi.metrics import bootstrap_interval

    if not common:
        return "–"
    own, base = (np.array([table[name] for name in common]) for table in (values, mlp))
    found = bootstrap_interval(lambda rows: own[rows].sum(axis=1) / base[rows].sum(axis=1), len(common))
    return _with(found.value, found.low, found.high)
