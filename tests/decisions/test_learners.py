"""Learning a reward at a time: the exact posteriors are what closed forms and another library say they are."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from gnothi.agents import AGENTS, PriorKnowledge, find_agent
from gnothi.decisions import (
    FromReplay,
    Learner,
    LinearPosterior,
    LogisticPosterior,
    draw_bandit,
    draw_linear_bandit,
    draw_logistic_bandit,
    play,
    uniform_regret,
)

LINEAR = [draw_linear_bandit(seed) for seed in range(20)]
RNG = np.random.default_rng(0)
ACTIONS = jnp.asarray(RNG.standard_normal((12, 3)), jnp.float32)


def after(learner, prior, taken, rewards):
    state, values, learn = learner(ACTIONS, prior, len(taken), jax.random.key(0))
    for count, (action, reward) in enumerate(zip(taken, rewards, strict=True), start=1):
        state = learn(state, jnp.int32(action), jnp.float32(reward), jnp.int32(count), jax.random.key(count))
    return state, values


def test_the_linear_posterior_is_the_closed_form():
    taken, rewards = RNG.integers(12, size=30), RNG.standard_normal(30)
    state, values = after(LinearPosterior(), PriorKnowledge(1, noise_std=0.5), taken, rewards)
    seen = np.asarray(ACTIONS, float)[taken]
    covariance = np.linalg.inv(3 * np.eye(3) + seen.T @ seen / 0.25)
    mean = covariance @ seen.T @ rewards / 0.25
    draws = np.asarray(values(state, 40_000, jax.random.key(1)), float)
    every = np.asarray(ACTIONS, float)
    spread = np.sqrt(np.diag(every @ covariance @ every.T))
    np.testing.assert_allclose(draws.mean(axis=0), every @ mean, atol=5 * spread.max() / 200)
    np.testing.assert_allclose(np.cov(draws.T), every @ covariance @ every.T, atol=0.05 * spread.max() ** 2)


def test_the_logistic_posterior_is_at_the_most_likely_weights_with_their_curvature():
    temperature = 0.5
    taken = RNG.integers(12, size=60)
    chance = 1 / (1 + np.exp(-np.asarray(ACTIONS) @ np.array([1.0, -2.0, 0.5])))
    rewards = RNG.uniform(size=60) < chance[taken]
    prior = PriorKnowledge(2, temperature)
    state, values = after(LogisticPosterior(), prior, taken, rewards)
    seen = np.asarray(ACTIONS, float)[taken]
    decay = 3 * temperature**2  # one over the variance of the weights
    exact = LogisticRegression(C=1 / decay, fit_intercept=False, tol=1e-10, max_iter=1000).fit(seen, rewards)
    np.testing.assert_allclose(state[0], exact.coef_[0], rtol=1e-3, atol=1e-3)
    p = exact.predict_proba(seen)[:, 1]
    covariance = np.linalg.inv((seen.T * (p * (1 - p))) @ seen + decay * np.eye(3))
    drawn = np.asarray(values(state, 40_000, jax.random.key(1)), float)
    logits = np.log(drawn / (1 - drawn))
    every = np.asarray(ACTIONS, float)
    np.testing.assert_allclose(np.cov(logits.T), every @ covariance @ every.T, rtol=0.1, atol=0.05)


def test_exact_thompson_sampling_has_regret_that_grows_as_the_root_of_time():
    regret = play(LinearPosterior(), LINEAR, horizon=2000).regret.cumsum(axis=1).mean(axis=0)
    times = np.array([125, 250, 500, 1000, 2000])
    exponent = np.polyfit(np.log(times), np.log(regret[times - 1]), 1)[0]
    assert 0.35 < exponent < 0.6
    # Russo and Van Roy 2016: at most the root of 2 variance * features * entropy of the best action * time; variance is
    # that of a reward given the past, noise's 1 and at most the prior's 1/5 of a unit action.
    assert regret[-1] < np.sqrt(2 * 1.2 * 5 * np.log(500) * 2000)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ensemble+:num_members=10", "epinet"])
def test_networks_lie_between_the_exact_posterior_and_uniform(name):
    agent = find_agent(name, AGENTS)
    exact = play(LinearPosterior(), LINEAR[:8], horizon=1000).regret.sum(axis=1)
    network = play(agent, LINEAR[:8], horizon=1000, batch_size=32).regret.sum(axis=1)
    uniform = 1000 * np.array([uniform_regret(bandit) for bandit in LINEAR[:8]])
    assert exact.mean() < network.mean() < 0.5 * uniform.mean()


def test_logistic_thompson_sampling_stops_paying():
    bandits = [draw_logistic_bandit(seed) for seed in range(5)]
    regret = play(LogisticPosterior(), bandits, horizon=500).regret
    assert regret[:, -100:].mean() < 0.02 * np.mean([uniform_regret(bandit) for bandit in bandits])


def test_a_wrapped_agent_plays_as_the_agent_does():
    agent = AGENTS["mlp"]
    bandits = [draw_bandit(seed, num_actions=10) for seed in range(2)]
    wrapped = FromReplay(agent, batch_size=16)
    assert isinstance(wrapped, Learner)
    np.testing.assert_array_equal(
        play(wrapped, bandits, horizon=30).taken, play(agent, bandits, horizon=30, batch_size=16).taken
    )


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="LogisticPosterior"):
        play(LinearPosterior(), [draw_bandit(0)], horizon=5)
    with pytest.raises(ValueError, match="LinearPosterior"):
        play(LogisticPosterior(), LINEAR[:1], horizon=5)
    with pytest.raises(ValueError, match="1 or more"):
        FromReplay(AGENTS["mlp"], batch_size=0)
    with pytest.raises(ValueError, match="shape and kind"):
        play(LinearPosterior(), [LINEAR[0], draw_logistic_bandit(0)], horizon=5)
    with pytest.raises(ValueError, match="noise_std must be positive"):
        draw_linear_bandit(0, noise_std=0.0)
    with pytest.raises(ValueError, match="temperature must be positive"):
        draw_logistic_bandit(0, temperature=-1.0)
