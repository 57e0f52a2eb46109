"""Langevin dynamics are held to the stationary law of the update rule on a quadratic loss, which is linear algebra."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.linalg import solve_discrete_lyapunov

import gnothi as gn
from gnothi.learning import cross_entropy, langevin, squared_error
from gnothi.learning.langevin import normals

KEY = jax.random.key(0)
NUM_DATA = 10
# With these inputs the loss is half the square of weight and of bias: both have curvature 1, and the optimum is 0.
X = jnp.tile(jnp.array([[1.0], [-1.0]]), (NUM_DATA // 2, 1))
DATA = gn.data.Dataset(X, jnp.zeros(NUM_DATA))


def walkers(count, start=None):
    nets = gn.nn.stack(lambda key: gn.nn.MLP(1, (), 1, key=key), count, key=KEY)
    return gn.enn.Ensemble(nets if start is None else jax.tree.map(lambda leaf: jnp.full_like(leaf, start), nets))


def walk(enn, **options):
    return langevin(enn, DATA, loss=squared_error(), key=KEY, **options).members


def test_its_noise_is_standard_normal_and_has_no_memory():
    noise = np.asarray(normals(KEY, (1000, 999)))
    assert noise.shape == (1000, 999)
    assert noise.var() == pytest.approx(1, abs=5 * np.sqrt(2 / noise.size)) and abs(noise.mean()) < 5e-3
    assert stats.kstest(noise.ravel()[::100], stats.norm.cdf).pvalue > 1e-3
    assert np.abs(noise).max() < 4.4 and len(np.unique(noise)) > 60_000
    for other in (np.roll(noise, 1), np.roll(noise, 500, axis=1)):  # the second: the other half of the same word
        assert abs(np.mean(noise * other)) < 5e-3
    # Of all values at once: what is lost in the tails.
    every = np.sqrt(2) * np.asarray(jax.lax.erf_inv((jnp.arange(65_536.0) + 0.5) / 2**15 - 1), np.float64)
    assert every.mean() == pytest.approx(0, abs=1e-5) and every.var() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("momentum", "temperature", "decay"), [(0.9, 1.0, 0.0), (0.5, 0.3, 0.4), (0.0, 1.0, 0.2)])
def test_its_stationary_variance_is_that_of_the_update_rule(momentum, temperature, decay):
    rate = 0.2
    members = walk(
        walkers(500),
        steps=1200,
        burn_in=400,
        interval=100,
        learning_rate=rate,
        momentum=momentum,
        temperature=temperature,
        decay=decay,
    )
    curvature, root, heat = 1 + 2 * decay, np.sqrt(rate), np.sqrt(2 * (1 - momentum) * temperature / NUM_DATA)
    # (parameter, velocity) after a step as a matrix times those before, plus noise.
    matrix = np.array([[1 - rate * curvature, -root * momentum], [root * curvature, momentum]])
    noise = np.array([[root * heat], [-heat]])
    variance = solve_discrete_lyapunov(matrix, noise @ noise.T)[0, 0]
    for leaf in jax.tree.leaves(members):
        assert leaf.shape[0] == 9  # after steps 400, 500, ..., 1200
        assert np.var(leaf) == pytest.approx(variance, rel=0.08)
    assert variance == pytest.approx(temperature / NUM_DATA / curvature, rel=0.2)  # the posterior's, of small steps


@pytest.mark.parametrize("preconditioner", ["none", "rmsprop"])
def test_its_first_step_is_the_published_one(preconditioner):
    """From 2, the gradient is 2; the mean of squared gradients is a hundredth of 4, so the mass is 0.2."""
    rate, momentum = 0.01, 0.9
    options = {"steps": 1, "interval": 1, "learning_rate": rate, "momentum": momentum}
    steps = walk(walkers(4000, 2.0), preconditioner=preconditioner, **options).biases[0][0] - 2.0
    mass = 0.2 if preconditioner == "rmsprop" else 1.0
    std = np.sqrt(rate * 2 * (1 - momentum) / NUM_DATA / mass)
    assert float(steps.mean()) == pytest.approx(-rate * 2 / mass, abs=5 * std / np.sqrt(4000))
    assert float(steps.std()) == pytest.approx(std, rel=0.05)


def test_without_heat_it_descends_and_minibatches_of_equal_rows_change_nothing():
    options = {"steps": 60, "interval": 20, "temperature": 0.0, "learning_rate": 0.1}
    same = gn.data.Dataset(jnp.ones((NUM_DATA, 1)), jnp.zeros(NUM_DATA))
    found = [
        langevin(walkers(3, 2.0), same, loss=squared_error(), key=KEY, batch_size=size, **options).members.biases[0]
        for size in (NUM_DATA, 3)
    ]
    assert found[0].shape == (3, 3, 1)
    np.testing.assert_allclose(*found, atol=1e-5)
    assert abs(found[0][-1]).max() < 0.3


@pytest.mark.parametrize(("steps", "burn_in", "interval", "kept"), [(12, 0, 3, 4), (12, 3, 3, 4), (12, 12, 3, 1)])
def test_how_many_snapshots_it_keeps(steps, burn_in, interval, kept):
    options = {"steps": steps, "interval": interval}
    every = walk(walkers(2), **options).biases[0]
    np.testing.assert_array_equal(walk(walkers(2), burn_in=burn_in, **options).biases[0], every[-kept:])
    assert len(every) == steps // interval


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 10, "interval": 3}, "multiples of interval, got 10, 0 and 3"),
        ({"steps": 9, "interval": 3, "burn_in": 4}, "got 9, 4 and 3"),
        ({"steps": 9, "interval": 3, "burn_in": 12}, "got 9, 12 and 3"),
        ({"steps": 9, "interval": 3, "preconditioner": "adam"}, "one of none, rmsprop, got 'adam'"),
        ({"steps": 9, "interval": 3, "loss": cross_entropy(num_indices=2)}, "num_indices=None"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        langevin(walkers(2), DATA, **{"loss": squared_error(), "key": KEY, **options})


def test_no_data_are_refused():
    with pytest.raises(ValueError, match="no data to learn from"):
        langevin(walkers(2), gn.data.Dataset(X[:0], jnp.zeros(0)), loss=squared_error(), steps=1, interval=1, key=KEY)
