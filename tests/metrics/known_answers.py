"""Joint predictions whose d_KL^tau is known in closed form, at any order and number of classes."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import digamma, gammaln
from scipy.stats import betabinom, binom

COINS = 100


def coins(tau, num_samples, seed, anchors=2):
    """An agent that knows nothing of a coin: all inputs are the same one, its bias uniform.

    Returns logits of true coins (a draw of inputs each, evenly spread biases), `num_samples` joint samples of the
    agent, and the exact mean d_KL^tau over the coins: `k` heads in a row of `tau` have probability
    k! (tau - k)! / (tau + 1)! (Laplace).
    """
    bias = (np.arange(COINS) + 0.5) / COINS
    k = np.arange(tau + 1)
    joint = gammaln(k + 1) + gammaln(tau - k + 1) - gammaln(tau + 2)
    own = k * np.log(bias[:, None]) + (tau - k) * np.log1p(-bias[:, None])
    exact = float(np.mean(np.sum(binom.pmf(k, tau, bias[:, None]) * (own - joint), axis=1)))
    truth = jnp.repeat(logits(jnp.asarray(bias, jnp.float32)), anchors, axis=0)[None]
    draws = logits(jax.random.uniform(jax.random.key(seed), (num_samples,), minval=1e-6, maxval=1 - 1e-6))
    return truth, jnp.repeat(draws[:, None], COINS * anchors, axis=1), exact


def logits(bias):
    """Logits of tails and heads."""
    return jnp.stack([jnp.log1p(-bias), jnp.log(bias)], axis=-1)


def dice(classes, tau, num_samples, num_draws, seed):
    """The same of a die: truth and samples uniform over the simplex; the exact answer is that over all dice.

    E log p(y) = tau (digamma(2) - digamma(classes + 1)) for the truth; for the agent (Polya's urn) each class occurs
    beta-binomially often.
    """
    k = np.arange(tau + 1)
    urn = gammaln(classes) - gammaln(classes + tau)
    urn += classes * np.sum(betabinom.pmf(k, tau, 1, classes - 1) * gammaln(k + 1))
    exact = float(tau * (digamma(2) - digamma(classes + 1)) - urn)
    k1, k2 = jax.random.split(jax.random.key(seed))
    truth = jnp.log(jax.random.dirichlet(k1, jnp.ones(classes), (num_draws,)))
    draws = jnp.log(jax.random.dirichlet(k2, jnp.ones(classes), (num_samples,)))
    return jnp.repeat(truth, 2, axis=0)[None], jnp.repeat(draws[:, None], 2 * num_draws, axis=1), exact
