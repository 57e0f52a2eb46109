"""The leaderboard's claims, at the size of a smoke test."""

import numpy as np
import pytest
from rich.console import Console

from gnothi.cards import all_hold
from gnothi.reproduce import Lab, reproduce
from gnothi.reproduce.testbed import _estimate, _order, _spread


def test_spread_is_of_means():
    scores = {"a": np.array([1.0, 3.0]), "b": np.array([2.0, 6.0])}
    spread = _spread(scores, ["a", "b"])
    assert spread[0] == pytest.approx(2) and np.allclose(spread, 2)  # b is twice a on every problem
    assert _estimate(spread, 2).low == pytest.approx(2)


def test_the_published_order_is_recognised_and_its_reverse_refuted():
    levels = {"ensemble+": 1.0, "hypermodel": 2.0, "bbb": 3.0, "dropout": 4.0, "ensemble": 5.0, "mlp": 6.0}
    noise = np.random.default_rng(0).uniform(0.9, 1.1, 40)
    ours = {agent: level * noise for agent, level in levels.items()}
    backwards = {agent: (7 - level) * noise for agent, level in levels.items()}
    assert _order(ours, list(levels), "interval").estimate.value == pytest.approx(1)
    assert not _order(backwards, list(levels), "interval").holds


@pytest.mark.slow
def test_claims_hold_at_the_smallest_scale(tmp_path):
    findings = reproduce("testbed", Lab("smoke", tmp_path, 2, Console(quiet=True)))
    assert all_hold(findings.claims), findings.claims
    assert (tmp_path / "figure.png").exists()
