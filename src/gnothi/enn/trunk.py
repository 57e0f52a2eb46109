"""An epistemic network on a trunk that learns with it: a pretrained encoder that is fine-tuned, for example."""

from collections.abc import Callable

import equinox as eqx
import jax
from jaxtyping import Array, Float, Num

from gnothi.enn.indices import IndexDistribution
from gnothi.enn.network import EpistemicNetwork
from gnothi.nn import Held

INPUTS_AT_ONCE = 64  # whose activations are in memory, and in cache, together


Trunk = Callable[[Array], Array]  # one input to a vector of features: an `equinox.Module`, if it is to learn


class Trunked(EpistemicNetwork):
    """A trunk whose features an epistemic network reads; loss shapes both.

    Prior functions read what the trunk made of an input before it learnt anything: were they to move with it, they
    would be no prior. `rate` is the trunk's learning rate as a part of the network's.

    **Arguments:** `trunk`, from one input to a vector of features; `head`, over features; `rate`.

    >>> import jax, gnothi as gn
    >>> k1, k2, k3 = jax.random.split(jax.random.key(0), 3)
    >>> trunk = gn.nn.MLP(5, (16,), 8, key=k1)
    >>> head = gn.enn.Epinet(gn.nn.MLP(8, (), 2, key=k2), index_size=4, hidden=(15,), prior_scale=1.0, key=k3)
    >>> gn.sample(gn.enn.Trunked(trunk, head), jax.numpy.ones((4, 5)), 100, key=k3).shape
    (100, 4, 2)
    """

    trunk: Trunk
    head: EpistemicNetwork
    start: Held
    index: IndexDistribution
    rate: float = eqx.field(static=True)

    def __init__(self, trunk: Trunk, head: EpistemicNetwork, rate: float = 0.05):
        if rate <= 0:
            raise ValueError(f"the trunk's share of the learning rate must be positive, got {rate}")
        self.trunk, self.head, self.start, self.rate = trunk, head, Held(trunk), rate
        self.index = head.index

    def __call__(self, x: Num[Array, "..."], z: Array) -> Float[Array, " classes"]:
        """The outputs of one input under one index."""
        return self.predict(x[None], z[None])[0, 0]

    def predict(
        self, inputs: Num[Array, "inputs ..."], indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all indices; the trunk runs once an input."""
        known = self.constants(inputs) if constants is None else constants
        return self.head.predict(_features(self.trunk, inputs), indices, known)

    def constants(self, inputs: Num[Array, "inputs ..."]) -> Float[Array, "inputs functions classes"] | None:
        """The head's, of the features of the trunk as it was."""
        return self.head.constants(_features(self.start.network, inputs))


def _features(trunk: Trunk, inputs: Num[Array, "inputs ..."]) -> Float[Array, "inputs features"]:
    if len(inputs) <= INPUTS_AT_ONCE:
        return jax.vmap(trunk)(inputs)
    return jax.lax.map(trunk, inputs, batch_size=INPUTS_AT_ONCE)
