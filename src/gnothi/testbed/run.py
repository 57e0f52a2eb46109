"""Agents on problems: how cells are grouped, trained as one compiled program, scored and recorded."""

import hashlib
import json
import platform
import resource
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gnothi import __version__
from gnothi.agents import Agent, PosteriorSample, PriorKnowledge, Sampler
from gnothi.data import Dataset
from gnothi.learning import compiler_options, count_flops
from gnothi.metrics import Estimate
from gnothi.nn import partition
from gnothi.sweep import Group, Record
from gnothi.testbed.portrait import draw_portrait
from gnothi.testbed.problems import GenerativeSpec, Problem, Scores, evaluate
from gnothi.testbed.suites import Spec

MAX_GROUP = 15  # problems in one compiled program: those of one shape in the published benchmark
MAX_GROUP_BYTES = 2**28  # of training data
VERSIONS = f"gnothi {__version__}, jax {jax.__version__}, python {platform.python_version()}"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Task:
    """A group of problems of one shape, for one agent."""

    name: str
    agent: Agent
    specs: tuple[Spec, ...]
    seed: int
    portrait: Path | None  # where to draw the first problem, if it is to be drawn


def config_hash(name: str, agent: Any) -> str:
    """Eight characters that change whenever an agent does, which is a dataclass of settings."""
    described = json.dumps([name, type(agent).__name__, asdict(agent)], sort_keys=True, default=str)
    return hashlib.sha256(described.encode()).hexdigest()[:8]


def cell_name(name: str, agent: Agent, spec: Spec, seed: int) -> str:
    """The file of a cell, below `records/` and without its ending."""
    return f"{name}-{config_hash(name, agent)}/{spec.name}-a{seed}"


def plan(agents: dict[str, Agent], specs: Sequence[Spec], folder: Path, *, seed: int = 0) -> list[Group]:
    """Deals cells into groups of equal shape, the costly ones first so that no core waits at the end.

    **Arguments:** `agents`, by name; `specs`, the problems; `folder`, of the run, for portraits; `seed`, of the agents.
    """
    drawn = _portrait_of(specs)
    groups = []
    for name, agent in agents.items():
        by_shape: dict[tuple, list[Spec]] = {}
        for spec in specs:
            by_shape.setdefault(spec.shape, []).append(spec)
        for same in by_shape.values():
            size = _group_size(same[0])
            same.sort(key=lambda spec: spec is not drawn)
            parts = -(-len(same) // size)  # of even size, so that they share a compiled program where they can
            for part in range(parts):
                chosen = tuple(same[len(same) * part // parts : len(same) * (part + 1) // parts])
                portrait = folder / "portraits" / chosen[0].name / f"{name}.json" if chosen[0] is drawn else None
                cells = tuple(cell_name(name, agent, spec, seed) for spec in chosen)
                title = f"{name} on {chosen[0].name.rsplit('-T', 1)[0].rsplit('-S', 1)[0]}"
                groups.append((_cost(agent, chosen), Group(title, cells, Task(name, agent, chosen, seed, portrait))))
    return [group for _, group in sorted(groups, key=lambda pair: -pair[0])]


def _group_size(spec: Spec) -> int:
    num_train, input_size = getattr(spec, "num_train", 1), getattr(spec, "input_size", 1)
    return int(np.clip(MAX_GROUP_BYTES // (4 * num_train * (input_size + 200)), 1, MAX_GROUP))


def _cost(agent: Agent, specs: Sequence[Spec]) -> float:
    """A rough order of cost, good enough to start the long groups first."""
    rows = min(100, getattr(specs[0], "num_train", 100))
    walks = 1 + getattr(agent, "refreshments", 0) / 10 + getattr(agent, "draws", 0)
    return len(specs) * rows * getattr(agent, "num_members", 3) * getattr(agent, "steps", 1000) * walks


def _portrait_of(specs: Sequence[Spec]) -> Spec | None:
    """The problem that the report draws: two-dimensional, of medium temperature, few data, and both classes seen."""
    flat = [s for s in specs if isinstance(s, GenerativeSpec) and (s.input_size, s.num_classes) == (2, 2)]
    if not flat:
        return None

    def distance(spec: GenerativeSpec) -> tuple[float, float]:
        return abs(spec.num_train - 20), abs(spec.temperature - 0.1)

    nearest = min(map(distance, flat))
    return min(
        (spec for spec in flat if distance(spec) == nearest),
        key=lambda spec: abs(float(np.mean(spec.make().train_data.y)) - 0.5),
    )


def run_group(task: Task) -> dict[str, list[Record]]:
    """Trains an agent on a group of problems and scores it on each.

    **Returns:** the records of each cell, by the cell's name.
    """
    problems = [spec.make() for spec in task.specs]
    samplers, train, compile_seconds, train_flops = _train(task, problems)
    timed = [_timed(lambda i=i: evaluate(problems[i], samplers[i])) for i in range(len(problems))]  # type: ignore[misc]
    again = [cost for _, cost in timed[1:]] or [_timed(lambda: evaluate(problems[0], samplers[0]))[1]]
    usual = np.median(again, axis=0)  # the first may have compiled
    compile_seconds += max(0.0, timed[0][1][0] - usual[0])
    if task.portrait is not None:
        draw_portrait(task.portrait, task.name, task.specs[0].name, problems[0], samplers[0])
    blank = Record(
        subject=task.name,
        evaluation="",
        suite="",
        metric="",
        value=0.0,
        low=0.0,
        high=0.0,
        units=0,
        nonfinite=0,
        seed=task.seed,
        config_hash=config_hash(task.name, task.agent),
        versions=VERSIONS,
        seconds=train[0] / len(problems) + float(usual[0]),
        cpu_seconds=train[1] / len(problems) + float(usual[1]),
        compile_seconds=compile_seconds / len(problems),
        peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        parameters=_num_parameters(samplers[0]),
        train_flops=None if train_flops is None else train_flops / len(problems),
    )
    return {
        cell_name(task.name, task.agent, spec, task.seed): _records(
            blank, spec, problem, scores | _diagnostics(sampler)
        )
        for spec, problem, sampler, (scores, _) in zip(task.specs, problems, samplers, timed, strict=True)
    }


def _train(task: Task, problems: Sequence[Problem]) -> tuple[list[Sampler], tuple[float, float], float, float | None]:
    """Samplers for all problems; wall and CPU seconds of training; seconds of compilation; operations of training."""
    root = jax.random.key(task.seed)
    keys = jnp.stack([jax.random.fold_in(root, zlib.crc32(spec.name.encode())) for spec in task.specs])
    if not task.agent.compiled:
        trained, cost = _timed(
            lambda: [task.agent(p.train_data, p.prior_knowledge, k) for p, k in zip(problems, keys, strict=True)]
        )
        return trained, cost, 0.0, None
    data = _stack([problem.train_data for problem in problems])
    prior = _stack([problem.prior_knowledge for problem in problems])
    start = time.perf_counter()
    traced = jax.jit(partial(_train_all, task.agent)).trace(data, prior, keys)
    program = traced.lower().compile(compiler_options())
    compile_seconds = time.perf_counter() - start
    arrays, cost = _timed(lambda: program(data, prior, keys))
    shapes = eqx.filter_eval_shape(task.agent, *jax.tree.map(lambda leaf: leaf[0], (data, prior, keys)))
    rest = eqx.partition(shapes, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))[1]
    samplers = [eqx.combine(jax.tree.map(lambda leaf, i=i: leaf[i], arrays), rest) for i in range(len(problems))]
    return samplers, cost, compile_seconds, count_flops(traced.jaxpr)


def _train_all(agent: Agent, data: Dataset, prior: PriorKnowledge, keys: jax.Array) -> Any:
    """One problem after another in one program: side by side (`vmap`) they would leave the cache and be slower."""
    return jax.lax.map(lambda problem: eqx.filter(agent(*problem), eqx.is_array), (data, prior, keys))


def _stack(trees: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), *trees)


def _timed(call: Callable[[], Result]) -> tuple[Result, tuple[float, float]]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    jax.block_until_ready(result)
    return result, (time.perf_counter() - wall, time.process_time() - cpu)


def _num_parameters(sampler: Sampler) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(partition(sampler)[0]) if eqx.is_array(leaf))


def _diagnostics(sampler: Sampler) -> Scores:
    """What a sampler says of itself, as metrics without an interval."""
    if not isinstance(sampler, PosteriorSample):
        return {}
    values = {name: float(value) for name, value in sampler.diagnostics.items()}
    return {(name, None): Estimate(value, value, value, units=1) for name, value in values.items()}


def _records(blank: Record, spec: Spec, problem: Problem, scores: Scores) -> list[Record]:
    num_train, input_size = len(problem.train_data), problem.train_data.x[0].size
    about = replace(
        blank,
        evaluation=spec.name,
        suite=spec.suite,
        input_size=input_size,
        num_train=num_train,
        data_ratio=num_train / input_size,
        temperature=getattr(spec, "temperature", None),
    )
    return [
        replace(about, metric=m, tau=t, value=e.value, low=e.low, high=e.high, units=e.units, nonfinite=e.nonfinite)
        for (m, t), e in scores.items()
    ]
