"""Many small heads on one trunk: an ensemble whose members share all but their last layers.

The design of "Efficient Exploration at Scale" (2026): each head learns only a difference to what all share, and with
`WithPrior` each carries a fixed prior function that its difference must cancel where there are data.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from gnothi.enn.ensemble import Ensemble
from gnothi.enn.indices import OneOf
from gnothi.enn.network import EpistemicNetwork
from gnothi.nn import MLP, FeatureNetwork


class LastLayerEnsemble(EpistemicNetwork):
    """Outputs `base(x) + head_z([features(x), x])`, where the heads do not shape the features they read.

    A `MatchedPrior` added to it should read the input, not the features: these move as the trunk learns, and a prior
    must not.

    **Arguments:** `base`, trunk and mean head; `heads`, MLPs of [features, input], stacked by `gnothi.nn.stack`.

    >>> import jax, gnothi as gn
    >>> k1, k2 = jax.random.split(jax.random.key(0))
    >>> base = gn.nn.MLP(2, (8,), 3, key=k1)
    >>> heads = gn.nn.stack(lambda key: gn.nn.MLP(8 + 2, (4,), 3, key=key), 5, key=k2)
    >>> gn.enn.LastLayerEnsemble(base, heads).predict(jax.numpy.ones((4, 2))).shape
    (5, 4, 3)
    """

    base: FeatureNetwork
    heads: Ensemble
    index: OneOf

    def __init__(self, base: FeatureNetwork, heads: MLP):
        self.base = base
        self.heads = Ensemble(heads)
        self.index = self.heads.index

    def __call__(self, x: Float[Array, "..."], z: Int[Array, ""]) -> Float[Array, " classes"]:
        """The outputs of one input under head `z`."""
        return self.predict(x[None], z[None])[0, 0]

    def predict(
        self, inputs: Float[Array, "inputs ..."], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under the heads named by `indices`, or all; the base runs once an input."""
        features = jax.vmap(self.base.features)(inputs)
        seen = jnp.concatenate([features, inputs.reshape(len(inputs), -1)], axis=1)
        return jax.vmap(self.base.head)(features) + self.heads.predict(jax.lax.stop_gradient(seen), indices)

    def constants(self, inputs: Float[Array, "inputs ..."]) -> None:
        """Nothing: priors are added with `WithPrior`."""
