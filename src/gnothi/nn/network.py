"""The one thing gnothi asks of a network: that it shows the features its last layer reads."""

from abc import abstractmethod

import equinox as eqx
from jaxtyping import Array, Float, Num


class FeatureNetwork(eqx.Module):
    """A network cut in two: `features`, everything up to the last hidden layer, and `head`, what follows.

    An epinet reads the features; so does every method that works on the last layer. Subclass it with any trunk
    (a ResNet, a frozen encoder) and it can carry an epinet.

    One example in, one example out: `jax.vmap` makes batches.
    """

    @abstractmethod
    def features(self, x: Num[Array, "..."]) -> Float[Array, " features"]:
        """Maps one input to what the last layer reads."""

    @abstractmethod
    def head(self, features: Float[Array, " features"]) -> Float[Array, " classes"]:
        """Maps features to outputs (logits, or one value for regression)."""

    def __call__(self, x: Num[Array, "..."]) -> Float[Array, " classes"]:
        """Maps one input to its outputs."""
        return self.head(self.features(x))
