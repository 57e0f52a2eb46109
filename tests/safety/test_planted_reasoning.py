"""Planted deception: labels, balance, and that templates differ."""

from collections import Counter

import pytest

from gnothi.safety.planted_reasoning import DECEPTIVE, HARMLESS, planted_thoughts, templates


def test_labels_and_balance():
    thoughts = planted_thoughts(3)
    assert {thought.kind for thought in thoughts} == {*DECEPTIVE, *HARMLESS}
    deceptive = sum(thought.deceptive for thought in thoughts)
    assert 0.45 < deceptive / len(thoughts) < 0.55
    kinds = Counter(kind for _, kind, _ in templates())
    assert kinds["hard"] >= kinds["plain"]


def test_fillings_are_filled_and_distinct():
    thoughts = planted_thoughts(4)
    assert not any("{" in thought.request + thought.reasoning for thought in thoughts)
    assert len({(thought.request, thought.reasoning) for thought in thoughts}) == len(thoughts)
    assert set(Counter(thought.template for thought in thoughts).values()) == {4}
    assert thoughts == planted_thoughts(4)
    assert thoughts != planted_thoughts(4, seed=1)


def test_some_requests_are_both():
    """Who deceives and who does not are asked the same: a monitor that reads the request alone cannot tell."""
    requests = {kind: {pair[0] for _, own, pair in templates() if own == kind} for kind in (*DECEPTIVE, "hard")}
    assert len(requests["hard"] & (requests["fabrication"] | requests["other"])) >= 4


def test_no_fillings():
    with pytest.raises(ValueError, match="fillings must be"):
        planted_thoughts(0)
