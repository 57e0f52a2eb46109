"""Runs that never were: records with plausible numbers, as a run folder and as a list."""

import json
from pathlib import Path

import numpy as np

from gnothi.sweep import Record, RunFolder, write_records

AGENTS = {  # mean score at tau 1, at tau 10, CPU seconds, parameters
    "uniform": (1.0, 1.0, 0.05, 0),
    "logistic": (0.7, 1.4, 0.1, 22),
    "mlp": (0.25, 0.9, 0.15, 3_202),
    "ensemble": (0.22, 0.42, 2.6, 320_200),
    "ensemble+": (0.21, 0.2, 2.9, 320_200),
    "epinet": (0.22, 0.19, 0.6, 4_213),
}


def make_record(subject: str, evaluation: str, value: float, tau: int | None = 10, **changes) -> Record:
    """A record of d_KL, with whatever else is asked for."""
    about = {
        "suite": evaluation.split("/")[0], "metric": "kl", "low": value, "high": value, "units": 100, "nonfinite": 0,
        "seed": 0, "config_hash": "0123abcd", "versions": "gnothi 0.1.0, jax 0.0", "seconds": 1.0, "cpu_seconds": 1.0,
        "compile_seconds": 0.0, "peak_bytes": 1, "parameters": 10, "input_size": 2, "num_train": 20,
        "data_ratio": 10.0, "temperature": 0.1,
    }  # fmt: skip
    return Record(subject=subject, evaluation=evaluation, value=value, tau=tau, **about | changes)


def make_records(num_seeds: int = 3, agents: dict = AGENTS) -> list[Record]:
    """A whole run: a grid of generative problems and two real tables."""
    rng = np.random.default_rng(0)
    records = []
    for size, ratio, temperature in [(d, r, t) for d in (2, 10) for r in (1, 10, 100) for t in (0.01, 0.1, 0.5)]:
        for seed in range(num_seeds):
            floor = np.exp(0.3 * rng.normal()) / temperature**0.5
            for agent, (one, ten, cpu, parameters) in agents.items():
                for tau, mean in ((1, one), (10, ten)):
                    noise = 1 if agent == "uniform" else np.exp(0.15 * rng.normal()) * ratio**-0.15
                    name = f"classification/D{size}-N{size * ratio}-T{temperature:g}-S{seed}"
                    records.append(
                        make_record(
                            agent, name, mean * floor * noise * tau, tau, input_size=size, num_train=size * ratio,
                            data_ratio=float(ratio), temperature=temperature, parameters=parameters,
                            cpu_seconds=cpu * size**0.2, config_hash=f"{abs(hash((one, ten))) % 16**8:08x}",
                        )
                    )  # fmt: skip
    for table in ("breast_cancer", "digits"):
        for seed in range(3):
            for agent, (one, ten, cpu, parameters) in agents.items():
                for tau, mean in ((1, one), (10, ten)):
                    value = mean * tau * (1 if agent == "uniform" else np.exp(0.05 * rng.normal()))
                    records.append(
                        make_record(
                            agent, f"real/{table}-S{seed}", value, tau, metric="joint_log_loss", temperature=None,
                            cpu_seconds=cpu, parameters=parameters,
                            config_hash=f"{abs(hash((one, ten))) % 16**8:08x}",
                        )
                    )  # fmt: skip
    return records


def make_portrait(agent: str, variation: float) -> dict:
    """Half of the plane each class, with a border that moves between joint samples."""
    side = np.linspace(-3, 3, 33)
    x, y = (a.ravel() for a in np.meshgrid(side, side, indexing="ij"))
    draws = [1 / (1 + np.exp(-3 * (x + shift * y))) for shift in variation * np.array([-1.5, -0.5, 0.5, 1.5])]
    rng = np.random.default_rng(1)
    points = rng.normal(size=(20, 2)) * [1, 0.2]
    return {
        "agent": agent, "problem": "classification/D2-N20-T0.1-S0", "side": side.tolist(),
        "mean": np.mean(draws, axis=0).round(3).tolist(), "draws": np.round(draws, 3).tolist(),
        "x": points.tolist(), "y": (points[:, 0] > 0).astype(int).tolist(),
    }  # fmt: skip


def write_run(folder: Path, records: list[Record], portraits: list[dict] = ()) -> Path:
    """Puts records and portraits on disk as a run does."""
    run = RunFolder(folder)
    run.describe(suite="demo")
    for subject in {record.subject for record in records}:
        name = "".join(c if c.isalnum() else "_" for c in subject)
        write_records(run.cell(f"{name}/all"), [record for record in records if record.subject == subject])
    (folder / "portraits").mkdir(exist_ok=True)
    for portrait in portraits:
        (folder / "portraits" / f"{portrait['agent']}.json").write_text(json.dumps(portrait))
    return folder
