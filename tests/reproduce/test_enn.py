"""The epinet's claims: the closed form of the linear epinet, and the whole at the size of a smoke test."""

from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from gnothi.cards import all_hold, write_png
from gnothi.reproduce import Lab, reproduce
from gnothi.reproduce.enn import BEST, FLOOR, INDEX_SIZES, _by_problem, _figure, _ratio, _slope, linear_epinets
from tests.cards.invented_runs import make_record


def test_the_error_of_a_linear_epinet_is_two_over_the_root_of_its_index_size():
    records = linear_epinets(range(20))["linear_epinet/20 data sets"]
    for size in INDEX_SIZES[1:]:
        mean = np.mean([record.value for record in records if record.parameters == size])
        assert mean * np.sqrt(size) == pytest.approx(2.2, abs=0.35)
    assert _slope(records).holds


def test_an_error_that_does_not_fall_is_refuted():
    records = linear_epinets(range(2))["linear_epinet/2 data sets"]
    assert not _slope([replace(record, value=0.5) for record in records]).holds


def test_ratios_are_over_common_problems():
    scores = {"a": {"p": 1.0, "q": 3.0}, "b": {"q": 2.0, "p": 2.0, "r": 100.0}}
    assert _ratio(scores, "a", "b").value == pytest.approx(1.0)


def test_the_floor_is_a_line_though_nobody_counted_its_arithmetic(tmp_path):
    names = [f"enn/D2-N20-T0.1-S{seed}" for seed in range(6)]
    agents = {
        BEST: (2.0, 1e9),
        "ensemble 100": (5.0, 1e9),
        "epinet+": (2.1, 1e7),
        "mlp": (6.0, 1e7),
        FLOOR: (1.8, None),
    }
    records = [
        make_record(agent, name, value + 0.1 * place, 10, train_flops=flops)
        for agent, (value, flops) in agents.items()
        for place, name in enumerate(names)
    ]
    write_png(_figure(records, _by_problem(records)), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000


@pytest.mark.slow
def test_claims_hold_at_the_smallest_scale(tmp_path):
    findings = reproduce("enn", Lab("smoke", tmp_path, 2, Console(quiet=True)))
    assert all_hold(findings.claims), findings.claims
    assert (tmp_path / "figure.png").exists()
