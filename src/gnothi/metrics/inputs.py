"""Ways to choose the inputs of a joint prediction.

With d-dimensional inputs drawn independently, labels at different inputs are nearly independent given the data, so a
joint score needs an order tau near d before it tells a good agent from a bad one. Repeating two anchors makes the
score informative at tau = 10, whatever d is (Osband et al. 2022, "Evaluating High-Order Predictive Distributions in
Deep Learning", sec. 4).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray


def check_pool(tau: int, num_inputs: int, *, at_least: int = 1) -> None:
    """Says what is wrong with an order `tau`, or with a pool of inputs.

    **Raises:** `ValueError` if `tau` is below 1 or the pool holds fewer than `at_least` inputs.
    """
    if tau < 1:
        raise ValueError(f"tau, the number of labels predicted jointly, must be 1 or more, got {tau}")
    if num_inputs < at_least:
        raise ValueError(f"a joint prediction of tau={tau} needs {at_least} test inputs here, got {num_inputs}")


def iid(key: PRNGKeyArray, inputs: Float[Array, "inputs ..."], tau: int) -> Int[Array, " tau"]:
    """Draws the positions of `tau` different inputs.

    **Raises:** `ValueError` if `tau` is below 1 or larger than the pool.
    """
    check_pool(tau, len(inputs), at_least=tau)
    return jax.random.choice(key, len(inputs), (tau,), replace=False)


def dyadic(key: PRNGKeyArray, inputs: Float[Array, "inputs ..."], tau: int, kappa: int = 2) -> Int[Array, " tau"]:
    """Draws the positions of `tau` inputs that all sit on `kappa` anchors.

    **Arguments:** `key`; `inputs`, the pool; `tau`, how many labels to predict jointly; `kappa`, how many anchors.

    **Returns:** positions in the pool, each one of `kappa` different anchors chosen uniformly with replacement.

    **Raises:** `ValueError` if `tau` is below 1 or the pool holds fewer than `kappa` inputs.
    """
    check_pool(tau, len(inputs), at_least=kappa)
    anchor_key, choice_key = jax.random.split(key)
    anchors = jax.random.choice(anchor_key, len(inputs), (kappa,), replace=False)
    return anchors[jax.random.randint(choice_key, (tau,), 0, kappa)]


def local(key: PRNGKeyArray, inputs: Float[Array, "inputs ..."], tau: int) -> Int[Array, " tau"]:
    """Draws one input and takes the `tau - 1` inputs nearest to it (Euclidean), so that their labels hang together.

    **Raises:** `ValueError` if `tau` is below 1 or larger than the pool.
    """
    check_pool(tau, len(inputs), at_least=tau)
    flat = jnp.reshape(inputs, (len(inputs), -1))
    distances = jnp.sum((flat - flat[jax.random.randint(key, (), 0, len(flat))]) ** 2, axis=1)
    return jnp.argsort(distances)[:tau]


CHOICES = {"iid": iid, "dyadic": dyadic, "local": local}
