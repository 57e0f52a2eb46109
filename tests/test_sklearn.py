"""The scikit-learn face: its rules, and that its samples are joint."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, make_moons
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from gnothi.sklearn import EnsembleClassifier, EpinetClassifier, EpinetRegressor, JointClassifier

CLASSIFIERS = [
    EpinetClassifier(steps=300, random_state=0),
    EnsembleClassifier(num_members=5, steps=300, random_state=0),
    EnsembleClassifier(num_members=5, steps=300, bootstrap="bernoulli", random_state=0),
]


@pytest.fixture(scope="module")
def moons():
    return make_moons(100, noise=0.1, random_state=0)


@pytest.fixture(scope="module", params=CLASSIFIERS, ids=["epinet", "ensemble", "bootstrap"])
def classifier(request, moons) -> JointClassifier:
    return clone(request.param).fit(*moons)


@pytest.fixture(scope="module")
def waves():
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, (200, 1))
    return X, 50 + 10 * (np.sin(2 * X[:, 0]) + 0.1 * rng.normal(size=200))


@pytest.fixture(scope="module")
def regressor(waves):
    return EpinetRegressor(random_state=0).fit(*waves)


@parametrize_with_checks([EpinetClassifier()])
def test_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([EnsembleClassifier(num_members=5), EpinetRegressor()])
def test_others_pass_them_too(estimator, check):
    check(estimator)


def test_probabilities_sum_to_one_and_are_right(classifier, moons):
    X, y = moons
    proba = classifier.predict_proba(X)
    assert proba.shape == (100, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
    assert classifier.score(X, y) > 0.95


def test_a_joint_sample_says_the_same_of_the_same_row(classifier, moons):
    X = moons[0]
    samples = classifier.sample_joint(np.concatenate([X, X, X]), 20)  # more rows than one block holds
    assert samples.shape == (20, 300, 2)
    np.testing.assert_array_equal(samples[:, :100], samples[:, 100:200])
    np.testing.assert_array_equal(samples[:, :100], samples[:, 200:])
    assert samples.std(axis=0).max() > 0.01


def test_the_mean_of_joint_samples_is_the_marginal(classifier, moons):
    X = moons[0]
    np.testing.assert_allclose(classifier.sample_joint(X, 2000).mean(axis=0), classifier.predict_proba(X), atol=0.05)


def test_classifiers_know_what_they_have_not_seen(classifier, moons):
    between = classifier.epistemic_variance([[0.5, 0.25], [-3.0, -4.0], [4.0, 4.0]])
    assert ((between >= 0) & (between < 1)).all()
    assert between.mean() > classifier.epistemic_variance(moons[0]).mean()


@pytest.mark.parametrize("model", [CLASSIFIERS[0], CLASSIFIERS[2]], ids=["epinet", "bootstrap"])
def test_random_state_decides_everything(model, moons):
    X, y = moons
    one, same, other = (clone(model).set_params(random_state=seed).fit(X, y).sample_joint(X, 10) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3


def test_labels_can_be_strings(moons):
    X, y = moons
    model = clone(CLASSIFIERS[0]).fit(X, np.array(["up", "down"])[y])
    assert list(model.classes_) == ["down", "up"]
    np.testing.assert_array_equal(model.predict(X) == "down", clone(CLASSIFIERS[0]).fit(X, 1 - y).predict(X) == 0)


def test_pickled_models_say_the_same(classifier, regressor, moons, waves):
    for model, X in ((classifier, moons[0]), (regressor, waves[0])):
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).sample_joint(X, 5), model.sample_joint(X, 5))


@pytest.mark.slow
def test_works_in_a_pipeline_and_a_grid_search(moons):
    search = GridSearchCV(
        make_pipeline(StandardScaler(), EpinetClassifier(steps=100, random_state=0)),
        {"epinetclassifier__prior_scale": [0.1, np.float64(1.0)], "epinetclassifier__hidden": [[20]]},
        cv=2,
        error_score="raise",
    )
    assert search.fit(*moons).best_score_ > 0.7


def test_the_regressor_follows_a_smooth_function(regressor):
    X = np.linspace(-3, 3, 200)[:, None]
    assert r2_score(50 + 10 * np.sin(2 * X[:, 0]), regressor.predict(X)) > 0.95


def test_the_regressor_knows_what_it_has_not_seen(regressor, waves):
    _, seen = regressor.predict(waves[0], return_std=True)
    _, far = regressor.predict([[-8.0], [5.0], [8.0]], return_std=True)
    assert far.min() > 2 * seen.mean()
    np.testing.assert_allclose(seen**2, regressor.epistemic_variance(waves[0]))


def test_regression_samples_are_joint_and_reproducible(regressor, waves):
    X, y = waves
    samples = regressor.sample_joint(np.concatenate([X, X]), 500)
    assert samples.shape == (500, 400)
    np.testing.assert_array_equal(samples[:, :200], samples[:, 200:])
    np.testing.assert_allclose(samples[:, :200].mean(axis=0), regressor.predict(X), atol=1.0)
    np.testing.assert_array_equal(EpinetRegressor(random_state=0).fit(X, y).predict(X), regressor.predict(X))
    assert np.abs(EpinetRegressor(random_state=1).fit(X, y).predict(X) - regressor.predict(X)).max() > 1e-3


def test_the_regressor_sees_how_noisy_targets_are(regressor):
    X, X_test, y, y_test = train_test_split(*load_diabetes(return_X_y=True), random_state=0)
    noisy = EpinetRegressor(random_state=0).fit(X, y)
    assert noisy.score(X_test, y_test) > 0.25
    assert noisy.noise_std_ > regressor.noise_std_


@pytest.mark.slow
def test_huge_constant_and_strange_inputs_stay_finite(regressor, moons):
    assert np.isfinite(regressor.predict([[1e200], [-1e30]])).all()
    X = np.column_stack([moons[0], np.full(100, 7.0)])
    assert np.isfinite(clone(CLASSIFIERS[0]).fit(X, moons[1]).predict_proba(X * [1, 1, 1e30])).all()
    constant = EpinetRegressor(steps=20, random_state=0).fit(X, np.full(100, 3.0))
    assert np.isfinite(constant.predict(X)).all()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (EpinetClassifier(steps=0), "steps must be a whole number of 1 or more, got 0"),
        (EpinetClassifier(num_samples=2.5), "num_samples must be a whole number"),
        (EpinetClassifier(hidden=50), "hidden must be a tuple"),
        (EpinetClassifier(epinet_hidden=(15, 0)), "every width in epinet_hidden must be a whole number"),
        (EpinetClassifier(learning_rate=float("nan")), "learning_rate must be a number above 0, got nan"),
        (EnsembleClassifier(num_members=0), "num_members must be a whole number"),
        (EnsembleClassifier(bootstrap="jackknife"), "bootstrap must be one of 'none', .*, got 'jackknife'"),
        (EnsembleClassifier(prior_scale=-1), "prior_scale must be a number of 0 or more, got -1"),
        (EpinetRegressor(noise_std=0.0), "noise_std must be a number above 0"),
        (EpinetRegressor(l2="much"), "l2 must be a number of 0 or more, got 'much'"),
    ],
)
def test_arguments_out_of_range_are_named(model, message, moons):
    with pytest.raises(ValueError, match=message):
        model.fit(*moons)


@pytest.mark.parametrize("model", CLASSIFIERS[:2], ids=["epinet", "ensemble"])
def test_bad_data_are_named(model, moons):
    X, y = moons
    with pytest.raises(ValueError, match="y holds only 1 class"):
        clone(model).fit(X, np.zeros(100))
    with pytest.raises(ValueError, match="Input X contains NaN"):
        clone(model).fit(np.where(X > 1, np.nan, X), y)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        clone(model).fit(np.where(X > 1, np.inf, X), y)


def test_num_samples_is_named_when_it_is_wrong(classifier, regressor, moons, waves):
    for model, X in ((classifier, moons[0]), (regressor, waves[0])):
        with pytest.raises(ValueError, match="num_samples must be a whole number of 1 or more, got 0"):
            model.sample_joint(X, 0)
