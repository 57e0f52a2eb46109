import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS, LaplaceAgent, PriorKnowledge
from gnothi.agents.laplace import log_evidence, prior_precision
from gnothi.data import Dataset
from gnothi.enn import GaussianHead, Linearised, gauss_newton
from tests.agents.small_problem import assert_it_knows_what_it_does_not_know

rng = np.random.default_rng(0)
DATA = Dataset(rng.normal(size=(30, 4)).astype(np.float32), (np.arange(30) % 3).astype(np.int32))
KNOWN = PriorKnowledge(3, 0.25)
LOGISTIC = {"hidden": (), "steps": 400, "learning_rate": 0.03}


def covariance_of_weights(head):
    (factor,) = np.asarray(head.factor.blocks, np.float64)
    return factor @ factor.T


@pytest.mark.slow
def test_for_logistic_regression_it_is_the_inverse_hessian_of_what_was_minimised():
    """The exact Hessian of N times the training objective, by automatic derivatives."""
    head = LaplaceAgent(**LOGISTIC)(DATA, KNOWN, jax.random.key(0))
    x = jnp.column_stack([DATA.x, jnp.ones(30)])
    decay = KNOWN.decay_factor(DATA)

    def objective(theta):
        logits = x @ theta.reshape(3, 5).T
        loss = -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(30), DATA.y])
        return 30 * (loss + decay * jnp.sum(theta**2))

    net = head.network
    theta = jnp.column_stack([net.weights[0], net.biases[0]]).ravel()
    assert float(jnp.abs(jax.grad(objective)(theta)).max()) < 0.1  # it is the mode
    wanted = np.linalg.inv(np.asarray(jax.hessian(objective)(theta), np.float64))
    np.testing.assert_allclose(covariance_of_weights(head), wanted, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("hessian", ["kron", "diag"])
def test_of_one_layer_both_subsets_are_the_same(hessian):
    last = LaplaceAgent(**LOGISTIC, hessian=hessian)(DATA, KNOWN, jax.random.key(0))
    whole = LaplaceAgent(**LOGISTIC, subset="all", hessian=hessian)(DATA, KNOWN, jax.random.key(0))
    assert isinstance(last, GaussianHead) and isinstance(whole, Linearised)
    z = last.index.samples(jax.random.key(1), 4)
    x = jnp.asarray(DATA.x)
    np.testing.assert_allclose(whole.predict(x, z), last.predict(x, z), rtol=1e-3, atol=1e-4)


def test_the_prior_is_the_one_that_decay_implies():
    """Of weights that no datum looks at, precision is 2 decay N."""
    blank = Dataset(np.zeros((30, 4), np.float32), DATA.y)
    head = LaplaceAgent(**LOGISTIC)(blank, KNOWN, jax.random.key(0))
    unseen = covariance_of_weights(head).reshape(3, 5, 3, 5)[0, :4, 0, :4]
    wanted = prior_precision(KNOWN.decay_factor(DATA), 30)
    np.testing.assert_allclose(unseen, np.eye(4) / float(wanted), rtol=1e-3, atol=1e-6)
    assert float(wanted) == pytest.approx(2 * np.sqrt(0.25) * 4)


def test_evidence_is_laplaces():
    """log det by its definition: with H the curvature, P weights: P/2 log a - a |w|^2 / 2 - log det(H + a) / 2."""
    net = LaplaceAgent(**LOGISTIC)(DATA, KNOWN, jax.random.key(0)).network
    blocks = gauss_newton(net, jnp.asarray(DATA.x), "full")
    vectors, values = np.asarray(blocks[0].left, np.float64), np.asarray(blocks[0].values[:, 0], np.float64)
    hessian = vectors @ np.diag(values) @ vectors.T
    squares = sum(float(jnp.sum(leaf**2)) for leaf in jax.tree.leaves(net))
    grid = np.array([0.1, 1.0, 10.0])
    wanted = [7.5 * np.log(a) - a * squares / 2 - np.linalg.slogdet(hessian + a * np.eye(15))[1] / 2 for a in grid]
    found = log_evidence(net, blocks, jnp.asarray(grid, jnp.float32), first=0)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)


def test_the_evidence_picks_a_precision_of_the_grid():
    grid = (1e-4, 1e4)
    wide, narrow = (LaplaceAgent(**LOGISTIC, precisions=(each,))(DATA, KNOWN, jax.random.key(0)) for each in grid)
    picked = LaplaceAgent(**LOGISTIC, precisions=grid)(DATA, KNOWN, jax.random.key(0))
    same = [np.allclose(picked.factor.blocks, each.factor.blocks) for each in (wide, narrow)]
    assert sum(same) == 1


def test_what_cannot_be_asked_for_is_refused():
    with pytest.raises(ValueError, match="subset must be one of 'last_layer', 'all', got 'first'"):
        LaplaceAgent(subset="first")
    with pytest.raises(ValueError, match="hessian='kron' or 'diag'"):
        LaplaceAgent(subset="all")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["laplace", "laplace_kron"])
def test_it_knows_what_it_does_not_know(name):
    assert_it_knows_what_it_does_not_know(AGENTS[name])
