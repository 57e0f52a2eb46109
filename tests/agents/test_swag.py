import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from gnothi.agents import AGENTS, MLPAgent, PriorKnowledge, SWAGAgent
from gnothi.agents import swag as module
from gnothi.data import Dataset
from gnothi.enn import Plain
from tests.agents.small_problem import assert_it_knows_what_it_does_not_know


def test_moments_are_those_of_the_path(monkeypatch):
    """With the path known: mean and variance of all of it, and deviations from the running mean of its end."""
    path = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    start = MLPAgent(hidden=())(Dataset(np.ones((20, 4), np.float32), np.zeros(20, np.int32)), PriorKnowledge(1), KEY)
    count = iter(path)

    def fit(enn, data, **options):
        assert options["batch_size"] == 2  # a tenth of the data
        _, restore = ravel_pytree(enn.network)
        return Plain(restore(jnp.asarray(next(count))))

    def scan(step, state, keys):
        rows = []
        for key in keys:
            state, row = step(state, key)
            rows.append(row)
        return state, jnp.stack(rows)

    monkeypatch.setattr(module, "fit", fit)
    monkeypatch.setattr(jax.lax, "scan", scan)
    monkeypatch.setattr(MLPAgent, "__call__", lambda self, data, prior, key: start)
    data = Dataset(np.ones((20, 4), np.float32), np.zeros(20, np.int32))
    enn = SWAGAgent(rank=3, snapshots=6, spread=1.0)(data, PriorKnowledge(1), KEY)
    np.testing.assert_allclose(ravel_pytree(enn.network)[0], path.mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(enn.spread.deviation, path.std(axis=0) / np.sqrt(2), rtol=1e-4)
    running = np.cumsum(path, axis=0) / np.arange(1, 7)[:, None]
    np.testing.assert_allclose(enn.spread.directions, (path - running)[3:] / np.sqrt(2 * 2), rtol=1e-3, atol=1e-5)


def test_twice_the_spread_is_twice_the_deviations():
    data = Dataset(np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32), (np.arange(20) % 2))
    one, two = (SWAGAgent(5, 6, 3, steps=10, spread=s)(data, PriorKnowledge(2, 0.1), KEY) for s in (1.0, 2.0))
    np.testing.assert_allclose(two.spread.deviation, 2 * one.spread.deviation, rtol=1e-5)
    np.testing.assert_allclose(two.spread.directions, 2 * one.spread.directions, rtol=1e-5)
    assert float(one.spread.deviation.max()) > 0


def test_there_must_be_snapshots_for_the_directions():
    with pytest.raises(ValueError, match="rank must be between 2 and the 10 snapshots, got 20"):
        SWAGAgent(rank=20, snapshots=10)


@pytest.mark.slow
def test_it_knows_what_it_does_not_know():
    assert_it_knows_what_it_does_not_know(AGENTS["swag"])


KEY = jax.random.key(0)
