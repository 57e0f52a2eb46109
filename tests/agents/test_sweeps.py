"""Published sweeps are data: every entry must be an agent, once, and be found again by its name."""

import dataclasses

import pytest

from gnothi.agents import AGENTS, REAL_SWEEPS, SWEEPS, find_agent, full_name, sweep
from gnothi.agents.sweeps import _BASES

BOTH = [(name, False) for name in SWEEPS] + [(name, True) for name in REAL_SWEEPS]


@pytest.mark.parametrize(("name", "real"), BOTH)
def test_every_setting_makes_an_agent_of_its_own_that_is_found_by_its_name(name, real):
    agents = sweep(name, real=real)
    settings = (REAL_SWEEPS if real else SWEEPS)[name]
    assert list(agents) == [full_name(name, s) for s in settings]
    assert len(set(agents.values())) == len(settings)
    for s, (found_name, agent) in zip(settings, agents.items(), strict=True):
        assert agent == dataclasses.replace(AGENTS[name], **s) == find_agent(found_name, AGENTS)
        kinds = {field: type(getattr(AGENTS[name], field)) for field in s}
        assert {field: type(value) for field, value in s.items()} == kinds


def test_sweeps_are_of_agents_that_there_are():
    assert all(AGENTS[name] == base for name, base in _BASES.items())
    assert set(SWEEPS) == set(_BASES) and set(REAL_SWEEPS) < set(SWEEPS)


@pytest.mark.parametrize(
    ("name", "real", "count"),
    [
        ("knn", False, 6 * 2),
        ("random_forest", False, 3 * 2),
        ("deep_kernel", False, 6 * 5),
        ("sgmcmc", False, 18 + 12 - 6),  # six are in both grids
        ("sgmcmc", True, 5 * 6 * 2),
        ("dropout", True, 3 * 7 * 7),
        ("ensemble+", True, 3 * 5 * 5),
        ("hypermodel", True, 3 * 5 * 5),
        ("ensemble", True, 3 * 6),
        ("mlp", True, 3 * 5),
        ("bbb", True, 3 * 3),
    ],
)
def test_the_published_number_of_settings(name, real, count):
    assert len(sweep(name, real=real)) == count


def test_names_are_short_and_have_no_spaces():
    names = [n for name, real in BOTH for n in sweep(name, real=real)]
    assert "ensemble:num_members=30,l2=0.1" in names and "dropout:hidden=(50,50,50)" in names
    assert all(" " not in n and "/" not in n and len(n) < 150 for n in names)
    assert full_name("mlp", {}) == "mlp"


def test_an_agent_without_a_sweep_is_refused():
    with pytest.raises(ValueError, match=r"no sweep of 'epinet' was published: there are logistic, knn, "):
        sweep("epinet")
    with pytest.raises(ValueError, match=r"no sweep of 'knn' was published: there are mlp, "):
        sweep("knn", real=True)
