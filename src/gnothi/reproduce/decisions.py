"""From predictions to decisions: how good an agent's decisions are, joint predictions say and marginals do not.

Wen et al. 2022, "From Predictions to Decisions: The Importance of Joint Predictive Distributions". (a) What to
recommend, and a coin of unknown bias, exactly. (b) d_KL at tau = 1, 10 and 100 on the testbed beside regret on neural
bandits of the same law, over agents (Osband et al. 2023, "Approximate Thompson Sampling via Epistemic Neural Networks").
(c) The bound on what an approximate posterior costs a step of Thompson sampling, where every outcome can be listed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy import stats

from gnothi.agents import AGENTS, Agent, EnsembleAgent, joint_draws
from gnothi.cards import PRINT_INK, Claim, above, equals
from gnothi.cards.theme import agent_colours
from gnothi.decisions import (
    MOVIES,
    bound_cases,
    dependence,
    draw_bandit,
    price_of_learning,
    thompson_regret,
    train_all,
)
from gnothi.metrics import Estimate, bootstrap_rows, kl_divergence
from gnothi.reproduce.lab import Findings, Lab
from gnothi.reproduce.measured import measured
from gnothi.sweep import Group, Record
from gnothi.testbed import GenerativeSpec
from gnothi.testbed.run import config_hash

TAUS = (1, 10, 100)
TEST_INPUTS = 400  # 200 pairs of anchors a problem
REFERENCE = "uniform"
FLIPS = 10_000
HIGH = {"smoke": 0.0, "laptop": 0.5, "paper": 0.5}  # what a high correlation is at least


@dataclass(frozen=True)
class Setting:
    """Bandits and problems of one law, and when agents learn: problems have as many data as bandits then have."""

    input_size: int
    temperature: float
    refits: tuple[int, ...]
    horizon: int
    seeds: int  # bandits, and problems of each number of data


@dataclass(frozen=True)
class Task:
    """One agent in all of a setting."""

    name: str
    agent: Agent
    setting: Setting

    @property
    def cell(self) -> str:
        """The cell's file."""
        s = self.setting
        times = "-".join(map(str, (*s.refits, s.horizon)))
        setting = f"D{s.input_size}-T{s.temperature:g}-{times}-S{s.seeds}"
        return f"{self.name}-{config_hash(self.name, self.agent)}/decisions/{setting}"


def run(lab: Lab) -> Findings:
    """Computes what is exact, plays, scores, correlates."""
    setting = lab.choose(
        smoke=Setting(2, 0.1, (10, 40), 160, 4),
        laptop=Setting(2, 0.1, (10, 40, 160, 640), 2560, 20),
        paper=Setting(10, 0.1, (10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120), 10_000, 50),
    )
    tasks = [Task(name, agent, setting) for name, agent in _agents(lab).items()]
    records = lab.run([Group(f"{task.name}, bandits and problems", (task.cell,), task) for task in tasks], measure)
    found = Results(records, setting)
    claims = (*_exact_claims(), *_correlation_claims(found, lab), *_bound_claims(lab))
    return Findings(claims, _figure(found))


def _agents(lab: Lab) -> dict[str, Agent]:
    members = lab.choose(smoke=3, laptop=10, paper=100)
    agents: dict[str, Agent] = {
        "ensemble+": EnsembleAgent(num_members=members, prior_scale=3.0),
        "ensemble": EnsembleAgent(num_members=members),
        **{name: AGENTS[name] for name in ("hypermodel", "bbb", "last_layer_ensemble", "epinet", "epinet+")},
        **{name: AGENTS[name] for name in ("sngp", "laplace", "dropout", "mlp", REFERENCE)},
    }
    if lab.scale == "smoke":
        return {name: agents[name] for name in ("ensemble+", "epinet+", "dropout", "mlp", REFERENCE)}
    return agents


def measure(task: Task) -> dict[str, list[Record]]:
    """An agent's regret on every bandit, and its d_KL on every problem."""
    return {task.cell: [*_play(task), *_score(task)]}


def _play(task: Task) -> Iterator[Record]:
    """Cumulative regret when the agent learns, and at the end."""
    s = task.setting
    bandits = [draw_bandit(seed, input_size=s.input_size, temperature=s.temperature) for seed in range(s.seeds)]
    totals = thompson_regret(task.agent, bandits, refits=s.refits, horizon=s.horizon).cumsum(axis=1)
    for seed, of_bandit in enumerate(totals):
        name = f"decisions/bandit-D{s.input_size}-T{s.temperature:g}-S{seed}"
        for time in (*s.refits, s.horizon):
            yield _record(task, name, "regret", of_bandit[time - 1], seed=seed, num_train=time)


def _score(task: Task) -> Iterator[Record]:
    s = task.setting
    for num_train in s.refits:
        specs = [GenerativeSpec("decisions", s.input_size, num_train, s.temperature, seed) for seed in range(s.seeds)]
        problems = [spec.make() for spec in specs]
        # As many as there are bandits, so that the program is the one that has played them.
        keys = jax.random.split(jax.random.key(num_train), s.seeds)
        samplers = train_all(
            task.agent, *zip(*((p.train_data, p.prior_knowledge) for p in problems), strict=True), keys
        )
        for spec, problem, sampler in zip(specs, problems, samplers, strict=True):
            draws, exhaustive = joint_draws(sampler, problem.test_inputs[:TEST_INPUTS], 500, jax.random.key(0))
            target = jnp.asarray(problem.true_logits)[None, :TEST_INPUTS]
            scores = kl_divergence(target, draws, tau=TAUS, exhaustive=exhaustive, key=jax.random.key(0))
            for tau, kl in scores.items():
                yield _record(task, spec.name, "kl", kl, seed=spec.seed, num_train=num_train, tau=tau)


def _record(task: Task, name: str, metric: str, value: Estimate | float, **about: Any) -> Record:
    value = value if isinstance(value, Estimate) else Estimate(float(value), float(value), float(value), units=1)
    about |= {"input_size": task.setting.input_size, "temperature": task.setting.temperature}
    return measured(task.name, name, metric, value, config_hash=config_hash(task.name, task.agent), **about)


class Results:
    """Regret by agent, bandit and time, and d_KL by tau, agent and problem seed, averaged over numbers of data."""

    def __init__(self, records: Sequence[Record], setting: Setting):
        self.agents = list(dict.fromkeys(record.subject for record in records))
        self.times = (*setting.refits, setting.horizon)
        self.regret = np.full((len(self.agents), setting.seeds, len(self.times)), np.nan)
        kl = {tau: np.full((len(self.agents), setting.seeds, len(setting.refits)), np.nan) for tau in TAUS}
        for record in records:
            into = self.regret if record.metric == "regret" else kl[record.tau or 1]
            into[self.agents.index(record.subject), record.seed, self.times.index(record.num_train)] = record.value
        self.kl = {tau: values.mean(axis=2) for tau, values in kl.items()}

    @property
    def compared(self) -> list[int]:
        """The agents that learn."""
        return [place for place, agent in enumerate(self.agents) if agent != REFERENCE]

    def correlations(self, tau: int, rows: np.ndarray) -> Float[np.ndarray, " resamples"]:
        """Spearman's correlation over agents of mean d_KL and mean total regret, on resampled bandits and problems."""
        bandits, problems = rows
        regret = self.regret[self.compared, :, -1][:, bandits].mean(axis=2)
        kl = self.kl[tau][self.compared][:, problems].mean(axis=2)
        return np.array([stats.spearmanr(*pair).statistic for pair in zip(regret.T, kl.T, strict=True)])


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


def _correlation_claims(found: Results, lab: Lab) -> list[Claim]:
    by = "value" if lab.scale == "smoke" else "interval"
    num_seeds = found.regret.shape[1]
    own = np.arange(num_seeds)[None]
    rows = np.stack([np.concatenate([own, bootstrap_rows(num_seeds, seed=seed)]) for seed in (0, 1)])
    of_tau = {tau: found.correlations(tau, rows) for tau in TAUS}

    def estimate(values: np.ndarray) -> Estimate:
        low, high = np.quantile(values[1:], [0.025, 0.975])
        return Estimate(float(values[0]), float(low), float(high), num_seeds)

    words = f"Spearman correlation of d_KL and regret, {len(found.compared)} agents, resampling bandits and problems"
    claims = [
        above(
            f"At tau = {tau} better predictions are better decisions",
            words,
            estimate(of_tau[tau]),
            HIGH[lab.scale],
            by=by,
        )
        for tau in TAUS[1:]
    ]
    first = estimate(of_tau[1])
    words = (
        f"correlation at tau = 10 less that at tau = 1, which is {first.value:.2f} [{first.low:.2f}, {first.high:.2f}]"
    )
    return [*claims, above("At tau = 1 they say less", words, estimate(of_tau[10] - of_tau[1]), 0.0, by=by)]


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
    colours = agent_colours(found.agents)
    colour = alt.Color("agent:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())), legend=None)

    def panel(rows: list[dict[str, Any]], x: str, title: str, x_title: str) -> alt.LayerChart:
        def axis(title: str) -> dict:
            return {"title": title, "scale": alt.Scale(type="log", nice=False, padding=20)}

        base = alt.Chart(alt.Data(values=rows)).encode(
            x=alt.X(f"{x}:Q", **axis(x_title)), y=alt.Y("regret:Q", **axis("regret"))
        )
        marks = base.mark_line(opacity=0.8) if x == "time" else base.mark_point(filled=True, size=90, opacity=1)
        words = base.mark_text(align="left", dx=7, color=PRINT_INK, fontSize=10).encode(text="agent:N")
        ends = words.transform_filter(f"datum.time == {found.times[-1]}") if x == "time" else words
        return alt.layer(marks.encode(color=colour), ends).properties(width=300, height=320, title=title)

    return alt.hconcat(
        panel(rows, "kl1", "One label at a time", "d_KL at τ = 1"),
        panel(rows, "kl10", "Ten labels together", "d_KL at τ = 10"),
        panel(curves, "time", "Regret as rewards come in", "steps"),
        spacing=40,
    )
