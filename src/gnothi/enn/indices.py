"""Laws of the epistemic index: what is drawn once and shared by all inputs of a joint sample."""

import math
from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray


class IndexDistribution(eqx.Module):
    """A law from which an epistemic index `z` is drawn."""

    @abstractmethod
    def samples(self, key: PRNGKeyArray, num_samples: int) -> Array:
        """Draws `num_samples` independent indices, stacked on a leading `samples` axis."""

    @abstractmethod
    def noise(self, key: PRNGKeyArray, z: Array) -> Float[Array, ""]:
        """A number that is fixed by `key` and `z` and, over draws of `z`, standard normal.

        With a key for each data point, this is all that bootstrapping needs: a law of weights for each (data point,
        index), drawn again whenever it is wanted, and stored nowhere.
        """

    def sample(self, key: PRNGKeyArray) -> Array:
        """Draws one index."""
        return self.samples(key, 1)[0]


class FiniteIndexDistribution(IndexDistribution):
    """A uniform law over finitely many indices, which can therefore be listed instead of sampled."""

    @abstractmethod
    def enumerate(self) -> Array:
        """Every index once, stacked on a leading `samples` axis."""

    @property
    @abstractmethod
    def is_whole(self) -> bool:
        """Whether the law is what the agent believes, and no finite sample of that."""


class Gaussian(IndexDistribution):
    """A standard normal index of `size` numbers: epinets, and weights that are normal themselves."""

    size: int = eqx.field(static=True)

    def samples(self, key: PRNGKeyArray, num_samples: int) -> Float[Array, "samples index"]:
        """Draws independent indices."""
        return jax.random.normal(key, (num_samples, self.size))

    def noise(self, key: PRNGKeyArray, z: Float[Array, " index"]) -> Float[Array, ""]:
        """The index along a fixed random direction (Osband et al. 2023, sec. 3)."""
        return _direction(key, self.size) @ z


class ScaledGaussian(IndexDistribution):
    """A normal index of `size` numbers whose squared length is 1 on average: the testbed's hypermodel."""

    size: int = eqx.field(static=True)

    def samples(self, key: PRNGKeyArray, num_samples: int) -> Float[Array, "samples index"]:
        """Draws independent indices."""
        return jax.random.normal(key, (num_samples, self.size)) / math.sqrt(self.size)

    def noise(self, key: PRNGKeyArray, z: Float[Array, " index"]) -> Float[Array, ""]:
        """The index along a fixed random direction, stretched to variance 1."""
        return math.sqrt(self.size) * _direction(key, self.size) @ z


class UnitSphere(IndexDistribution):
    """An index uniform on the unit sphere of `size` dimensions."""

    size: int = eqx.field(static=True)

    def samples(self, key: PRNGKeyArray, num_samples: int) -> Float[Array, "samples index"]:
        """Draws independent indices of length 1."""
        z = jax.random.normal(key, (num_samples, self.size))
        return z / jnp.linalg.norm(z, axis=1, keepdims=True)

    def noise(self, key: PRNGKeyArray, z: Float[Array, " index"]) -> Float[Array, ""]:
        """The index along a fixed random direction, stretched to variance 1 (normal only for a large `size`)."""
        return jnp.sqrt(self.size) * _direction(key, self.size) @ z


class OneOf(FiniteIndexDistribution):
    """One of `count` members, numbered from `first`, each as likely: ensembles."""

    count: int = eqx.field(static=True)
    first: int | Int[Array, ""] = 0
    drawn: bool = eqx.field(static=True, default=False)  # whether members are draws of a law that is not finite

    @property
    def is_whole(self) -> bool:
        """Whether the members are all there is, and no draws of something else."""
        return not self.drawn

    def samples(self, key: PRNGKeyArray, num_samples: int) -> Int[Array, " samples"]:
        """Draws the numbers of members, with replacement."""
        return jax.random.randint(key, (num_samples,), self.first, self.first + self.count)

    def noise(self, key: PRNGKeyArray, z: Int[Array, ""]) -> Float[Array, ""]:
        """An independent number for each member."""
        return jax.random.normal(jax.random.fold_in(key, z))

    def enumerate(self) -> Int[Array, " samples"]:
        """The numbers of all members."""
        return self.first + jnp.arange(self.count)


class NoIndex(FiniteIndexDistribution):
    """The single index of a network that has none: it says nothing, and there is one of it."""

    @property
    def is_whole(self) -> bool:
        """One prediction is all there is."""
        return True

    def samples(self, key: PRNGKeyArray, num_samples: int) -> Int[Array, " samples"]:
        """Repeats the only index there is."""
        return jnp.zeros((num_samples,), int)

    def noise(self, key: PRNGKeyArray, z: Int[Array, ""]) -> Float[Array, ""]:
        """One number for each key."""
        return jax.random.normal(key)

    def enumerate(self) -> Int[Array, " samples"]:
        """The only index there is."""
        return jnp.zeros((1,), int)


class Mask(IndexDistribution):
    """A vector of `size` zeros and ones, each one with probability `keep`: dropout, where the index is the mask."""

    size: int = eqx.field(static=True)
    keep: float = eqx.field(static=True)

    def samples(self, key: PRNGKeyArray, num_samples: int) -> Float[Array, "samples index"]:
        """Draws independent masks."""
        return jax.random.bernoulli(key, self.keep, (num_samples, self.size)).astype(float)

    def noise(self, key: PRNGKeyArray, z: Float[Array, " index"]) -> Float[Array, ""]:
        """The standardised mask along a fixed random direction (normal only for a large `size`)."""
        spread = jnp.sqrt(max(self.keep * (1 - self.keep), 1e-12))
        return _direction(key, self.size) @ ((z - self.keep) / spread)


def _direction(key: PRNGKeyArray, size: int) -> Float[Array, " index"]:
    direction = jax.random.normal(key, (size,))
    return direction / jnp.linalg.norm(direction)
