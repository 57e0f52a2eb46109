"""A portrait of an agent on a problem in the plane: what it says of each input, and what it says of all together."""

import json
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from gnothi.agents import Sampler, joint_draws
from gnothi.testbed.problems import Problem

WIDTH = 3.0  # the square from -3 to 3
RESOLUTION = 33  # points a side
NUM_DRAWS = 4  # joint samples shown


def draw_portrait(path: Path, agent: str, name: str, problem: Problem, sampler: Sampler) -> None:
    """Writes the probability of class 1 on a grid, its mean and a few joint samples, as JSON.

    **Arguments:** `path`, of the file; `agent` and `name`, of the agent and the problem; `problem`, of two inputs and
    two classes; `sampler`.
    """
    side = np.linspace(-WIDTH, WIDTH, RESOLUTION, dtype=np.float32)
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    draws, _ = joint_draws(sampler, jnp.asarray(grid), 200, jax.random.key(0))
    probs = np.asarray(jax.nn.softmax(draws)[..., 1])
    shown = probs[np.linspace(0, len(probs) - 1, NUM_DRAWS).astype(int)]
    picture = {
        "agent": agent,
        "problem": name,
        "side": np.round(side, 4).tolist(),
        "mean": np.round(probs.mean(axis=0), 3).tolist(),
        "draws": np.round(shown, 3).tolist(),
        "x": np.round(np.asarray(problem.train_data.x), 3).tolist(),
        "y": np.asarray(problem.train_data.y).tolist(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(picture))
    temporary.replace(path)
