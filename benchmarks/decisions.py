"""How fast decisions are: environments, agents that learn, and the neural bandit, beside what others do.

Steps a CPU second, each measurement in a process of its own on one core, one after another in this one run. The others
live in an environment of their own, made once from `decisions-requirements.txt`.

    python benchmarks/decisions.py                                        # ours alone
    python benchmarks/decisions.py --environment .venv/decision-peers     # beside bsuite and gymnax
"""

import json
import multiprocessing
import os
import subprocess
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import tyro

from conformance import prepare
from decisions_peers import counted

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "decisions-requirements.txt"
COPIES, SIZE = 1024, 50
CHUNK = 32 * 64  # steps of one call; a random word has the actions of 32


@dataclass(frozen=True)
class Benchmark:
    """Times decisions. Example: python benchmarks/decisions.py --seconds 5."""

    environment: Path | None = None
    """A virtual environment for the others; made if it is not there. Without it they are left out."""

    seconds: float = 10.0
    """CPU seconds of each measurement after a warm-up."""


def environment(seconds: float):
    """Deep Sea 50, 1,024 copies, state only."""
    import jax
    import jax.numpy as jnp

    from gnothi.decisions.environments import DeepSea, step_and_reset

    sea = DeepSea(SIZE)
    step = jax.vmap(step_and_reset, (None, 0, 0, None))

    def one(carry, bit):
        states, paid, word, key = carry
        following, _, transition = step(sea, states, (word >> bit & 1).astype(jnp.int32), key)
        return (following, paid + transition.reward, word, key), None

    def words(carry, key):
        states, paid = carry
        word = jax.random.bits(key, (COPIES,))
        (states, paid, _, _), _ = jax.lax.scan(one, (states, paid, word, key), jnp.arange(32, dtype=jnp.uint32))
        return (states, paid), None

    many = jax.jit(lambda carry, keys: jax.lax.scan(words, carry, keys)[0])
    first = jax.vmap(sea.reset)(jax.random.split(jax.random.key(0), COPIES))
    now = [(first, jnp.zeros(COPIES))]
    keys = jax.random.split(jax.random.key(1), CHUNK // 32)

    def advance():
        now[0] = jax.block_until_ready(many(now[0], keys))
        return CHUNK * COPIES

    return counted(advance, seconds)


def learner(network):
    """An agent that acts and learns at every step on Deep Sea 20."""

    def measure(seconds: float):
        import jax

        from gnothi.decisions import q_networks
        from gnothi.decisions.environments import DeepSea
        from gnothi.decisions.q_learning import QAgent, start
        from gnothi.learning import compiler_options

        state, step = start(QAgent(network(q_networks)), DeepSea(20), jax.random.key(0))
        many = jax.jit(lambda state: jax.lax.scan(step, state, length=1000)[0], compiler_options=compiler_options())
        now = [state]

        def advance():
            now[0] = jax.block_until_ready(many(now[0]))
            return 1000

        return counted(advance, seconds)

    return measure


def neural_bandit(seconds: float):
    """10,000 steps on 4 bandits, compilation apart; `seconds` is not asked."""
    from gnothi.agents import AGENTS
    from gnothi.decisions import draw_bandit, play

    bandits = [draw_bandit(seed) for seed in range(4)]

    def advance():
        play(AGENTS["epinet"], bandits, horizon=10_000)
        return 40_000

    return counted(advance, 0.0)


OURS = {
    "environment": [(f"gnothi, Deep Sea {SIZE}, {COPIES:,} copies", environment)],
    "agent": [
        ("gnothi, epinet", learner(lambda nets: nets.EpinetQ())),
        ("gnothi, epinet, 5 indices a step", learner(lambda nets: nets.EpinetQ(num_indices=5))),
        ("gnothi, ensemble+ of 20", learner(lambda nets: nets.EnsembleQ(20))),
    ],
    "bandit": [("gnothi, epinet, 10,000 steps of 4 neural bandits", neural_bandit)],
}


def on_one_core() -> None:
    """Keeps this process, and what it starts, to one core where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def alone(kind: str, number: int, seconds: float) -> tuple[int, float]:
    """One measurement in a fresh process."""
    on_one_core()
    return OURS[kind][number][1](seconds)


def peers(python: Path, kind: str, seconds: float) -> list[tuple[str, int, float]]:
    """What the others do: name, steps, CPU seconds."""
    command = [str(python), str(HERE / "decisions_peers.py"), kind, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=on_one_core)
    if done.returncode:
        print(f"  the others on {kind} failed: {done.stderr.strip().splitlines()[-1:]}")
        return []
    return json.loads(done.stdout.splitlines()[-1])


def main(asked: Benchmark) -> None:
    """Prints a table for each kind; ratios are of steps a CPU second, ours over theirs."""
    python = None if asked.environment is None else prepare(asked.environment, REQUIREMENTS)
    for kind, ours in OURS.items():
        theirs = peers(python, kind, asked.seconds) if python is not None and kind != "bandit" else []
        print(f"{kind}: steps, CPU seconds, steps a CPU second" + (", over each of the others" if theirs else ""))
        for name, steps, cpu in theirs:
            print(f"  {name:<52} {steps:>14,} {cpu:7.1f} {steps / cpu:>14,.0f}")
        for number, (name, _) in enumerate(ours):
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                steps, cpu = pool.submit(alone, kind, number, asked.seconds).result()
            ratios = "".join(f" {steps / cpu / (there / their_cpu):>8,.1f}x" for _, there, their_cpu in theirs)
            print(f"  {name:<52} {steps:>14,} {cpu:7.1f} {steps / cpu:>14,.0f}{ratios}", flush=True)


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
