"""The posterior: right where it can be computed otherwise, and knowing of the grader's errors."""

import numpy as np
import pytest
from scipy import integrate
from scipy.special import expit

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.safety.redteam import FailurePosterior, features_of
from gnothi.safety.redteam import posterior as module
from tests.safety.redteam import small_target

NOTHING = features_of({"technique": [("a",)] * 60})


@pytest.mark.slow
def test_one_rate_is_the_integral():
    """Without any features there is an intercept alone, whose posterior can be integrated."""
    posterior = FailurePosterior(NOTHING)
    posterior.observe(range(40), [True] * 12 + [False] * 28)
    draws = posterior.long_draws()[:, 0]
    mean, spread = module.INTERCEPT

    def weight(x):
        return expit(x) ** 12 * (1 - expit(x)) ** 28 * np.exp(-(((x - mean) / spread) ** 2) / 2) * 1e10

    total, first, second = (
        integrate.quad(lambda x, power=power: weight(x) * expit(x) ** power, -10, 6)[0] for power in range(3)
    )
    exact = first / total
    std = np.sqrt(second / total - exact**2)
    assert draws.mean() == pytest.approx(exact, abs=0.15 * std)
    assert draws.std() == pytest.approx(std, rel=0.12)


@pytest.mark.slow
def test_an_erring_grader_is_seen_through():
    """39 of 60 flagged, by a grader that is right in 90 of 100: the truth is (.65 - .1) / .8, as Rogan and Gladen."""

    def believed(errors, flagged=39):
        posterior = FailurePosterior(NOTHING, errors)
        posterior.observe(range(60), [True] * flagged + [False] * (60 - flagged))
        return posterior.long_draws()[:, 0]

    sure, unsure, taken_at_word = (
        believed(GraderErrors(900, 1000, 900, 1000)),
        believed(GraderErrors(18, 20, 18, 20)),
        believed(None),
    )
    assert sure.mean() == pytest.approx(0.6875, abs=0.04) and taken_at_word.mean() == pytest.approx(0.65, abs=0.04)
    assert unsure.std() > 1.1 * sure.std() > 1.21 * taken_at_word.std()
    assert believed(GraderErrors(900, 1000, 900, 1000), flagged=6).mean() < 0.06  # as many as its false alarms


def test_people_are_believed():
    posterior = FailurePosterior(NOTHING, GraderErrors(70, 100, 70, 100))
    posterior.observe(range(60), [True] * 60)
    flagged = posterior.long_draws()[:, 0].mean()
    posterior.observe(range(60), [False] * 60, known=True)
    assert len(posterior) == 60
    assert posterior.draws[:, 0].mean() < 0.06 < 0.6 < flagged


def test_what_an_arm_did_tells_of_its_neighbours():
    target = small_target()
    space, random = target.space, np.random.default_rng(0)
    posterior = FailurePosterior(space.features, seed=1)
    before = posterior.means
    assert before.std() < 0.3 and len(posterior) == 0
    weak = np.array([attack.arm.technique == "technique 2" for attack in space.attacks])
    seen = random.permutation(len(space))[:120]
    posterior.observe(seen.tolist(), weak[seen].tolist())
    unseen = np.setdiff1d(np.arange(len(space)), seen)
    means = posterior.means[unseen]
    assert means[weak[unseen]].min() > 0.5 > 0.2 > means[~weak[unseen]].max()


@pytest.mark.slow
def test_chances_are_calibrated_on_what_was_not_seen():
    """Over targets that the model can describe: what is expected of attacks that were not made, and what they do."""
    expected, happened = [], []
    for seed in range(6):
        target = small_target(seed, holes=0.0, technique=1.0, topic=1.0, transform=1.0)
        seen = np.random.default_rng(seed).permutation(len(target.space))[:120]
        posterior = FailurePosterior(target.space.features, seed=seed)
        posterior.observe(seen.tolist(), target.failed[seen].tolist())
        unseen = np.setdiff1d(np.arange(len(target.space)), seen)
        expected.append(posterior.means[unseen])
        happened.append(target.failed[unseen])
    chances, outcomes = np.concatenate(expected), np.concatenate(happened)
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 1.0)):
        some = (chances >= low) & (chances < high)
        assert some.sum() > 40
        assert abs(outcomes[some].mean() - chances[some].mean()) < 0.08


def test_draws_are_a_function_of_what_was_seen():
    features = small_target().space.features
    first, second = FailurePosterior(features, seed=3), FailurePosterior(features, seed=3)
    first.observe([0, 1], [True, False])
    assert first.draws.shape == (module.DRAWS, 240)
    first.observe([2], [True])
    second.observe([0, 1, 2], [True, False, True])
    assert np.array_equal(first.draws, second.draws)
    second.forget(2)
    assert len(second) == 2 and not np.array_equal(first.draws, second.draws)
    other = FailurePosterior(features, seed=4)
    other.observe([0, 1, 2], [True, False, True])
    assert not np.array_equal(first.draws, other.draws)


def test_a_grader_worse_than_a_coin_is_refused():
    with pytest.raises(ValueError, match="sum to 1 or less"):
        FailurePosterior(NOTHING, GraderErrors(40, 100, 50, 100))
