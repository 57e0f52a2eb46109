"""From predictions to decisions: how good an agent's decisions are, joint predictions say and marginals do not.

Wen et al. 2022, "From Predictions to Decisions: The Importance of Joint Predictive Distributions". (a) What to
recommend, and a coin of unknown bias, exactly. (b) d_KL at tau = 1, 10 and 100 on the testbed beside regret on neural
bandits of the same law, over agents (Osband et al. 2023, "Approximate Thompson Sampling via Epistemic Neural Networks",
whose protocol it is: 100 actions in 2 dimensions, temperature 0.1, 10,000 steps, a gradient step a reward, a fresh
index a step). As measured so far that claim does not hold, and the checks say so: so many actions are nearly the best
that any variety of members finds one, and the least regret is that of ensembles without prior functions, whose joint
predictions are bad; only a single network, and Bayes by backprop, get stuck. docs/log.md has what else was tried.
(c) The bound on what an approximate posterior costs a step of Thompson sampling, where every outcome can be listed.
"""

from typing import Any

import altair as alt
import numpy as np

from gnothi.agents import AGENTS, Agent, EnsembleAgent
from gnothi.cards import PRINT_INK, Claim, above, equals, not_below
from gnothi.cards.labels import log_axis, named_points
from gnothi.cards.theme import agent_colour
from gnothi.decisions import MOVIES, bound_cases, dependence, price_of_learning
from gnothi.metrics import Estimate, bootstrap_rows
from gnothi.reproduce.bandit_scores import REFERENCE, TAUS, Results, Setting, Task, measure
from gnothi.reproduce.lab import Findings, Lab
from gnothi.sweep import Group

FLIPS = 10_000
HIGH = 0.5  # what a high correlation is at least


def run(lab: Lab) -> Findings:
    """Computes what is exact, plays, scores, correlates."""
    found = scores_and_regrets(lab)
    claims = (*_exact_claims(), *correlation_claims(found, lab), *_bound_claims(lab))
    return Findings(claims, _figure(found))


def scores_and_regrets(lab: Lab) -> Results:
    """Plays bandits and scores problems of the same law, with every agent that is compared."""
    setting = lab.choose(
        smoke=Setting(2, 0.1, 640, 8, 32, (2, 20), 8),
        laptop=Setting(2, 0.1, 10_000, 24, 32, (2, 20, 200), 20),
        paper=Setting(2, 0.1, 10_000, 100, 128, (2, 20, 200, 2000), 100),
    )
    tasks = [Task(name, agent, setting) for name, agent in _agents(lab).items()]
    records = lab.run([Group(f"{task.name}, bandits and problems", (task.cell,), task) for task in tasks], measure)
    return Results(records, setting)


def _agents(lab: Lab) -> dict[str, Agent]:
    members = lab.choose(smoke=3, laptop=10, paper=100)
    agents: dict[str, Agent] = {
        "ensemble+": EnsembleAgent(num_members=members, prior_scale=3.0),
        "ensemble": EnsembleAgent(num_members=members),
        **{name: AGENTS[name] for name in ("hypermodel", "last_layer_ensemble", "bbb", "epinet", "epinet+")},
        **{name: AGENTS[name] for name in ("batch_ensemble", "dropout", "mlp", REFERENCE)},
    }
    if lab.scale == "smoke":
        return {name: agents[name] for name in ("ensemble+", "epinet+", "dropout", "mlp", REFERENCE)}
    return agents


def _exact_claims() -> list[Claim]:
    marginals, joints = MOVIES.by_marginals(2), MOVIES.by_joints(2)
    decade = float(np.log(10))
    learning = (price_of_learning(FLIPS) - price_of_learning(FLIPS // 10)) / decade
    lost = (dependence(FLIPS) - dependence(FLIPS // 10)) / (FLIPS - FLIPS // 10)
    return [
        equals(
            "Right marginals recommend what most like",
            f"probability that one of items {_one_based(marginals.items)} is liked",
            marginals.value,
            0.8655,
            tolerance=5e-5,
        ),
        equals(
            "Joint predictions recommend something for everybody",
            f"the same of items {_one_based(joints.items)}: {joints.value:.5f}",
            joints.value,
            0.99995,
            tolerance=5e-6,
        ),
        equals(
            "A coin of unknown bias is learned at the price of (1/2) log tau",
            f"slope in log tau of d_KL of the exact joint prediction, {FLIPS // 10} to {FLIPS} flips",
            learning,
            0.5,
            tolerance=0.001,
        ),
        equals(
            "The product of its marginals never learns, and pays at every flip",
            f"nats a flip of KL from the joint prediction, {FLIPS // 10} to {FLIPS} flips",
            lost,
            float(np.log(2) - 0.5),
            tolerance=0.001,
        ),
    ]


def _one_based(items: tuple[int, ...]) -> str:
    return " and ".join(str(item + 1) for item in items)


def correlation_claims(found: Results, lab: Lab) -> list[Claim]:
    """Regret follows joint scores, and marginal ones less; correlations with bootstrap intervals."""
    counts = found.regret.shape[1], found.kl[1].shape[1]
    bandits, problems = (
        np.concatenate([np.arange(count)[None], bootstrap_rows(count, seed=seed)]) for seed, count in enumerate(counts)
    )
    of_tau = {tau: found.correlations(tau, bandits, problems) for tau in TAUS}

    def estimate(values: np.ndarray) -> Estimate:
        low, high = np.quantile(values[1:], [0.025, 0.975])
        return Estimate(float(values[0]), float(low), float(high), counts[0])

    words = f"correlation of log d_KL and log regret, {len(found.compared)} agents, resampling bandits and problems"

    def judge(statement: str, words: str, number: Estimate, bound: float) -> Claim:
        # Four agents say little: the smallest scale only asks that they do not say the contrary.
        return (
            not_below(statement, words, number, 0.0) if lab.scale == "smoke" else above(statement, words, number, bound)
        )

    claims = [
        judge(f"At tau = {tau} better predictions are better decisions", words, estimate(of_tau[tau]), HIGH)
        for tau in TAUS[1:]
    ]
    first = estimate(of_tau[1])
    words = (
        f"correlation at tau = 10 less that at tau = 1, which is {first.value:.2f} [{first.low:.2f}, {first.high:.2f}]"
    )
    return [*claims, judge("At tau = 1 they say less", words, estimate(of_tau[10] - of_tau[1]), 0.0)]


def _bound_claims(lab: Lab) -> list[Claim]:
    cases = bound_cases(lab.choose(smoke=50, laptop=500, paper=5000))
    count = cases["cost"].size
    ratios = cases["cost"] / cases["joint"]
    broken = int((cases["cost"] > cases["marginal"] + 1e-9).sum())
    return [
        equals(
            "Joint divergence bounds what an approximate posterior costs a step of Thompson sampling",
            f"cases in which it does, of {count}; the largest cost over its bound is {ratios.max():.3f}",
            float((ratios <= 1).sum()),
            count,
            tolerance=0,
        ),
        above(
            "Marginal divergence bounds nothing",
            f"cases that break the same bound with the largest marginal divergence in it, of {count}",
            Estimate(broken, broken, broken, count),
            0,
            by="value",
        ),
    ]


def _figure(found: Results) -> alt.HConcatChart:
    regret = found.regret[:, :, -1].mean(axis=1)
    rows = [
        {"agent": found.agents[i], "regret": regret[i], **{f"kl{tau}": found.kl[tau][i].mean() for tau in TAUS}}
        for i in found.compared
    ]
    curves = [
        {"agent": agent, "time": time, "regret": found.regret[i, :, t].mean()}
        for i, agent in enumerate(found.agents)
        for t, time in enumerate(found.times)
    ]
    end = found.times[-1]
    colour = agent_colour(found.agents)

    def panel(rows: list[dict[str, Any]], x: str, title: str, x_title: str) -> alt.LayerChart | alt.FacetChart:
        across, up = (log_axis(f, [row[f] for row in rows], t) for f, t in ((x, x_title), ("regret", "regret")))
        base = alt.Chart(alt.Data(values=rows)).encode(x=across.of(alt.X), y=up.of(alt.Y), color=colour)
        marks = base.mark_line(opacity=0.8) if x == "time" else base.mark_point(filled=True, size=90, opacity=1)
        last = [row for row in rows if row.get("time", end) == end]
        words = named_points(last, across, up, size=(320, 340), ink=PRINT_INK, font_size=10)
        return alt.layer(marks, words).properties(width=320, height=340, title=title)

    return alt.hconcat(
        panel(rows, "kl1", "One label at a time", "d_KL at τ = 1"),
        panel(rows, "kl10", "Ten labels together", "d_KL at τ = 10"),
        panel(curves, "time", "Regret as rewards come in", "steps"),
        spacing=40,
    )
