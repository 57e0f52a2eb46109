import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gnothi.learning import adam


@pytest.mark.parametrize("scale", [1.0, 1e-7])  # a small gradient meets eps
def test_updates_are_those_of_optax(scale):
    gradients = scale * jax.random.normal(jax.random.key(0), (200, 7))

    def updates(rule):
        start = rule.init(jnp.zeros(7))
        return jax.lax.scan(lambda state, g: rule.update(g, state)[::-1], start, gradients)[1]

    ours, theirs = updates(adam(1e-3, 0.8, 0.99, 1e-6)), updates(optax.adam(1e-3, 0.8, 0.99, 1e-6))
    np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=1e-9)
    assert jnp.abs(ours).min() < 0.9 * jnp.abs(ours).max()
