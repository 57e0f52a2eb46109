"""A data set, and the checks that a stranger's data must pass before anything is trained on it."""

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Shaped

Inputs = Float[Array, "data ..."] | Float[np.ndarray, "data ..."]
Targets = Shaped[Array, "data ..."] | Shaped[np.ndarray, "data ..."]


class Dataset(eqx.Module):
    """Inputs and targets, a data point a row: whole-number labels for classification, values for regression."""

    x: Inputs
    y: Targets

    def __len__(self) -> int:
        return self.x.shape[0]


def check_finite(values: Shaped[Array, "data ..."] | Shaped[np.ndarray, "data ..."], *, name: str) -> None:
    """Says what is wrong with numbers that are not all finite; those inside `jit` or `vmap` cannot be looked at.

    **Raises:** `ValueError` with the rows that hold NaN or infinity.
    """
    if isinstance(values, jax.core.Tracer):
        return
    bad = ~np.isfinite(np.asarray(values).reshape(len(values), -1)).all(axis=1)
    if bad.any():
        raise ValueError(
            f"{name} holds NaN or infinity in {bad.sum()} of {len(bad)} rows (first: row {int(np.argmax(bad))}): "
            "drop those rows, or fill them in (sklearn.impute.SimpleImputer does)"
        )


def check_labels(labels: Shaped[Array, " data"] | Shaped[np.ndarray, " data"], num_classes: int, *, name: str) -> None:
    """Says what is wrong with labels; those inside `jit` or `vmap` cannot be looked at.

    **Raises:** `ValueError` if they are not whole numbers, or lie outside `0 .. num_classes - 1`.
    """
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"{name} has labels of type {labels.dtype}: encode them as 0 .. {num_classes - 1}")
    if isinstance(labels, jax.core.Tracer):
        return
    y = np.asarray(labels)
    wrong = (y < 0) | (y >= num_classes)
    if wrong.any():
        raise ValueError(
            f"{name}: {wrong.sum()} of {len(y)} labels lie outside 0 .. {num_classes - 1} (first: row "
            f"{int(np.argmax(wrong))}, label {y[wrong][0]}): encode them so, or make room for more classes "
            f"(the largest label is {int(y.max())})"
        )


def check_classification(
    x: Shaped[np.ndarray, "data ..."], y: Shaped[np.ndarray, "labels ..."], num_classes: int, *, name: str = "the data"
) -> Dataset:
    """Makes a data set of arrays that nobody has looked at yet.

    **Arguments:** `x`, inputs; `y`, labels; `num_classes`; `name`, what to call the data in an error.

    **Raises:** `ValueError` if there are no data, if `x` holds NaN or infinity, if there is not one label a row, if
    a label lies outside `0 .. num_classes - 1`, or if only one class is present.
    """
    x, y = np.asarray(x), np.asarray(y)
    if len(x) == 0:
        raise ValueError(f"{name} is empty: give at least one row")
    if y.shape != (len(x),):
        raise ValueError(f"{name} has {len(x)} rows of inputs but labels of shape {y.shape}: each row needs one label")
    check_finite(x, name=name)
    check_labels(y, num_classes, name=name)
    if np.unique(y).size < 2:
        raise ValueError(f"{name} holds a single class ({y[0]}): there is nothing to tell apart")
    return Dataset(np.asarray(x, np.float32), y.astype(np.int32))


def standardise(
    train: Float[np.ndarray, "data features"], *others: Float[np.ndarray, "_ features"]
) -> tuple[Float[np.ndarray, "_ features"], ...]:
    """Centres and scales each column by its mean and deviation in `train`; a constant column becomes 0."""
    mean = train.mean(axis=0)
    # A constant column's deviation need not be 0: its mean is rounded. And that of one whose numbers hardly differ may
    # be 0: their squares are too small for a float32.
    deviation = train.std(axis=0)
    scale = np.where((np.ptp(train, axis=0) > 0) & (deviation > 0), deviation, 1.0)
    return tuple(((array - mean) / scale).astype(np.float32) for array in (train, *others))
