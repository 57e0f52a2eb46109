"""Regression scores in closed form, held to the densities written out, and the estimate held to the closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from gnothi.metrics import gaussian_kl, regression_kl
from gnothi.metrics.gaussian import _check

RNG = np.random.default_rng(0)
INPUTS, NOISE = 40, 0.5


def belief(scale):
    root = RNG.normal(size=(INPUTS, 4)) / 2
    return RNG.normal(size=INPUTS) * scale / 2, scale**2 * (root @ root.T + np.eye(INPUTS) / 4)


MINE, THEIRS = belief(0.6), belief(0.9)


def kl(mean, cov, other_mean, other_cov):
    solved = np.linalg.solve(other_cov, np.column_stack([cov, mean - other_mean]))
    quadratic = np.trace(solved[:, :-1]) - len(mean) + (mean - other_mean) @ solved[:, -1]
    return 0.5 * (quadratic + np.linalg.slogdet(other_cov)[1] - np.linalg.slogdet(cov)[1])


def of_rows(rows):
    """The KL of targets at some inputs, repeats and all, from the two multivariate normals as they are."""
    noise = NOISE**2 * np.eye(len(rows))
    (m, s), (n, t) = ((mean[rows], cov[np.ix_(rows, rows)] + noise) for mean, cov in (MINE, THEIRS))
    return kl(m, s, n, t)


def test_repeated_anchors_are_a_multivariate_normal_of_all_targets():
    tau, total = 4, 0.0
    for pair in range(INPUTS // 2):
        for first in range(tau + 1):
            rows = np.array([2 * pair] * first + [2 * pair + 1] * (tau - first))
            total += np.array([1, 4, 6, 4, 1])[first] / 16 * of_rows(rows)
    found = gaussian_kl(*MINE, *THEIRS, noise_std=NOISE, tau=tau)
    assert found.value == pytest.approx(total / (INPUTS // 2), rel=1e-9)
    assert found.units == INPUTS // 2


@pytest.mark.parametrize(("tau", "inputs"), [(1, "dyadic"), (1, "iid"), (5, "iid")])
def test_separate_inputs(tau, inputs):
    known = np.mean([of_rows(rows) for rows in np.arange(INPUTS).reshape(-1, tau)])
    assert gaussian_kl(*MINE, *THEIRS, noise_std=NOISE, tau=tau, inputs=inputs).value == pytest.approx(known, rel=1e-9)


@pytest.mark.parametrize(
    ("inputs", "tau", "kappa"), [("dyadic", 10, 2), ("dyadic", 10, 3), ("iid", 3, 2), ("iid", 1, 2)]
)
def test_the_estimate_is_the_closed_form_within_its_interval(inputs, tau, kappa):
    root = np.linalg.cholesky(THEIRS[1])
    key, (mean, factor) = jax.random.key(1), (jnp.asarray(a, jnp.float32) for a in (THEIRS[0], root))

    def draws(positions):
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(positions)
        return mean + jax.vmap(lambda k: jax.random.normal(k, (INPUTS,)))(keys) @ factor.T

    options = {"noise_std": NOISE, "tau": tau, "inputs": inputs, "kappa": kappa}
    exact = gaussian_kl(*MINE, *THEIRS, **options)
    found = regression_kl(*MINE, draws, 20_000, chunk=1000, **options)
    assert found.low <= exact.value <= found.high
    assert found.value == pytest.approx(exact.value, rel=0.2)


def test_a_known_function_is_a_reference_without_covariance():
    """Against the true function, an agent that is sure of another pays half the squared distance in units of noise."""
    sure = jnp.asarray(THEIRS[0], jnp.float32)[None]
    known = 10 * np.mean((MINE[0] - np.asarray(sure[0])) ** 2) / (2 * NOISE**2)
    nothing = np.zeros((INPUTS, INPUTS))
    options = {"noise_std": NOISE, "tau": 10}
    assert gaussian_kl(MINE[0], nothing, THEIRS[0], nothing, **options).value == pytest.approx(known, rel=1e-6)
    found = regression_kl(MINE[0], nothing, sure, exhaustive=True, **options)
    assert found.value == pytest.approx(known, rel=0.15)


def test_the_density_of_a_sample_is_that_of_the_multivariate_normal():
    """For a finite mixture at one input twice, the estimate is that of densities written out, by brute force."""
    atoms = np.array([[-0.5, 0.2], [0.7, 0.1], [0.0, -0.9]])
    mean, cov = MINE[0][:2], MINE[1][:2, :2]
    y = RNG.multivariate_normal(mean, cov + NOISE**2 * np.eye(2), size=100_000)
    ours = multivariate_normal(mean, cov + NOISE**2 * np.eye(2)).logpdf(y)
    mixture = np.mean([multivariate_normal(a, NOISE**2 * np.eye(2)).pdf(y) for a in atoms], axis=0)
    known = np.mean(ours - np.log(mixture))
    many = np.tile(mean, 200), np.kron(np.eye(200), cov)  # the same two inputs over and over
    draws = jnp.asarray(np.tile(atoms, (1, 200)), jnp.float32)
    found = regression_kl(*many, draws, noise_std=NOISE, tau=2, inputs="iid", exhaustive=True)
    assert found.low <= known <= found.high


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="'dyadic' or 'iid'"):
        gaussian_kl(*MINE, *THEIRS, noise_std=NOISE, inputs="local")
    with pytest.raises(ValueError, match="say by num_samples"):
        regression_kl(*MINE, lambda i: jnp.zeros((len(i), INPUTS)), noise_std=NOISE)
    with pytest.raises(ValueError, match="needs 100 test inputs here, got 40"):
        gaussian_kl(*MINE, *THEIRS, noise_std=NOISE, inputs="iid", tau=100)
    with pytest.raises(ValueError, match="noise_std must be above 0"):
        gaussian_kl(*MINE, *THEIRS, noise_std=0.0)
    # Array types are checked in tests before the functions are called; a user has the functions' own words.
    with pytest.raises(ValueError, match=r"agent_covariance must have the shape \(40, 40\).*got \(39, 39\)"):
        _check(NOISE, INPUTS, agent_covariance=THEIRS[1][1:, 1:])
