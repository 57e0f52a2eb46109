"""What the published benchmark leaves out: inputs that differ between training and test, and noise that varies."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gnothi.data import Stream

Inputs = Callable[[np.ndarray], np.ndarray]

NUM_WAVES = 200  # of a random field


def _same(x: np.ndarray) -> np.ndarray:
    return x


@dataclass(frozen=True)
class Shift:
    """How standard normal inputs become training inputs and test inputs.

    `rejects` is the probability with which training data in a random half of the classes are dropped.
    """

    train: Inputs = _same
    test: Inputs = _same
    rejects: float = 0.0


def _half_space(x: np.ndarray) -> np.ndarray:
    return np.concatenate([np.abs(x[:, :1]), x[:, 1:]], axis=1)


#: By name: training inputs of a half-space only (the first coordinate is positive); training inputs half as wide as
#: test inputs; test inputs twice as wide as training inputs; training data that lack nine in ten of half the classes
#: (the "class rejection" of the Neural Testbed's code).
SHIFTS: dict[str, Shift] = {
    "none": Shift(),
    "half": Shift(train=_half_space),
    "narrow": Shift(train=lambda x: x / 2),
    "wide": Shift(test=lambda x: 2 * x),
    "classes": Shift(rejects=0.9),
}


def random_field(stream: Stream, input_size: int) -> Inputs:
    """A smooth random function of mean 0 and variance 1, a sum of waves (Rahimi and Recht 2007).

    In law it is nearly a Gaussian process with covariance exp(-|x - x'|^2 / `input_size`): two standard normal inputs,
    at their usual distance, correlate by exp(-2), so that it varies across inputs and can be learned from neighbours.
    """
    waves = stream.normal((input_size, NUM_WAVES)) * np.sqrt(2 / input_size)
    phases = 2 * np.pi * stream.uniform((NUM_WAVES,))
    return lambda x: np.sqrt(2 / NUM_WAVES) * np.cos(x @ waves + phases).sum(axis=1)
