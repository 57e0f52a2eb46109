"""Estimators by clusters: their bias, held to closed forms. What is bad about them is pinned as well."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.metrics import kl_divergence, kl_kmeans, kl_projected, kl_published
from tests.metrics.known_answers import coins, dice

KEY = jax.random.key(0)


def error(estimator, case, *, tau, seeds=3):
    """Mean error over new samples and labels, and its standard error."""
    errors = []
    for seed in range(seeds):
        truth, draws, exact = case(seed)
        errors.append(estimator(truth, draws, tau=tau, key=jax.random.key(100 + seed)).value - exact)
    return float(np.mean(errors)), float(np.std(errors, ddof=1) / np.sqrt(seeds))


def integrated(truth, draws, *, tau, key):
    return kl_divergence(truth, draws, tau=(tau,), key=key)[tau]


@pytest.mark.slow
@pytest.mark.parametrize("tau", [10, 100])
def test_bias_on_coins(tau):
    """Log-mean-exp has next to none; k-means a twentieth of a nat; planes, which all cut a line of coins near its
    middle, cannot tell one biased coin from another, and miss as much as there is to know at tau = 100."""
    exact = coins(tau, 1, 0)[2]

    def case(seed):
        return coins(tau, 300, seed)

    ours, spread = error(integrated, case, tau=tau)
    assert abs(ours) < 0.03
    assert spread < 0.02  # 32 label vectors, or all of them; the others below sample one
    for estimator in (kl_published, kl_kmeans):
        bias, spread = error(estimator, case, tau=tau)
        assert abs(bias) < 0.1 + 3 * spread
    bias, spread = error(kl_projected, case, tau=tau)
    assert (abs(bias) < 0.1 + 3 * spread) if tau == 10 else bias > 0.3 * exact


@pytest.mark.slow
def test_many_classes_at_tau_ten():
    """Labels of ten classes are sampled: no bias within the noise, an interval that holds the answer."""

    def case(seed):
        return dice(10, 10, 300, 50, seed)

    for estimator in (integrated, kl_published):
        bias, spread = error(estimator, case, tau=10)
        assert abs(bias) < 0.15 + 3 * spread


@pytest.mark.parametrize("inputs", ["dyadic", "iid"])
@pytest.mark.parametrize("estimator", [kl_projected, kl_kmeans])
def test_equal_samples_are_one_cluster(estimator, inputs):
    """Where clusters hold equal samples, nothing is lost: two hypotheses, far apart, and their enumeration."""
    truth = jax.random.normal(jax.random.key(1), (1, 60, 3))
    two = jnp.stack([truth[0] + 1, 3 - truth[0]]) * jnp.array([1.0, 0.5])[:, None, None]
    draws = jnp.tile(two, (20, 1, 1))
    found = estimator(truth, draws, tau=6, inputs=inputs, key=KEY)
    label_key = jax.random.split(KEY)[0]  # the labels that the estimator draws
    known = kl_published(truth, two, tau=6, inputs=inputs, key=label_key)
    assert found.value == pytest.approx(known.value, abs=0.02)


def test_kappa_anchors():
    truth = jax.random.normal(jax.random.key(2), (1, 30, 2))
    for estimator in (kl_projected, kl_published):
        found = estimator(truth, truth, tau=10, kappa=3, key=KEY)
        assert found.units == 10
        assert found.value == pytest.approx(0, abs=1e-3)


def test_bad_arguments_are_refused():
    truth = jnp.zeros((1, 8, 2))
    with pytest.raises(ValueError, match="num_planes must be 1 to 12"):
        kl_projected(truth, truth, num_planes=0, key=KEY)
    with pytest.raises(ValueError, match="num_clusters and iterations"):
        kl_kmeans(truth, truth, num_clusters=0, key=KEY)
    with pytest.raises(ValueError, match="inputs must be 'dyadic' or 'iid'"):
        kl_kmeans(truth, truth, inputs="local", key=KEY)
