"""Ensembles: the index says which member speaks."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, Int, Num

from gnothi.enn.indices import OneOf
from gnothi.enn.network import EpistemicNetwork
from gnothi.nn import MLP, FeatureNetwork, stacked_outputs


class Ensemble(EpistemicNetwork):
    """Independent networks of one shape; the index is the number of a member.

    Members are stacked on a leading axis of every array, so all of them run, and learn, in one batched product.
    Add a `MatchedPrior` with `WithPrior` and it is the `ensemble+` of Osband et al. 2022.

    **Arguments:** `members`, networks stacked by `gnothi.nn.stack`; `first`, the number of the first member, if this
    is a part of a larger ensemble.

    >>> import jax, gnothi as gn
    >>> nets = gn.nn.stack(lambda key: gn.nn.MLP(2, (8,), 3, key=key), 5, key=jax.random.key(0))
    >>> gn.enn.Ensemble(nets).predict(jax.numpy.ones((4, 2))).shape  # every member once
    (5, 4, 3)
    """

    members: FeatureNetwork
    index: OneOf

    def __init__(self, members: FeatureNetwork, *, first: int | Int[Array, ""] = 0):
        self.members = members
        self.index = OneOf(jax.tree.leaves(members)[0].shape[0], first)

    def member(self, number: int | Int[Array, ""]) -> FeatureNetwork:
        """One member, as a network of its own."""
        position = number - self.index.first
        return jax.tree.map(lambda leaf: leaf[position] if eqx.is_array(leaf) else leaf, self.members)

    def __call__(self, x: Num[Array, "..."], z: Int[Array, ""]) -> Float[Array, " classes"]:
        """The outputs of member `z` for one input."""
        return self.member(z)(x)

    def predict(
        self, inputs: Num[Array, "inputs ..."], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of the members named by `indices`, or of all; all run once where that is less."""
        if indices is not None and indices.shape[0] < self.index.count:
            return jax.vmap(lambda z: jax.vmap(self.member(z))(inputs))(indices)
        if isinstance(self.members, MLP):
            outputs = stacked_outputs(self.members, inputs)
        else:
            outputs = eqx.filter_vmap(lambda member: jax.vmap(member)(inputs))(self.members)
        return outputs if indices is None else outputs[indices - self.index.first]

    def constants(self, inputs: Num[Array, "inputs ..."]) -> None:
        """Nothing: there is no prior function."""
