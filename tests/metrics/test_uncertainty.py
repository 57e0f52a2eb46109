"""Uncertainty by kind: closed forms, bounds, and the stream's agreement with the whole."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.metrics import PRIORITIES, decompose, stream_decompose


def test_two_indices_of_known_probabilities():
    """A label that is 0.9 to one index and 0.3 to the other: everything by hand."""

    def entropy(p):
        return -(p * np.log(p) + (1 - p) * np.log(1 - p))

    logits = jnp.log(jnp.array([[[0.9, 0.1]], [[0.3, 0.7]]]))
    total, epistemic, aleatoric = decompose(logits)
    assert float(total[0]) == pytest.approx(entropy(0.6), abs=1e-6)
    assert float(aleatoric[0]) == pytest.approx((entropy(0.9) + entropy(0.3)) / 2, abs=1e-6)
    assert float(epistemic[0]) == pytest.approx(entropy(0.6) - (entropy(0.9) + entropy(0.3)) / 2, abs=1e-6)


def test_a_uniform_prediction_is_the_log_of_the_vocabulary():
    parts, mean = stream_decompose(lambda _: jnp.zeros((3, 49_152)), 4)
    np.testing.assert_allclose(parts.total, np.log(49_152), rtol=1e-5)
    np.testing.assert_allclose(parts.epistemic, 0.0, atol=1e-4)
    np.testing.assert_allclose(mean, 1 / 49_152, rtol=1e-6)


def test_parts_are_those_of_the_rules_and_sum_to_the_whole():
    logits = 3 * jax.random.normal(jax.random.key(0), (20, 50, 7))
    parts = decompose(logits)
    np.testing.assert_allclose(parts.total, PRIORITIES["entropy"](logits, jax.random.key(0)), atol=1e-5)
    np.testing.assert_allclose(parts.epistemic, PRIORITIES["bald"](logits, jax.random.key(0)), atol=1e-5)
    np.testing.assert_allclose(parts.epistemic + parts.aleatoric, parts.total, atol=1e-5)
    assert float(parts.epistemic.min()) >= -1e-6 and float(parts.epistemic.max()) <= np.log(7)


def test_impossible_classes_and_bad_input():
    parts = decompose(jnp.array([[[0.0, 0.0, -1e30]]] * 2))
    np.testing.assert_allclose(jnp.stack(parts)[:, 0], [np.log(2), 0, np.log(2)], atol=1e-6)
    with pytest.raises(ValueError, match="not finite"):
        decompose(jnp.full((2, 3, 4), jnp.nan))
    with pytest.raises(ValueError, match="num_samples must be 1 or more, got 0"):
        stream_decompose(lambda _: jnp.zeros((1, 2)), 0)
