"""Suites: the published grids."""

import pytest

from gnothi.testbed import SUITES, find_suite


def test_classification_is_the_published_grid():
    specs = find_suite("classification")
    assert len(specs) == 180  # 360 in the original, which trains again for the second tau
    assert {s.input_size for s in specs} == {2, 10, 100}
    assert {s.num_train // s.input_size for s in specs} == {1, 10, 100, 1000}
    assert {s.temperature for s in specs} == {0.01, 0.1, 0.5}
    assert all(s.inputs == "dyadic" for s in specs)


def test_2d_sweep_is_the_published_grid():
    specs = find_suite("classification_2d")
    assert len(specs) == 210
    assert {s.num_train for s in specs} == {1, 3, 10, 30, 100, 300, 1000}
    assert all(s.inputs == "iid" and s.input_size == 2 for s in specs)


def test_names_are_unique_and_every_suite_is_described():
    for make in SUITES.values():
        names = [spec.name for spec in make()]
        assert len(names) == len(set(names))
        assert make.__doc__


def test_demo_holds_what_it_says():
    specs = find_suite("demo")
    assert sum(s.suite == "classification" for s in specs) >= 60
    assert len({s.table for s in specs if s.suite == "real"}) >= 2


def test_unknown_suite_is_refused():
    with pytest.raises(ValueError, match="there are classification, classification_2d"):
        find_suite("regression_9d")
