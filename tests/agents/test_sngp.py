import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS, PriorKnowledge, SNGPAgent
from gnothi.data import Dataset
from gnothi.enn.curvature import softmax_root
from tests.agents.small_problem import assert_it_knows_what_it_does_not_know

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 4)).astype(np.float32)
SMALL = SNGPAgent(width=8, features=6, steps=200)


@pytest.mark.slow
def test_for_two_classes_the_difference_of_logits_has_laplaces_variance():
    """phi' H^-1 phi for both logits together: H from the exact softmax Hessian and the prior of the decay."""
    known = PriorKnowledge(2, 0.25)
    data = Dataset(X, (np.arange(30) % 2).astype(np.int32))
    head = SMALL(data, known, jax.random.key(0))
    phi = np.asarray(jax.vmap(head.network.features)(jnp.asarray(X)), np.float64)
    root = np.asarray(softmax_root(jax.nn.softmax(jax.vmap(head.network)(jnp.asarray(X)))), np.float64)
    jacobian = np.einsum("ncr,nf->cfnr", root, phi).reshape(12, -1)
    exact = np.linalg.inv(jacobian @ jacobian.T + 2 * float(known.decay_factor(data)) * 30 * np.eye(12))
    exact = exact.reshape(2, 6, 2, 6)
    own = np.asarray(head.factor.blocks, np.float64)
    own = [factor @ factor.T for factor in own]
    wanted = exact[0, :, 0] + exact[1, :, 1] - exact[0, :, 1] - exact[1, :, 0]
    np.testing.assert_allclose(own[0] + own[1], wanted, rtol=1e-3, atol=1e-4)


def test_where_classes_are_as_likely_the_trace_is_the_softmax_hessians():
    """For any number of classes: (classes - 1) h is the trace of diag(p) - p p'."""
    p = np.asarray(jax.nn.softmax(rng.normal(size=(5, 4)).astype(np.float32)))
    trace = np.trace(np.einsum("ncr,ndr->cdn", *2 * [softmax_root(jnp.asarray(p))]))
    np.testing.assert_allclose(trace, 1 - np.sum(p**2, axis=1), rtol=1e-5)


@pytest.mark.slow
def test_the_kernel_is_scaled_to_the_problem(recipe):
    enn, told = recipe(SNGPAgent(amplitude=2.0, length_scale=0.5), module="gnothi.agents.sngp")
    fourier = enn.network.fourier
    assert float(fourier.amplitude) == pytest.approx(2 / np.sqrt(0.25))
    assert np.std(fourier.directions) == pytest.approx(1 / (0.5 * np.sqrt(4)), rel=0.05)
    assert told["steps"] == 1000 and told["decay"] == pytest.approx(np.sqrt(0.25) * 4 / 50)


@pytest.mark.slow
def test_it_knows_what_it_does_not_know():
    assert_it_knows_what_it_does_not_know(AGENTS["sngp"])
