"""Epistemic neural networks: a network, and an index that says which of the plausible networks it is.

Draw one index `z`, use it for *all* inputs, and the outputs are one joint sample of what the model believes
(Osband et al. 2023, "Epistemic Neural Networks", sec. 2). Every method of the field is one: for an ensemble the
index is the member, for dropout it is the mask, for an epinet a Gaussian vector, for a plain network it is nothing.
"""

from abc import abstractmethod

import equinox as eqx
from jaxtyping import Array, Float, Num, PRNGKeyArray

from gnothi.enn.indices import FiniteIndexDistribution, IndexDistribution


class EpistemicNetwork(eqx.Module):
    """The interface: `enn(x, z)` takes one input and one index.

    `predict` and `constants` say the same thing for many inputs and many indices at once, so that each kind of
    network can share what its indices share: an epinet runs its base once a batch, whatever the number of indices.
    """

    index: eqx.AbstractVar[IndexDistribution]

    @abstractmethod
    def __call__(self, x: Num[Array, "..."], z: Array) -> Float[Array, " classes"]:
        """The outputs of one input under one index."""

    @abstractmethod
    def predict(
        self, inputs: Num[Array, "inputs ..."], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all indices.

        **Arguments:** `inputs`; `indices`, stacked on a leading axis, or `None` for every index of a finite law;
        `constants`, what `self.constants(inputs)` gave, to spare computing it again.

        **Raises:** `ValueError` if `indices` is `None` and the law is not finite.
        """

    @abstractmethod
    def constants(self, inputs: Num[Array, "inputs ..."]) -> Float[Array, "inputs functions classes"] | None:
        """What no training can change about these inputs, the outputs of prior functions; `None` if nothing."""


def every_index(enn: EpistemicNetwork) -> Array:
    """All indices of a network whose law is finite.

    **Raises:** `ValueError` if it is not.
    """
    if not isinstance(enn.index, FiniteIndexDistribution):
        raise ValueError(f"{type(enn).__name__} has endlessly many indices: say which, or how many to draw")
    return enn.index.enumerate()


def sample(
    enn: EpistemicNetwork, inputs: Num[Array, "inputs ..."], num_samples: int, *, key: PRNGKeyArray
) -> Float[Array, "samples inputs classes"]:
    """Draws joint samples: each row uses one index, shared by all inputs.

    **Arguments:** `enn`; `inputs`; `num_samples`, how many joint samples (1 or more); `key`.

    **Returns:** outputs (logits, or regression values), a joint sample a row.

    **Raises:** `ValueError` if `num_samples` is below 1.

    >>> import jax, gnothi as gn
    >>> k1, k2 = jax.random.split(jax.random.key(0))
    >>> nets = gn.nn.stack(lambda key: gn.nn.MLP(2, (8,), 3, key=key), 5, key=k1)
    >>> enn = gn.enn.Ensemble(nets)
    >>> gn.sample(enn, jax.numpy.ones((4, 2)), 100, key=k2).shape
    (100, 4, 3)
    """
    if num_samples < 1:
        raise ValueError(f"num_samples must be 1 or more, got {num_samples}")
    return enn.predict(inputs, enn.index.samples(key, num_samples))
