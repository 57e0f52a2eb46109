"""The classification testbed: data from a random network, so that the truth is known.

Logits are a random 2-layer ReLU network of 50 units over a temperature, inputs are standard normal (Osband et al.
2022, "The Neural Testbed", sec. 3). To add a problem, write a frozen dataclass with the same attributes and `make`.
"""

import itertools
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from gnothi.agents import PriorKnowledge, Sampler, joint_draws
from gnothi.data import Dataset, Stream
from gnothi.metrics import Estimate, kl_divergence
from gnothi.testbed.shifts import SHIFTS, random_field

TAUS = (1, 10)  # the orders of joint prediction that are scored
NUM_INDICES = 500  # joint samples drawn of an agent with endlessly many
NUM_TEST_INPUTS = {"dyadic": 2000, "iid": 4000}  # 1,000 pairs of anchors, or 400 sets of ten inputs
HIDDEN = (50, 50)

Scores = dict[tuple[str, int | None], Estimate]
Logits = Callable[[np.ndarray], np.ndarray]


@runtime_checkable
class Problem(Protocol):
    """What an agent is put through: training data, what it may know, and a score for its sampler."""

    @property
    def train_data(self) -> Dataset:
        """What the agent learns from."""

    @property
    def prior_knowledge(self) -> PriorKnowledge:
        """What it may know beside."""

    @property
    def test_inputs(self) -> Float[np.ndarray, "inputs ..."]:
        """Where it is asked for predictions."""

    def score(self, draws: Float[Array, "samples inputs classes"], exhaustive: bool) -> Scores:
        """Scores joint samples at the test inputs, by (metric, tau)."""


def evaluate(problem: Problem, sampler: Sampler, *, num_indices: int | None = None, seed: int = 0) -> Scores:
    """Scores a sampler on a problem.

    **Arguments:** `problem`; `sampler`, what an agent returned; `num_indices`, how many joint samples to draw if
    there is no end of them (by default as many as the problem's protocol asks for, or `NUM_INDICES`); `seed`, of that
    draw.
    """
    if num_indices is None:
        num_indices = getattr(problem, "num_indices", NUM_INDICES)
    draws, exhaustive = joint_draws(sampler, jnp.asarray(problem.test_inputs), num_indices, jax.random.key(seed))
    return problem.score(draws, exhaustive)


@dataclass(frozen=True)
class GenerativeSpec:
    """One problem of the testbed, by its coordinates; `make` draws it, always the same.

    `inputs` says how test inputs are chosen: `"dyadic"` (pairs of anchors) or `"iid"`. What the published benchmark
    does not have: `temperature_spread`, the standard deviation over inputs of the log of the temperature, which then
    varies smoothly (`shifts.random_field`); `shift`, how training and test inputs differ, a key of `SHIFTS`;
    `tells_temperature`, whether agents are told it (where it varies, its median). None of these changes the network
    or any draw that it need not change, so that a problem can be compared with its plain twin.
    """

    suite: str
    input_size: int
    num_train: int
    temperature: float
    seed: int
    inputs: str = "dyadic"
    num_classes: int = 2
    temperature_spread: float = 0.0
    shift: str = "none"
    tells_temperature: bool = True

    def __post_init__(self) -> None:
        if self.shift not in SHIFTS:
            raise ValueError(f"no shift is called {self.shift!r}: there are {', '.join(SHIFTS)}")

    @property
    def name(self) -> str:
        """The problem's name in records."""
        classes = "" if self.num_classes == 2 else f"-C{self.num_classes}"
        spread = f"-V{self.temperature_spread:g}" if self.temperature_spread else ""
        shift = "" if self.shift == "none" else f"-{self.shift}"
        told = "" if self.tells_temperature else "-untold"
        size = f"D{self.input_size}-N{self.num_train}{classes}{spread}{shift}{told}"
        return f"{self.suite}/{size}-T{self.temperature:g}-S{self.seed}"

    @property
    def shape(self) -> tuple:
        """Problems of equal shape share one compiled program."""
        shape = (self.inputs, self.input_size, self.num_train, self.num_classes)
        return shape if self.tells_temperature else (*shape, "untold")

    def make(self) -> "GenerativeProblem":
        """Draws the problem: network, training inputs, training labels, test inputs, in this order."""
        name = f"D{self.input_size}-N{self.num_train}-T{self.temperature:g}"
        stream = Stream(self.seed, zlib.crc32(name.encode()))
        more = Stream(self.seed, zlib.crc32(f"{name} beyond the published".encode()))
        logits = _random_logits(stream, self.input_size, self.num_classes, self.temperature)
        if self.temperature_spread:
            logits = _with_field(logits, random_field(more, self.input_size), self.temperature_spread)
        shift = SHIFTS[self.shift]
        x = shift.train(stream.normal((self.num_train, self.input_size)))
        y = _sample_labels(stream, logits(x))
        test_inputs = shift.test(stream.normal((NUM_TEST_INPUTS[self.inputs], self.input_size)))
        if shift.rejects:
            x, y = self._rejecting(more, logits, shift.rejects)
        return GenerativeProblem(
            Dataset(x.astype(np.float32), y),
            PriorKnowledge(self.num_classes, self.temperature if self.tells_temperature else None),
            test_inputs.astype(np.float32),
            logits(test_inputs).astype(np.float32),
            self.inputs,
        )

    def _rejecting(self, stream: Stream, logits: Logits, probability: float) -> tuple[np.ndarray, np.ndarray]:
        """Training data of which those in a random half of the classes are dropped with some probability."""
        rejected = stream.permutation(self.num_classes)[: self.num_classes // 2]
        inputs: list[np.ndarray] = []
        labels: list[np.ndarray] = []
        while sum(len(part) for part in labels) < self.num_train:
            x = stream.normal((2 * self.num_train, self.input_size))
            y = _sample_labels(stream, logits(x))
            kept = ~np.isin(y, rejected) | (stream.uniform((len(y),)) > probability)
            inputs.append(x[kept])
            labels.append(y[kept])
        return np.concatenate(inputs)[: self.num_train], np.concatenate(labels)[: self.num_train]


@dataclass(frozen=True)
class GenerativeProblem:
    """A problem whose true logits are known, so that agents are scored by d_KL^tau in nats."""

    train_data: Dataset
    prior_knowledge: PriorKnowledge
    test_inputs: Float[np.ndarray, "inputs features"]
    true_logits: Float[np.ndarray, "inputs classes"]
    inputs: str

    def score(self, draws: Float[Array, "samples inputs classes"], exhaustive: bool) -> Scores:
        """d_KL^tau at every tau of the testbed, from the same samples."""
        target = jnp.asarray(self.true_logits)[None]
        estimates = kl_divergence(
            target, draws, tau=TAUS, inputs=self.inputs, exhaustive=exhaustive, key=jax.random.key(0)
        )
        return {("kl", tau): estimate for tau, estimate in estimates.items()}


def _random_logits(stream: Stream, input_size: int, num_classes: int, temperature: float) -> Logits:
    """A random network with the testbed's law: truncated-normal weights, normal biases in the first layer only."""
    sizes = (input_size, *HIDDEN, num_classes)
    weights = [stream.truncated_normal((m, n)) / np.sqrt(m) for m, n in itertools.pairwise(sizes)]
    bias = stream.normal((HIDDEN[0],)) / np.sqrt(input_size)

    def logits(x):
        hidden = np.maximum(x @ weights[0] + bias, 0)
        for weight in weights[1:-1]:
            hidden = np.maximum(hidden @ weight, 0)
        return hidden @ weights[-1] / temperature

    return logits


def _with_field(logits: Logits, field: Callable[[np.ndarray], np.ndarray], spread: float) -> Logits:
    """Logits whose temperature is multiplied by exp(`spread` times a field)."""
    return lambda x: logits(x) / np.exp(spread * field(x))[:, None]


def _sample_labels(stream: Stream, logits: np.ndarray) -> np.ndarray:
    """Labels with softmax probabilities, by the inverse of their distribution function."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    cumulative = np.cumsum(shifted, axis=1) / shifted.sum(axis=1, keepdims=True)
    return (stream.uniform((len(logits), 1)) > cumulative[:, :-1]).sum(axis=1).astype(np.int32)
