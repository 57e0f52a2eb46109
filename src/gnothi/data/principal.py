"""Columns turned to where inputs differ most: what a few hundred labels can say something about."""

import numpy as np
from jaxtyping import Float

AXES = 64


def principal_axes(
    first: Float[np.ndarray, "data features"], *others: Float[np.ndarray, "_ features"], most: int = AXES
) -> tuple[Float[np.ndarray, "_ axes"], ...]:
    """Arrays on the principal axes of the first, each scaled to a variance of 1 there.

    **Arguments:** `first`, on which axes are measured; `others`; `most`, how many axes: fewer if there are fewer
    inputs or columns. Of inputs that are all alike nothing can be measured: they become 0.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(100, 5)).astype("float32")
    >>> principal_axes(x, x[:3], most=2)[1].shape
    (3, 2)
    """
    from sklearn.decomposition import PCA

    if len(first) < 2 or not np.ptp(first, axis=0).any():
        return tuple(np.zeros((len(array), 1), np.float32) for array in (first, *others))
    turn = PCA(min(most, *first.shape), whiten=True, random_state=0).fit(first)
    return tuple(turn.transform(array).astype(np.float32) for array in (first, *others))
