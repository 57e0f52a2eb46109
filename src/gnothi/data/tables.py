"""Real data that ship inside scikit-learn, so that nothing is downloaded and nothing unpickled."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from gnothi.data.stream import Stream


def _from_sklearn(loader: str) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    def load():
        from sklearn import datasets

        bunch = getattr(datasets, loader)()
        return np.asarray(bunch.data, float), np.asarray(bunch.target, int)

    return load


#: Name to loader: `iris` (150 flowers, 4 measures, 3 kinds), `wine` (178 wines, 13 measures, 3 growers),
#: `breast_cancer` (569 biopsies, 30 measures, benign or not) and `digits` (1,797 images of 8x8, 10 digits).
TABLES: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {
    "iris": _from_sklearn("load_iris"),
    "wine": _from_sklearn("load_wine"),
    "breast_cancer": _from_sklearn("load_breast_cancer"),
    "digits": _from_sklearn("load_digits"),
}


def load_table(
    name: str, seed: int, *, test_fraction: float = 0.5
) -> tuple[
    Float[np.ndarray, "data features"],
    Int[np.ndarray, " data"],
    Float[np.ndarray, "rows features"],
    Int[np.ndarray, " rows"],
]:
    """Loads a table and splits it at random, the same way for the same seed for ever.

    **Arguments:** `name`, a key of `TABLES`; `seed`, of the split; `test_fraction`, the share of rows held out.

    **Returns:** training inputs and labels, test inputs and labels.

    **Raises:** `ValueError` if there is no such table.
    """
    if name not in TABLES:
        raise ValueError(f"no table is called {name!r}: there are {', '.join(TABLES)}")
    x, y = TABLES[name]()
    order = Stream(seed, len(x)).permutation(len(x))
    test, train = np.split(order, [round(test_fraction * len(x))])
    return x[train], y[train], x[test], y[test]
