"""Closed forms of linear models against the reference's numbers, against sampling, and against each other."""

import numpy as np
import pytest

from gnothi.metrics.closed_forms import (
    RECIPES,
    covariance_error,
    ensemble_covariance,
    joint_information,
    weight_posterior,
)

# Nats a label with |x| near 1, weights of deviation 1 and noise of deviation 0.5.
TABLE = {  # input size: iid at tau = 2, 10, 30, 100; dyadic at tau = 10
    10: (0.018, 0.146, 0.375, 0.589, 0.491),
    100: (0.0015, 0.0145, 0.048, 0.167, 0.504),
    1000: (0.0001, 0.0015, 0.0047, 0.016, 0.504),
}


@pytest.mark.parametrize("size", TABLE)
def test_iid_inputs_need_tau_of_the_order_of_the_input_size(size):
    rng = np.random.default_rng(size)
    anchors = rng.normal(size=(400, 2, size)) / np.sqrt(size)
    pairs = np.take_along_axis(anchors, rng.integers(0, 2, (400, 10))[:, :, None], axis=1)
    several = [rng.normal(size=(100 if tau < 100 else 20, tau, size)) / np.sqrt(size) for tau in (2, 10, 30, 100)]
    found = [np.mean(joint_information(x, prior_std=1.0, noise_std=0.5)) / x.shape[1] for x in (*several, pairs)]
    np.testing.assert_allclose(found, TABLE[size], rtol=0.08, atol=6e-5)


def test_information_is_what_sampled_targets_say():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 2)) / 2
    covariance = 4 * x @ x.T + 0.25 * np.eye(3)
    y = rng.multivariate_normal(np.zeros(3), covariance, 200_000)
    joint = -0.5 * np.einsum("bi,ij,bj->b", y, np.linalg.inv(covariance), y) - 0.5 * np.linalg.slogdet(covariance)[1]
    marginal = -0.5 * np.sum(y**2 / np.diag(covariance) + np.log(np.diag(covariance)), axis=1)
    gain = joint - marginal
    exact = joint_information(x, prior_std=2.0, noise_std=0.5)
    assert abs(gain.mean() - exact) < 4 * gain.std() / np.sqrt(len(y))


def test_orthogonal_inputs_tell_nothing_of_each_other():
    assert abs(joint_information(np.eye(4), prior_std=3.0, noise_std=0.1)) < 1e-9


def solved(recipe, x, y, prior_std, noise_std, members, rng):
    """Members that are solved for, not trained."""
    weights = rng.exponential(size=(members, len(x))) if recipe.endswith("bootstrap") else np.ones((members, len(x)))
    starts = prior_std * rng.normal(size=(members, x.shape[1])) * (recipe != "no prior")
    targets = y + noise_std * rng.normal(size=(members, len(x))) * recipe.endswith("noise")
    hessians = np.einsum("mn,ni,nj->mij", weights, x, x) / noise_std**2 + np.eye(x.shape[1]) / prior_std**2
    sides = (weights * targets) @ x / noise_std**2 + starts / prior_std**2
    return np.linalg.solve(hessians, sides[..., None])[..., 0]


@pytest.mark.parametrize("recipe", RECIPES[1:])
def test_members_that_minimise_their_losses_have_that_covariance(recipe):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 3))
    y = x @ rng.normal(size=3) + 0.7 * rng.normal(size=400)
    found = np.cov(solved(recipe, x, y, 1.5, 0.7, 4000, rng).T)
    exact = ensemble_covariance(recipe, x, y, prior_std=1.5, noise_std=0.7)
    assert covariance_error(found, exact) < (0.12 if recipe == "prior + bootstrap" else 0.07)


def test_priors_alone_shrink_with_the_square_of_the_data():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(40, 5)), np.zeros(40)
    shares = []
    for inputs in (x, np.concatenate([x] * 10)):
        posterior = weight_posterior(inputs, prior_std=1.0, noise_std=0.5)
        targets = np.resize(y, len(inputs))
        alone = ensemble_covariance("prior", inputs, targets, prior_std=1.0, noise_std=0.5)
        shares.append(np.trace(alone) / np.trace(posterior))
    assert 0.004 < shares[0] < 0.016  # the reference's 40 data in 5 dimensions had 0.008
    assert shares[1] == pytest.approx(shares[0] / 10, rel=0.1)


def test_noise_may_differ_from_point_to_point():
    x = np.eye(2)
    np.testing.assert_allclose(
        weight_posterior(x, prior_std=1.0, noise_std=np.array([1.0, 0.5])), np.diag([0.5, 0.2]), atol=1e-12
    )


def test_an_unknown_recipe_is_told_what_there_is():
    with pytest.raises(ValueError, match="recipe must be one of 'no prior', 'prior'"):
        ensemble_covariance("hope", np.eye(2), np.zeros(2), prior_std=1.0, noise_std=1.0)
