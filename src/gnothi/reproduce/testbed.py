"""The Neural Testbed: agents that look alike one label at a time separate when labels are predicted together.

Osband et al. 2022, "The Neural Testbed: Evaluating Joint Predictions". Three claims: agents spread at tau = 10
far more than at tau = 1; they come in the published order; and a score on synthetic problems says how an agent
does on real data.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
from scipy import stats

from gnothi.agents import AGENTS
from gnothi.cards import (
    PRINT_INK,
    Claim,
    Excess,
    above,
    below,
    excesses,
    floor_chart,
    floor_title,
    leaderboards,
    trusted,
)
from gnothi.cards.labels import log_axis, named_points
from gnothi.cards.plots import Chart
from gnothi.cards.theme import agent_colour
from gnothi.metrics import Estimate, bootstrap_rows
from gnothi.reproduce.lab import Findings, Lab
from gnothi.sweep import Record
from gnothi.testbed import find_suite, grid
from gnothi.testbed.peers import peer_scores
from gnothi.testbed.reach import reached
from gnothi.testbed.real import RealSpec
from gnothi.testbed.suites import Spec

#: What the paper compares, but for the Markov chain, which costs minutes a problem.
PUBLISHED = ("mlp", "ensemble", "dropout", "bbb", "hypermodel", "ensemble+")
OTHERS = (
    "uniform",
    "logistic",
    "knn",
    "random_forest",
    "epinet",
)  # the correlation with real data takes all it can get
ALIKE = 1.35  # the largest score at tau 1 over the smallest, at most
FLOOR = "exact"  # where it can
APART = 1.3  # how many times larger that ratio is at tau 10, at least
NUM_RESAMPLES = 2000


def run(lab: Lab) -> Findings:
    """Runs agents over the sweep and over real tables, and checks the three claims."""
    names = lab.choose(
        smoke=("uniform", "knn", "mlp", "dropout", "hypermodel", "epinet"),
        laptop=(*PUBLISHED, *OTHERS),
        paper=(*PUBLISHED, *OTHERS, "sgmcmc"),
    )
    agents = {name: AGENTS[name] for name in names}
    specs = _synthetic(lab)
    records = lab.run_testbed(agents, specs)
    drawn = [] if lab.scale == "smoke" else trusted(lab.run_testbed({FLOOR: AGENTS[FLOOR]}, reached(FLOOR, specs)))
    real = lab.run_testbed(agents, _real(lab))
    scores = _by_problem(records)
    by = "value" if lab.scale == "smoke" else "interval"
    compared = [name for name in names if name in (*PUBLISHED, "sgmcmc")]
    spreads = {tau: _spread(scores[tau], compared) for tau in (1, 10)}
    problems = len(scores[10]["mlp"])
    claims = (
        below(
            "Agents look alike one label at a time",
            "largest mean d_KL at tau = 1 over the smallest, of the paper's agents",
            _estimate(spreads[1], problems),
            ALIKE,
            by="value",
        ),
        above(
            "Ten labels together tell them apart",
            "the same ratio at tau = 10, over that at tau = 1",
            _estimate(spreads[10] / spreads[1], problems),
            APART,
            by=by,
        ),
        _order(scores[10], [name for name in compared if name in _published_order()], by),
        _real_correlation(records, real, by),
    )
    return Findings(claims, _figure(records, real, excesses([*records, *drawn])))


def _synthetic(lab: Lab) -> Sequence[Spec]:
    return lab.choose(
        smoke=grid("reproduce", (2, 10), (10,), (0.01, 0.1), range(2)),
        laptop=grid("reproduce", (2, 10, 100), (1, 10, 100), (0.01, 0.1), range(3)),
        paper=find_suite("classification"),
    )


def _real(lab: Lab) -> Sequence[Spec]:
    tables = lab.choose(smoke=("iris", "wine"), laptop=("iris", "wine", "breast_cancer", "digits"), paper=())
    splits = lab.choose(smoke=1, laptop=2, paper=0)
    specs = [RealSpec(table, seed, "reproduce_real") for table in tables for seed in range(splits)]
    return specs or find_suite("real")


def _by_problem(records: Sequence[Record]) -> dict[int, dict[str, np.ndarray]]:
    """d_KL by tau and agent, problems in a fixed order."""
    found: dict[int, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for record in records:
        if record.metric == "kl" and record.tau is not None:
            found[record.tau][record.subject][record.evaluation] = record.value
    return {
        tau: {agent: np.array([of[name] for name in sorted(of)]) for agent, of in by_agent.items()}
        for tau, by_agent in found.items()
    }


def _means(scores: dict[str, np.ndarray], agents: Sequence[str]) -> np.ndarray:
    """Mean d_KL of each agent, measured first and then on resampled problems: [agents, 1 + resamples]."""
    values = np.stack([scores[agent] for agent in agents])
    rows = bootstrap_rows(values.shape[1], num_resamples=NUM_RESAMPLES)
    return np.concatenate([values.mean(axis=1, keepdims=True), values[:, rows].mean(axis=2)], axis=1)


def _estimate(values: np.ndarray, units: int) -> Estimate:
    """What was measured, with the interval of its resamples; `units`, how many problems or agents were resampled."""
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return Estimate(float(values[0]), float(low), float(high), units)


def _spread(scores: dict[str, np.ndarray], agents: Sequence[str]) -> np.ndarray:
    means = _means(scores, agents)
    return means.max(axis=0) / means.min(axis=0)


def _published_order() -> dict[str, float]:
    """The published score at tau = 100 (2021), by agent."""
    return {s.agent: s.value for s in peer_scores() if s.what == "kl over mlp" and s.tau == 100}


def _order(scores: dict[str, np.ndarray], agents: Sequence[str], by: str) -> Claim:
    published = [_published_order()[agent] for agent in agents]
    means = _means(scores, agents)
    correlations = np.array([stats.spearmanr(column, published).statistic for column in means.T])
    return above(
        "Agents come in the published order",
        f"Spearman correlation of d_KL at tau = 10 with the figure of 2021, {len(agents)} agents",
        _estimate(correlations, len(scores[agents[0]])),
        0.0,
        by=by,
    )


def _real_correlation(records: Sequence[Record], real: Sequence[Record], by: str) -> Claim:
    synthetic, measured = (_scores(found) for found in (records, real))
    agents = sorted(synthetic)
    pairs = np.array([[synthetic[agent], measured[agent]] for agent in agents])
    rows = np.concatenate([np.arange(len(agents))[None], bootstrap_rows(len(agents), num_resamples=NUM_RESAMPLES)])
    with np.errstate(invalid="ignore"):
        correlations = np.array([stats.spearmanr(*pairs[row].T).statistic for row in rows if len(set(row)) > 2])
    return above(
        "Synthetic scores say how agents do on real data",
        "Spearman correlation over agents, tau = 10, resampling agents",
        _estimate(correlations, len(agents)),
        0.0,
        by=by,
    )


def _scores(records: Sequence[Record]) -> dict[str, float]:
    (board,) = leaderboards(records)
    return {row.agent: row.score for row in board.at(10)}


def _figure(records: Sequence[Record], real: Sequence[Record], floored: Sequence[Excess]) -> Chart:
    (board,) = leaderboards(records)
    measured = _scores(real)
    rows: list[dict[str, Any]] = [
        {"agent": one.agent, "one": one.score, "ten": ten.score, "real": measured[one.agent]}
        for one, ten in zip(board.at(1), board.at(10), strict=True)
    ]
    colour = agent_colour(board.agents)

    def panel(x: str, y: str, x_title: str, y_title: str, title: str) -> Chart:
        across, up = (log_axis(field, [row[field] for row in rows], t) for field, t in ((x, x_title), (y, y_title)))
        base = alt.Chart(alt.Data(values=rows)).encode(x=across.of(alt.X), y=up.of(alt.Y))
        points = base.mark_point(filled=True, size=90, opacity=1).encode(color=colour)
        words = named_points(rows, across, up, size=(380, 320), ink=PRINT_INK)
        return alt.layer(points, words).properties(width=380, height=320, title=title)

    synthetic = "d_KL at τ = 10, uniform = 1"
    panels: list[Chart] = [
        panel("one", "ten", "d_KL at τ = 1, uniform = 1", synthetic, "One label at a time, and ten together"),
        panel("ten", "real", synthetic, "joint log-loss of real data at τ = 10, uniform = 1", "Synthetic and real"),
    ]
    if floored:
        panels.append(floor_chart(floored, width=300, title=floor_title(floored), ink=PRINT_INK))
    return alt.hconcat(*panels, spacing=40).resolve_scale(color="independent")
