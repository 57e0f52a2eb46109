"""Ensembles of linear models, trained as networks are: what is known of them in theory can be held against them."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float
from scipy import stats

from gnothi.data import Dataset
from gnothi.enn import Ensemble, MatchedPrior, WithPrior
from gnothi.learning import fit, squared_error
from gnothi.metrics import Estimate
from gnothi.metrics.closed_forms import covariance_error, ensemble_covariance, weight_posterior
from gnothi.nn import MLP, stack
from gnothi.reproduce.measured import measured
from gnothi.sweep import Record

SIZE, NUM_DATA, STEPS = 5, 100, 1500  # of the linear models
LENGTH = 10.0  # of their inputs, whose weights have a prior deviation of 1 / LENGTH: the intercept is next to nothing
DESIGNS = {  # of the linear data: the deviation of the noise in each of five groups of inputs, or normal inputs
    "normal inputs": None,
    "equal noise": (1.0, 1.0, 1.0, 1.0, 1.0),
    "varied noise": (0.1, 0.3, 0.6, 1.2, 1.8),
}


@dataclass(frozen=True)
class LinearTask:
    """One recipe on several linear data sets."""

    recipe: str
    members: int
    seeds: tuple[int, ...]

    def cell(self, design: str, seed: int) -> str:
        """The cell's file."""
        return f"linear/{self.recipe}-M{self.members}/{design}-S{seed}".replace(" ", "_")

    @property
    def designs(self) -> dict[str, tuple[int, ...]]:
        """On which data: the four closed forms on one set each, the comparison of scales on all seeds."""
        compared = self.recipe in ("prior", "prior + bootstrap")
        return {name: self.seeds if compared and name != "normal inputs" else self.seeds[:1] for name in DESIGNS}


def linear_data(design: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, targets, the noise's deviation at each, and probes at which predictions are compared.

    The model is linear with an intercept. In grouped designs an input says which of five groups it is of, so that the
    data of a group tell of that group only.
    """
    rng = np.random.default_rng([seed, *design.encode()])
    groups = np.arange(NUM_DATA) % SIZE
    noise = DESIGNS[design]
    x = LENGTH * (rng.normal(size=(NUM_DATA, SIZE)) if noise is None else np.eye(SIZE)[groups])
    stds = np.ones(NUM_DATA) if noise is None else np.array(noise)[groups]
    y = with_intercept(x) @ rng.normal(size=SIZE + 1) / LENGTH + stds * rng.normal(size=NUM_DATA)
    return x, y, stds, LENGTH * np.eye(SIZE)


def with_intercept(x: Float[np.ndarray, "data features"]) -> Float[np.ndarray, "data features1"]:
    """Inputs with a last column of ones."""
    return np.concatenate([x, np.ones((len(x), 1))], axis=1)


def train_members(
    recipe: str, data: Dataset, members: int, probes: Float[np.ndarray, "probes features"], seed: int
) -> Float[np.ndarray, "members probes"]:
    """Trains an ensemble of linear models by gradient steps, told noise of deviation 1; what it predicts."""
    size = data.x.shape[1]
    keys = jax.random.split(jax.random.key(seed), 3)
    # Weights and intercept of the fixed twins are truncated normal over sqrt(size): rescaled to the prior's deviation.
    scale = float(np.sqrt(size / stats.truncnorm(-2, 2).var())) / LENGTH

    def make(key: Array) -> MLP:
        return MLP(size, (), 1, key=key, first_bias_std=size**-0.5)

    ensemble = Ensemble(stack(make, members, key=keys[0]))
    priors = MatchedPrior(stack(make, members, key=keys[1]), scale)
    bootstrap = "exponential" if recipe.endswith("bootstrap") else "none"
    trained = fit(
        ensemble if recipe == "no prior" else WithPrior(ensemble, priors),
        data,
        loss=squared_error(bootstrap=bootstrap, target_noise=recipe.endswith("noise")),
        steps=STEPS,
        batch_size=len(data),
        learning_rate=0.03,
        decay=0.5 * LENGTH**2 / len(data),
        optimiser=_annealed,
        key=keys[2],
    )
    return np.asarray(trained.predict(jnp.asarray(probes, jnp.float32))[..., 0], float)


def _annealed(rate: Any) -> optax.GradientTransformation:
    """Adam whose rate falls to 0: these runs must end in the optimum, not near it."""
    return optax.adam(optax.cosine_decay_schedule(rate, STEPS))


def train_linear(task: LinearTask) -> dict[str, list[Record]]:
    """Trains a recipe on each data set: how far its covariance is from the formula, and from the exact posterior."""
    return {
        task.cell(design, seed): _linear_records(task, design, seed)
        for design, seeds in task.designs.items()
        for seed in seeds
    }


def _linear_records(task: LinearTask, design: str, seed: int) -> list[Record]:
    x, y, stds, probes = linear_data(design, seed)
    data = Dataset(x.astype(np.float32), y.astype(np.float32))
    found = np.cov(train_members(task.recipe, data, task.members, probes, seed).T)
    full, at = with_intercept(x), with_intercept(probes)
    formula = at @ ensemble_covariance(task.recipe, full, y, prior_std=1 / LENGTH, noise_std=1.0) @ at.T
    exact = at @ weight_posterior(full, prior_std=1 / LENGTH, noise_std=stds) @ at.T
    numbers = {"share": np.trace(found) / np.trace(exact)}
    if task.recipe != "no prior":
        # Of the sample covariance of normal draws, whose relative error has this root mean square.
        chance = np.sqrt((np.trace(formula) ** 2 + np.sum(formula**2)) / task.members) / np.linalg.norm(formula)
        rescaled = np.sum(found * exact) / np.sum(found**2) * found
        numbers |= {"formula_error": covariance_error(found, formula), "formula_chance": chance}
        numbers |= {"exact_error": covariance_error(found, exact), "rescaled_error": covariance_error(rescaled, exact)}
    return [
        measured(task.recipe, f"linear/{design}", name, Estimate(value, value, value, 1), seed=seed, input_size=SIZE)
        for name, value in ((name, float(value)) for name, value in numbers.items())
    ]
