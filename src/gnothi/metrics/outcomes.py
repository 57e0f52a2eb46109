"""What a joint prediction is asked: which labels at which anchors, listed where they are few, sampled where not."""

from functools import lru_cache
from math import comb, factorial, prod

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.metrics.inputs import check_pool

LogProbs = Float[Array, "hypotheses draws width"]  # of each class at each anchor, anchors first


def check_kl(target: Array, draws: Array | jax.ShapeDtypeStruct, tau: int, inputs: str, kappa: int = 2) -> None:
    """Says what is wrong with the arguments of an estimator of d_KL^tau.

    **Raises:** `ValueError` as `kl_divergence` says.
    """
    if inputs not in ("dyadic", "iid"):
        raise ValueError(f"inputs must be 'dyadic' or 'iid', got {inputs!r}")
    check_kappa(kappa)
    if target.shape[1:] != draws.shape[1:]:
        raise ValueError(
            f"target and draws must be for the same inputs and classes, got {target.shape[1:]} and {draws.shape[1:]}"
        )
    check_pool(tau, draws.shape[1], at_least=num_anchors(tau, inputs, kappa))


def check_kappa(kappa: int) -> None:
    """**Raises:** `ValueError` if a number of anchors is below 1."""
    if kappa < 1:
        raise ValueError(f"kappa, the number of anchors that are repeated, must be 1 or more, got {kappa}")


def num_anchors(tau: int, inputs: str, kappa: int = 2) -> int:
    """How many different inputs a draw has: `kappa` where they are repeated (`"dyadic"`), else `tau`."""
    return kappa if inputs == "dyadic" else tau


def by_draw(logits: Float[Array, "samples inputs classes"], anchors: int) -> Float[Array, "samples draws width"]:
    """Log-probabilities, consecutive `anchors` inputs to a draw; what does not fill a draw is left over."""
    num_draws = logits.shape[1] // anchors
    log_probs = jax.nn.log_softmax(logits[:, : num_draws * anchors])
    return log_probs.reshape(logits.shape[0], num_draws, anchors * logits.shape[2])


def num_dyadic_outcomes(tau: int) -> int:
    """How many there are of `dyadic_outcomes`: some tau^3 / 12, so count them before they are listed."""
    return sum((first + 1) * (tau - first + 1) for first in range(tau // 2 + 1))


@lru_cache
def dyadic_outcomes(tau: int) -> tuple[np.ndarray, np.ndarray]:
    """All label counts of two anchors and two classes, and the log of how many allocations and labels give each.

    Anchors are exchangeable, so allocations that give the first anchor more than half are folded onto the others.
    """
    counts, ways = [], []
    for first in range(tau // 2 + 1):
        second, folded = tau - first, 1 if 2 * first == tau else 2
        for ones in range(first + 1):
            for twos in range(second + 1):
                counts.append([ones, first - ones, twos, second - twos])
                ways.append(folded * comb(tau, first) * comb(first, ones) * comb(second, twos))
    return np.array(counts, np.float32), np.log(np.array(ways, float)) - tau * np.log(2)


@lru_cache
def allocations(tau: int, kappa: int) -> tuple[np.ndarray, np.ndarray]:
    """Every way to repeat `kappa` anchors `tau` times in all, and the log of how likely each is.

    There are (tau + kappa - 1 choose kappa - 1) of them.

    **Returns:** counts, `ways x kappa`, and the log-probability of each under uniform choice with replacement.
    """
    counts = np.array(list(_compositions(tau, kappa)))
    ways = [factorial(tau) // int(np.prod([factorial(int(n)) for n in row], dtype=object)) for row in counts]
    return counts, np.array([_log_of_whole(w) for w in ways]) - tau * np.log(kappa)


def _compositions(total: int, parts: int):
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _compositions(total - first, parts - 1):
            yield (first, *rest)


def _log_of_whole(number: int) -> float:
    """The log of a whole number of any length."""
    shift = max(0, number.bit_length() - 64)
    return float(np.log(float(number >> shift)) + shift * np.log(2))


def sampled_columns(
    key: PRNGKeyArray, target: LogProbs, classes: int, tau: int, kappa: int | None, repeats: int
) -> Int[Array, "outcomes draws tau"]:
    """Labels sampled from the target: `repeats` label vectors for each draw of inputs.

    **Arguments:** `key`; `target`, log-probabilities; `classes`; `tau`; `kappa`, how many anchors are repeated, or
    `None` where each of `tau` inputs is asked once; `repeats`.

    **Returns:** for each label, which anchor it is of and what it is: anchor times `classes` plus label.
    """
    num_hypotheses, num_draws, width = target.shape
    place_key, hypothesis_key, label_key = jax.random.split(key, 3)
    shape = (repeats, num_draws, tau)
    once = jnp.broadcast_to(jnp.arange(tau), shape)
    places = once if kappa is None else anchors_drawn(place_key, shape, kappa)
    hypothesis = jax.random.randint(hypothesis_key, shape[:2], 0, num_hypotheses)
    uniform = jax.random.uniform(label_key, (prod(shape),))
    # By the inverse of the distribution function: one random number a label.
    below = jnp.cumsum(jnp.exp(target.reshape(num_hypotheses, num_draws, width // classes, classes)), axis=-1)[..., :-1]
    chosen = below[hypothesis[..., None], jnp.arange(num_draws)[:, None], places]
    return places * classes + jnp.sum(uniform.reshape(shape)[..., None] >= chosen, axis=-1)


def anchors_drawn(key: PRNGKeyArray, shape: tuple[int, ...], kappa: int) -> Int[Array, "..."]:
    """Which of `kappa` anchors each label is of, with equal chances."""
    # Drawn flat: in three dimensions the same numbers take XLA ten times as long to compile.
    return jax.random.randint(key, (prod(shape),), 0, kappa).reshape(shape)


def sampled_labels(
    key: PRNGKeyArray, target: LogProbs, classes: int, tau: int, kappa: int | None, repeats: int
) -> Float[Array, "outcomes draws width"]:
    """How often each label was sampled at each anchor, arguments as of `sampled_columns`."""
    columns = sampled_columns(key, target, classes, tau, kappa, repeats)
    return jnp.sum(jax.nn.one_hot(columns, target.shape[2]), axis=-2)
