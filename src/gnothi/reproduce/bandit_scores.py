"""Agents on neural bandits, and on problems of the same law with as many data: do good predictions make decisions?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from scipy import stats

from gnothi.agents import Agent, joint_draws
from gnothi.decisions import draw_bandit, thompson_regret, train_all
from gnothi.metrics import Estimate, kl_divergence
from gnothi.reproduce.measured import measured
from gnothi.sweep import Record
from gnothi.testbed import GenerativeSpec
from gnothi.testbed.run import config_hash

TAUS = (1, 10, 100)
TEST_INPUTS = 200  # 100 pairs of anchors a problem
NUM_INDICES = 500
FIRST_SEED = 100  # those below chose the sizes of this experiment
REFERENCE = "uniform"  # plays and is scored, and is in no correlation: it does not learn


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


def measure(task: Task) -> dict[str, list[Record]]:
    """An agent's regret on every bandit, and its d_KL on every problem."""
    return {task.cell: [*_play(task), *_score(task)]}


def _play(task: Task) -> Iterator[Record]:
    """Cumulative regret when the agent learns, and at the end."""
    s = task.setting
    bandits = [
        draw_bandit(FIRST_SEED + seed, input_size=s.input_size, temperature=s.temperature) for seed in range(s.seeds)
    ]
    totals = thompson_regret(task.agent, bandits, refits=s.refits, horizon=s.horizon).cumsum(axis=1)
    for seed, of_bandit in enumerate(totals):
        name = f"decisions/bandit-D{s.input_size}-T{s.temperature:g}-S{FIRST_SEED + seed}"
        for time in (*s.refits, s.horizon):
            yield _record(task, name, "regret", of_bandit[time - 1], seed=seed, num_train=time)


def _score(task: Task) -> Iterator[Record]:
    s = task.setting
    for num_train in s.refits:
        specs = [
            GenerativeSpec("decisions", s.input_size, num_train, s.temperature, FIRST_SEED + seed)
            for seed in range(s.seeds)
        ]
        problems = [spec.make() for spec in specs]
        # As many as there are bandits, so that the program is the one that has played them.
        keys = jax.random.split(jax.random.key(num_train), s.seeds)
        data, prior = [p.train_data for p in problems], [p.prior_knowledge for p in problems]
        samplers = train_all(task.agent, data, prior, keys)
        for spec, problem, sampler in zip(specs, problems, samplers, strict=True):
            draws, exhaustive = joint_draws(sampler, problem.test_inputs[:TEST_INPUTS], NUM_INDICES, jax.random.key(0))
            target = jnp.asarray(problem.true_logits)[None, :TEST_INPUTS]
            scores = kl_divergence(target, draws, tau=TAUS, exhaustive=exhaustive, key=jax.random.key(0))
            for tau, kl in scores.items():
                yield _record(task, spec.name, "kl", kl, seed=spec.seed - FIRST_SEED, num_train=num_train, tau=tau)


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

    def correlations(self, tau: int, rows: Int[np.ndarray, "2 resamples seeds"]) -> Float[np.ndarray, " resamples"]:
        """Spearman's correlation over agents of mean d_KL and mean total regret, on resampled bandits and problems."""
        bandits, problems = rows
        regret = self.regret[self.compared, :, -1][:, bandits].mean(axis=2)
        kl = self.kl[tau][self.compared][:, problems].mean(axis=2)
        return np.array([stats.spearmanr(*pair).statistic for pair in zip(regret.T, kl.T, strict=True)])
