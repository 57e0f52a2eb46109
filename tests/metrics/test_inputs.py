"""Ways to choose inputs."""

import jax
import jax.numpy as jnp
import pytest

from gnothi.metrics import dyadic, iid, local

POOL = jax.random.normal(jax.random.key(0), (30, 4))


def test_iid_draws_different_inputs():
    positions = iid(jax.random.key(1), POOL, 30)
    assert sorted(positions.tolist()) == list(range(30))


@pytest.mark.slow
def test_dyadic_sits_on_two_anchors_equally_often():
    keys = jax.random.split(jax.random.key(2), 400)
    positions = jax.vmap(lambda key: dyadic(key, POOL, 10))(keys)
    anchors = jax.vmap(lambda row: jnp.unique(row, size=10, fill_value=-1))(positions)
    assert jnp.all(jnp.sum(anchors >= 0, axis=1) <= 2)
    share = jnp.mean(positions == positions[:, :1])
    assert 0.5 < share < 0.6  # the first is equal to itself; the other nine are half the time


def test_polyadic_uses_kappa_anchors():
    positions = dyadic(jax.random.key(3), POOL, 200, kappa=5)
    assert len(jnp.unique(positions)) == 5


def test_local_takes_the_nearest():
    positions = local(jax.random.key(4), POOL, 5)
    distances = jnp.sum((POOL - POOL[positions[0]]) ** 2, axis=1)
    assert jnp.allclose(jnp.sort(distances)[:5], distances[positions])


@pytest.mark.parametrize("choose", [iid, local])
def test_pool_that_is_too_small_is_refused(choose):
    with pytest.raises(ValueError, match="tau=31 needs 31 test inputs here, got 30"):
        choose(jax.random.key(5), POOL, 31)
    with pytest.raises(ValueError, match="1 or more, got 0"):
        choose(jax.random.key(5), POOL, 0)
    with pytest.raises(ValueError, match="needs 2 test inputs here, got 1"):
        dyadic(jax.random.key(5), POOL[:1], 10)
