"""One temperature: it is found again, and few labels do not make an extreme one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.metrics import fit_temperature, tempered
from gnothi.metrics.tempering import TEMPERATURES

KEY = jax.random.key(0)
LOGITS = 2 * jax.random.normal(KEY, (4000, 3))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found(temperature):
    labels = jax.random.categorical(jax.random.key(1), LOGITS / temperature)
    found = float(fit_temperature(jax.nn.softmax(LOGITS), labels))
    assert found == pytest.approx(temperature, rel=0.1)
    np.testing.assert_allclose(
        tempered(jax.nn.softmax(LOGITS), jnp.asarray(temperature)), jax.nn.softmax(LOGITS / temperature), atol=1e-5
    )


def test_no_label_gives_1_and_those_beyond_the_count_do_not_count():
    probs, labels = jax.nn.softmax(LOGITS), LOGITS.argmin(axis=1)
    assert float(fit_temperature(probs, labels, 0)) == pytest.approx(1)
    assert float(fit_temperature(probs, labels)) == pytest.approx(float(TEMPERATURES[-1]))
    first = labels.at[2000:].set(0)
    assert float(fit_temperature(probs, first, 2000)) == float(fit_temperature(probs[:2000], labels[:2000]))


def test_certainty_that_was_wrong_is_a_number():
    probs = jnp.array([[1.0, 0.0], [0.0, 1.0]])
    found = tempered(probs, fit_temperature(probs, jnp.array([1, 1])))
    assert np.isfinite(np.asarray(found)).all() and float(found[0, 1]) > 0
