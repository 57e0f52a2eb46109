"""Prior functions help joint predictions; bootstrapping helps only where the signal-to-noise ratio varies over inputs.

Osband et al. 2022, "Ensembles for Uncertainty Estimation: Benefits of Prior Functions and Bootstrapping". Linear
ensembles are trained and their covariance is held against closed forms, then against the exact posterior: with equal
noise everywhere a prior of the right scale is all that an ensemble needs, and with noise that varies no scale will do.
Then networks on the testbed, with one temperature and with one that varies over inputs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import altair as alt
import jax
import numpy as np
import optax
from jaxtyping import Array, Float
from scipy import stats

from gnothi.agents import Agent, EnsembleAgent
from gnothi.cards import PRINT_INK, Claim, above, below, equals, not_below
from gnothi.cards.plots import Chart
from gnothi.data import Dataset
from gnothi.enn import Ensemble, MatchedPrior, WithPrior
from gnothi.learning import fit, squared_error
from gnothi.metrics import Estimate, bootstrap_interval, mean_interval
from gnothi.metrics.closed_forms import RECIPES, covariance_error, ensemble_covariance, weight_posterior
from gnothi.nn import MLP, stack
from gnothi.reproduce.lab import Findings, Lab
from gnothi.reproduce.measured import measured
from gnothi.sweep import Group, Record
from gnothi.testbed import grid, plan, run_group

SIZE, NUM_DATA, STEPS = 5, 100, 1500  # of the linear models
DESIGNS = {  # of the linear data: the deviation of the noise in each of five groups of inputs, or normal inputs
    "normal inputs": None,
    "equal noise": (1.0, 1.0, 1.0, 1.0, 1.0),
    "varied noise": (0.1, 0.3, 0.6, 1.2, 1.8),
}
MEMBERS = 10  # of the networks' ensembles, but where the size is varied
PRIORS = {0.0: "without priors", 1.0: "with priors"}
BOOTSTRAPPED = ("bernoulli", "exponential")


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


def run(lab: Lab) -> Findings:
    """Trains, compares and draws."""
    records = lab.run([*_testbed_groups(lab), *_linear_groups(lab)], measure)
    rows = [row for record in records if (row := _row(record))]
    claims = (*_covariance_claims(records), *_scale_claims(records), *_testbed_claims(rows, lab))
    return Findings(claims, _figure(records, rows))


def measure(task: Any) -> dict[str, list[Record]]:
    """The work of a group, of either part."""
    return train_linear(task) if isinstance(task, LinearTask) else run_group(task)


# Linear models, whose covariance is known -----------------------------------------------------------------------------


def _linear_groups(lab: Lab) -> list[Group]:
    members, seeds = lab.choose(smoke=(1000, range(2)), laptop=(3000, range(5)), paper=(10_000, range(20)))
    tasks = [LinearTask(recipe, members, tuple(seeds)) for recipe in RECIPES]
    return [
        Group(f"linear {task.recipe}", tuple(task.cell(d, s) for d, seeds in task.designs.items() for s in seeds), task)
        for task in tasks
    ]


def linear_data(design: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, targets, the noise's deviation at each, and probes at which predictions are compared.

    The model is linear with an intercept, all weights are standard normal. In grouped designs an input says which of
    five groups it is of, so that the data of a group tell of that group only.
    """
    rng = np.random.default_rng([seed, *design.encode()])
    groups = np.arange(NUM_DATA) % SIZE
    noise = DESIGNS[design]
    x = rng.normal(size=(NUM_DATA, SIZE)) if noise is None else np.eye(SIZE)[groups]
    stds = np.ones(NUM_DATA) if noise is None else np.array(noise)[groups]
    y = with_intercept(x) @ rng.normal(size=SIZE + 1) + stds * rng.normal(size=NUM_DATA)
    probes = np.concatenate([np.eye(SIZE), np.zeros((1, SIZE))]) if noise is None else np.eye(SIZE)
    return x, y, stds, probes


def with_intercept(x: Float[np.ndarray, "data features"]) -> Float[np.ndarray, "data features1"]:
    """Inputs with a last column of ones."""
    return np.concatenate([x, np.ones((len(x), 1))], axis=1)


def train_members(
    recipe: str, data: Dataset, members: int, probes: Float[np.ndarray, "probes features"], seed: int
) -> Float[np.ndarray, "members probes"]:
    """Trains an ensemble of linear models by gradient steps, for noise and prior of deviation 1; what it predicts."""
    size = data.x.shape[1]
    keys = jax.random.split(jax.random.key(seed), 3)
    # Weights and intercept of the fixed twins get deviation 1: they are truncated normal over sqrt(size).
    scale = float(np.sqrt(size / stats.truncnorm(-2, 2).var()))

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
        decay=0.5 / len(data),
        optimiser=_annealed,
        key=keys[2],
    )
    return np.asarray(trained.predict(jax.numpy.asarray(probes, jax.numpy.float32))[..., 0], float)


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
    formula = at @ ensemble_covariance(task.recipe, full, y, prior_std=1.0, noise_std=1.0) @ at.T
    exact = at @ weight_posterior(full, prior_std=1.0, noise_std=stds) @ at.T
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


def _numbers(records: Sequence[Record], recipe: str, design: str, metric: str) -> np.ndarray:
    evaluation = f"linear/{design}"
    return np.array([r.value for r in records if (r.subject, r.evaluation, r.metric) == (recipe, evaluation, metric)])


def _covariance_claims(records: Sequence[Record]) -> list[Claim]:
    number = partial(_numbers, records, design="normal inputs")
    says = {
        "prior": "Priors only: the covariance is S S / prior variance",
        "prior + noise": "Priors and noise on targets: the covariance is S, the exact posterior's",
        "prior + bootstrap": "Priors and exponential weights: the covariance is the sandwich, to first order",
    }
    share = float(number("no prior", metric="share")[0])
    claims = [equals("Without priors all members end in one place", "variance / posterior's", share, 0, tolerance=1e-3)]
    for recipe, statement in says.items():
        error, chance = (float(number(recipe, metric=f"formula_{what}")[0]) for what in ("error", "chance"))
        first_order = 0.1 if recipe == "prior + bootstrap" else 0.0
        measure = "relative error of trained members' covariance"
        claims.append(equals(statement, measure, error, 0, tolerance=first_order + 2.5 * chance))
    return claims


def _scale_claims(records: Sequence[Record]) -> list[Claim]:
    def gap(design: str) -> Estimate:
        prior = _numbers(records, "prior", design, "rescaled_error")
        return mean_interval(_numbers(records, "prior + bootstrap", design, "exact_error") - prior)

    measure = "error of the bootstrapped covariance - least error of priors only at any scale"
    return [
        above("Linear, equal noise: a prior of the right scale needs no bootstrap", measure, gap("equal noise"), 0.0),
        below("Linear, noise varies: bootstrapping beats every prior scale", measure, gap("varied noise"), 0.0),
    ]


# Networks on the testbed ----------------------------------------------------------------------------------------------


def _testbed_groups(lab: Lab) -> list[Group]:
    """Every agent on every problem, and each problem twice: with one temperature, and with one that varies."""
    shapes = lab.choose(
        smoke=((10, 1),),
        laptop=((10, 1), (10, 10), (10, 100), (100, 1)),
        paper=tuple(product((2, 10, 100), (1, 10, 100, 1000))),
    )
    temperatures = lab.choose(smoke=(0.1,), laptop=(0.1, 0.5), paper=(0.01, 0.1, 0.5))
    seeds = range(lab.choose(smoke=4, laptop=5, paper=10))
    groups: list[Group] = []
    for temperature in temperatures:
        plain = [spec for size, ratio in shapes for spec in grid("ensembles", (size,), (ratio,), (temperature,), seeds)]
        few = [spec for spec in plain if (spec.input_size, spec.num_train) == (10, 10)]
        for members in lab.choose(smoke=(MEMBERS,), laptop=(3, MEMBERS, 30), paper=(1, 3, MEMBERS, 30, 100)):
            whole = members == MEMBERS or (lab.scale == "paper")
            if whole or temperature == temperatures[0]:
                chosen = plain if whole else few
                both = [replace(spec, temperature_spread=spread) for spread in (0.0, 1.0) for spec in chosen]
                groups += plan(agents(members, temperature, lab), both, lab.folder)
    return groups


def agents(members: int, temperature: float, lab: Lab) -> dict[str, Agent]:
    """The 2x2 of priors and bootstrapping; priors are as wide as the truth, that is, of the order of 1 / temperature.

    (`EnsembleAgent` divides by the root of the temperature, and this by the other. It is in the published sweep.)
    """
    laws = lab.choose(smoke=("none", "bernoulli"), laptop=("none", "bernoulli"), paper=("none", *BOOTSTRAPPED))
    return {
        f"{members} {PRIORS[prior]}, {law}": EnsembleAgent(members, prior * temperature**-0.5, law)
        for prior in PRIORS
        for law in laws
    }
