import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import gnothi as gn
from gnothi.enn import LastLayerEnsemble

X = jnp.asarray(np.random.default_rng(0).normal(size=(6, 2)), jnp.float32)
BASE = gn.nn.MLP(2, (5,), 3, key=jax.random.key(0), first_bias_std=1.0)
HEADS = gn.nn.stack(lambda key: gn.nn.MLP(5 + 2, (4,), 3, key=key), 4, key=jax.random.key(1))


def test_the_definition():
    enn = LastLayerEnsemble(BASE, HEADS)
    seen = jnp.concatenate([BASE.features(X[0]), X[0]])
    np.testing.assert_allclose(enn(X[0], jnp.asarray(2)), BASE(X[0]) + enn.heads.member(2)(seen), rtol=1e-4, atol=1e-6)


def test_heads_do_not_shape_the_features_they_read():
    def total(enn):
        return jnp.sum((enn.predict(X) - jax.vmap(enn.base)(X)) ** 2)

    gradient = eqx.filter_grad(total)(LastLayerEnsemble(BASE, HEADS))
    np.testing.assert_allclose(gradient.base.weights[0], 0, atol=1e-4)
    assert all(jnp.abs(leaf).max() > 0.01 for leaf in gradient.heads.members.weights)
