"""Active learning: how fast inputs are chosen, and what the labels are worth, beside scikit-activeml and baal.

Three tables from one run: scoring a large pool by BALD; picking a batch that is informative together; and a labelling
run on scikit-learn's digits, 20 labels at random and then 20 a round to 200. Our agent and rule of the last comparison
were chosen on splits 0 to 7; splits here begin at 10. Times are medians on one core, after compilation. The others live
in an environment of their own, made once from `active-requirements.txt`; in the labelling run their model is a
committee of five of scikit-learn's networks.

    python benchmarks/active.py                                      # ours alone
    python benchmarks/active.py --environment .venv/active-peers     # beside the others
"""

import json
import multiprocessing
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from active_peers import PICKS, POOLS, SAMPLES, predictions, timed
from conformance import prepare
from decisions import on_one_core

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "active-requirements.txt"
SIZES = np.arange(20, 201, 20)  # labels after each round
DRAWS = 200  # joint samples, of agents that can be asked for any number
#: Agents of the labelling run by what to call them.
AGENTS = {
    "epinet": "epinet",
    "ensemble+ of 10": "ensemble+:num_members=10",
    "ensemble of 10": "ensemble:num_members=10,hidden=(500,)",
}
RULES = ("uniform", "margin", "variance", "bald", "batch")
CHOSEN = ("ensemble of 10", "margin")  # on splits 0 to 7
FIRST = 10  # of the splits that are reported
TARGET = 0.95  # accuracy; to any model the same, where that of random picking is a model's own

Curves = tuple[list[list[float]], float]  # accuracy by seed and round, and CPU seconds of a seed


@dataclass(frozen=True)
class Benchmark:
    """Times rules and labels digits. Example: python benchmarks/active.py --only bald batch."""

    environment: Path | None = None
    """A virtual environment for the others; made if it is not there. Without it they are left out."""

    only: tuple[str, ...] = ("bald", "batch", "label")
    """Which of the three tables."""

    seeds: int = 20
    """Splits of the digits in the labelling run."""


def peers(python: Path, *arguments: str) -> dict[str, Any]:
    """What `active_peers.py` prints."""
    command = [str(python), str(HERE / "active_peers.py"), *arguments]
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **threads}, preexec_fn=on_one_core
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def fresh(call: Callable[..., Any], *arguments: Any) -> Any:
    """The result of a call in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result()


def ours(what: str) -> list[tuple[str, float, list[int]]]:
    """Name, seconds and picks, as of the others; on one core."""
    on_one_core()
    import jax
    import jax.numpy as jnp

    from gnothi.metrics import PRIORITIES, choose, choose_batch

    logits, key = jnp.asarray(predictions(POOLS[what])), jax.random.key(0)
    if what == "bald":
        seconds, scores = timed(lambda: jax.block_until_ready(PRIORITIES["bald"](logits, key)))
        return [("gnothi, bald", seconds, choose(scores, PICKS, key).tolist())]
    rows = []
    for number in (1000, 10_000):
        choose_batch(logits, PICKS, key, num_configurations=number).block_until_ready()  # compiled
        seconds, picks = timed(lambda n=number: choose_batch(logits, PICKS, key, num_configurations=n).tolist())
        rows.append((f"gnothi, choose_batch, {number:,} configurations", seconds, picks))
    return rows


def print_times(what: str, python: Path | None) -> None:
    """A row for each call; what a batch is worth is measured alike for all, from 100,000 label vectors."""
    import jax
    import jax.numpy as jnp

    from gnothi.metrics import joint_information

    theirs = peers(python, what)["found"] if python is not None else []
    print(f"{what}: {SAMPLES} samples of {POOLS[what]:,} inputs; ms" + ", the others' over ours" * bool(theirs))
    mine = fresh(ours, what)
    logits = jnp.asarray(predictions(POOLS[what]))
    for name, seconds, picks in [*theirs, *mine]:
        ratios = (
            "".join(f" {there / seconds:>9,.1f}x" for _, there, _ in theirs) if (name, seconds, picks) in mine else ""
        )
        batch = logits[:, jnp.asarray(picks)]
        nats = float(joint_information(batch, jax.random.key(1), num_configurations=100_000))
        print(f"  {name:<50} {1000 * seconds:>10,.2f}   {PICKS} picks: {nats:.3f} nats {ratios}", flush=True)
    print(f"  (no more than {np.log(SAMPLES):.3f} nats can be learnt of {SAMPLES} samples)")


def digits(seed: int) -> dict[str, np.ndarray]:
    """Pool and test set, half of the digits each, columns standardised by the pool's; and where a run starts."""
    from gnothi.data import load_table, standardise

    x, y, test_x, test_y = load_table("digits", seed)
    x, test_x = standardise(x, test_x)
    start = np.random.default_rng(seed).choice(len(x), SIZES[0], replace=False)
    return {"x": x, "y": y.astype(np.int32), "test_x": test_x, "test_y": test_y.astype(np.int32), "start": start}


def labelled_by_ours(agent: str, seeds: int) -> dict[str, Curves]:
    """Curves of every rule; all runs of a round are one compiled program."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    from gnothi.agents import AGENTS as KNOWN
    from gnothi.agents import PriorKnowledge, find_agent, joint_draws
    from gnothi.data import Dataset

    recipe, prior, start = find_agent(agent, KNOWN), PriorKnowledge(10), time.process_time()

    @eqx.filter_jit
    def learn(xs, ys, pools, tests, test_labels, keys):
        def one(run):
            x, y, pool, test, test_labels, key = run
            fit_key, draw_key = jax.random.split(key)
            inputs = jnp.concatenate([pool, test])
            draws, _ = joint_draws(recipe(Dataset(x, y), prior, fit_key), inputs, DRAWS, draw_key)
            guesses = jnp.argmax(jnp.mean(jax.nn.softmax(draws[:, len(pool) :]), axis=0), axis=1)
            return draws[:, : len(pool)], jnp.mean(guesses == test_labels)

        return jax.lax.map(one, (xs, ys, pools, tests, test_labels, keys))

    splits = [digits(FIRST + seed) for seed in range(seeds)]
    runs = [(rule, split) for rule in RULES for split in splits]
    keys = jax.random.split(jax.random.key(0), len(splits))
    keys = jnp.tile(keys, len(RULES))
    known = [split["start"] for _, split in runs]
    curves: list[list[float]] = [[] for _ in runs]
    for now, following in zip(SIZES, [*SIZES[1:], None], strict=True):
        rest = [np.setdiff1d(np.arange(len(split["x"])), rows) for rows, (_, split) in zip(known, runs, strict=True)]
        stacked = [
            np.stack([split["x"][rows] for rows, (_, split) in zip(known, runs, strict=True)]),
            np.stack([split["y"][rows] for rows, (_, split) in zip(known, runs, strict=True)]),
            np.stack([split["x"][rows] for rows, (_, split) in zip(rest, runs, strict=True)]),
            *(np.stack([split[name] for _, split in runs]) for name in ("test_x", "test_y")),
        ]
        draws, accuracies = learn(*stacked, jax.vmap(jax.random.fold_in, (0, None))(keys, now))
        for number, (rule, _) in enumerate(runs):
            curves[number].append(float(accuracies[number]))
            if following is not None:
                picks = pick(rule, draws[number], int(following - now), jax.random.fold_in(keys[number], now))
                known[number] = np.concatenate([known[number], rest[number][picks]])
    cpu = (time.process_time() - start) / len(runs)
    return {rule: (curves[k * seeds : (k + 1) * seeds], cpu) for k, rule in enumerate(RULES)}


def pick(rule: str, draws: Any, count: int, key: Any) -> np.ndarray:
    """Positions in the pool, by a rule or as a batch."""
    import jax

    from gnothi.metrics import PRIORITIES, choose, choose_batch

    if rule == "batch":
        return np.asarray(choose_batch(draws, count, key))
    rule_key, tie_key = jax.random.split(key)
    return np.asarray(choose(PRIORITIES[rule](draws, rule_key), count, tie_key))


def labelled_by_others(python: Path, seeds: int) -> dict[str, Curves]:
    """Curves of every rule of scikit-activeml, on the same splits."""
    curves: dict[str, Curves] = {}
    for seed in range(FIRST, FIRST + seeds):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "split.npz"
            np.savez(path, seed=seed, sizes=SIZES, **digits(seed))
            for rule, (accuracies, cpu) in peers(python, "label", str(path))["found"].items():
                rows, total = curves.get(rule, ([], 0.0))
                curves[rule] = ([*rows, accuracies], total + cpu / seeds)
    return curves


def crossing(curves: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Labels at which mean curves (of the middle axis) reach targets; between rounds a curve is a line.

    One that never gets there is given all the labels.
    """
    best = np.maximum.accumulate(curves.mean(axis=1), axis=1)
    return np.array([np.interp(each, mean, SIZES) for each, mean in zip(target, best, strict=True)])


def labels_needed(curves: np.ndarray, random: np.ndarray) -> Any:
    """Labels for the accuracy that random picking has with all of them; bootstrap over splits."""
    from gnothi.metrics import bootstrap_interval

    return bootstrap_interval(lambda rows: crossing(curves[rows], random[rows, -1].mean(axis=1)), len(curves))


def print_ratios(found: dict[str, dict[str, Curves]]) -> None:
    """Labels that ours needs for the accuracy `TARGET` over those of each of scikit-activeml's rules, by split."""
    from gnothi.metrics import bootstrap_interval

    agent, rule = CHOSEN
    mine = np.array(found[agent][rule][0])
    print(f"labels for an accuracy of {TARGET}, {rule} with {AGENTS[agent]}, over those of scikit-activeml's")
    for name, (rows, _) in found["scikit-activeml"].items():
        others = np.array(rows)

        def ratio(rows: np.ndarray, others: np.ndarray = others) -> np.ndarray:
            target = np.full(len(rows), TARGET)
            return crossing(mine[rows], target) / crossing(others[rows], target)

        found_ratio = bootstrap_interval(ratio, len(mine))
        print(f"  {name:<11} {found_ratio.value:.2f} [{found_ratio.low:.2f}, {found_ratio.high:.2f}]")


def print_labelling(asked: Benchmark, python: Path | None) -> None:
    """A row for each model and rule."""
    from gnothi.metrics import mean_interval

    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = {name: pool.submit(labelled_by_ours, agent, asked.seeds) for name, agent in AGENTS.items()}
        if python is not None:
            jobs["scikit-activeml"] = pool.submit(labelled_by_others, python, asked.seeds)
        found = {name: job.result() for name, job in jobs.items()}
    at = [int(np.searchsorted(SIZES, size)) for size in (100, 200)]
    print(
        f"label: digits, {asked.seeds} splits; mean accuracy with 100 and with 200 labels, labels for the accuracy that"
    )
    print(
        f"random picking (same model) has with 200, and for {TARGET}, CPU seconds of a run; 95 % intervals over splits"
    )
    for name, rules in found.items():
        random = np.array(next(iter(rules.values()))[0])  # the first rule
        for rule, (rows, cpu) in rules.items():
            curves = np.array(rows)
            cells = [f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]" for e in (mean_interval(curves[:, k]) for k in at)]
            need = labels_needed(curves, random)
            cells.append(f"{need.value:4.0f} [{need.low:.0f}, {need.high:.0f}]")
            reached = curves.mean(axis=0).max() >= TARGET
            cells.append(f"{crossing(curves[None], np.array([TARGET]))[0]:4.0f}" if reached else "   –")
            print(f"  {name:<16} {rule:<11} {'  '.join(cells)} {cpu:6.1f}", flush=True)
    if python is not None:
        print_ratios(found)


def main(asked: Benchmark) -> None:
    """Prints the tables."""
    python = None if asked.environment is None else prepare(asked.environment, REQUIREMENTS, "--no-deps")
    for what in asked.only:
        if what == "label":
            print_labelling(asked, python)
        else:
            print_times(what, python)


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
