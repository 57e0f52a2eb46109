"""Samples a few at a time give what all at once give, and are not kept."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.metrics import RunningLogMean, log_mean_exp, stream_log_mean_exp

VALUES = 30 * jax.random.normal(jax.random.key(0), (207, 3))


@pytest.mark.parametrize("sizes", [(207,), (1, 206), (19, 1, 20, 67, 100), (7, 3, 197)])
def test_a_running_mean_is_that_of_all_whatever_the_blocks(sizes):
    running, start = RunningLogMean.empty((3,)), 0
    for size in sizes:
        running, start = running.add(VALUES[start : start + size]), start + size
    for found, known in zip(running.finish(), log_mean_exp(VALUES), strict=True):
        np.testing.assert_allclose(found, known, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("exhaustive", [False, True])
@pytest.mark.parametrize(("num_samples", "chunk"), [(207, 50), (200, 50), (11, 4), (11, 100)])
def test_a_stream_is_the_mean_of_all(num_samples, chunk, exhaustive):
    streamed = stream_log_mean_exp(lambda i: VALUES[i], num_samples, chunk=chunk, exhaustive=exhaustive)
    for found, known in zip(streamed, log_mean_exp(VALUES[:num_samples], exhaustive), strict=True):
        np.testing.assert_allclose(found, known, rtol=1e-4, atol=1e-5)


def largest(jaxpr):
    """How many numbers the largest array of a program holds, in its loops too."""
    sizes = [0]
    for equation in jaxpr.eqns:
        sizes += [np.prod(var.aval.shape, dtype=int) for var in equation.outvars]
        for value in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda v: hasattr(v, "jaxpr")):
            if hasattr(value, "jaxpr"):
                sizes.append(largest(value.jaxpr))
    return max(sizes)


def test_memory_is_what_the_docstring_says_however_many_samples():
    key, rest, chunk = jax.random.key(0), 50, 30

    def values(positions):
        return jax.vmap(lambda i: jax.random.normal(jax.random.fold_in(key, i), (rest,)))(positions)

    for num_samples in (300, 3000):
        program = jax.make_jaxpr(lambda n=num_samples: stream_log_mean_exp(values, n, chunk=chunk))()
        # one position a sample is listed; padding fills the last round of 20 groups
        assert largest(program.jaxpr) <= max((chunk + 20) * rest, num_samples)


def test_the_impossible_stays_impossible_and_nan_is_not_lost():
    values = jnp.full((40, 2), -jnp.inf).at[35, 1].set(3.0)
    running = RunningLogMean.empty((2,)).add(values[:20]).add(values[20:])
    np.testing.assert_allclose(running.finish()[0], log_mean_exp(values)[0], rtol=1e-6)
    assert jnp.isneginf(running.finish()[0][0])
    broken = RunningLogMean.empty((2,)).add(values.at[0, 0].set(jnp.nan)).add(values)
    assert jnp.isnan(broken.finish()[0][0])
    assert jnp.isfinite(broken.finish()[0][1])


def test_no_samples_are_refused():
    with pytest.raises(ValueError, match="num_samples and chunk must be 1 or more, got 0 and 100"):
        stream_log_mean_exp(lambda i: VALUES[i], 0)
