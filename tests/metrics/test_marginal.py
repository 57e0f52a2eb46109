"""Marginal scores against hand-computed values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.metrics import accuracy, brier_score, calibration_error, log_loss


def logits(probs):
    return jnp.log(jnp.asarray(probs))


def test_log_loss_is_of_the_mean_probability():
    draws = logits([[[0.9, 0.1]], [[0.5, 0.5]]])
    assert log_loss(draws, jnp.array([0]), exhaustive=True).value == pytest.approx(-np.log(0.7))


def test_accuracy_shares_ties():
    draws = logits([[[0.5, 0.5], [0.8, 0.2], [0.1, 0.9]]])
    assert accuracy(draws, jnp.array([0, 0, 0])).value == pytest.approx((0.5 + 1 + 0) / 3)


def test_brier_score_by_hand():
    draws = logits([[[0.7, 0.2, 0.1]]])
    assert brier_score(draws, jnp.array([1])).value == pytest.approx(0.7**2 + 0.8**2 + 0.1**2)


def test_calibration_error_finds_overconfidence():
    key = jax.random.key(0)
    probs = jax.random.uniform(key, (4000,), minval=0.5, maxval=1.0)
    labels = (jax.random.uniform(jax.random.key(1), (4000,)) > probs).astype(int)
    honest = logits(jnp.stack([probs, 1 - probs], axis=-1)[None])
    assert calibration_error(honest, labels).value < 0.04
    sure = jnp.full_like(probs, 0.99)
    overconfident = calibration_error(logits(jnp.stack([sure, 1 - sure], axis=-1)[None]), labels)
    assert overconfident.value == pytest.approx(0.24, abs=0.03)
    assert overconfident.low < overconfident.value < overconfident.high


def test_clusters_widen_the_interval_of_the_calibration_error():
    draws = logits(jnp.tile(jnp.array([0.95, 0.05]), (1, 200, 1)))
    labels = jnp.repeat((jnp.arange(20) % 2 == 0).astype(int), 10)  # right half of the time, ten at a time
    alone = calibration_error(draws, labels)
    together = calibration_error(draws, labels, clusters=np.repeat(np.arange(20), 10))
    assert (alone.units, together.units) == (200, 20)
    assert together.value == pytest.approx(alone.value)
    assert together.high - together.low > 2 * (alone.high - alone.low)


@pytest.mark.parametrize("score", [log_loss, accuracy, brier_score, calibration_error])
def test_a_label_without_a_class_is_refused(score):
    with pytest.raises(ValueError, match=r"labels: 1 of 4 labels lie outside 0 \.\. 1 \(first: row 2, label 2\)"):
        score(jnp.zeros((3, 4, 2)), jnp.array([0, 1, 2, 0]))
