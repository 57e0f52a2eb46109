"""Planners: what each rule takes where it can be worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.decisions.planners import (
    Boltzmann,
    Greedy,
    InformationDirected,
    Planner,
    Thompson,
    TopTwoThompson,
    UpperConfidence,
    best_action,
    regret_and_information,
)

KEYS = jax.random.split(jax.random.key(0), 4000)


def shares(planner, values):
    """How often each action is taken, over keys."""
    taken = jax.jit(jax.vmap(lambda key: planner(values, key)))(KEYS)
    return np.bincount(np.asarray(taken), minlength=values.shape[1]) / len(KEYS)


def test_ties_are_broken_evenly():
    taken = jax.vmap(lambda key: best_action(jnp.array([1.0, 3.0, 3.0, 3.0]), key))(KEYS)
    np.testing.assert_allclose(np.bincount(taken, minlength=4) / len(KEYS), [0, 1 / 3, 1 / 3, 1 / 3], atol=0.03)


def test_each_rule_on_values_it_can_be_worked_out_for():
    safe_or_sorry = jnp.array([[0.5, 2.0, 0.0], [0.5, -1.4, 0.0]])  # the second is worth .3 on average, +- 1.7
    assert shares(Thompson(), safe_or_sorry[:1]).tolist() == [0, 1, 0]
    assert shares(Greedy(num_samples=2), safe_or_sorry).tolist() == [1, 0, 0]
    assert shares(UpperConfidence(1.0, num_samples=2), safe_or_sorry).tolist() == [0, 1, 0]
    np.testing.assert_allclose(shares(Greedy(0.3, 2), safe_or_sorry), [0.8, 0.1, 0.1], atol=0.03)
    odds = np.exp([0.5, 0.3, 0.0])
    np.testing.assert_allclose(shares(Boltzmann(1.0, 2), safe_or_sorry), odds / odds.sum(), atol=0.03)


def test_top_two_takes_the_challenger_as_often_as_it_is_told():
    values = jnp.array([[1.0, 0.0, 0.5], [2.0, 0.0, 0.5], [0.0, 3.0, 0.5]])
    np.testing.assert_allclose(shares(TopTwoThompson(0.7, 3), values), [0.7, 0.3, 0], atol=0.03)
    agreed = jnp.array([[1.0, 0.0, 0.5], [2.0, 0.0, 0.5]])  # then the second best of the last
    np.testing.assert_allclose(shares(TopTwoThompson(0.7, 2), agreed), [0.7, 0, 0.3], atol=0.03)


def test_information_is_what_knowing_the_best_action_would_tell():
    values = jnp.array([[1.0, 0.0, 0.4], [0.0, 1.0, 0.4]])
    regret, information = regret_and_information(values)
    np.testing.assert_allclose(regret, [0.5, 0.5, 0.6], atol=1e-6)
    np.testing.assert_allclose(information, [0.25, 0.25, 0.0], atol=1e-6)


def test_information_direction_pays_for_what_it_learns_and_for_nothing_else():
    """An action that is never best but tells which one is: Thompson never takes it."""
    values = jnp.array([[1.0, 0.0, 0.45 + 0.4], [0.0, 1.0, 0.45 - 0.4]])
    sampled = jnp.mean(jnp.stack([jnp.asarray(shares(Thompson(), values[i : i + 1])) for i in (0, 1)]), axis=0)
    assert float(sampled[2]) == 0
    telling = jnp.array([[0.55, 0.45, 0.5 + 0.04, 0.5 + 2.0], [0.45, 0.55, 0.5 - 0.04, 0.5 - 2.0]]) - jnp.array(
        [0, 0, 0, 2.0]
    )
    regret, information = regret_and_information(telling)
    ratios = regret**2 / information.clip(1e-6)
    taken = shares(InformationDirected(num_samples=2), telling)
    assert ratios[taken.argmax()] <= ratios.min() * 1.01 + 1e-6
    certain = jnp.array([[1.0, 0.0, 0.9], [1.0, 0.0, 0.9]])
    assert shares(InformationDirected(num_samples=2), certain).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "planner", [Thompson(), TopTwoThompson(), Greedy(), UpperConfidence(), Boltzmann(), InformationDirected()]
)
def test_all_have_one_interface(planner):
    assert isinstance(planner, Planner)
    values = jax.random.normal(jax.random.key(1), (planner.num_samples, 5))
    assert 0 <= int(planner(values, KEYS[0])) < 5
