"""Runs of agents that act: regret and arithmetic on neural bandits, and episodes until exploration finds what pays."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Int

from gnothi.agents import NetworkAgent
from gnothi.decisions import FromReplay, SimulatedBandit, draw_bandit, play
from gnothi.decisions.environments import SWING_UP_LEVELS, DeepSea, SwingUp
from gnothi.decisions.environments.cartpole import EPISODE_STEPS
from gnothi.decisions.q_learning import Episodes, QAgent
from gnothi.decisions.q_learning import run as run_episodes
from gnothi.learning import count_flops
from gnothi.metrics import Estimate
from gnothi.reproduce.measured import measured
from gnothi.sweep import Record
from gnothi.testbed.run import config_hash

FIRST_SEED = 400  # of bandits: none of those that anything was chosen on
BAD_SHARE = 0.9  # Deep Sea is solved once fewer episodes than this share were bad (bsuite)
GOOD_RETURN = 100  # swing-up is solved once an episode pays more (bsuite)


@dataclass(frozen=True)
class BanditTask:
    """An agent on neural bandits of 2 dimensions and 100 actions, a gradient step a reward."""

    name: str
    agent: NetworkAgent
    bandits: int
    horizon: int
    batch_size: int

    @property
    def times(self) -> tuple[int, ...]:
        """When regret is looked at."""
        return tuple(sorted({max(1, round(self.horizon * 2.0**-k)) for k in np.arange(0, 7, 0.5)}))

    @property
    def cell(self) -> str:
        """The cell's file."""
        size = f"{self.horizon}x{self.bandits}-B{self.batch_size}"
        return _cell(self, f"bandit-{size}")

    def records(self) -> list[Record]:
        """Cumulative regret by bandit and time, and the operations of a gradient step."""
        bandits = [draw_bandit(FIRST_SEED + seed) for seed in range(self.bandits)]
        totals = play(self.agent, bandits, horizon=self.horizon, batch_size=self.batch_size).regret.cumsum(axis=1)
        flops = step_flops(self.agent, bandits[0], self.batch_size)
        return [
            _record(self.name, f"bandit-S{seed}", "regret", row[time - 1], seed, num_train=time, train_flops=flops)
            for seed, row in enumerate(totals)
            for time in self.times
        ]


def step_flops(agent: NetworkAgent, bandit: SimulatedBandit, batch_size: int) -> float:
    """Floating-point operations of learning from one reward, in matrix products."""
    actions = jnp.asarray(bandit.actions)
    begun = FromReplay(agent, batch_size)(actions, bandit.prior_knowledge, 1, jax.random.key(0))

    def learn(state: Any) -> Any:
        return begun.learn(state, jnp.int32(0), jnp.float32(1), jnp.int32(1), jax.random.key(0))

    return count_flops(jax.make_jaxpr(learn)(begun.state))


@dataclass(frozen=True)
class SeaTask:
    """An agent on Deep Sea of one size until it is solved, or episodes are used up; several seeds."""

    name: str
    agent: QAgent
    size: int
    seeds: int
    episodes: int

    @property
    def cell(self) -> str:
        """The cell's file."""
        size = f"N{self.size}-{self.episodes}x{self.seeds}"
        return _cell(self, f"deep_sea-{size}")

    def records(self) -> list[Record]:
        """Episodes until solved, and whether it was: the budget stands for those that never were."""
        sea = DeepSea(self.size)
        rows = []

        def done(found: Episodes) -> bool:
            return solved_at(bad_episodes(found, self.size)) is not None

        for seed in range(self.seeds):
            key = jax.random.key(FIRST_SEED + seed)
            found = run_episodes(self.agent, sea, key, self.size * self.episodes, watch=sea.is_mistake, until=done)
            episode = solved_at(bad_episodes(found, self.size))
            for metric, value in (("episodes", episode or self.episodes), ("solved", episode is not None)):
                rows.append(_record(self.name, f"deep_sea-N{self.size}", metric, value, seed, input_size=self.size))
        return rows


@dataclass(frozen=True)
class SwingTask:
    """An agent on one of bsuite's levels of swing-up until an episode is good, or episodes are used up."""

    name: str
    agent: QAgent
    level: int  # of 20, each higher
    seeds: int
    episodes: int

    @property
    def cell(self) -> str:
        """The cell's file."""
        size = f"L{self.level}-{self.episodes}x{self.seeds}"
        return _cell(self, f"swing_up-{size}")

    def records(self) -> list[Record]:
        """Episodes begun, the best return of one, and whether it is good: the budget stands for none that is."""
        environment = SwingUp(**SWING_UP_LEVELS[self.level])
        rows = []

        def done(found: Episodes) -> bool:
            returns = found.returns
            return len(returns) >= self.episodes or bool((returns > GOOD_RETURN).any())

        for seed in range(self.seeds):
            key = jax.random.key(FIRST_SEED + seed)
            found = run_episodes(self.agent, environment, key, EPISODE_STEPS * self.episodes, until=done)
            returns = found.returns[: self.episodes]
            good = np.flatnonzero(returns > GOOD_RETURN)
            episodes = good[0] + 1 if len(good) else self.episodes
            for metric, value in (("episodes", episodes), ("solved", len(good) > 0), ("best_return", returns.max())):
                rows.append(_record(self.name, f"swing_up-L{self.level}", metric, value, seed))
        return rows


def first_visits(agent: QAgent, size: int, episodes: int) -> Int[np.ndarray, "size size"]:
    """In which episode, from 1, each cell of Deep Sea was first stepped from; 0 if in none of `episodes`."""
    sea = DeepSea(size)
    key = jax.random.key(FIRST_SEED)
    found = run_episodes(agent, sea, key, size * episodes, watch=lambda state, action: sea.index(state))
    cells, first = np.unique(found.watched, return_index=True)
    visits = np.zeros(size * size, int)
    visits[cells] = first // size + 1
    return visits.reshape(size, size)


def bad_episodes(found: Episodes, size: int) -> Bool[np.ndarray, " episodes"]:
    """Which finished episodes of Deep Sea had a mistake, from what `DeepSea.is_mistake` saw."""
    whole = len(found.watched) // size
    bad: np.ndarray = np.any(np.asarray(found.watched[: whole * size]).reshape(whole, size), axis=1)
    return bad


def solved_at(bad: Bool[np.ndarray, " episodes"]) -> int | None:
    """The first episode, from 1, up to which fewer than nine in ten were bad (bsuite); `None` if there is none.

    >>> solved_at(np.array([True] * 10 + [False, False]))
    12
    """
    shares = np.cumsum(bad) / np.arange(1, len(bad) + 1)
    good = np.flatnonzero(shares < BAD_SHARE)
    return int(good[0]) + 1 if len(good) else None


def _cell(task: BanditTask | SeaTask | SwingTask, run: str) -> str:
    return f"{task.name}-{config_hash(task.name, task.agent)}/thompson/{run}"


def measure(task: Any) -> dict[str, list[Record]]:
    """The records of a task's cell."""
    return {task.cell: task.records()}


def _record(subject: str, name: str, metric: str, value: float, seed: int, **about: Any) -> Record:
    value = float(value)
    return measured(subject, f"thompson/{name}", metric, Estimate(value, value, value, units=1), seed=seed, **about)
