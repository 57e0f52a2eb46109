"""Two kinds of uncertainty of a prediction: what more data would settle, and what nothing would.

The entropy of the mean prediction is all of it. The mean entropy of predictions is what is left when the index is
known: aleatoric. The difference is the information that a label has of the index: epistemic (Houlsby et al. 2011,
"Bayesian Active Learning for Classification and Preference Learning"; `gnothi.metrics.PRIORITIES["bald"]`). Here
samples may come one at a time, for vocabularies whose logits of all samples no memory would hold.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import entr
from jaxtyping import Array, Float, Int

from gnothi.metrics.acquisition import check_logits, softmax_entropy


class Uncertainty(NamedTuple):
    """Nats of each input: `total` is `epistemic` (never below 0, but for rounding) plus `aleatoric`."""

    total: Float[Array, " inputs"]
    epistemic: Float[Array, " inputs"]
    aleatoric: Float[Array, " inputs"]


def decompose(logits: Float[Array, "samples inputs classes"]) -> Uncertainty:
    """The uncertainty of joint samples at each input, by kind.

    **Arguments:** `logits`, one index a sample and shared by all inputs.

    **Raises:** `ValueError` if logits are not finite (outside `jit`), or of less than one sample, one input or two
    classes.

    >>> import jax.numpy as jnp
    >>> coin, disputed = jnp.zeros((2, 2)), jnp.array([[30.0, -30.0], [-30.0, 30.0]])
    >>> parts = decompose(jnp.stack([coin, disputed], axis=1))
    >>> [[round(abs(float(nats)), 3) for nats in part] for part in parts]
    [[0.693, 0.693], [0.0, 0.693], [0.693, 0.0]]
    """
    check_logits(logits)
    return stream_decompose(lambda sample: logits[sample], len(logits))[0]


def stream_decompose(
    logits: Callable[[Int[Array, ""]], Float[Array, "inputs classes"]], num_samples: int
) -> tuple[Uncertainty, Float[Array, "inputs classes"]]:
    """`decompose` of samples that are made one at a time, in a compiled loop; and their mean probabilities.

    Memory: three times the numbers of one sample, and what `logits` needs; it does not grow with `num_samples`.

    **Arguments:** `logits`, from the position of a sample to its logits, in pure JAX; `num_samples`.

    **Raises:** `ValueError` if there are no samples.

    >>> import jax, jax.numpy as jnp
    >>> drawn = jax.random.normal(jax.random.key(0), (50, 4, 3))
    >>> parts, mean = stream_decompose(lambda sample: drawn[sample], 50)
    >>> bool(jnp.allclose(mean, jax.nn.softmax(drawn).mean(axis=0), atol=1e-6))
    True
    """
    if num_samples < 1:
        raise ValueError(f"num_samples must be 1 or more, got {num_samples}")
    shape = jax.eval_shape(logits, jax.ShapeDtypeStruct((), int)).shape

    def add(state, sample):
        probs, entropies = state
        more, entropy = softmax_entropy(logits(sample).astype(jnp.float32), axis=1)
        return (probs + more, entropies + entropy), None

    (probs, entropies), _ = jax.lax.scan(add, (jnp.zeros(shape), jnp.zeros(shape[0])), jnp.arange(num_samples))
    mean = probs / num_samples
    total, aleatoric = jnp.sum(entr(mean), axis=1), entropies / num_samples
    return Uncertainty(total, total - aleatoric, aleatoric), mean
