"""Priorities of a pool, held to definitions and to cases whose answer is known."""

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnothi.metrics import PRIORITIES, choose

KEY = jax.random.key(0)
JUDGING = sorted(set(PRIORITIES) - {"uniform"})


def pool(samples=7, inputs=30, classes=4, scale=2.0, seed=1):
    return scale * jax.random.normal(jax.random.key(seed), (samples, inputs, classes))


def by_definition(logits):
    """Every rule, number by number in double precision."""
    logits = np.asarray(logits, float)
    found = {name: np.zeros(logits.shape[1]) for name in JUDGING}
    for i in range(logits.shape[1]):
        probs = np.exp(logits[:, i]) / np.exp(logits[:, i]).sum(axis=1, keepdims=True)
        mean = [sum(p[c] for p in probs) / len(probs) for c in range(logits.shape[2])]
        ranked = sorted(mean, reverse=True)
        found["entropy"][i] = -sum(p * np.log(p) for p in mean)
        found["margin"][i] = ranked[1] - ranked[0]
        found["variation_ratio"][i] = 1 - ranked[0]
        # The mutual information of label and index: both are listed.
        for p in probs:
            found["bald"][i] += sum(p[c] / len(probs) * np.log(p[c] / mean[c]) for c in range(len(mean)))
            found["variance"][i] += sum((p[c] - mean[c]) ** 2 / len(probs) for c in range(len(mean)))
    return found


@pytest.mark.parametrize("name", JUDGING)
@pytest.mark.parametrize("shape", [(7, 30, 4), (1, 5, 2), (3, 1, 12), (20, 1500, 3)])
def test_rules_are_as_published(name, shape):
    logits = pool(*shape)
    assert PRIORITIES[name](logits, KEY) == pytest.approx(by_definition(logits)[name], abs=2e-6)


@pytest.mark.parametrize("name", sorted(PRIORITIES))
def test_compiled_and_not_are_alike(name):
    logits = pool()
    assert jnp.allclose(jax.jit(PRIORITIES[name])(logits, KEY), PRIORITIES[name](logits, KEY), atol=1e-6)


def test_a_coin_flip_and_a_dispute():
    """To everybody a fair coin; and half the samples sure of one label, half of the other: only that differs."""
    coin, dispute = jnp.zeros((4, 2)), 40.0 * jnp.array([[1.0, -1.0], [-1.0, 1.0]] * 2)
    logits = jnp.stack([coin, dispute], axis=1)
    scores = {name: PRIORITIES[name](logits, KEY).tolist() for name in JUDGING}
    assert scores["entropy"] == pytest.approx([np.log(2), np.log(2)], abs=1e-6)
    assert scores["margin"] == pytest.approx([0, 0], abs=1e-6)
    assert scores["variation_ratio"] == pytest.approx([0.5, 0.5], abs=1e-6)
    assert scores["bald"] == pytest.approx([0, np.log(2)], abs=1e-6)
    assert scores["variance"] == pytest.approx([0, 0.5], abs=1e-6)


@pytest.mark.parametrize("name", JUDGING)
def test_what_has_underflowed_is_safe(name):
    """Logits thousands apart: probabilities of exactly 0 and 1, and no NaN."""
    logits = jnp.array([[[0.0, 5000.0, -5000.0], [3e38, -3e38, 0.0]], [[0.0, 5000.0, -5000.0], [-3e38, 3e38, 0.0]]])
    scores = PRIORITIES[name](logits, KEY)
    assert jnp.all(jnp.isfinite(scores))
    least = -1.0 if name == "margin" else 0.0
    assert scores[0] == pytest.approx(least, abs=1e-6)
    assert scores[1] > least + 0.4


def test_small_disagreement_is_not_lost_in_rounding():
    """Logits x and -x of two classes, nearly equal: BALD is their variance over 2, and the variance of p is it over 4.

    Second-order expansion at p = 1/2: p = 1/2 + x/2, entropy log 2 - x^2/2.
    """
    x = 0.01 * jnp.array([1.0, -1.0, 1.0, -1.0])
    logits = jnp.stack([x, -x], axis=1)[:, None]
    assert PRIORITIES["bald"](logits, KEY)[0] == pytest.approx(0.01**2 / 2, abs=2e-7)
    assert PRIORITIES["variance"](logits, KEY)[0] == pytest.approx(2 * (0.01 / 2) ** 2, rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(JUDGING))
def test_neither_order_nor_level_of_logits_matters(seed, name):
    logits = pool(seed=seed)
    k1, k2, k3 = jax.random.split(jax.random.key(seed), 3)
    samples, classes = jax.random.permutation(k1, 7), jax.random.permutation(k2, 4)
    moved = logits[samples][:, :, classes] + 10 * jax.random.normal(k3, (7, 30, 1))
    assert jnp.allclose(PRIORITIES[name](moved, KEY), PRIORITIES[name](logits, KEY), atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 2.0, 30.0]), st.sampled_from([2, 7]))
def test_bald_is_at_most_the_entropy_and_the_log_of_samples(seed, scale, samples):
    logits = pool(samples=samples, scale=scale, seed=seed)
    bald = PRIORITIES["bald"](logits, KEY)
    assert jnp.all(bald >= -1e-6)
    assert jnp.all(bald <= PRIORITIES["entropy"](logits, KEY) + 1e-6)
    assert jnp.all(bald <= np.log(samples) + 1e-6)


@pytest.mark.parametrize("name", ["bald", "variance"])
def test_samples_that_agree_leave_nothing_to_learn(name):
    one = pool(samples=1)
    assert PRIORITIES[name](jnp.tile(one, (9, 1, 1)), KEY) == pytest.approx(0, abs=1e-6)


def test_uniform_reads_no_logits():
    first, second = PRIORITIES["uniform"](pool(), KEY), PRIORITIES["uniform"](pool(seed=2), KEY)
    assert jnp.array_equal(first, second)
    assert not jnp.array_equal(first, PRIORITIES["uniform"](pool(), jax.random.key(1)))


@pytest.mark.parametrize("name", sorted(PRIORITIES))
def test_logits_that_are_not_finite_are_counted_and_refused(name):
    broken = pool().at[3, 5, 2].set(jnp.nan).at[4, 5, 0].set(-jnp.inf)
    with pytest.raises(
        ValueError, match=r"logits: 2 of 840 numbers are not finite \(first: sample 3, input 5, class 2"
    ):
        PRIORITIES[name](broken, KEY)
    assert jax.jit(PRIORITIES[name])(broken, KEY).shape == (30,)  # nobody can look


@pytest.mark.parametrize("shape", [(0, 3, 2), (3, 0, 2), (3, 3, 1)])
def test_a_pool_has_samples_inputs_and_classes(shape):
    with pytest.raises(ValueError, match="a sample, an input and two classes at least, got shape"):
        PRIORITIES["margin"](jnp.zeros(shape), KEY)


def test_the_best_are_chosen_best_first():
    priorities = jax.random.permutation(KEY, jnp.arange(50.0))
    chosen = choose(priorities, 12, KEY)
    assert priorities[chosen].tolist() == list(range(49, 37, -1))
    assert sorted(choose(priorities, 50, KEY).tolist()) == list(range(50))


def test_ties_are_broken_at_random():
    """One clear winner and nine equals, of which three are chosen: each as often as any other."""
    priorities = jnp.zeros(10).at[4].set(1.0)
    chosen = jax.vmap(lambda key: choose(priorities, 4, key))(jax.random.split(KEY, 1800))
    assert jnp.all(chosen[:, 0] == 4)
    counts = Counter(np.asarray(chosen[:, 1:]).ravel().tolist())
    assert len(counts) == 9
    deviation = np.sqrt(1800 * (1 / 3) * (2 / 3))
    assert all(abs(count - 600) < 4 * deviation for count in counts.values())


@pytest.mark.parametrize("count", [0, -1, 11])
def test_counts_outside_the_pool_are_refused(count):
    with pytest.raises(ValueError, match=f"count must be between 1 and the 10 inputs of the pool, got {count}"):
        choose(jnp.zeros(10), count, KEY)


def test_priorities_that_are_nan_are_refused():
    with pytest.raises(ValueError, match=r"priorities: 1 of 10 are NaN \(first: 6\)"):
        choose(jnp.zeros(10).at[6].set(jnp.nan), 2, KEY)
