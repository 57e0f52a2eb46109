"""Regression with an epinet: a mean, and how far apart the plausible means are."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float, PRNGKeyArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import RidgeCV
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from gnothi.data import Dataset
from gnothi.enn import Epinet, LinearPrior, WithPrior
from gnothi.learning import fit, squared_error
from gnothi.nn import MLP, stack
from gnothi.sklearn import fitted

PRIOR_HIDDEN = (10, 10)

#: Guesses of the noise are rounded to one of these: each is compiled apart.
NOISE_STDS = (0.05, 0.1, 0.2, 0.4, 0.8)


class EpinetRegressor(RegressorMixin, BaseEstimator):
    """A neural network with an epinet, for values: where there are data its plausible means agree.

    Inputs and targets are standardised inside. Each index learns targets to which fixed noise of deviation `noise_std`
    is added, and carries a prior function of its own: for a linear model, with a long index, that approximates sampling
    of the posterior (Osband et al. 2018, "Randomized Prior Functions for Deep Reinforcement Learning", sec. 3).

    **Arguments:** `hidden`, the widths of the network's hidden layers; `epinet_hidden`, those of the epinet;
    `index_size`, the length of the Gaussian index that names one plausible network; `prior_scale`, the weight of the
    fixed random functions that differ between them, larger for less trust where there are no data; `noise_std`, the
    deviation of the targets' noise as a share of the deviation of the targets (0.1 for a clean measurement, 0.7 where
    half of the variance is noise), or `None` to guess it (`estimate_noise`; the guess is kept as `noise_std_`);
    `num_indices`, how many indices each step learns from; `steps`, `learning_rate` and `batch_size` of Adam; `l2`,
    weight decay, before it is divided by the number of rows; `num_samples`, how many joint samples means and variances
    are taken over; `random_state`, a whole number for the same fit every time.

    >>> import numpy as np
    >>> X = np.linspace(-3, 3, 100)[:, None]
    >>> model = EpinetRegressor(random_state=0).fit(X, np.sin(X[:, 0]))
    >>> mean, std = model.predict([[0.0], [8.0]], return_std=True)
    >>> bool(std[1] > 3 * std[0])
    True
    """

    @fitted.takes_anything
    def __init__(
        self,
        *,
        hidden: tuple[int, ...] = (50, 50),
        epinet_hidden: tuple[int, ...] = (15, 15),
        index_size: int = 8,
        prior_scale: float = 1.0,
        noise_std: float | None = None,
        num_indices: int = 8,
        steps: int = 1000,
        learning_rate: float = 3e-3,
        batch_size: int = 100,
        l2: float = 10.0,
        num_samples: int = 200,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.hidden = hidden
        self.epinet_hidden = epinet_hidden
        self.index_size = index_size
        self.prior_scale = prior_scale
        self.noise_std = noise_std
        self.num_indices = num_indices
        self.steps = steps
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.l2 = l2
        self.num_samples = num_samples
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> "EpinetRegressor":
        """Learns from rows with values.

        **Arguments:** `X`, float[inputs, features]; `y`, float[inputs].

        **Returns:** the estimator itself.

        **Raises:** `ValueError` if `X` or `y` holds NaN or infinity, or if an argument of the constructor is out of
        range.
        """
        recipe = self._recipe()
        noise_std = None if self.noise_std is None else fitted.check_number("noise_std", self.noise_std)
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        y = y.astype(np.float64)
        scaler, seed = StandardScaler().fit(X), fitted.draw_seed(self.random_state)
        self.target_scaler_ = StandardScaler().fit(y[:, None])
        targets = fitted.standardised(self.target_scaler_, y[:, None])[:, 0]
        data = Dataset(fitted.standardised(scaler, X), targets)
        self.noise_std_ = estimate_noise(data) if noise_std is None else noise_std
        network = _train(recipe, data, self.noise_std_, seed)
        self.fitted_ = fitted.FittedNetwork(fitted.to_numpy(network), scaler, seed)
        return self

    def predict(
        self, X: Any, return_std: bool = False
    ) -> Float[np.ndarray, " inputs"] | tuple[Float[np.ndarray, " inputs"], Float[np.ndarray, " inputs"]]:
        """The mean over the plausible networks.

        **Arguments:** `X`, float[inputs, features]; `return_std`, whether to say also how far apart they are.

        **Returns:** float[inputs], or with `return_std` that and the square root of `epistemic_variance`: the noise of
        the targets is not in it.
        """
        samples = self._samples(X)
        mean = samples.mean(axis=0)
        return (mean, samples.std(axis=0)) if return_std else mean

    def sample_joint(self, X: Any, num_samples: int = 100) -> Float[np.ndarray, "samples inputs"]:
        """Joint samples: in each, one of the plausible networks speaks about all rows.

        The same networks speak at every call with the same `num_samples`, so that answers of two calls can be put side
        by side.

        **Arguments:** `X`, float[inputs, features]; `num_samples`, 1 or more.

        **Returns:** means without noise, float[samples, inputs].

        **Raises:** `ValueError` if `num_samples` is not a whole number of 1 or more.
        """
        return self._samples(X, fitted.check_whole("num_samples", num_samples))

    def epistemic_variance(self, X: Any) -> Float[np.ndarray, " inputs"]:
        """How much the plausible networks disagree about each row, in squared units of the targets.

        **Arguments:** `X`, float[inputs, features].

        **Returns:** the variance of the mean over joint samples: what more data would settle.
        """
        return self._samples(X).var(axis=0)

    def _samples(self, X: Any, num_samples: int | None = None) -> Float[np.ndarray, "samples inputs"]:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        num_samples = num_samples or fitted.check_whole("num_samples", self.num_samples)
        outputs = np.concatenate([block[:, :, 0] for block in self.fitted_.blocks(X, num_samples)], axis=1)
        return outputs * self.target_scaler_.scale_ + self.target_scaler_.mean_

    def _recipe(self) -> "EpinetRegression":
        fitted.check_whole("num_samples", self.num_samples)
        return EpinetRegression(
            hidden=fitted.check_sizes("hidden", self.hidden),
            epinet_hidden=fitted.check_sizes("epinet_hidden", self.epinet_hidden),
            index_size=fitted.check_whole("index_size", self.index_size),
            prior_scale=fitted.check_number("prior_scale", self.prior_scale, positive=False),
            num_indices=fitted.check_whole("num_indices", self.num_indices),
            steps=fitted.check_whole("steps", self.steps),
            learning_rate=fitted.check_number("learning_rate", self.learning_rate),
            batch_size=fitted.check_whole("batch_size", self.batch_size),
            l2=fitted.check_number("l2", self.l2, positive=False),
        )


def estimate_noise(data: Dataset) -> float:
    """Guesses the deviation of the targets' noise, as one of `NOISE_STDS`.

    The smaller of two guesses of its variance, as either is too large where its idea of the function is wrong: half
    the mean squared difference between the targets of nearest neighbours (the delta test: Pi and Peterson 1994), and
    the leave-one-out error of ridge regression.

    **Arguments:** `data`, standardised; at most 2,000 rows, evenly spaced, are looked at.
    """
    rows = np.linspace(0, len(data) - 1, min(len(data), 2000)).astype(int)
    x, y = np.asarray(data.x)[rows], np.asarray(data.y, float)[rows]
    if len(rows) < 10:
        return NOISE_STDS[len(NOISE_STDS) // 2]
    nearest = NearestNeighbors(n_neighbors=1).fit(x).kneighbors(return_distance=False)[:, 0]
    variance = min(0.5 * np.mean((y - y[nearest]) ** 2), -RidgeCV(np.logspace(-2, 4, 7)).fit(x, y).best_score_)
    return min(NOISE_STDS, key=lambda std: abs(np.log(std**2 / max(variance, 1e-12))))


@dataclass(frozen=True)
class EpinetRegression:
    """The recipe, in units of standardised targets; its defaults are those of `EpinetRegressor`."""

    hidden: tuple[int, ...]
    epinet_hidden: tuple[int, ...]
    index_size: int
    prior_scale: float
    num_indices: int
    steps: int
    learning_rate: float
    batch_size: int
    l2: float

    def __call__(self, data: Dataset, noise_std: float, key: PRNGKeyArray) -> WithPrior:
        """Trains base and epinet together; the prior's networks have biases, or in one dimension all bend at 0."""
        base_key, epinet_key, prior_key, fit_key = jax.random.split(key, 4)
        size = data.x.shape[1]
        base = MLP(size, self.hidden, 1, key=base_key, first_bias_std=1.0)
        epinet = Epinet(base, index_size=self.index_size, hidden=self.epinet_hidden, key=epinet_key)

        def make(key: PRNGKeyArray) -> MLP:
            return MLP(size, PRIOR_HIDDEN, 1, key=key, first_bias_std=1.0)

        prior = LinearPrior(stack(make, self.index_size, key=prior_key), self.prior_scale)
        return fit(
            WithPrior(epinet, prior),
            data,
            loss=squared_error(self.num_indices, noise_std=noise_std, target_noise=True),
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            decay=self.l2 / len(data),
            key=fit_key,
        )


@eqx.filter_jit
def _train(recipe: EpinetRegression, data: Dataset, noise_std: float, seed: fitted.Seed) -> WithPrior:
    return recipe(data, noise_std, fitted.keys(seed)[0])
