"""The Neural Testbed's own instances: the same networks, training data and test draws, so that scores can be compared
with published ones problem by problem.

A problem is named by its place in the original's sweep (`classification/75` is 75 here). There, orders tau of joint
prediction are problems of their own, of one network, one training set and (where dyadic) one set of anchors; here, they
are scores of one problem. `GenerativeSpec` has the same law, on a stream of its own.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.special import log_softmax

from gnothi.agents import PriorKnowledge
from gnothi.data import Dataset
from gnothi.metrics import kl_divergence, mean_interval
from gnothi.metrics.clustered import kl_projected
from gnothi.testbed import threefry
from gnothi.testbed.problems import HIDDEN, Scores

NUM_CLASSES = 2
NUM_DRAWS = 1000  # test draws of every order tau in the original
MAX_TEST_INPUTS = 20_000  # of one order: of those of the original, the first


class Grid(NamedTuple):
    """A sweep of the original, slowest index first; seeds count problems from 1 on."""

    sizes: tuple[tuple[int, int], ...]  # input size and number of training data
    temperatures: tuple[float, ...]
    num_seeds: int
    inputs: str  # how test inputs are chosen
    taus: tuple[int, ...]


#: The original's sweeps. Today's code has tau 1 and 10 in two dimensions; the figure of 2021 is of tau 1 and 100.
GRIDS = {
    "classification": Grid(
        tuple((size, size * ratio) for size in (2, 10, 100) for ratio in (1, 10, 100, 1000)),
        (0.01, 0.1, 0.5),
        5,
        "dyadic",
        (1, 10),
    ),
    "classification_2d": Grid(
        tuple((2, num_train) for num_train in (1, 3, 10, 30, 100, 300, 1000)), (0.01, 0.1, 0.5), 10, "iid", (1, 100)
    ),
}


@dataclass(frozen=True)
class PublishedSpec:
    """A problem of the original by its sweep, a key of `GRIDS`, and its place there (below the number for one tau)."""

    suite: str
    sweep: str
    index: int

    @property
    def name(self) -> str:
        """The problem's name in records."""
        return f"{self.suite}/{self.index}-D{self.input_size}-N{self.num_train}-T{self.temperature:g}"

    @property
    def input_size(self) -> int:
        """The number of inputs."""
        return self._coordinates[0]

    @property
    def num_train(self) -> int:
        """The number of training data."""
        return self._coordinates[1]

    @property
    def temperature(self) -> float:
        """What divides the network's logits."""
        return self._coordinates[2]

    @property
    def _coordinates(self) -> tuple[int, int, float]:
        grid = GRIDS[self.sweep]
        cell = self.index // grid.num_seeds
        size, num_train = grid.sizes[cell // len(grid.temperatures)]
        return size, num_train, grid.temperatures[cell % len(grid.temperatures)]

    @property
    def shape(self) -> tuple:
        """Problems of equal shape share one compiled program."""
        return ("published", self.sweep, self.input_size, self.num_train)

    def make(self) -> "PublishedProblem":
        """Draws the problem in the original's order: network, training data, test draws of each order."""
        grid = GRIDS[self.sweep]
        keys = threefry.KeySequence(threefry.key_of(self.index + 1))
        network = _Network(next(keys), self.input_size, self.temperature)
        data_keys, score_key = threefry.KeySequence(next(keys)), next(keys)
        train_key, label_key = threefry.split(next(data_keys))
        x = threefry.normal(train_key, (self.num_train, self.input_size))
        y = _labels(threefry.split(label_key, self.num_train), network.log_probs(x))
        draw_keys = threefry.split(threefry.split(score_key)[0], NUM_DRAWS)
        draw = _draw_dyadic if grid.inputs == "dyadic" else _draw_iid
        test_inputs, positions = draw(draw_keys, self.input_size, grid.taus)
        log_probs = network.log_probs(test_inputs)
        draws = {}
        for tau, asked in positions.items():
            label_keys = threefry.split(threefry.split(draw_keys[: len(asked)])[:, 1], tau)
            draws[tau] = Draws(asked, _labels(label_keys, log_probs[asked]))
        return PublishedProblem(
            Dataset(x, y),
            PriorKnowledge(NUM_CLASSES, self.temperature),
            test_inputs,
            log_probs,
            draws,
            grid.inputs,
        )


class Draws(NamedTuple):
    """Test draws of order tau: which test inputs, with which labels."""

    positions: Int[np.ndarray, "draws tau"]
    labels: Int[np.ndarray, "draws tau"]


@dataclass(frozen=True)
class PublishedProblem:
    """A problem of the original, with its test draws; `true_logits` are log-probabilities at the test inputs."""

    train_data: Dataset
    prior_knowledge: PriorKnowledge
    test_inputs: Float[np.ndarray, "inputs features"]
    true_logits: Float[np.ndarray, "inputs classes"]
    draws: dict[int, Draws]
    inputs: str

    num_indices: ClassVar[int] = 1000  # joint samples in the original

    def score(self, draws: Float[Array, "samples inputs classes"], exhaustive: bool) -> Scores:
        """d_KL^tau as published, at every tau of the sweep, `kl`: the mean log-ratio over the original's test draws.

        Where inputs are dyadic, also `kl_integrated`: labels, and which anchor is asked how often, are integrated
        on the same anchors, and the bias of finitely many indices is taken off (`metrics.kl_divergence`). Where tau is
        above 10, also `kl_projected`, the original's estimator for that (with labels of our own).
        """
        target, key = jnp.asarray(self.true_logits)[None], jax.random.key(0)
        log_probs = jax.nn.log_softmax(draws)
        scores: Scores = {}
        for tau, test in self.draws.items():
            truth = self.true_logits[test.positions, test.labels].sum(axis=1)
            scores["kl", tau] = mean_interval(np.asarray(truth - _log_mean(log_probs, *test), float))
        if self.inputs == "dyadic":
            integrated = kl_divergence(target, draws, tau=tuple(self.draws), exhaustive=exhaustive, key=key)
            scores |= {("kl_integrated", tau): estimate for tau, estimate in integrated.items()}
        for tau in (tau for tau in self.draws if tau > 10):
            asked = np.unique(self.draws[tau].positions)
            scores["kl_projected", tau] = kl_projected(
                target[:, asked], draws[:, asked], tau=tau, inputs=self.inputs, key=key
            )
        return scores


@jax.jit
def _log_mean(log_probs: Float[Array, "samples inputs classes"], positions: Array, labels: Array) -> Array:
    """The log of the mean over samples of the probability of each draw's labels."""
    joint = jnp.sum(log_probs[:, positions, labels], axis=-1)
    return jax.nn.logsumexp(joint, axis=0) - jnp.log(joint.shape[0])


class _Network:
    """The original's random network: Haiku's parameters, each from the next key of its sequence."""

    def __init__(self, key: np.ndarray, input_size: int, temperature: float):
        keys = threefry.KeySequence(key)
        self.temperature = np.float32(temperature)
        scale = np.float32(1 / np.sqrt(input_size))
        self.weights = [scale * threefry.truncated_normal(next(keys), (input_size, HIDDEN[0]))]
        self.bias = scale * threefry.normal(next(keys), HIDDEN[:1])  # the other biases are 0
        for size in (HIDDEN[1], NUM_CLASSES):
            scale = np.float32(1 / np.sqrt(HIDDEN[0]))
            self.weights.append(scale * threefry.truncated_normal(next(keys), (HIDDEN[0], size)))

    def log_probs(self, x: np.ndarray) -> np.ndarray:
        hidden = np.maximum(x @ self.weights[0] + self.bias, 0)
        hidden = np.maximum(hidden @ self.weights[1], 0)
        return log_softmax(hidden @ self.weights[2] / self.temperature, axis=-1)


def _labels(keys: np.ndarray, log_probs: np.ndarray) -> np.ndarray:
    """JAX's `choice` of two classes, a key for each: class 1 where 1 - u is above the probability of class 0."""
    uniform = np.float32(1) - threefry.uniform(keys, ())
    return (uniform > np.exp(log_probs[..., 0])).astype(np.int32)


def _draw_dyadic(keys: np.ndarray, input_size: int, taus: tuple[int, ...]) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Pairs of anchors, the same for every order, and which of them each draw asks."""
    anchor_keys, choice_keys = np.moveaxis(threefry.split(threefry.split(keys)[:, 0]), 1, 0)
    anchors = threefry.normal(anchor_keys, (2, input_size)).reshape(-1, input_size)
    first = 2 * np.arange(len(keys))[:, None]
    return anchors, {tau: first + threefry.coin(choice_keys, (tau,)) for tau in taus}


def _draw_iid(keys: np.ndarray, input_size: int, taus: tuple[int, ...]) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Inputs of every draw of every order, and where they are."""
    inputs: list[np.ndarray] = []
    positions = {}
    for tau in taus:
        num_draws = min(len(keys), MAX_TEST_INPUTS // tau)
        positions[tau] = sum(len(part) for part in inputs) + np.arange(num_draws * tau).reshape(num_draws, tau)
        drawn = threefry.normal(threefry.split(keys[:num_draws])[:, 0], (tau, input_size))
        inputs.append(drawn.reshape(-1, input_size))
    return np.concatenate(inputs), positions
