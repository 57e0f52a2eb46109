"""How much more a joint prediction says than its own marginals, in linear regression and in logistic regression."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from gnothi.metrics import Estimate, kl_scores, log_mean_exp, mean_interval
from gnothi.metrics.closed_forms import estimator_error, joint_information
from gnothi.reproduce.measured import measured
from gnothi.sweep import Record

NOISE = 0.5  # of linear targets; their signal has deviation 1
SIGNAL = 3.0  # deviation of the logits of logistic regression
NUM_SAMPLES = 1000  # of the posterior of logistic regression
NUM_POOL = 2000  # test inputs: 1,000 pairs, 200 sets of ten, 20 of a hundred
INPUTS = ("iid", "dyadic")


@dataclass(frozen=True)
class LinearTask:
    """Linear regression: the joint prediction against the product of its marginals, by formula and by estimator."""

    size: int
    taus: tuple[int, ...]
    num_draws: int = 100

    @property
    def cell(self) -> str:
        """The cell's file."""
        return f"linear/D{self.size}-{'-'.join(map(str, self.taus))}"

    def measure(self) -> list[Record]:
        """Nats a label at each tau, and at tau = D; how far the estimator is from the formula at tau = 10."""
        records = []
        for inputs in INPUTS:
            for tau in sorted({*self.taus, self.size}):
                draws = self.num_draws if tau * self.size <= 10_000 else 4  # large sums vary little
                values = self._formula(self._inputs(inputs, tau, draws)) / tau
                records.append(self._record("posterior", inputs, tau, "separation", mean_interval(values)))
            few = 2 if inputs == "iid" else 10  # what 10,000 samples can do: ten different targets are too many
            error = estimator_error(self._inputs(inputs, few, 200), noise_std=NOISE)
            records.append(self._record("posterior", inputs, few, "estimator_error", error))
        return records

    def _record(self, subject: str, inputs: str, tau: int, metric: str, estimate: Estimate) -> Record:
        return measured(subject, f"linear/{inputs}", metric, estimate, tau=tau, input_size=self.size)

    def _formula(self, x: np.ndarray) -> np.ndarray:
        return joint_information(x, prior_std=1.0, noise_std=NOISE)

    def _inputs(self, inputs: str, tau: int, draws: int) -> np.ndarray:
        rng = np.random.default_rng([self.size, tau, len(inputs)])
        x = rng.normal(size=(draws, tau if inputs == "iid" else 2, self.size)) / np.sqrt(self.size)
        if inputs == "iid":
            return x
        return np.take_along_axis(x, rng.integers(0, 2, (draws, tau))[:, :, None], axis=1)


@dataclass(frozen=True)
class LogisticTask:
    """Logistic regression with as many data as weights: samples of the posterior, and their marginals alone."""

    size: int
    seed: int
    taus: tuple[int, ...]

    @property
    def cell(self) -> str:
        """The cell's file."""
        return f"logistic/D{self.size}-{'-'.join(map(str, self.taus))}-S{self.seed}"

    def measure(self) -> list[Record]:
        """By how many nats a label d_KL^tau is larger for marginals alone, at each tau."""
        rng = np.random.default_rng([self.size, self.seed])
        weights = SIGNAL * rng.normal(size=self.size)
        x, pool = (rng.normal(size=(n, self.size)) / np.sqrt(self.size) for n in (self.size, NUM_POOL))
        y = rng.uniform(size=self.size) < 1 / (1 + np.exp(-x @ weights))
        mean, root = laplace(x, y, SIGNAL)
        samples = mean + rng.normal(size=(NUM_SAMPLES, self.size)) @ root
        target, draws = (_two_class(values @ pool.T) for values in (weights[None], samples))
        records = []
        for inputs in INPUTS:
            for tau in self.taus:
                found = separation(target, draws, tau, inputs, jax.random.key(self.seed))
                about = {"tau": tau, "input_size": self.size, "seed": self.seed}
                records.append(measured("posterior", f"logistic/{inputs}", "separation", found, **about))
        return records


def laplace(
    x: Float[np.ndarray, "data features"], y: np.ndarray, prior_std: float
) -> tuple[Float[np.ndarray, " features"], Float[np.ndarray, "features features"]]:
    """The Gaussian at the mode of the posterior of logistic regression: its mean, and R with covariance R^T R."""
    weights = np.zeros(x.shape[1])
    for _ in range(12):
        probs = 1 / (1 + np.exp(-x @ weights))
        hessian = (x * (probs * (1 - probs))[:, None]).T @ x + np.eye(x.shape[1]) / prior_std**2
        weights = weights + np.linalg.solve(hessian, x.T @ (y - probs) - weights / prior_std**2)
    return weights, np.linalg.inv(np.linalg.cholesky(hessian))


def separation(
    target: Float[Array, "1 inputs classes"],
    draws: Float[Array, "samples inputs classes"],
    tau: int,
    inputs: str,
    key: Array,
) -> Estimate:
    """By how many nats a label d_KL^tau of the samples' marginals alone exceeds that of the samples, same labels."""
    alone = log_mean_exp(jax.nn.log_softmax(draws))[0][None]
    joint = kl_scores(target, draws, tau=tau, inputs=inputs, key=key)
    marginal = kl_scores(target, alone, tau=tau, inputs=inputs, exhaustive=True, key=key)
    extra = float(joint.index_variance) / tau**2
    return mean_interval(np.asarray(marginal.values - joint.values, float) / tau, extra_variance=extra)


def _two_class(logits: np.ndarray) -> Array:
    return jnp.asarray(np.stack([np.zeros_like(logits), logits], axis=-1), jnp.float32)
