import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gnothi as gn


def make(key):
    return gn.nn.MLP(2, (4,), 3, key=key)


@pytest.fixture(scope="module")
def members():
    return gn.nn.stack(make, 6, key=jax.random.key(0))


X = jnp.asarray(np.random.default_rng(0).normal(size=(5, 2)), jnp.float32)


def test_member_z_speaks_for_index_z(members):
    enn = gn.enn.Ensemble(members)
    alone = make(jax.random.split(jax.random.key(0), 6)[4])
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), enn.member(4), alone)
    np.testing.assert_allclose(enn(X[0], jnp.array(4)), alone(X[0]), atol=1e-6)
    np.testing.assert_allclose(enn.predict(X)[4], jax.vmap(alone)(X), atol=1e-6)


def test_a_part_of_an_ensemble_keeps_its_members_numbers(members):
    whole = gn.enn.Ensemble(members)
    part = gn.enn.Ensemble(jax.tree.map(lambda leaf: leaf[4:], members), first=4)
    np.testing.assert_allclose(part.predict(X), whole.predict(X)[4:], atol=1e-6)
    for indices in (jnp.array([5]), jnp.array([5, 4, 5, 5])):  # fewer than members, and more
        np.testing.assert_allclose(part.predict(X, indices), whole.predict(X, indices), atol=1e-6)


def test_no_member_runs_twice(members):
    enn = gn.enn.Ensemble(members)
    program = str(jax.make_jaxpr(enn.predict)(X, jnp.zeros(50, int)))
    products = [line for line in program.splitlines() if "dot_general" in line]
    assert len(products) == 2 and not any("[50," in line for line in products)
