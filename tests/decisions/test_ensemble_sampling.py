"""Ensemble sampling: each member is a draw of the conjugate posterior, exactly and in distribution."""

import numpy as np
import pytest
from scipy import stats

from gnothi.decisions.ensemble_sampling import NOISE, PRIOR, EnsembleSampling, stream

VARIANCES = np.array([1.0, 0.5, 0.25])
NOISE_STD = 0.4


def some_data(seed: int, data: int = 30) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = np.c_[np.ones(data), rng.normal(size=(data, 2))]
    return features, features @ [0.2, -0.5, 1.0] + NOISE_STD * rng.normal(size=data)


def trained(num_members: int, arms: int = 1, data: int = 30, seed: int = 0) -> EnsembleSampling:
    model = EnsembleSampling(VARIANCES, num_members=num_members, noise_std=NOISE_STD, seed=seed)
    for _ in range(arms):
        model.add_arm()
    for number, (x, y) in enumerate(zip(*some_data(0, data), strict=True)):
        model.learn(number % arms, x, y, number)
    return model


def posterior(features: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    covariance = np.linalg.inv(np.diag(1 / VARIANCES) + features.T @ features / NOISE_STD**2)
    return covariance @ features.T @ targets / NOISE_STD**2, covariance


def test_covariances_are_those_of_the_posterior_and_arms_are_apart():
    model = trained(5, arms=2)
    features, targets = some_data(0)
    for arm in range(2):
        assert np.allclose(model.covariances[arm], posterior(features[arm::2], targets[arm::2])[1], atol=1e-12)


def test_each_member_solves_its_own_perturbed_problem():
    model, (features, targets) = trained(50), some_data(0)
    start = EnsembleSampling(VARIANCES, num_members=50, noise_std=NOISE_STD, seed=0)
    start.add_arm()
    noise = NOISE_STD * np.array([stream(0, number, NOISE).standard_normal(50) for number in range(len(targets))])
    _, covariance = posterior(features, targets)
    solved = (start.weights[0] / VARIANCES + (targets[:, None] + noise).T @ features / NOISE_STD**2) @ covariance
    assert np.allclose(model.weights[0], solved, atol=1e-12)


def test_members_have_the_posteriors_mean_and_covariance():
    members = 20_000
    weights = trained(members).weights[0]
    mean, covariance = posterior(*some_data(0))
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, (weights - mean).T)
    assert np.abs(white.mean(axis=1)).max() < 4.5 / np.sqrt(members)
    assert np.abs(np.cov(white) - np.eye(3)).max() < 4.5 * np.sqrt(2 / members)
    assert all(stats.kstest(row, "norm").pvalue > 1e-3 for row in white)


def test_before_any_data_members_are_draws_of_the_prior():
    model = EnsembleSampling(VARIANCES, num_members=20_000, noise_std=NOISE_STD, seed=3)
    model.add_arm()
    model.add_arm()
    both = (model.weights / np.sqrt(VARIANCES)).transpose(0, 2, 1).reshape(6, -1)
    assert np.abs(np.corrcoef(both) - np.eye(6)).max() < 4.5 / np.sqrt(20_000)
    assert all(stats.kstest(row, "norm").pvalue > 1e-3 for row in both)


def test_the_order_of_updates_matters_to_rounding_only():
    model, (features, targets) = trained(10), some_data(0)
    backwards = EnsembleSampling(VARIANCES, num_members=10, noise_std=NOISE_STD, seed=0)
    backwards.add_arm()
    for number in reversed(range(len(targets))):
        backwards.learn(0, features[number], targets[number], number)
    assert np.allclose(model.weights, backwards.weights, atol=1e-12)
    assert np.array_equal(model.weights, trained(10).weights)  # and the same order gives the same bits


def test_random_numbers_belong_to_a_seed_a_number_and_a_purpose():
    draws = [
        stream(*of).random() for of in ((0, 0, PRIOR), (0, 0, NOISE), (0, 1, PRIOR), (1, 0, PRIOR), (2**63 - 1, 0, 0))
    ]
    assert len(set(draws)) == 5
    assert stream(0, 0, PRIOR).random() == draws[0]


def test_a_member_keeps_its_draws_when_features_are_added():
    more = EnsembleSampling(np.append(VARIANCES, 2.0), num_members=7, noise_std=NOISE_STD, seed=0)
    fewer = EnsembleSampling(VARIANCES, num_members=7, noise_std=NOISE_STD, seed=0)
    more.add_arm()
    fewer.add_arm()
    assert np.array_equal(more.weights[..., :3], fewer.weights)


def test_votes_are_counted_among_arms_that_are_there(monkeypatch):
    model = trained(200, arms=3)
    features = np.c_[np.ones(20), np.random.default_rng(1).normal(size=(20, 2))]
    available = np.ones((20, 3), bool)
    available[10:, 1] = False
    shares = model.vote_shares(features, available)
    assert np.allclose(shares.sum(axis=1), 1) and not shares[10:, 1].any() and shares[:10, 1].any()
    for row, x in enumerate(features):
        best = np.where(available[row][:, None], model.values(x), -np.inf).argmax(axis=0)
        assert np.array_equal(shares[row], np.bincount(best, minlength=3) / 200)
    monkeypatch.setattr("gnothi.decisions.ensemble_sampling.BLOCK", 1)
    assert np.array_equal(shares, model.vote_shares(features, available))


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e6])
def test_covariances_stay_positive_after_many_updates_of_any_scale(scale):
    rng = np.random.default_rng(0)
    model = EnsembleSampling(np.full(4, 0.25), num_members=3, noise_std=0.5, seed=0)
    model.add_arm()
    precision = np.eye(4) / 0.25
    for number in range(5000):
        x = np.append(1.0, scale * rng.normal(size=3))
        model.learn(0, x, rng.normal(), number)
        precision += np.outer(x, x) / 0.25
    exact = np.linalg.inv(precision)
    deviations = np.sqrt(np.diag(exact))
    scaled = (model.covariances[0] - exact) / np.outer(deviations, deviations)
    assert np.abs(scaled).max() < 1e-6
    assert np.linalg.eigvalsh(model.covariances[0] / np.outer(deviations, deviations)).min() > 0.5
