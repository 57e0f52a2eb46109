import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

import gnothi as gn
from gnothi.enn import WeightGaussian


def test_weights_have_the_covariance_that_was_asked_for():
    net = gn.nn.MLP(2, (3,), 2, key=jax.random.key(0))
    rng = np.random.default_rng(0)
    size = ravel_pytree(net)[0].size
    deviation, directions = rng.uniform(0.1, 1, size).astype(np.float32), rng.normal(size=(4, size)).astype(np.float32)
    enn = WeightGaussian(net, jnp.asarray(deviation), jnp.asarray(directions))
    assert enn.index.size == size + 4
    effects = jax.vmap(lambda z: ravel_pytree(enn.member(z))[0])(jnp.eye(size + 4)) - ravel_pytree(net)[0]
    wanted = np.diag(deviation**2) + directions.T @ directions
    np.testing.assert_allclose(effects.T @ effects, wanted, rtol=1e-3, atol=1e-3)


def test_the_mean_index_is_the_network():
    net = gn.nn.MLP(2, (3,), 2, key=jax.random.key(0))
    enn = WeightGaussian(net, jnp.ones(17), jnp.ones((4, 17)))
    x = jnp.ones((1, 2))
    np.testing.assert_allclose(enn.predict(x, jnp.zeros((1, 21)))[0], jax.vmap(net)(x), rtol=1e-5)
