"""What `fit` leaves behind, and the checks of what goes in."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, TypeVar, no_type_check

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from gnothi.agents import Sampler

#: Rows are predicted in blocks of one size, the last one filled up with zeros: a single compiled program serves every
#: number of rows, and what is said about a row does not depend on the others.
BLOCK_ROWS = 256

#: Standardised inputs are cut here: beyond it, 32 bits end in infinity, and then in NaN.
MOST_DEVIATIONS = 1e6

Seed = UInt32[np.ndarray, ""] | UInt32[Array, ""]
Rows = Float[np.ndarray, "rows features"] | Float[Array, "rows features"]
Init = TypeVar("Init", bound=Callable[..., None])


def takes_anything(init: Init) -> Init:
    """Marks a constructor that runtime type checkers must leave alone: scikit-learn wants errors from `fit` only."""
    return no_type_check(init)


@dataclass(frozen=True)
class FittedNetwork:
    """A trained network, the scaling of its inputs, and the seed of its draws.

    Arrays are NumPy's, so that it can be pickled and memory-mapped by joblib.
    """

    network: Sampler
    scaler: StandardScaler
    seed: Seed

    def blocks(
        self, X: Float[np.ndarray, "inputs features"], num_samples: int | None
    ) -> Iterator[Float[np.ndarray, "samples rows outputs"]]:
        """The network's outputs, some rows at a time, under the same indices for all rows and at every call.

        **Arguments:** `X`, inputs as the user has them; `num_samples`, how many indices, or `None` for every one of a
        finite law.
        """
        indices = None if num_samples is None else _indices(self.network, num_samples, self.seed)
        rows = standardised(self.scaler, X)
        for start in range(0, len(rows), BLOCK_ROWS):
            part = rows[start : start + BLOCK_ROWS]
            padded = np.zeros((BLOCK_ROWS, rows.shape[1]), np.float32)
            padded[: len(part)] = part
            yield np.asarray(_outputs(self.network, padded, indices), np.float64)[:, : len(part)]


def standardised(
    scaler: StandardScaler, X: Float[np.ndarray, "inputs features"]
) -> Float[np.ndarray, "inputs features"]:
    """Inputs in standard deviations of the training set's columns; columns that were constant there are 0 there."""
    return np.clip(scaler.transform(X), -MOST_DEVIATIONS, MOST_DEVIATIONS).astype(np.float32)


def draw_seed(random_state: int | np.random.RandomState | None) -> Seed:
    """A seed for everything random in one fit.

    **Raises:** `ValueError` if `random_state` is nothing that scikit-learn can use as one.
    """
    return np.array(check_random_state(random_state).randint(2**31 - 1), np.uint32)


def keys(seed: Seed) -> Array:
    """Two keys, for training and for the draws of indices."""
    return jax.random.split(jax.random.key(seed))


def to_numpy(network: Sampler) -> Sampler:
    """The same network with NumPy's arrays in it."""
    return jax.tree.map(lambda leaf: np.asarray(leaf) if eqx.is_array(leaf) else leaf, network)


@eqx.filter_jit
def _indices(network: Sampler, num_samples: int, seed: Seed) -> Array:
    return network.index.samples(keys(seed)[1], num_samples)


@eqx.filter_jit
def _outputs(network: Sampler, rows: Rows, indices: Array | None) -> Array:
    return network.predict(jnp.asarray(rows), indices)


def check_whole(name: str, value: Any) -> int:
    """An argument that counts something.

    **Raises:** `ValueError` if it is not a whole number of 1 or more.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number of 1 or more, got {value!r}")
    return int(value)


def check_sizes(name: str, value: Any) -> tuple[int, ...]:
    """An argument that holds the widths of hidden layers, possibly none.

    **Raises:** `ValueError` if it is not a sequence of whole numbers of 1 or more.
    """
    if not isinstance(value, Collection) or isinstance(value, str):
        raise ValueError(f"{name} must be a tuple with the width of each hidden layer, such as (50, 50), got {value!r}")
    return tuple(check_whole(f"every width in {name}", width) for width in value)


def check_number(name: str, value: Any, *, positive: bool = True) -> float:
    """An argument that measures something.

    **Raises:** `ValueError` if it is not finite, or negative, or 0 although it must be `positive`.
    """
    if not isinstance(value, Real) or not np.isfinite(float(value)) or value < 0 or (positive and value == 0):
        raise ValueError(f"{name} must be a number {'above 0' if positive else 'of 0 or more'}, got {value!r}")
    return float(value)
