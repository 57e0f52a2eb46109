"""What it costs to train and score each agent: on one problem, and on a group of fifteen.

Every problem has 10 inputs and 100 training points. Each agent runs in a process of its own, pinned to one core, with
the compilation cache off: `cold` is the first run, compilation included, `warm` the best of a few after it. The group
is dealt to one pinned process a core, as a run does. GFLOP/s count the products of the training alone
(`gnothi.learning.count_flops`), and stand beside what this machine reaches on a 512 x 512 matrix product in the same
process. Agents that cost minutes a problem run warm once, and not as a group.

    python benchmarks/testbed.py                      # every agent
    python benchmarks/testbed.py --agents epinet ensemble+ --repeats 5
"""

import math
import multiprocessing
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace

import tyro

GROUP = 15
NUM_TRAIN, INPUT_SIZE, CLASSES = 100, 10, 2


@dataclass(frozen=True)
class Benchmark:
    """Times agents on the testbed. Example: python benchmarks/testbed.py --agents epinet."""

    agents: tuple[str, ...] = ()
    """All of them by default."""

    repeats: int = 5
    """How often an agent is timed warm; the best counts."""


@dataclass(frozen=True)
class Cost:
    """Seconds of a stage: wall and CPU."""

    wall: float
    cpu: float


def timed(call):
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, Cost(time.perf_counter() - wall, time.process_time() - cpu)


def best(call, repeats: int) -> Cost:
    costs = [timed(call)[1] for _ in range(repeats)]
    return Cost(min(c.wall for c in costs), min(c.cpu for c in costs))


def matmul_peak() -> float:
    """GFLOP/s of one core on a large matrix product."""
    import jax
    import jax.numpy as jnp

    a = jnp.ones((512, 512))
    product = jax.jit(lambda a: a @ a)
    jax.block_until_ready(product(a))
    cost = best(lambda: jax.block_until_ready([product(a) for _ in range(20)]), 10)
    return 20 * 2 * 512**3 / cost.cpu / 1e9


def make_task(name: str, seeds: range):
    from gnothi.agents import AGENTS
    from gnothi.testbed import grid
    from gnothi.testbed.run import Task

    specs = grid("benchmark", (INPUT_SIZE,), (NUM_TRAIN // INPUT_SIZE,), (0.1,), seeds)
    return Task(name, AGENTS[name], specs, 0, None)


def one(name: str, repeats: int) -> dict[str, float]:
    """Cold and warm cost of one problem, stage by stage, and what was reached while training."""
    import equinox as eqx
    import jax

    from gnothi.agents import AGENTS
    from gnothi.learning import count_flops
    from gnothi.testbed import evaluate

    agent = AGENTS[name]
    problem = make_task(name, range(1)).specs[0].make()
    train, flops = agent, math.nan
    if agent.compiled:
        train = eqx.filter_jit(lambda data, prior, key: agent(data, prior, key))
    prior = replace(problem.prior_knowledge, temperature=jax.numpy.asarray(problem.prior_knowledge.temperature))
    data = jax.tree.map(jax.numpy.asarray, problem.train_data)

    if agent.compiled:
        arrays = eqx.filter_make_jaxpr(lambda *args: eqx.filter(agent(*args), eqx.is_array))
        flops = count_flops(arrays(data, prior, jax.random.key(0))[0])

    def learn():
        sampler = train(data, prior, jax.random.key(0))
        jax.block_until_ready(eqx.filter(sampler, eqx.is_array))
        return sampler

    sampler, cold_train = timed(learn)
    _, cold_score = timed(lambda: evaluate(problem, sampler))
    before = matmul_peak()
    warm_train = best(learn, repeats)
    peak = max(before, matmul_peak())  # the machine is not always equally fast
    warm_score = best(lambda: evaluate(problem, sampler), repeats)
    return {
        "cold wall": cold_train.wall + cold_score.wall,
        "train cpu": warm_train.cpu,
        "score cpu": warm_score.cpu,
        "total cpu": warm_train.cpu + warm_score.cpu,
        "total wall": warm_train.wall + warm_score.wall,
        "GFLOP": flops / 1e9,
        "GFLOP/s": flops / 1e9 / warm_train.cpu,
        "peak": peak,
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def part(name: str, seeds: range) -> float:
    """CPU seconds of a part of the group."""
    from gnothi.testbed import run_group

    return timed(lambda: run_group(make_task(name, seeds)))[1].cpu


def group(name: str, cores: list[int], turns) -> tuple[Cost, Cost]:
    """Cold and warm cost of fifteen problems, dealt to all cores: each keeps its share, and so its compiled program."""
    from gnothi.sweep.engine import _start_worker

    shares = [range(i * GROUP // len(cores), (i + 1) * GROUP // len(cores)) for i in range(len(cores))]
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        pools = [stack.enter_context(ProcessPoolExecutor(1, context, _start_worker, (turns, cores))) for _ in shares]
        for pool in pools:
            pool.submit(time.sleep, 0).result()  # the process is up
        costs = []
        for _ in range(2):
            start = time.perf_counter()
            parts = [pool.submit(part, name, share) for pool, share in zip(pools, shares, strict=True)]
            cpu = sum(p.result() for p in parts)
            costs.append(Cost(time.perf_counter() - start, cpu))
    return costs[0], costs[1]


def main(options: Benchmark) -> None:
    from rich.console import Console
    from rich.table import Table

    os.environ["GNOTHI_CACHE"] = "off"
    context = multiprocessing.get_context("spawn")
    cores = sorted(os.sched_getaffinity(0))
    single = Table(
        "agent",
        "cold wall s",
        "train CPU s",
        "score CPU s",
        "both CPU s",
        "both wall s",
        "GFLOP",
        "GFLOP/s",
        "of peak",
        "MB",
    )
    grouped = Table("agent", "15, cold wall s", "15, warm wall s", "15, warm CPU s", "15 / 1, wall")
    single.title, grouped.title = "One problem, one core, warm", f"Fifteen problems, {len(cores)} cores"
    from gnothi.agents import AGENTS
    from gnothi.sweep.engine import _start_worker
    from gnothi.testbed.reach import COSTLY

    for name in options.agents or AGENTS:
        repeats = 1 if name in COSTLY else options.repeats
        with ProcessPoolExecutor(1, context, _start_worker, (context.Value("i", 0), cores[-1:])) as pool:
            row = pool.submit(one, name, repeats).result()
        share = "–" if math.isnan(row["GFLOP/s"]) else f"{row['GFLOP/s'] / row['peak']:.0%}"
        costs = [f"{row[k]:.2f}" for k in ("cold wall", "train cpu", "score cpu", "total cpu", "total wall")]
        single.add_row(
            name,
            *costs,
            f"{row['GFLOP']:.2f}",
            f"{row['GFLOP/s']:.1f}",
            f"{share} of {row['peak']:.0f}",
            f"{row['MB']:.0f}",
        )
        print(f"measured {name}", flush=True)
        if name in COSTLY:
            continue
        cold, warm = group(name, cores, context.Value("i", 0))
        numbers = [f"{x:.2f}" for x in (cold.wall, warm.wall, warm.cpu, warm.wall / row["total wall"])]
        grouped.add_row(name, *numbers)
    console = Console(width=110)
    console.print(single)
    console.print(grouped)


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
