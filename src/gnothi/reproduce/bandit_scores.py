"""Agents on neural bandits, and on problems of the same law: do good predictions make good decisions?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from gnothi.agents import Agent, NetworkAgent, joint_draws
from gnothi.decisions import draw_bandit, play, train_all, uniform_regret
from gnothi.metrics import Estimate, kl_divergence
from gnothi.reproduce.measured import measured
from gnothi.sweep import Record
from gnothi.testbed import GenerativeSpec
from gnothi.testbed.run import config_hash

TAUS = (1, 10, 100)
TEST_INPUTS = 200  # 100 pairs of anchors a problem
NUM_INDICES = 500
NUM_ACTIONS = 100
FIRST_SEED = 200  # those below chose the sizes of this experiment
REFERENCE = "uniform"  # plays and is scored, and is in no correlation: it does not learn


@dataclass(frozen=True)
class Setting:
    """Bandits of 100 actions, and problems of the same law."""

    input_size: int
    temperature: float
    horizon: int  # steps
    bandits: int
    batch_size: int  # rewards a gradient step sees
    num_train: tuple[int, ...]  # data of the problems
    problems: int  # of each number of data

    @property
    def times(self) -> tuple[int, ...]:
        """When regret is looked at."""
        return tuple(self.horizon // 2**k for k in range(5, -1, -1))


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
        played = f"{s.horizon}x{s.bandits}-B{s.batch_size}-{'-'.join(map(str, s.num_train))}x{s.problems}"
        return f"{self.name}-{config_hash(self.name, self.agent)}/decisions/D{s.input_size}-T{s.temperature:g}-{played}"


def measure(task: Task) -> dict[str, list[Record]]:
    """An agent's regret on every bandit, and its d_KL on every problem."""
    return {task.cell: [*_play(task), *_score(task)]}


def _play(task: Task) -> Iterator[Record]:
    """Cumulative regret on the way, and at the end; that of the reference, which does not learn, in expectation."""
    s = task.setting
    bandits = [
        draw_bandit(FIRST_SEED + seed, input_size=s.input_size, num_actions=NUM_ACTIONS, temperature=s.temperature)
        for seed in range(s.bandits)
    ]
    if isinstance(task.agent, NetworkAgent):
        totals = play(task.agent, bandits, horizon=s.horizon, batch_size=s.batch_size).regret.cumsum(axis=1)
    else:
        totals = np.outer([uniform_regret(bandit) for bandit in bandits], np.arange(1, s.horizon + 1))
    for seed, of_bandit in enumerate(totals):
        name = f"decisions/bandit-D{s.input_size}-T{s.temperature:g}-S{FIRST_SEED + seed}"
        for time in s.times:
            yield _record(task, name, "regret", of_bandit[time - 1], seed=seed, num_train=time)


def _score(task: Task) -> Iterator[Record]:
    s = task.setting
    for num_train in s.num_train:
        specs = [
            GenerativeSpec("decisions", s.input_size, num_train, s.temperature, FIRST_SEED + seed)
            for seed in range(s.problems)
        ]
        problems = [spec.make() for spec in specs]
        keys = jax.random.split(jax.random.key(num_train), s.problems)
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
        self.times = setting.times
        self.regret = np.full((len(self.agents), setting.bandits, len(self.times)), np.nan)
        kl = {tau: np.full((len(self.agents), setting.problems, len(setting.num_train)), np.nan) for tau in TAUS}
        for record in records:
            regret = record.metric == "regret"
            into, when = (self.regret, self.times) if regret else (kl[record.tau or 1], setting.num_train)
            into[self.agents.index(record.subject), record.seed, when.index(record.num_train)] = record.value
        self.kl = {tau: values.mean(axis=2) for tau, values in kl.items()}

    @property
    def compared(self) -> list[int]:
        """The agents that learn."""
        return [place for place, agent in enumerate(self.agents) if agent != REFERENCE]

    def correlations(
        self, tau: int, bandits: Int[np.ndarray, "resamples bandits"], problems: Int[np.ndarray, "resamples problems"]
    ) -> Float[np.ndarray, " resamples"]:
        """The correlation over agents of log mean d_KL and log mean total regret, on resampled bandits and problems.

        Of logarithms, as the figure's axes are: ranks would weigh a tie of two good agents like the gap to a bad one.
        """
        regret = np.log(self.regret[self.compared, :, -1][:, bandits].mean(axis=2))
        kl = np.log(self.kl[tau][self.compared][:, problems].mean(axis=2))
        return np.array([np.corrcoef(*pair)[0, 1] for pair in zip(regret.T, kl.T, strict=True)])
