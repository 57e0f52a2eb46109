"""The regression testbed: data from a Gaussian process, so that the exact posterior is known, not only the truth.

The process is that of an endlessly wide 2-layer ReLU network (`kernels.py`), inputs are standard normal and targets
carry normal noise of known deviation (Osband et al. 2023, "Epistemic Neural Networks", app. on regression). An agent is
scored by d_KL^tau from what the exact posterior predicts: perfect is 0, unlike in classification, where it is what
nobody can know of the true function.
"""

import zlib
from dataclasses import dataclass, field
from functools import partial

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from gnothi.agents import PriorKnowledge
from gnothi.data import Dataset, Stream
from gnothi.enn import Gaussian
from gnothi.metrics import gaussian_kl, regression_kl
from gnothi.testbed.kernels import KERNELS, condition
from gnothi.testbed.problems import TAUS, Scores

NUM_TEST_INPUTS = 1000  # 500 pairs of anchors, or 100 sets of ten inputs
JITTER = 1e-10  # of the prior variance: rounding leaves a posterior covariance not quite positive


@dataclass(frozen=True)
class RegressionSpec:
    """One problem, by its coordinates; `make` draws it, always the same.

    `inputs` says how test inputs are scored together: `"dyadic"` (pairs of anchors) or `"iid"`; `kernel` is a key of
    `KERNELS`.
    """

    suite: str
    input_size: int
    num_train: int
    noise_std: float
    seed: int
    inputs: str = "dyadic"
    kernel: str = "nngp"

    def __post_init__(self) -> None:
        if self.kernel not in KERNELS:
            raise ValueError(f"no kernel is called {self.kernel!r}: there are {', '.join(KERNELS)}")
        if self.noise_std <= 0:
            raise ValueError(f"noise_std must be positive, got {self.noise_std}")

    @property
    def name(self) -> str:
        """The problem's name in records."""
        kernel = "" if self.kernel == "nngp" else f"-{self.kernel}"
        return f"{self.suite}/D{self.input_size}-N{self.num_train}{kernel}-E{self.noise_std:g}-S{self.seed}"

    @property
    def shape(self) -> tuple:
        """Problems of equal shape share one compiled program."""
        return ("regression", self.inputs, self.input_size, self.num_train)

    def make(self) -> "RegressionProblem":
        """Draws the problem: training inputs, test inputs, targets; with 10,000 data that takes half a minute."""
        name = f"regression D{self.input_size}-N{self.num_train}-E{self.noise_std:g}"
        stream = Stream(self.seed, zlib.crc32(name.encode()))
        # Rounded as agents will see them: the posterior is that of the data that they are given.
        x = stream.normal((self.num_train, self.input_size)).astype(np.float32)
        test_inputs = stream.normal((NUM_TEST_INPUTS, self.input_size)).astype(np.float32)
        kernel, normal = KERNELS[self.kernel], stream.normal((self.num_train,))
        y, mean, covariance = condition(kernel, x, normal, test_inputs, self.noise_std)
        return RegressionProblem(
            Dataset(x, y.astype(np.float32)),
            PriorKnowledge(1, noise_std=self.noise_std),
            test_inputs,
            mean,
            covariance,
            kernel(test_inputs, test_inputs),
            self.noise_std,
            self.inputs,
        )


@dataclass(frozen=True)
class RegressionProblem:
    """A problem whose exact posterior at the test inputs is known."""

    train_data: Dataset
    prior_knowledge: PriorKnowledge
    test_inputs: Float[np.ndarray, "inputs features"]
    mean: Float[np.ndarray, " inputs"]
    """The posterior mean of the function."""
    covariance: Float[np.ndarray, "inputs inputs"]
    """The posterior covariance of the function."""
    prior_covariance: Float[np.ndarray, "inputs inputs"]
    """What it was before the data."""
    noise_std: float
    inputs: str

    def score(self, draws: Float[Array, "samples inputs 1"], exhaustive: bool) -> Scores:
        """d_KL^tau from the exact posterior predictive at every tau of the testbed.

        `kl` takes the agent for the mixture of its samples; `kl_gaussian` for the Gaussian of the samples' mean and
        covariance (none for a single sample), which is not the same but has no trouble with small noise.
        """
        values = draws[..., 0]
        kl = partial(regression_kl, self.mean, self.covariance, values, exhaustive=exhaustive)
        gaussian = partial(gaussian_kl, self.mean, self.covariance)
        sample = np.asarray(values, float)
        mean, covariance = sample.mean(axis=0), np.cov(sample, rowvar=False, bias=exhaustive or len(sample) == 1)
        scores: Scores = {}
        for tau in TAUS:
            scores["kl", tau] = kl(noise_std=self.noise_std, tau=tau, inputs=self.inputs)
            scores["kl_gaussian", tau] = gaussian(
                mean, covariance, noise_std=self.noise_std, tau=tau, inputs=self.inputs
            )
        return scores

    def gaussian(self, belief: str) -> tuple[Float[np.ndarray, " inputs"], Float[np.ndarray, "inputs inputs"]]:
        """Mean and covariance at the test inputs of a belief that is Gaussian.

        **Arguments:** `belief`: `"posterior"`, exact; `"prior"`, as if there were no data; `"marginals"`, exact at each
        input, but independent from one input to another.

        **Raises:** `ValueError` if it is none of the three.
        """
        if belief == "posterior":
            return self.mean, self.covariance
        if belief == "prior":
            return np.zeros_like(self.mean), self.prior_covariance
        if belief == "marginals":
            return self.mean, np.diag(np.diag(self.covariance))
        raise ValueError(f"belief must be 'posterior', 'prior' or 'marginals', got {belief!r}")

    def sampler(self, belief: str) -> "GaussianSampler":
        """Joint samples of such a belief, in the place of an agent's: `evaluate(problem, problem.sampler("prior"))`.

        **Raises:** `ValueError` as `gaussian`.
        """
        mean, covariance = self.gaussian(belief)
        jitter = JITTER * np.trace(self.prior_covariance) / len(mean)
        root = np.linalg.cholesky(covariance + jitter * np.eye(len(mean)))
        return GaussianSampler(self.test_inputs, jnp.asarray(mean, jnp.float32), jnp.asarray(root, jnp.float32))


@dataclass(frozen=True)
class GaussianSampler:
    """Samples of a multivariate normal at fixed inputs; the index is the standard normal vector that one is made of."""

    inputs: Float[np.ndarray, "inputs features"]
    mean: Float[Array, " inputs"]
    root: Float[Array, "inputs inputs"]
    index: Gaussian = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", Gaussian(len(self.mean)))

    def predict(
        self, inputs: Float[Array, "inputs features"], indices: Array | None = None
    ) -> Float[Array, "samples inputs 1"]:
        """The samples that some indices make.

        **Raises:** `ValueError` if the inputs are others than those that the sampler is for, or no index is given.
        """
        if inputs.shape != self.inputs.shape or not np.array_equal(np.asarray(inputs), self.inputs):
            raise ValueError("this sampler knows the function at its problem's test inputs only: ask it about those")
        if indices is None:
            raise ValueError("this sampler has endlessly many indices: say which, or how many to draw")
        return (self.mean + indices @ self.root.T)[..., None]
