"""Suites of problems, by name."""

from collections.abc import Callable, Iterable

from gnothi.testbed.problems import GenerativeSpec
from gnothi.testbed.real import RealSpec

Spec = GenerativeSpec | RealSpec


def grid(
    suite: str,
    input_sizes: Iterable[int],
    data_ratios: Iterable[int],
    temperatures: Iterable[float],
    seeds: Iterable[int],
) -> tuple[GenerativeSpec, ...]:
    """Every combination, with `data_ratio` training points a dimension and dyadic test inputs."""
    return tuple(
        GenerativeSpec(suite, size, size * ratio, temperature, seed)
        for size in input_sizes
        for ratio in data_ratios
        for temperature in temperatures
        for seed in seeds
    )


_TEMPERATURES = (0.01, 0.1, 0.5)


def _classification() -> tuple[Spec, ...]:
    """The published benchmark: 180 problems, each scored at tau 1 and 10 (Osband et al. 2022)."""
    return grid("classification", (2, 10, 100), (1, 10, 100, 1000), _TEMPERATURES, range(5))


def _classification_2d() -> tuple[Spec, ...]:
    """The 2-D sweep of 2021: 210 problems, independent test inputs."""
    return tuple(
        GenerativeSpec("classification_2d", 2, num_train, temperature, seed, inputs="iid")
        for num_train in (1, 3, 10, 30, 100, 300, 1000)
        for temperature in _TEMPERATURES
        for seed in range(10)
    )


def _real() -> tuple[Spec, ...]:
    """Three tables and a set of images that ship with scikit-learn, five splits of each."""
    return tuple(RealSpec(table, seed) for table in ("iris", "wine", "breast_cancer", "digits") for seed in range(5))


def _demo() -> tuple[Spec, ...]:
    """What `make demo` runs: 60 problems of the benchmark with few data, and two real tables."""
    few = grid("classification", (2, 10, 100), (1,), _TEMPERATURES, range(5))
    more = grid("classification", (2,), (10,), _TEMPERATURES, range(5))
    real = [RealSpec("iris", seed) for seed in range(3)] + [RealSpec("breast_cancer", seed) for seed in range(2)]
    return (*few, *more, *real)


def _smoke() -> tuple[Spec, ...]:
    """Three small problems, to see that everything works."""
    return (*grid("classification", (2,), (10,), (0.1,), range(2)), RealSpec("iris", 0))


SUITES: dict[str, Callable[[], tuple[Spec, ...]]] = {
    "classification": _classification,
    "classification_2d": _classification_2d,
    "real": _real,
    "demo": _demo,
    "smoke": _smoke,
}


def find_suite(name: str) -> tuple[Spec, ...]:
    """The problems of a suite.

    **Raises:** `ValueError` if there is no such suite.
    """
    if name not in SUITES:
        raise ValueError(f"no suite is called {name!r}: there are {', '.join(SUITES)}")
    return SUITES[name]()
