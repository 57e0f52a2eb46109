"""Epistemic Neural Networks: an epinet predicts jointly as well as an ensemble of 100, at a tenth of the compute.

Osband et al. 2023, "Epistemic Neural Networks". Ensembles of 1 to 100 members, with and without prior functions, stand
beside epinets on the testbed: the published one, whose joint score falls short of that claim, and the tuned `epinet+`.
The line of NUTS says how far everyone is from the posterior. In linear regression the optimum of an epinet is known in
closed form, and comes to the posterior as its index grows.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from gnothi.agents import AGENTS, Agent, EnsembleAgent
from gnothi.cards import PRINT_INK, Claim, below, equals, not_above, trusted
from gnothi.cards.labels import log_axis, named_points
from gnothi.cards.plots import Chart
from gnothi.cards.theme import agent_colour
from gnothi.metrics import Estimate, mean_interval, ratio_interval
from gnothi.reproduce.lab import Findings, Lab
from gnothi.reproduce.measured import measured
from gnothi.sweep import Group, Record
from gnothi.testbed import find_suite, grid
from gnothi.testbed.suites import Spec

BEST, PLAIN, BASE, OURS = "ensemble+ 100", "ensemble 100", "mlp", "epinet+"
FLOOR = "hmc"
FLOOR_DATA = 20  # NUTS runs on problems of at most so many data
COMPUTE = 0.1  # of the ensemble's
SIZE, NUM_DATA, NOISE = 5, 40, 0.5  # of linear regression; weights are standard normal
INDEX_SIZES = (2, 8, 32, 128, 512, 2048)


def run(lab: Lab) -> Findings:
    """Puts ensembles and epinets through the testbed and checks scores, compute, marginals and the rate."""
    agents = _agents(lab)
    specs = _specs(lab)
    records = lab.run_testbed(agents, specs)
    if lab.scale != "smoke":
        small = [
            spec for spec in specs if getattr(spec, "num_train", 0) <= FLOOR_DATA and getattr(spec, "seed", 0) == 0
        ]
        records += trusted(lab.run_testbed({FLOOR: AGENTS[FLOOR]}, small))
    seeds = range(lab.choose(smoke=8, laptop=40, paper=200))
    rate = lab.run([Group("linear regression", (f"linear_epinet/{len(seeds)} data sets",), seeds)], linear_epinets)
    scores = _by_problem(records)
    return Findings((*_scores(scores, lab), *_compute(records), _slope(rate)), _figure(records, scores))


def _agents(lab: Lab) -> dict[str, Agent]:
    sizes = lab.choose(smoke=(100,), laptop=(1, 3, 10, 30, 100), paper=(1, 3, 10, 30, 100))
    ensembles = {f"ensemble {size}": EnsembleAgent(num_members=size) for size in sizes}
    with_priors = {f"ensemble+ {size}": EnsembleAgent(num_members=size, prior_scale=3.0) for size in sizes}
    others = {name: AGENTS[name] for name in ("uniform", BASE, "epinet", OURS)}
    return {**ensembles, **with_priors, **others}


def _specs(lab: Lab) -> Sequence[Spec]:
    return lab.choose(
        smoke=grid("enn", (2, 10), (10,), (0.01, 0.1), range(2)),
        laptop=grid("enn", (2, 10, 100), (1, 10, 100), (0.01, 0.1), range(2)),
        paper=find_suite("classification"),
    )


def _by_problem(records: Sequence[Record]) -> dict[int, dict[str, dict[str, float]]]:
    """d_KL by tau, agent and problem."""
    found: dict[int, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for record in records:
        if record.metric == "kl" and record.tau is not None:
            found[record.tau][record.subject][record.evaluation] = record.value
    return found


def _ratio(scores: dict[str, dict[str, float]], agent: str, other: str) -> Estimate:
    """Mean d_KL over that of another on the problems of both, with its interval over problems."""
    names = sorted(scores[agent].keys() & scores[other].keys())
    ours, theirs = (np.array([scores[who][name] for name in names]) for who in (agent, other))
    return ratio_interval(ours, theirs)


def _scores(scores: dict[int, dict[str, dict[str, float]]], lab: Lab) -> list[Claim]:
    by = "value" if lab.scale == "smoke" else "interval"
    return [
        not_above(
            "The epinet matches 100 members with prior functions",
            f"mean d_KL at tau = 10 of {OURS} over that of {BEST}",
            _ratio(scores[10], OURS, BEST),
            1.0,
        ),
        below(
            "It beats 100 members without by far",
            f"mean d_KL at tau = 10 of {OURS} over that of {PLAIN}",
            _ratio(scores[10], OURS, PLAIN),
            0.75,
            by=by,
        ),
        not_above(
            "One label at a time it is no worse than its base network",
            f"mean d_KL at tau = 1 of {OURS} over that of {BASE}",
            _ratio(scores[1], OURS, BASE),
            1.0,
        ),
    ]


def _compute(records: Sequence[Record]) -> list[Claim]:
    costs: dict[str, dict[str, Record]] = defaultdict(dict)
    for record in records:
        costs[record.subject][record.evaluation] = record
    names = sorted(costs[OURS])

    def ratio(cost: str) -> Estimate:
        ours, theirs = (np.array([getattr(costs[who][name], cost) for name in names], float) for who in (OURS, BEST))
        return ratio_interval(ours, theirs)

    return [
        below(
            "It costs a tenth of the ensemble's arithmetic at the most",
            f"operations of training, {OURS} over {BEST}",
            ratio("train_flops"),
            COMPUTE,
        ),
        below(
            "and a small part of its time",
            f"CPU seconds of training and scoring, {OURS} over {BEST}",
            ratio("cpu_seconds"),
            2 * COMPUTE,
        ),
    ]


def linear_epinets(seeds: range) -> dict[str, list[Record]]:
    """How far the covariance of a linear epinet at its optimum is from the posterior's, by index size and seed.

    With data (X, y), noise s and weights of prior variance 1, an epinet with directions c_i on the unit sphere and a
    prior with columns there has its optimum at (s C'X + s^2 P)(X'X + s^2 I)^-1 (Osband et al. 2023, theorem 2).
    """
    rows = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(NUM_DATA, SIZE))
        regular = np.linalg.inv(x.T @ x + NOISE**2 * np.eye(SIZE))
        posterior = NOISE**2 * regular
        for index_size in INDEX_SIZES:
            directions, prior = _on_sphere(rng, NUM_DATA, index_size), _on_sphere(rng, SIZE, index_size)
            weights = (NOISE * directions.T @ x + NOISE**2 * prior.T) @ regular
            error = float(np.linalg.norm(weights.T @ weights - posterior) / np.linalg.norm(posterior))
            exact = Estimate(error, error, error, units=1)
            name = f"linear_epinet/index{index_size}-S{seed}"
            rows.append(measured("linear epinet", name, "covariance_error", exact, seed=seed, parameters=index_size))
    return {f"linear_epinet/{len(seeds)} data sets": rows}


def _on_sphere(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    draws = rng.normal(size=(count, size))
    return draws / np.linalg.norm(draws, axis=1, keepdims=True)


def _slope(records: Sequence[Record]) -> Claim:
    """The rate, over index sizes of 8 and more: below that the law is not yet the limit's."""
    by_seed: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for record in records:
        if record.parameters >= 8:
            by_seed[record.seed].append((record.parameters, record.value))
    slopes = []
    for points in by_seed.values():
        sizes, errors = np.log(np.array(points)).T
        slopes.append(float(np.polyfit(sizes, errors, 1)[0]))
    found = mean_interval(np.array(slopes))
    words = f"slope of log error in log index size, {found.units} data sets, [{found.low:.3f}, {found.high:.3f}]"
    return equals(
        "A linear epinet comes to the exact posterior at the rate 1/sqrt(index size)",
        words,
        found.value,
        -0.5,
        tolerance=0.05,
    )


def _figure(records: Sequence[Record], scores: dict[int, dict[str, dict[str, float]]]) -> Chart:
    rows = []
    for agent in scores[10]:
        own = [record for record in records if record.subject == agent and record.tau == 10]
        found = _ratio(scores[10], agent, BEST)
        flops = np.mean([np.nan if record.train_flops is None else record.train_flops for record in own])
        rows.append(
            {
                "agent": agent,
                "family": agent.split(" ")[0],
                "score": found.value,
                "low": found.low,
                "high": found.high,
                "parameters": float(np.mean([record.parameters for record in own])),
                "gflop": float(flops) / 1e9,
            }
        )
    floor = [row for row in rows if row["agent"] == FLOOR]
    shown = [row for row in rows if row["agent"] not in (FLOOR, "uniform")]
    return alt.hconcat(
        _panel(shown, floor, "parameters", "weights (log)"),
        _panel(shown, floor, "gflop", "GFLOP of training a problem (log)"),
        spacing=40,
        title=alt.Title(
            "An epinet beside ensembles of 1 to 100",
            subtitle="Mean d_KL at τ = 10 over that of 100 members with prior functions"
            + ("; the dashed line is NUTS, on problems of at most 20 data" if floor else ""),
        ),
    )


def _panel(rows: list[dict[str, Any]], floor: list[dict[str, Any]], cost: str, title: str) -> Chart:
    colour = agent_colour({row["family"] for row in rows}, "family")
    x = log_axis(cost, [row[cost] for row in rows], title)
    ends = [row[end] for row in (*rows, *floor) for end in ("low", "high")]
    y = log_axis("score", ends, "d_KL at τ = 10, of ensemble+ 100")
    base = alt.Chart(alt.Data(values=rows)).encode(x=x.of(alt.X), color=colour)
    layers: list[alt.Chart] = [
        base.mark_line(strokeWidth=1.5, opacity=0.5).encode(y=y.of(alt.Y)),
        base.mark_rule(strokeWidth=2, opacity=0.5).encode(y=y.of(alt.Y, "low"), y2="high:Q"),
        base.mark_point(filled=True, size=70, opacity=1).encode(y=y.of(alt.Y)),
        named_points(rows, x, y, size=(420, 360), ink=PRINT_INK, font_size=10),
    ]
    if floor:
        line = alt.Chart(alt.Data(values=[{"score": row["score"]} for row in floor])).mark_rule(
            strokeDash=[5, 4], color=PRINT_INK
        )
        layers.append(line.encode(y=y.of(alt.Y)))
    return alt.layer(*layers).properties(width=420, height=360)
