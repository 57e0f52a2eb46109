import jax
import jax.numpy as jnp
import numpy as np

from gnothi.agents import AGENTS, DeepKernelAgent, PriorKnowledge
from gnothi.data import Dataset
from tests.agents.small_problem import assert_it_knows_what_it_does_not_know


def test_the_published_deep_kernel(recipe):
    """Logits vary by (scale s / sqrt(data temperature))^2 phi' (s^2 I + Phi' Phi)^-1 phi, alike for every class."""
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(30, 4)).astype(np.float32), rng.integers(0, 3, 30).astype(np.int32))
    head = DeepKernelAgent(steps=5)(data, PriorKnowledge(3, 0.25), jax.random.key(0))
    phi = np.asarray(jax.vmap(head.network.features)(jnp.asarray(data.x)), np.float64)
    phi /= np.linalg.norm(phi, axis=1, keepdims=True)
    noise = 4 * 0.25
    covariance = np.linalg.inv(noise * np.eye(50) + phi.T @ phi) * 2**2 * noise / 30 / 0.25
    for factor in np.asarray(head.factor.blocks):
        np.testing.assert_allclose(factor @ factor.T, covariance, rtol=1e-3, atol=1e-5)
    assert head.read == "unit" and len(head.factor.blocks) == 3


def test_at_most_so_many_rows_are_taken_in():
    data = Dataset(np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32), np.arange(30) % 2)
    few, all_ = (DeepKernelAgent(steps=1, most_rows=most) for most in (10, 100))
    few, all_ = (agent(data, PriorKnowledge(2, 0.25), jax.random.key(0)) for agent in (few, all_))
    assert jnp.trace(few.factor.blocks[0]) > jnp.trace(all_.factor.blocks[0])


def test_it_knows_what_it_does_not_know():
    assert_it_knows_what_it_does_not_know(AGENTS["deep_kernel"])
