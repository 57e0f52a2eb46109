"""Batches that are informative together, held to listed joint predictions."""

from itertools import combinations, product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnothi.metrics import PRIORITIES, choose, choose_batch, joint_information

KEY = jax.random.key(0)


def pool(samples=6, inputs=9, classes=3, scale=2.0, seed=1):
    return scale * jax.random.normal(jax.random.key(seed), (samples, inputs, classes))


def listed_information(logits):
    """Mutual information of all labels with the index, by listing every label vector, in double precision."""
    logits = np.asarray(logits, float)
    probs = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    total = 0.0
    for labels in product(range(logits.shape[2]), repeat=logits.shape[1]):
        each = np.prod([probs[:, i, label] for i, label in enumerate(labels)], axis=0)
        total += np.mean(each * np.log(each / each.mean()))
    return total


def listed_greedy(logits, count):
    picked = []
    for _ in range(count):
        rest = [i for i in range(logits.shape[1]) if i not in picked]
        picked.append(max(rest, key=lambda i: listed_information(logits[:, jnp.array([*picked, i])])))
    return picked


@pytest.mark.parametrize("shape", [(6, 1, 3), (6, 4, 3), (2, 5, 2), (1, 3, 2)])
def test_joint_information_equals_enumeration(shape):
    logits = pool(*shape)
    assert joint_information(logits, KEY) == pytest.approx(listed_information(logits), abs=2e-6)


@pytest.mark.parametrize("seed", range(5))
def test_picks_are_those_of_enumeration(seed):
    logits = pool(seed=seed)
    assert choose_batch(logits, 4, KEY).tolist() == listed_greedy(logits, 4)


def test_a_compiled_program_may_choose():
    compiled = jax.jit(lambda logits, key: choose_batch(logits, 4, key))
    assert compiled(pool(), KEY).tolist() == listed_greedy(pool(), 4)


@pytest.mark.slow
def test_a_pool_of_many_blocks_is_searched_whole(monkeypatch):
    """Skipping inputs whose bound is too low changes nothing: here every input is a block of its own."""
    from gnothi.metrics import batch_acquisition

    logits = pool(inputs=37, seed=3)
    batch_acquisition._greedy.clear_cache()
    monkeypatch.setattr(batch_acquisition, "CHUNK", 1)
    alone = choose_batch(logits, 4, KEY)
    batch_acquisition._greedy.clear_cache()
    monkeypatch.setattr(batch_acquisition, "CHUNK", 10**9)
    assert alone.tolist() == choose_batch(logits, 4, KEY).tolist() == listed_greedy(logits, 4)
    batch_acquisition._greedy.clear_cache()


@pytest.mark.slow
def test_greedy_is_near_the_best_batch():
    logits = pool(samples=10, inputs=8, seed=2)
    found = listed_information(logits[:, choose_batch(logits, 3, KEY)])
    best = max(listed_information(logits[:, jnp.array(batch)]) for batch in combinations(range(8), 3))
    assert (1 - 1 / np.e) * best < 0.97 * best <= found <= best + 1e-9


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.3, 2.0, 10.0]))
def test_the_first_pick_is_that_of_bald(seed, scale):
    logits = pool(seed=seed, scale=scale)
    scores = PRIORITIES["bald"](logits, KEY)
    assert scores[choose_batch(logits, 1, KEY)[0]] >= jnp.max(scores) - 1e-6
    assert jnp.sort(choose_batch(logits, 9, KEY, num_configurations=5)).tolist() == list(range(9))


def test_a_copy_is_left_for_an_input_that_says_something_new():
    """Three copies of the most disputed input. BALD takes copies; a batch takes one, and all the others before it."""
    signs = jnp.array(list(product([1.0, -1.0], repeat=3)))  # eight samples, three inputs that vary independently
    strength = jnp.array([3.0, 3.0, 3.0, 1.0, 0.5])
    logits = (strength * signs[:, jnp.array([0, 0, 0, 1, 2])])[..., None] * jnp.array([0.5, -0.5])
    alone = choose(PRIORITIES["bald"](logits, KEY), 3, KEY)
    assert sorted(alone.tolist()) == [0, 1, 2]
    for seed in range(5):
        together = choose_batch(logits, 3, jax.random.key(seed)).tolist()
        assert together[0] in (0, 1, 2)
        assert 3 in together
        sure = choose_batch(10 * logits, 3, jax.random.key(seed)).tolist()
        assert len({(0, 0, 0, 1, 2)[i] for i in sure}) == 3


@pytest.mark.slow
def test_copies_are_left_also_with_drawn_configurations():
    """Six disputed inputs, five copies of each: with 4 configurations kept, the last three picks are by drawn ones."""
    signs = jnp.array(list(product([1.0, -1.0], repeat=6)))
    which = jnp.arange(30) % 6
    logits = 8 * signs[:, which][..., None] * jnp.array([0.5, -0.5])
    for seed in range(5):
        batch = choose_batch(logits, 6, jax.random.key(seed), num_configurations=4)
        assert sorted(which[batch].tolist()) == list(range(6))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.3, 2.0, 30.0]), st.sampled_from([50, 10_000]))
def test_information_of_a_batch_is_bounded(seed, scale, num_configurations):
    """By the sum of what each label says alone, and by all there is to know of the index; drawn or listed."""
    logits = pool(samples=5, inputs=5, scale=scale, seed=seed)
    together = joint_information(logits, KEY, num_configurations=num_configurations)
    alone = PRIORITIES["bald"](logits, KEY)
    drawn = num_configurations < 3**5
    assert together <= jnp.log(5) + 1e-5
    assert together <= jnp.sum(alone) + (0.15 if drawn else 1e-5)
    assert together >= jnp.max(alone) - (0.15 if drawn else 1e-5)


@pytest.mark.slow
def test_drawn_configurations_estimate_without_bias():
    """300 estimates of 30 draws each: their mean is within its error of the listed value, and so is that of gains."""
    logits = pool(samples=7, inputs=4, scale=1.5, seed=4)
    keys = jax.random.split(KEY, 300)
    found = jax.vmap(lambda key: joint_information(logits, key, num_configurations=30))(keys)
    exact = listed_information(logits)
    assert abs(found.mean() - exact) < 4 * found.std() / np.sqrt(300)
    assert found.std() / np.sqrt(300) < 0.02 * exact

    from gnothi.metrics.batch_acquisition import _drawn, _gains, _pool

    whole, rest = _pool(logits), jnp.arange(3, 4)
    known = jnp.array([True, True, True])

    def gain(key):
        return _gains(whole, rest, _drawn(key, whole.log_probs[:3], known, 30))[0]

    gains = jax.vmap(gain)(keys)
    exact -= listed_information(logits[:, :3])
    assert abs(gains.mean() - exact) < 4 * gains.std() / np.sqrt(300)
    assert gains.std() / np.sqrt(300) < 0.02 * exact


@pytest.mark.slow
def test_batches_from_drawn_configurations_are_as_good_as_from_listed_ones():
    logits = pool(samples=40, inputs=60, scale=1.5, seed=5)
    listed = choose_batch(logits, 8, KEY, num_configurations=3**7)  # of the first seven
    worth = joint_information(logits[:, listed], KEY)
    by_bald = joint_information(logits[:, choose(PRIORITIES["bald"](logits, KEY), 8, KEY)], KEY)
    for seed in range(3):
        drawn = choose_batch(logits, 8, jax.random.key(seed), num_configurations=60)  # drawn from the fifth on
        assert len(set(drawn.tolist())) == 8
        assert joint_information(logits[:, drawn], KEY) > 0.97 * worth
    assert by_bald < worth


def test_ties_are_broken_at_random():
    logits = jnp.tile(pool(inputs=1), (1, 8, 1))
    first = {int(choose_batch(logits, 1, jax.random.key(seed))[0]) for seed in range(60)}
    assert first == set(range(8))


@pytest.mark.slow
def test_saturated_logits_stay_finite():
    logits = 1e4 * pool(samples=4, inputs=6)
    assert len(set(choose_batch(logits, 6, KEY, num_configurations=20).tolist())) == 6
    assert joint_information(logits, KEY) == pytest.approx(listed_information_of_sure(logits), abs=1e-5)


def listed_information_of_sure(logits):
    """Samples that are sure of every label: the entropy of which label vectors they hold."""
    _, counts = np.unique(np.asarray(jnp.argmax(logits, axis=2)), axis=0, return_counts=True)
    shares = counts / counts.sum()
    return -np.sum(shares * np.log(shares))


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="count must be between 1 and the 9 inputs of the pool, got 10"):
        choose_batch(pool(), 10, KEY)
    with pytest.raises(ValueError, match="count must be between 1"):
        choose_batch(pool(), 0, KEY)
    with pytest.raises(ValueError, match="num_configurations must be 1 or more, got 0"):
        choose_batch(pool(), 2, KEY, num_configurations=0)
    with pytest.raises(ValueError, match="num_configurations must be 1 or more, got 0"):
        joint_information(pool(), KEY, num_configurations=0)
    with pytest.raises(ValueError, match="logits: 1 of 162 numbers are not finite"):
        choose_batch(pool().at[0, 0, 0].set(jnp.inf), 2, KEY)
