"""Classifiers whose probabilities come from joint samples: which labels, together, for all rows."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, TypeVar

import equinox as eqx
import numpy as np
from jaxtyping import Float, Shaped
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from gnothi.agents import Agent, EnsembleAgent, EpinetAgent, PriorKnowledge, Sampler
from gnothi.data import Dataset
from gnothi.learning import BOOTSTRAPS
from gnothi.sklearn import fitted

Model = TypeVar("Model", bound="JointClassifier")


class JointClassifier(ClassifierMixin, BaseEstimator, ABC):
    """What the classifiers share; it is abstract: use `EpinetClassifier` or `EnsembleClassifier`."""

    random_state: int | np.random.RandomState | None

    @abstractmethod
    def _agent(self) -> Agent:
        """The recipe, made of checked arguments."""

    @abstractmethod
    def _num_marginal(self) -> int | None:
        """How many joint samples marginals are averaged over; `None` for all there are."""

    def fit(self: Model, X: Any, y: Any) -> Model:
        """Learns from labelled rows.

        **Arguments:** `X`, float[inputs, features]; `y`, a label a row, of any type that scikit-learn allows.

        **Returns:** the estimator itself.

        **Raises:** `ValueError` if `X` holds NaN or infinity, if `y` holds a single class or no class labels, or if an
        argument of the constructor is out of range.
        """
        self._num_marginal()
        agent = self._agent()
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y holds only 1 class ({self.classes_[0]!r}): a classifier needs at least two")
        scaler, seed = StandardScaler().fit(X), fitted.draw_seed(self.random_state)
        data = Dataset(fitted.standardised(scaler, X), labels.astype(np.int32))
        network = _train(agent, data, PriorKnowledge(len(self.classes_)), seed)
        self.fitted_ = fitted.FittedNetwork(fitted.to_numpy(network), scaler, seed)
        return self

    def predict_proba(self, X: Any) -> Float[np.ndarray, "inputs classes"]:
        """The probability of each class for each row: the mean over joint samples.

        **Arguments:** `X`, float[inputs, features].

        **Returns:** float[inputs, classes], in the order of `classes_`.
        """
        return np.concatenate([probs.mean(axis=0) for probs in self._blocks(X)])

    def predict(self, X: Any) -> Shaped[np.ndarray, " inputs"]:
        """The likeliest label of each row.

        **Arguments:** `X`, float[inputs, features].
        """
        proba = self.predict_proba(X)
        return self.classes_[np.argmax(proba, axis=1)]

    def sample_joint(self, X: Any, num_samples: int = 100) -> Float[np.ndarray, "samples inputs classes"]:
        """Joint samples: in each, one of the plausible networks speaks about all rows.

        The same networks speak at every call with the same `num_samples`, so that answers of two calls can be put side
        by side.

        **Arguments:** `X`, float[inputs, features]; `num_samples`, 1 or more.

        **Returns:** class probabilities, float[samples, inputs, classes].

        **Raises:** `ValueError` if `num_samples` is not a whole number of 1 or more.
        """
        num_samples = fitted.check_whole("num_samples", num_samples)
        return np.concatenate(list(self._blocks(X, num_samples)), axis=1)

    def epistemic_variance(self, X: Any) -> Float[np.ndarray, " inputs"]:
        """How much the plausible networks disagree about each row: what more data would settle.

        **Arguments:** `X`, float[inputs, features].

        **Returns:** the variance of class probabilities over joint samples, summed over classes: 0 where all agree,
        and always less than 1.
        """
        return np.concatenate([probs.var(axis=0).sum(axis=-1) for probs in self._blocks(X)])

    def _blocks(self, X: Any, num_samples: int | None = None) -> Iterator[Float[np.ndarray, "samples rows classes"]]:
        """Class probabilities, in 64 bits so that they sum to 1 as closely as scikit-learn's metrics ask."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        for logits in self.fitted_.blocks(X, num_samples or self._num_marginal()):
            yield softmax(logits, axis=-1)


class EpinetClassifier(JointClassifier):
    """A neural network with an epinet: joint predictions at little more than the price of one network.

    The recipe is `gnothi.agents.EpinetAgent`, on standardised inputs (Osband et al. 2023, "Epistemic Neural
    Networks"). Two defaults differ: nobody knows a temperature here, and real labels are rather certain, so the prior
    is as large as the testbed makes it at temperature 0.1, and weight decay is a tenth. The recipe takes ten times
    `steps` where there are over 500 rows a feature.

    **Arguments:** `hidden`, the widths of the network's hidden layers; `epinet_hidden`, those of the epinet;
    `index_size`, the length of the Gaussian index that names one plausible network; `prior_scale`, the weight of the
    fixed random functions that differ between them, larger for less trust where there are no data; `num_indices`, how
    many indices each step learns from; `steps`, `learning_rate` and `batch_size` of Adam; `l2`, weight decay, before
    its own law (features / rows)^0.7; `num_samples`, how many joint samples probabilities and variances are averaged
    over; `random_state`, a whole number for the same fit every time.

    >>> from sklearn.datasets import make_moons
    >>> X, y = make_moons(100, noise=0.1, random_state=0)
    >>> model = EpinetClassifier(random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape, model.sample_joint(X, 50).shape
    ((100, 2), (50, 100, 2))
    """

    @fitted.takes_anything
    def __init__(
        self,
        *,
        hidden: tuple[int, ...] = (50, 50),
        epinet_hidden: tuple[int, ...] = (15, 15),
        index_size: int = 8,
        prior_scale: float = 3.0,
        num_indices: int = 8,
        steps: int = 1000,
        learning_rate: float = 1e-3,
        batch_size: int = 100,
        l2: float = 0.02,
        num_samples: int = 200,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.hidden = hidden
        self.epinet_hidden = epinet_hidden
        self.index_size = index_size
        self.prior_scale = prior_scale
        self.num_indices = num_indices
        self.steps = steps
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.l2 = l2
        self.num_samples = num_samples
        self.random_state = random_state

    def _agent(self) -> EpinetAgent:
        return EpinetAgent(
            index_size=fitted.check_whole("index_size", self.index_size),
            hidden=fitted.check_sizes("hidden", self.hidden),
            epinet_hidden=fitted.check_sizes("epinet_hidden", self.epinet_hidden),
            prior_scale=fitted.check_number("prior_scale", self.prior_scale, positive=False),
            num_indices=fitted.check_whole("num_indices", self.num_indices),
            l2=fitted.check_number("l2", self.l2, positive=False),
            steps=fitted.check_whole("steps", self.steps),
            learning_rate=fitted.check_number("learning_rate", self.learning_rate),
            batch_size=fitted.check_whole("batch_size", self.batch_size),
        )

    def _num_marginal(self) -> int:
        return fitted.check_whole("num_samples", self.num_samples)


class EnsembleClassifier(JointClassifier):
    """An ensemble of neural networks, each with a prior function of its own.

    The recipe is `gnothi.agents.EnsembleAgent`, on standardised inputs (Osband et al. 2022, "The Neural Testbed"). It
    takes five times `steps` where there are over 500 rows a feature, and a fifth of them where there are under 5.
    Probabilities and variances are those of all members; joint samples draw members with replacement.

    **Arguments:** `num_members`, how many networks; `hidden`, the widths of their hidden layers; `prior_scale`, the
    weight of the fixed random network that is added to each, 0 for none, larger for less trust where there are no
    data; `bootstrap`, the law by which each member weighs the rows: 'none', 'bernoulli', 'exponential' or 'poisson';
    `steps`, `learning_rate` and `batch_size` of Adam; `l2`, weight decay, before it is divided by the number of rows;
    `random_state`, a whole number for the same fit every time.

    >>> from sklearn.datasets import make_moons
    >>> X, y = make_moons(100, noise=0.1, random_state=0)
    >>> model = EnsembleClassifier(num_members=10, bootstrap="bernoulli", random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape, model.sample_joint(X, 50).shape
    ((100, 2), (50, 100, 2))
    """

    @fitted.takes_anything
    def __init__(
        self,
        *,
        num_members: int = 30,
        hidden: tuple[int, ...] = (50, 50),
        prior_scale: float = 3.0,
        bootstrap: str = "none",
        steps: int = 1000,
        learning_rate: float = 1e-3,
        batch_size: int = 100,
        l2: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.num_members = num_members
        self.hidden = hidden
        self.prior_scale = prior_scale
        self.bootstrap = bootstrap
        self.steps = steps
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.l2 = l2
        self.random_state = random_state

    def _agent(self) -> EnsembleAgent:
        if self.bootstrap not in BOOTSTRAPS:
            raise ValueError(f"bootstrap must be one of {', '.join(map(repr, BOOTSTRAPS))}, got {self.bootstrap!r}")
        return EnsembleAgent(
            num_members=fitted.check_whole("num_members", self.num_members),
            prior_scale=fitted.check_number("prior_scale", self.prior_scale, positive=False),
            bootstrap=self.bootstrap,
            hidden=fitted.check_sizes("hidden", self.hidden),
            l2=fitted.check_number("l2", self.l2, positive=False),
            steps=fitted.check_whole("steps", self.steps),
            learning_rate=fitted.check_number("learning_rate", self.learning_rate),
            batch_size=fitted.check_whole("batch_size", self.batch_size),
        )

    def _num_marginal(self) -> None:
        return None


@eqx.filter_jit
def _train(agent: Agent, data: Dataset, prior: PriorKnowledge, seed: fitted.Seed) -> Sampler:
    return agent(data, prior, fitted.keys(seed)[0])
