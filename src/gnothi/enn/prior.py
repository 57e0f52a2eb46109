"""Prior functions: what the model believes before it has seen data, drawn once and never trained.

A fixed random function is added to a network that learns only the difference. Where there are data, the difference
cancels it; where there are none, it remains, and differs from index to index: that is the uncertainty
(Osband et al. 2018, "Randomized Prior Functions for Deep Reinforcement Learning").
"""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Num

from gnothi.enn.indices import IndexDistribution
from gnothi.enn.network import EpistemicNetwork, every_index
from gnothi.nn import Frozen

ROWS_AT_ONCE = 4096  # inputs whose hidden units, of every fixed function, are in memory together


class PriorFunction(Frozen):
    """A few fixed functions (`basis`) and a rule by which an index combines them (`combine`).

    The basis does not depend on the index, so it is computed once for each input, however long the training.

    **Arguments:** `networks`, stacked by `gnothi.nn.stack`; `scale`, their weight.
    """

    networks: eqx.Module
    scale: float | Float[Array, ""]

    def basis(self, x: Num[Array, "..."]) -> Float[Array, "functions classes"]:
        """The scaled outputs of every fixed function for one input."""
        outputs = eqx.filter_vmap(lambda network: network(x))(self.networks)
        return self.scale * jax.lax.stop_gradient(outputs)

    @abstractmethod
    def combine(self, basis: Float[Array, "functions classes"], z: Array) -> Float[Array, " classes"]:
        """What one index makes of them."""


class MatchedPrior(PriorFunction):
    """One fixed network for each member of an ensemble: index `z` picks the `z`-th.

    **Arguments:** as of `PriorFunction`, and `first`, the number of the first member, as in `Ensemble`.
    """

    first: int | Int[Array, ""] = 0

    def combine(self, basis: Float[Array, "functions classes"], z: Int[Array, ""]) -> Float[Array, " classes"]:
        """The `z`-th."""
        return basis[z - self.first]


class LinearPrior(PriorFunction):
    """As many fixed networks as the index has numbers, summed with the index as weights."""

    def combine(self, basis: Float[Array, "functions classes"], z: Float[Array, " index"]) -> Float[Array, " classes"]:
        """Their sum, weighted by the index."""
        return z @ basis


class WithPrior(EpistemicNetwork):
    """An epistemic network plus a fixed prior function of the same index.

    **Arguments:** `network`, what learns; `prior`, what does not.

    >>> import jax, gnothi as gn
    >>> k1, k2 = jax.random.split(jax.random.key(0))
    >>> make = lambda key: gn.nn.MLP(2, (8,), 3, key=key)
    >>> ensemble, twins = gn.enn.Ensemble(gn.nn.stack(make, 5, key=k1)), gn.nn.stack(make, 5, key=k2)
    >>> plus = gn.enn.WithPrior(ensemble, gn.enn.MatchedPrior(twins, scale=3.0))
    >>> plus.predict(jax.numpy.ones((4, 2))).shape
    (5, 4, 3)
    """

    network: EpistemicNetwork
    prior: PriorFunction
    index: IndexDistribution

    def __init__(self, network: EpistemicNetwork, prior: PriorFunction):
        self.network = network
        self.prior = prior
        self.index = network.index

    def __call__(self, x: Num[Array, "..."], z: Array) -> Float[Array, " classes"]:
        """The outputs of one input under one index."""
        return self.network(x, z) + self.prior.combine(self.prior.basis(x), z)

    def predict(
        self, inputs: Num[Array, "inputs ..."], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all indices; the prior runs once an input, or not at all."""
        basis = self.constants(inputs) if constants is None else constants
        outputs = self.network.predict(inputs, indices)
        if indices is None and isinstance(self.prior, MatchedPrior):
            return outputs + jnp.swapaxes(basis, 0, 1)
        indices = every_index(self) if indices is None else indices
        return outputs + jax.vmap(lambda z: jax.vmap(lambda row: self.prior.combine(row, z))(basis))(indices)

    def constants(self, inputs: Num[Array, "inputs ..."]) -> Float[Array, "inputs functions classes"]:
        """The prior's fixed functions at these inputs; of many inputs, some at a time, so that memory is bounded."""
        if len(inputs) <= ROWS_AT_ONCE:
            return jax.vmap(self.prior.basis)(inputs)
        return jax.lax.map(self.prior.basis, inputs, batch_size=ROWS_AT_ONCE)
