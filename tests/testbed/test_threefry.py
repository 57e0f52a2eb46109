"""The old threefry stream: the numbers that JAX itself gives where its old behaviour can still be switched on."""

import jax
import numpy as np
import pytest

from gnothi.testbed import threefry

SHAPES = ((), (1,), (2, 2), (3, 5))


@pytest.fixture
def jax_keys():
    with jax.threefry_partitionable(False):
        yield jax.random.split(jax.random.PRNGKey(76), 5)


KEYS = threefry.split(threefry.key_of(76), 5)


def test_keys_are_those_of_jax(jax_keys):
    assert np.array_equal(KEYS, jax_keys)
    for num in (2, 3, 7):
        assert np.array_equal(threefry.split(KEYS[0], num), jax.random.split(jax_keys[0], num))
    sequence = threefry.KeySequence(KEYS[0])
    second = jax.random.split(jax.random.split(jax_keys[0])[0])[1]
    assert np.array_equal([next(sequence) for _ in range(2)][1], second)


@pytest.mark.parametrize("shape", SHAPES)
def test_numbers_are_those_of_jax(jax_keys, shape):
    def jax_numbers(draw):
        return np.asarray(jax.vmap(draw)(jax_keys))

    uniform = jax_numbers(lambda key: jax.random.uniform(key, shape))
    assert np.array_equal(threefry.uniform(KEYS, shape), uniform)
    normal = jax_numbers(lambda key: jax.random.normal(key, shape))
    assert threefry.normal(KEYS, shape) == pytest.approx(normal, rel=1e-5, abs=1e-6)
    truncated = jax_numbers(lambda key: jax.random.truncated_normal(key, -2, 2, shape))
    assert threefry.truncated_normal(KEYS, shape) == pytest.approx(truncated, rel=1e-5, abs=1e-6)
    assert np.array_equal(threefry.coin(KEYS, shape), jax_numbers(lambda key: jax.random.randint(key, shape, 0, 2)))


def test_numbers_are_pinned():
    """By themselves, should JAX ever lose its old behaviour."""
    assert threefry.split(threefry.key_of(0)).tolist() == [[4146024105, 967050713], [2718843009, 1272950319]]
    assert threefry.normal(threefry.key_of(0), (3,)) == pytest.approx([1.8160863, -0.48262316, 0.33988908], abs=1e-6)


def test_truncated_numbers_stay_within_two():
    numbers = threefry.truncated_normal(threefry.key_of(3), (100_000,))
    assert np.abs(numbers).max() <= 2
    assert numbers.std() == pytest.approx(0.8796, abs=0.005)
    assert numbers.dtype == np.float32
