import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS, HMCAgent, PriorKnowledge, is_trusted
from gnothi.agents.exact import ExactAgent
from gnothi.agents.posterior import split_r_hat
from gnothi.data import Dataset

pytest.importorskip("blackjax")


@pytest.mark.slow
def test_it_agrees_with_the_exact_posterior():
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(6, 2)).astype(np.float32), np.array([0, 1, 1, 0, 1, 1], np.int32))
    prior, x = PriorKnowledge(2, 0.2), rng.normal(size=(20, 2)).astype(np.float32)
    chains = HMCAgent(num_chains=4, warm_up=150, draws=250, hidden=(8,))
    found = jax.jit(chains)(data, prior, jax.random.key(0))
    exact = jax.jit(ExactAgent(num_prior=20_000, hidden=(8,)))(data, prior, jax.random.key(1))
    assert is_trusted(found) and is_trusted(exact), (found.diagnostics, exact.diagnostics)
    probs = [jax.nn.softmax(each.predict(jnp.asarray(x)))[..., 0] for each in (found, exact)]
    np.testing.assert_allclose(probs[0].mean(0), probs[1].mean(0), atol=0.06)
    np.testing.assert_allclose(probs[0].std(0), probs[1].std(0), atol=0.05)
    # And jointly: products of probabilities at two inputs.
    np.testing.assert_allclose(*(jnp.einsum("mi,mj->ij", p, p) / len(p) for p in probs), atol=0.06)


def test_chains_that_disagree_are_seen():
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(4, 500))
    assert float(split_r_hat(jnp.asarray(draws))) == pytest.approx(1, abs=0.01)
    assert float(split_r_hat(jnp.asarray(draws + np.arange(4)[:, None]))) > 1.3
    # Not yet where they go: means of halves are 1.5 apart, and each half is as wide as its noise and its drift.
    drifting = np.sqrt(1 + 0.75**2 * 8 / 7 / (1 + 1.5**2 / 12))
    assert float(split_r_hat(jnp.asarray(draws + np.linspace(0, 3, 500)))) == pytest.approx(drifting, abs=0.03)


def test_the_registered_one_keeps_a_thousand_draws():
    agent = AGENTS["hmc"]
    assert agent.num_chains * agent.draws == 1000
