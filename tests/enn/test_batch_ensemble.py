import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gnothi as gn
from gnothi.enn import BatchEnsemble

NET = gn.nn.MLP(2, (4,), 3, key=jax.random.key(0), first_bias_std=1.0)


def test_the_definition():
    """y = (W (x * r)) * s + b, in each layer."""
    enn = BatchEnsemble(NET, 5, key=jax.random.key(1))
    x = jnp.asarray([0.3, -1.2])
    hidden = jax.nn.relu((NET.weights[0] @ (x * enn.reads[0][2])) * enn.writes[0][2] + NET.biases[0])
    wanted = (NET.weights[1] @ (hidden * enn.reads[1][2])) * enn.writes[1][2] + NET.biases[1]
    np.testing.assert_allclose(enn(x, jnp.asarray(2)), wanted, rtol=1e-4, atol=1e-6)


def test_members_share_their_weights_and_start_from_factors_around_1():
    many = BatchEnsemble(NET, 10_000, key=jax.random.key(1), spread=0.2)
    for vectors in (*many.reads, *many.writes):
        np.testing.assert_allclose(jnp.mean(vectors, axis=0), 1, atol=4 * 0.2 / 100)
        np.testing.assert_allclose(jnp.std(vectors, axis=0), 0.2, rtol=0.05)
    enn = BatchEnsemble(NET, 5, key=jax.random.key(1))
    shapes = sorted(leaf.shape for leaf in jax.tree.leaves(gn.nn.partition(enn)[0]))
    assert shapes == sorted([(4, 2), (3, 4), (5, 2), (5, 4), (5, 4), (5, 3), (5, 4), (5, 3)])
    assert np.ptp(np.asarray(enn.predict(jnp.ones((1, 2)))), axis=0).min() > 0


def test_squared_weights_are_those_of_the_members():
    enn = BatchEnsemble(NET, 5, key=jax.random.key(1))
    enn = jax.tree.map(lambda leaf: leaf * 1.3, enn)
    wanted = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(enn.ensemble.members))
    assert float(enn.squared_weights()) == pytest.approx(float(wanted), rel=1e-4)


def test_there_must_be_members_and_they_must_differ():
    with pytest.raises(ValueError, match="at least one member, got count=0"):
        BatchEnsemble(NET, 0, key=jax.random.key(1))
    with pytest.raises(ValueError, match="spread must be positive"):
        BatchEnsemble(NET, 2, key=jax.random.key(1), spread=0.0)
