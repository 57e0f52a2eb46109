"""Records to a leaderboard: which agent predicts best, by how much, how sure that is, and at what cost.

A score is an agent's mean over that of `uniform` on the same problems, so that `uniform` is exactly 1 and lower is
better. Draws of problems are the independent units: numerator and denominator are resampled together, and within each
cell of the design (the design fixed the cells and drew the seeds).
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from gnothi.sweep import Record
from gnothi.testbed.reach import COSTLY, base_name

BASELINE = "uniform"
METRICS = {"kl": "d_KL", "joint_log_loss": "joint log-loss"}  # what is ranked, by its name in records
MIN_PROBLEMS = 5  # fewer give no interval


@dataclass(frozen=True)
class Row:
    """An agent at one tau. `low` and `high` bound `score`; they are NaN where there is no interval to give.

    `mean` is in nats; `behind` is the paired difference of scores to the best agent; `by_cell` is a score to which
    every cell of the design counts the same (a plain mean is ruled by the cells where `uniform` loses most, those of
    low temperature); `rank` is 1 for the best, with the bounds between which it lies in 95 % of resampled sets of
    problems; `missing` counts problems that other agents finished and this one did not; `train_flops` is a problem's
    mean, NaN where it was not counted.
    """

    agent: str
    tau: int
    score: float
    low: float
    high: float
    behind: float
    behind_low: float
    behind_high: float
    mean: float
    by_cell: float
    by_cell_low: float
    by_cell_high: float
    rank: int
    rank_low: int
    rank_high: int
    problems: int
    nonfinite: int
    missing: int
    cpu_seconds: float
    parameters: int
    train_flops: float

    @property
    def separated(self) -> bool:
        """Whether the best agent is better than this one beyond chance."""
        return self.behind_low > 0 or self.behind == math.inf


@dataclass(frozen=True)
class Leaderboard:
    """The agents of one suite, the best first; `notes` say what a reader must know before believing it."""

    suite: str
    metric: str
    normalised: bool
    problems: int
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def taus(self) -> list[int]:
        """Orders of joint prediction, the largest (by which agents are ranked) first."""
        return sorted({row.tau for row in self.rows}, reverse=True)

    @property
    def agents(self) -> list[str]:
        """Names, the best at the largest tau first."""
        return [row.agent for row in self.rows if row.tau == self.taus[0]]

    def at(self, tau: int) -> list[Row]:
        """The rows of one tau, in the order of `agents`."""
        order = {agent: place for place, agent in enumerate(self.agents)}
        return sorted((row for row in self.rows if row.tau == tau), key=lambda row: order[row.agent])


def leaderboards(records: Sequence[Record]) -> list[Leaderboard]:
    """A leaderboard for each suite: those whose truth is known first, real data last.

    **Arguments:** `records`, of any number of suites, agents and seeds. An agent that was run with several
    configurations counts as several agents, told apart by their hash; several seeds of one are averaged.

    **Raises:** `ValueError` if no record holds a joint score.
    """
    suites: dict[tuple[int, str, str], list[Record]] = defaultdict(list)
    for record in name_agents(records):
        if record.metric in METRICS and record.tau is not None:
            suites[list(METRICS).index(record.metric), record.suite, record.metric].append(record)
    if not suites:
        raise ValueError(f"no record holds a joint score ({' or '.join(METRICS)}): `gnothi testbed run` writes some")
    return [_leaderboard(suite, metric, suites[rank, suite, metric]) for rank, suite, metric in sorted(suites)]


def whole_runs(records: Sequence[Record]) -> list[Record]:
    """Records without those of agents that cost minutes a problem and did not do all problems of a suite.

    They are put through a subset on purpose; left in, they would shrink everyone's board to it.
    """
    by_suite: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        by_suite[record.suite][record.subject].add(record.evaluation)

    def stays(record: Record) -> bool:
        done = by_suite[record.suite]
        return base_name(record.subject) not in COSTLY or done[record.subject] == set().union(*done.values())

    return [record for record in records if stays(record)]


def slice_rows(records: Sequence[Record], level: Callable[[Record], Hashable]) -> list[dict[str, Any]]:
    """Scores at the largest tau among the records of each level of a factor, as plain rows with a `level`.

    **Arguments:** `records`, of one suite; `level`, from a record to a level, or `None` to leave it out.
    """
    levels: dict[Any, list[Record]] = defaultdict(list)
    for record in name_agents(records):
        if level(record) is not None:
            levels[level(record)].append(record)
    return [
        {"level": value, **asdict(row)}
        for value in sorted(levels)
        for board in leaderboards(levels[value])
        for row in board.rows
        if row.tau == board.taus[0]
    ]


def name_agents(records: Sequence[Record]) -> list[Record]:
    """The same records; where a subject has several configurations, its hash becomes part of its name."""
    subjects = Counter(subject for subject, _ in {(r.subject, r.config_hash) for r in records})
    return [replace(r, subject=f"{r.subject} {r.config_hash}") if subjects[r.subject] > 1 else r for r in records]


def _leaderboard(suite: str, metric: str, records: Sequence[Record]) -> Leaderboard:
    by_agent: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        by_agent[record.subject][record.evaluation].append(record)
    everything = set().union(*by_agent.values())
    common = sorted(set(everything).intersection(*by_agent.values()))
    missing = {agent: len(everything) - len(found) for agent, found in by_agent.items()}
    baseline = next((agent for agent in sorted(by_agent) if agent.split(" ")[0] == BASELINE), None)
    notes = []
    if len(common) < len(everything):
        who = ", ".join(f"{agent} {count}" for agent, count in missing.items() if count)
        notes.append(
            f"{len(everything) - len(common)} of {len(everything)} problems are left out, because not every agent has "
            f"finished them (missing: {who}): run the same command again to finish them."
        )
    if baseline is None:
        notes.append(
            f"Scores are in nats and not normalised, because `{BASELINE}` was not run: run it on the same suite, into "
            "the same folder."
        )
    rows: list[Row] = []
    for tau in sorted({record.tau for record in records if record.tau is not None}, reverse=True) if common else []:
        chosen = {a: [[r for r in found[e] if r.tau == tau] for e in common] for a, found in by_agent.items()}
        rows += _rows(tau, chosen, baseline, missing)
    for row in rows:
        if row.nonfinite:
            notes.append(
                f"{row.agent} has no finite score on {row.nonfinite} of {row.problems} problems at tau = {row.tau}: "
                "its score is what it is, and has no interval."
            )
    return Leaderboard(suite, metric, baseline is not None, len(common), tuple(rows), tuple(notes))


def _rows(tau: int, chosen: dict[str, list[list[Record]]], baseline: str | None, missing: dict[str, int]) -> list[Row]:
    """The rows of one tau, the best first; `chosen` holds the records of each common problem, by agent."""
    values = {a: np.array([np.mean([r.value for r in seeds]) for seeds in found]) for a, found in chosen.items()}
    firsts = [seeds[0] for seeds in next(iter(chosen.values()))]
    cells = [_cell(record) for record in firsts]
    ones = np.ones(len(firsts))
    uniform = ones if baseline is None else values[baseline]
    if firsts[0].metric == "kl":  # a mean over all problems, over the same of uniform
        parts = {agent: value for agent, value in values.items()}
        whole = uniform
    else:  # every table counts the same, however many splits or classes it has
        whole = np.array([1 / cells.count(cell) for cell in cells])
        parts = {agent: whole * (value / uniform) for agent, value in values.items()}
    draws = _Resamples(cells, [_draw(record) for record in firsts])
    scores = {agent: draws.interval(part, whole) for agent, part in parts.items()}
    order = sorted(scores, key=lambda agent: (not math.isfinite(scores[agent][0]), scores[agent][0], agent))
    ranks = draws.ranks([parts[agent] for agent in order], whole)
    rows = []
    for place, agent in enumerate(order):
        score, low, high = scores[agent]
        gap = (0.0, 0.0, 0.0) if place == 0 else draws.interval(parts[agent] - parts[order[0]], whole)
        by_cell = draws.cell_interval(values[agent], uniform) if firsts[0].metric == "kl" else scores[agent]
        flat = [record for seeds in chosen[agent] for record in seeds]
        flops = [math.nan if record.train_flops is None else record.train_flops for record in flat]
        rows.append(
            Row(
                agent=agent,
                tau=tau,
                score=score,
                low=low,
                high=high,
                behind=gap[0],
                behind_low=gap[1],
                behind_high=gap[2],
                mean=float(values[agent].mean()),
                by_cell=by_cell[0],
                by_cell_low=by_cell[1],
                by_cell_high=by_cell[2],
                rank=place + 1,
                rank_low=ranks[place][0],
                rank_high=ranks[place][1],
                problems=len(firsts),
                nonfinite=int((~np.isfinite(values[agent])).sum()),
                missing=missing[agent],
                cpu_seconds=float(np.mean([record.cpu_seconds for record in flat])),
                parameters=max(record.parameters for record in flat),
                train_flops=float(np.mean(flops)),
            )
        )
    return rows


def _cell(record: Record) -> str:
    """What the design fixed of a problem; the rest of it was drawn: its name without its seed, or its place."""
    if record.metric == "kl":
        return re.sub(r"/\d+-|-S\d+$", "/", record.evaluation)
    return table_of(record)


def _draw(record: Record) -> str:
    """What was drawn: problems of one size, temperature and seed are variants of one draw, whatever lies between."""
    found = re.match(r"(.*/D\d+-N\d+)\b.*(-T[^-]+-S\d+)$", record.evaluation)
    return "".join(found.groups()) if found else record.evaluation


def _without_variant(cell: str) -> str:
    return re.sub(r"(/D\d+-N\d+)-.*(-T[^-]+/)$", r"\1\2", cell)


def table_of(record: Record) -> str:
    """The name of a real table, without suite and split."""
    return record.evaluation.rsplit("-S", 1)[0].split("/", 1)[-1]


class _Resamples:
    """Bootstrap resamples of problems, as weights of each: the same for every agent.

    What is resampled is draws of a problem, within the cells of the design; variants of one draw (more classes, other
    noise, on the same network and inputs) stay together. Resamples of n out of n draws a cell vary too little by a
    factor of (n - 1) / n, which is much at n = 4; so n - 1 are drawn and weighted up (Rao and Wu 1988, sec. 2). Where a
    cell holds one draw, all cells are resampled as one.
    """

    def __init__(self, cells: Sequence[str], draws: Sequence[str], *, num_resamples: int = 2000, seed: int = 0):
        _, self._cells = np.unique(cells, return_inverse=True)
        _, first, which = np.unique(draws, return_index=True, return_inverse=True)
        _, strata = np.unique([_without_variant(cells[place]) for place in first], return_inverse=True)
        if np.bincount(strata).min() == 1:
            strata = np.zeros(len(first), int)
        self.enough = len(first) >= MIN_PROBLEMS
        rng = np.random.default_rng(seed)
        weights = np.empty((num_resamples, len(first)))
        for stratum in np.unique(strata):
            members = np.flatnonzero(strata == stratum)
            n = max(members.size, 2)
            weights[:, members] = rng.multinomial(n - 1, np.full(members.size, 1 / members.size), num_resamples)
            weights[:, members] *= n / (n - 1)
        self._weights = weights[:, which]

    def interval(self, numerator: np.ndarray, denominator: np.ndarray) -> tuple[float, float, float]:
        """A ratio of sums over problems with its 95 % interval; without one where values are not finite or few."""
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float(numerator.sum() / denominator.sum())
            if not self.enough or not math.isfinite(value):
                return value, math.nan, math.nan
            low, high = np.quantile(self._ratios(numerator, denominator), [0.025, 0.975])
        return value, float(low), float(high)

    def cell_interval(self, values: np.ndarray, uniform: np.ndarray) -> tuple[float, float, float]:
        """The mean over cells of the ratio of a cell's means, with its interval."""
        places = np.eye(self._cells.max() + 1)[self._cells]
        with np.errstate(divide="ignore", invalid="ignore"):
            value = float(np.mean((values @ places) / (uniform @ places)))
            if not self.enough or not math.isfinite(value):
                return value, math.nan, math.nan
            cells = ((self._weights * values) @ places) / ((self._weights * uniform) @ places)
            low, high = np.quantile(np.nanmean(cells, axis=1), [0.025, 0.975])  # a cell that was not drawn is 0 / 0
        return value, float(low), float(high)

    def ranks(self, numerators: Sequence[np.ndarray], denominator: np.ndarray) -> list[tuple[int, int]]:
        """Between which ranks each agent lies in 95 % of resamples; agents without a finite score come last."""
        if not self.enough:
            return [(1, len(numerators))] * len(numerators)
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = np.stack([self._ratios(numerator, denominator) for numerator in numerators])
        order = np.argsort(np.argsort(np.where(np.isfinite(scores), scores, np.inf), axis=0, kind="stable"), axis=0)
        low, high = np.quantile(order + 1, [0.025, 0.975], axis=1)
        return [(math.floor(a), math.ceil(b)) for a, b in zip(low, high, strict=True)]

    def _ratios(self, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
        return (self._weights @ numerator) / (self._weights @ denominator)
