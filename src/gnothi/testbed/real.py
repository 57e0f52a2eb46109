"""Real data as problems: nobody knows the truth, so agents are scored by the joint log-loss of held-out labels."""

import zlib
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from gnothi.agents import PriorKnowledge
from gnothi.data import Dataset, Stream, check_classification, load_table, standardise
from gnothi.metrics import accuracy, brier_score, calibration_error, joint_log_loss
from gnothi.testbed.problems import TAUS, Scores


@dataclass(frozen=True)
class RealSpec:
    """A table of `gnothi.data.TABLES`, split at random by `seed`, half of it held out.

    `noise` is put on the test inputs, of so many times the spread of each column: agents learn from the same data, and
    are asked about inputs unlike those.
    """

    table: str
    seed: int
    suite: str = "real"
    noise: float = 0.0

    @property
    def name(self) -> str:
        """The problem's name in records."""
        noised = f"-noise{self.noise:g}" if self.noise else ""
        return f"{self.suite}/{self.table}{noised}-S{self.seed}"

    @property
    def shape(self) -> tuple:
        """Splits of one table share one compiled program."""
        return ("real", self.table)

    def make(self) -> "RealProblem":
        """Loads, splits and standardises (by the training half's columns); dyadic test inputs, labels repeated."""
        x, y, test_x, test_y = load_table(self.table, self.seed)
        num_classes = int(max(y.max(), test_y.max())) + 1
        x, test_x = standardise(x, test_x)
        if self.noise:
            drawn = Stream(self.seed, zlib.crc32(self.name.encode())).normal(test_x.shape)
            test_x = (test_x + self.noise * drawn).astype(test_x.dtype)
        data = check_classification(x, y, num_classes, name=self.name)
        return RealProblem(data, PriorKnowledge(num_classes), test_x, test_y.astype(np.int32))


@dataclass(frozen=True)
class RealProblem:
    """A problem with held-out labels."""

    train_data: Dataset
    prior_knowledge: PriorKnowledge
    test_inputs: Float[np.ndarray, "inputs features"]
    test_labels: np.ndarray

    def score(self, draws: Float[Array, "samples inputs classes"], exhaustive: bool) -> Scores:
        """Joint log-loss at every tau of the testbed (dyadic), accuracy, Brier score and calibration error."""
        labels, key = jnp.asarray(self.test_labels), jax.random.key(0)
        joint = {t: joint_log_loss(draws, labels, tau=t, exhaustive=exhaustive, key=key) for t in TAUS}
        return {
            **{("joint_log_loss", tau): estimate for tau, estimate in joint.items()},
            ("accuracy", None): accuracy(draws, labels),
            ("brier_score", None): brier_score(draws, labels),
            ("calibration_error", None): calibration_error(draws, labels),
        }
