"""Streamed samples: the same answer as all at once, the known answer where one is known, bounded memory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import ndtr

from gnothi.metrics import kl_streamed
from gnothi.metrics.log_mean import log_mean_exp
from gnothi.metrics.outcomes import by_draw
from gnothi.metrics.streaming import _as_counts, _ask
from tests.metrics.known_answers import coins, dice, logits

KEY = jax.random.key(0)


@pytest.mark.parametrize("exhaustive", [False, True])
@pytest.mark.parametrize(
    ("inputs", "tau", "classes", "kappa"), [("iid", 5, 3, 2), ("dyadic", 4, 3, 2), ("dyadic", 20, 3, 3)]
)
def test_streams_and_blocks_give_the_one_shot_result(inputs, tau, classes, kappa, exhaustive):
    """On the labels that the estimator itself draws, against the likelihoods written out."""
    target = jax.random.normal(jax.random.key(1), (2, 30, classes))
    draws = 2 * jax.random.normal(jax.random.key(2), (107, 30, classes))
    repeated = kappa if inputs == "dyadic" else None
    asked, log_target = _ask(KEY, target, tau, repeated, 8)
    log_probs = np.asarray(by_draw(draws, kappa if repeated else tau))
    columns = np.arange(log_probs.shape[2])
    if not _as_counts(tau, classes, repeated):
        asked = jnp.sum(asked[..., None] == columns, axis=-2)
    log_agent, _ = log_mean_exp(jnp.asarray(np.einsum("sdw,ldw->sld", log_probs, asked)), exhaustive)
    known = float(jnp.mean(log_target - log_agent))
    options = {"tau": tau, "inputs": inputs, "kappa": kappa, "exhaustive": exhaustive, "key": KEY}
    streamed = kl_streamed(target, lambda i: draws[i], 107, chunk=25, **options)
    blocks = kl_streamed(target, (np.asarray(b) for b in (draws[:3], draws[3:50], draws[50:])), **options)
    assert streamed.value == pytest.approx(known, abs=1e-4)
    assert (blocks.value, blocks.low, blocks.high) == pytest.approx((streamed.value, streamed.low, streamed.high), 1e-4)


def test_coins_at_order_a_thousand_are_known():
    truth, draws, exact = coins(1000, 5000, seed=0)
    found = kl_streamed(truth, lambda i: draws[i], 5000, tau=1000, key=KEY)
    assert found.low <= exact <= found.high
    assert abs(found.value - exact) < 0.08


@pytest.mark.slow
def test_dice_of_ten_faces_are_known():
    truth, draws, exact = dice(10, 10, 4000, 400, seed=0)
    found = kl_streamed(truth, lambda i: draws[i], 4000, tau=10, key=KEY)
    assert found.low <= exact <= found.high
    assert abs(found.value - exact) < 0.15


@pytest.mark.slow
def test_a_probit_model_of_linear_functions_is_known():
    """Two labels y = [w.x + e > 0] agree with probability 1/2 + arcsin(r)/pi, r the correlation of the latents."""
    size, pairs, num_samples = 3, 60, 40_000
    x = jax.random.normal(jax.random.key(3), (2 * pairs, size))
    w = jax.random.normal(jax.random.key(4), (num_samples, size))
    true_w = jax.random.normal(jax.random.key(5), (size,))

    def probit(weights):
        return jnp.log(jnp.stack([jax.scipy.special.ndtr(s * (weights @ x.T)) for s in (-1, 1)], axis=-1))

    first, second = np.asarray(x).reshape(pairs, 2, size).transpose(1, 0, 2)
    lengths = np.sqrt((1 + (first**2).sum(axis=1)) * (1 + (second**2).sum(axis=1)))
    agree = 0.5 + np.arcsin((first * second).sum(axis=1) / lengths) / np.pi
    p, q = ndtr(first @ true_w), ndtr(second @ true_w)
    truth = np.stack([p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)])
    joint = np.stack([agree, 1 - agree, 1 - agree, agree]) / 2
    exact = np.sum(truth * np.log(truth / joint), axis=0)
    options = {"tau": 2, "inputs": "iid", "label_draws": 40, "key": KEY}
    found = kl_streamed(probit(true_w)[None], lambda i: probit(w[i]), num_samples, chunk=500, **options)
    assert found.value == pytest.approx(exact.mean(), abs=0.03)
    assert found.units == pairs


def test_memory_does_not_grow_with_samples():
    """No call for logits asks for more than a chunk, and every sample is asked for once."""
    asked = []

    def draws(positions):
        jax.debug.callback(lambda p: asked.append(np.asarray(p)), positions)
        return jnp.zeros((len(positions), 20, 2))

    kl_streamed(logits(jnp.full(20, 0.3))[None], draws, 230, tau=3, chunk=50, key=KEY)
    jax.effects_barrier()
    assert max(map(len, asked)) <= 50
    assert sorted(np.concatenate(asked)) == list(range(230))


def test_bad_arguments_are_refused():
    truth = jnp.zeros((1, 8, 2))
    with pytest.raises(ValueError, match="say by num_samples"):
        kl_streamed(truth, lambda i: jnp.zeros((len(i), 8, 2)), key=KEY)
    with pytest.raises(ValueError, match="draws is empty"):
        kl_streamed(truth, [], key=KEY)
    with pytest.raises(ValueError, match=r"same inputs and classes, got \(8, 2\) and \(6, 2\)"):
        kl_streamed(truth, [jnp.zeros((3, 6, 2))], key=KEY)
    with pytest.raises(ValueError, match="kappa, the number of anchors"):
        kl_streamed(truth, [jnp.zeros((3, 8, 2))], kappa=0, key=KEY)
