"""Suites of problems, by name."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from gnothi.testbed.local import SUITE, LocalSpec, find_folder_suite
from gnothi.testbed.problems import GenerativeSpec
from gnothi.testbed.published import PublishedSpec
from gnothi.testbed.real import RealSpec
from gnothi.testbed.regression import RegressionSpec
from gnothi.testbed.shifts import SHIFTS

Spec = GenerativeSpec | PublishedSpec | RealSpec | LocalSpec | RegressionSpec


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


def _published() -> tuple[Spec, ...]:
    """The original's very instances: 24 problems for which other libraries' scores are known (`peer_scores`)."""
    return tuple(PublishedSpec("published", "classification", 15 * cell + 5 * i) for cell in range(12) for i in (0, 1))


def _published_full() -> tuple[Spec, ...]:
    """The original's very instances: all 180, each scored at tau 1 and 10."""
    return tuple(PublishedSpec("published", "classification", index) for index in range(180))


def _published_2d() -> tuple[Spec, ...]:
    """The original's very instances in two dimensions: 210, each scored at tau 1 and 100."""
    return tuple(PublishedSpec("published_2d", "classification_2d", index) for index in range(210))


def _real() -> tuple[Spec, ...]:
    """Three tables and a set of images that ship with scikit-learn, five splits of each."""
    return tuple(RealSpec(table, seed) for table in ("iris", "wine", "breast_cancer", "digits") for seed in range(5))


def _variants(
    suite: str, data_ratios: Iterable[int], temperatures: Iterable[float], num_seeds: int, *changes: dict[str, Any]
) -> tuple[Spec, ...]:
    """A grid over input sizes for each change to `GenerativeSpec`."""
    specs = grid(suite, (2, 10, 100), data_ratios, temperatures, range(num_seeds))
    return tuple(replace(spec, **change) for change in changes for spec in specs)


_SHIFTED: tuple[dict[str, Any], ...] = tuple({"shift": name} for name in SHIFTS if name != "none")


def _multiclass() -> tuple[Spec, ...]:
    """Three and ten classes."""
    return _variants("multiclass", (10, 100), (0.01, 0.1), 5, {"num_classes": 3}, {"num_classes": 10})


def _heteroscedastic() -> tuple[Spec, ...]:
    """Noise that varies across inputs: the log of the temperature is a smooth random function of deviation 1."""
    return _variants("heteroscedastic", (1, 10, 100), (0.1, 0.5), 5, {"temperature_spread": 1.0})


def _shifted() -> tuple[Spec, ...]:
    """Training inputs of a half-space, or too narrow; test inputs too wide; training data short of some classes."""
    return _variants("shifted", (10, 100), (0.1,), 5, *_SHIFTED)


def _untold() -> tuple[Spec, ...]:
    """Agents are not told the temperature."""
    return _variants("untold", (1, 10, 100), _TEMPERATURES, 5, {"tells_temperature": False})


def _protocol() -> tuple[Spec, ...]:
    """A small even mix of what the published benchmark leaves out, beside its plain problems: 54 problems."""
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"num_classes": 3},
        {"num_classes": 10},
        {"temperature_spread": 1.0},
        {"tells_temperature": False},
    )
    return _variants("protocol", (10,), (0.1,), 2, *changes, *_SHIFTED)


def _regression() -> tuple[Spec, ...]:
    """Values drawn from a Gaussian process, scored against its exact posterior (135 problems; Osband et al. 2023)."""
    return tuple(
        RegressionSpec("regression", size, size * ratio, noise_std, seed)
        for size in (1, 10, 100)
        for ratio in (1, 10, 100)
        for noise_std in (0.01, 0.1, 1.0)
        for seed in range(5)
    )


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
    "published": _published,
    "published_full": _published_full,
    "published_2d": _published_2d,
    "real": _real,
    "multiclass": _multiclass,
    "heteroscedastic": _heteroscedastic,
    "shifted": _shifted,
    "untold": _untold,
    "protocol": _protocol,
    "regression": _regression,
    "demo": _demo,
    "smoke": _smoke,
}


def find_suite(name: str) -> tuple[Spec, ...]:
    """The problems of a suite: one of `SUITES`, or `folder:PATH`, the data sets of a folder (`gnothi.data.find_local`).

    **Raises:** `ValueError` if there is no such suite.
    """
    kind, _, folder = name.partition(":")
    if kind == SUITE and folder:
        return find_folder_suite(folder)
    if name not in SUITES:
        raise ValueError(f"no suite is called {name!r}: there are {', '.join(SUITES)}, and {SUITE}:PATH")
    return SUITES[name]()
