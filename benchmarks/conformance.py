"""Which sampler of which library gives joint predictions? Puts peers through `gnothi.metrics.conform`.

The peers live in an environment of their own, which is made once from `conformance-requirements.txt` (several GB, as
PyTorch is among them). They are fitted and asked there, one after another, a process a library, and the table is
written to `docs/conformance.md`, from `docs/conformance.json`, where all that was found is kept.

    python benchmarks/conformance.py --environment .venv/peers
    python benchmarks/conformance.py --environment .venv/peers --only laplace-torch    # the others stay as they were
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import tyro

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "conformance-requirements.txt"
MARKS = {"pass": "pass", "fail": "**fail**", "not applicable": "–"}
LIMIT = 1800  # seconds a library

LIBRARY = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import torch
from importlib.metadata import version
from dataclasses import asdict
from conformance_peers import PEERS
from gnothi.metrics import conform
torch.set_num_threads(1)
results = []
for peer in PEERS:
    if peer.library != sys.argv[1]:
        continue
    torch.manual_seed(0)
    start, checks, error = time.process_time(), [], None
    try:
        checks = [asdict(check) for check in conform(peer.fit, peer.problem)]
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}".splitlines()[0]
    seconds = time.process_time() - start
    results.append({"library": peer.library, "version": version(peer.library), "call": peer.call,
        "problem": peer.problem, "checks": checks, "error": error, "seconds": seconds})
print(json.dumps(results))
"""


@dataclass(frozen=True)
class Benchmark:
    """Checks other libraries' samplers. Example: python benchmarks/conformance.py --environment .venv/peers."""

    environment: Path = Path(".venv/peers")
    """A virtual environment for the peers; it is made if it is not there."""

    only: str = ""
    """Measure only libraries whose name holds this, and keep what is known of the others."""

    out: Path = Path("docs")
    """The folder of `conformance.md` and `conformance.json`."""


def prepare(environment: Path, requirements: Path = REQUIREMENTS, *options: str) -> Path:
    """The Python of an environment that holds the peers, which is made, with `options` to pip, if it is not there."""
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *options, "-r", requirements], check=True)
    return python


def ask(python: Path, code: str, *arguments: str) -> str:
    paths = os.pathsep.join([str(HERE.parent / "src"), str(HERE)])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"}
    command = [str(python), "-c", code, *arguments]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT)
    if answer.returncode:
        raise RuntimeError(answer.stderr[-2000:])
    return answer.stdout.splitlines()[-1]


def measure(options: Benchmark) -> list[dict]:
    """Results of all samplers, in order; those that were measured are kept as soon as their library is through."""
    python, kept = prepare(options.environment), options.out / "conformance.json"
    listed = json.loads(
        ask(python, "import json; from conformance_peers import PEERS; print(json.dumps([p.library for p in PEERS]))")
    )
    known = json.loads(kept.read_text()) if kept.exists() else {}
    for library in dict.fromkeys(listed):
        if options.only in library:
            known[library] = json.loads(ask(python, LIBRARY, library))
            kept.write_text(json.dumps(known, indent=1) + "\n")
            for one in known[library]:
                failed = [check["name"] for check in one["checks"] if check["verdict"] == "fail"]
                print(library, one["call"], one["error"] or failed or "passes", flush=True)
    return [result for library in dict.fromkeys(listed) for result in known.get(library, [])]


def sentence(result: dict) -> str:
    """What a sampler does wrong, with its numbers."""
    if result["error"]:
        return f"raises `{result['error'][:160]}`"
    return "; ".join(f"{c['name']}: {c['found']}" for c in result["checks"] if c["verdict"] == "fail")


def table(results: list[dict]) -> list[str]:
    names = [check["name"] for check in next(r["checks"] for r in results if r["checks"])]
    names = [name for name in names if name not in ("values", "seed")]
    lines = ["| library | sampler | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    for result in results:
        verdicts = {check["name"]: MARKS[check["verdict"]] for check in result["checks"]}
        cells = " | ".join(verdicts.get(name, "raises") for name in names)
        lines.append(f"| {result['library']} {result['version']} | {result['call']} | {cells} |")
    return lines


def numbers(results: list[dict]) -> list[str]:
    """What was measured where it is worth a number: copies, neighbours and distant inputs, samples."""
    shown = ("duplicates", "batch invariance", "correlation", "distinct samples")
    lines = ["| sampler | " + " | ".join(shown) + " | CPU s |", "|---|" + "---|" * (len(shown) + 1)]
    for result in results:
        found = {check["name"]: check["found"] for check in result["checks"]}
        cells = " | ".join(found.get(name, "raises") for name in shown)
        lines.append(f"| {result['library']}: {result['call']} | {cells} | {result['seconds']:.1f} |")
    return lines


def page(results: list[dict]) -> str:
    general = [result for result in results if result["problem"] != "linear"]
    linear = [result for result in results if result["problem"] == "linear"]
    wrong = [f"* {r['library']}, {r['call']} ({r['problem']}): {sentence(r)}." for r in results if sentence(r)]
    parts = [
        "# Is it a joint prediction at all?",
        "",
        "Written by `python benchmarks/conformance.py`; the checks are those of `gnothi conform` "
        "(`gnothi.metrics.conformance` says what each asks, at what level, and what usually makes it fail). "
        "Samplers are called as their libraries document it. A dash: the check does not apply, or an earlier failure "
        "decides it. A posterior that passes need not be a good one: no score is measured here.",
        "",
    ]
    for title, rows in (
        ("Networks (two classes; the Gaussian process: regression)", general),
        ("Linear regression with known prior and noise: correlation against the closed form", linear),
    ):
        if rows:
            parts += [f"## {title}", "", *table(rows), ""]
    if wrong:
        parts += ["## What fails, and by how much", "", *wrong, ""]
    for title, rows in (("networks", general), ("linear regression", linear)):
        if rows:
            parts += [f"## Numbers: {title}", "", *numbers(rows), ""]
    return "\n".join(parts)


def main(options: Benchmark) -> None:
    results = measure(options)
    if not results:
        raise SystemExit(f"no library's name holds {options.only!r}")
    table_file = options.out / "conformance.md"
    table_file.write_text(page(results))
    print(f"Table: {table_file.resolve()}")


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
