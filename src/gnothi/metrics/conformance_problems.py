"""Small problems with fixed data on which posterior samplers are checked, and the batches that they are asked about."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int, Shaped

from gnothi.data import Stream

SIZE = 4  # features
NOISE = 0.5  # deviation of the linear problem's observations


@dataclass(frozen=True)
class Design:
    """Batches of one size, so that a compiled sampler compiles four programs in all.

    `batch` and `other_batch` hold `num_probes` equal inputs first, and companions after them; `order` moves every row;
    `long_batch` ends in a copy of its first `num_duplicates` rows; `neighbours` holds inputs, then the same inputs
    0.001 away, then 0.1 away. The first `num_anchors` rows of `batch` are asked about by themselves.
    """

    batch: Float32[np.ndarray, "inputs features"]
    other_batch: Float32[np.ndarray, "inputs features"]
    order: Int[np.ndarray, " inputs"]
    long_batch: Float32[np.ndarray, "long features"]
    neighbours: Float32[np.ndarray, "inputs features"]
    num_probes: int = 10
    num_duplicates: int = 8
    num_anchors: int = 4


@dataclass(frozen=True)
class ConformanceProblem:
    """Training data, what the outputs are, and, for a linear model, the posterior covariance at `design.neighbours`."""

    x: Float32[np.ndarray, "data features"]
    y: Shaped[np.ndarray, " data"]
    probabilities: bool
    design: Design
    covariance: Float[np.ndarray, "inputs inputs"] | None = None


def _design() -> Design:
    stream = Stream(2024, 1)
    probes, near, far, centres, step = (stream.normal((rows, SIZE)) for rows in (10, 26, 26, 12, 12))
    step /= np.linalg.norm(step, axis=1, keepdims=True)
    long = stream.normal((257, SIZE))
    long[-8:] = long[:8]
    cycle = stream.permutation(36)
    order = np.empty(36, int)
    order[cycle] = np.roll(cycle, 1)  # one cycle through all rows: none stays
    spread = 1.5 * centres
    return Design(
        np.concatenate([probes, near]).astype(np.float32),
        np.concatenate([probes, 3 + 2 * far]).astype(np.float32),
        order,
        long.astype(np.float32),
        np.concatenate([spread, spread + 1e-3 * step, spread + 0.1 * step]).astype(np.float32),
    )


def _classification() -> ConformanceProblem:
    stream = Stream(2024, 2)
    x, u = stream.normal((60, SIZE)), stream.uniform((60,))
    y = u < 1 / (1 + np.exp(-2 * x[:, 0] * x[:, 1] - x[:, 2]))
    return ConformanceProblem(x.astype(np.float32), y.astype(np.int64), True, _design())


def _regression() -> ConformanceProblem:
    stream = Stream(2024, 3)
    x = stream.normal((60, SIZE))
    y = np.sin(2 * x[:, 0]) + 0.5 * x[:, 1] * x[:, 2] + 0.3 * stream.normal((60,))
    return ConformanceProblem(x.astype(np.float32), y.astype(np.float32), False, _design())


def _linear() -> ConformanceProblem:
    """y = x.w + noise with w ~ N(0, I): the function's posterior covariance is X* (X'X / noise^2 + I)^-1 X*'."""
    stream = Stream(2024, 4)
    x = stream.normal((12, SIZE)).astype(np.float32)
    y = x @ stream.normal((SIZE,)) + NOISE * stream.normal((12,))
    design = _design()
    precision = x.T.astype(float) @ x / NOISE**2 + np.eye(SIZE)
    at = design.neighbours.astype(float)
    return ConformanceProblem(x, y.astype(np.float32), False, design, at @ np.linalg.solve(precision, at.T))


#: Problems by name.
PROBLEMS: dict[str, Callable[[], ConformanceProblem]] = {
    "classification": _classification,
    "regression": _regression,
    "linear": _linear,
}
