"""Which part of the labels is needed: known curves have known parts."""

import numpy as np
import pytest

from gnothi.metrics import Estimate
from gnothi.reproduce.curves import part_needed, reached, read_curves, smoothed
from gnothi.reproduce.measured import measured


def curves(**subjects):
    """Curves on one task `t` of log-like growth: accuracy a + b log(labels), at 100 to 1,000."""
    records = []
    for subject, (start, slope) in subjects.items():
        for seed in range(5):
            for count in range(100, 1001, 100):
                value = start + slope * np.log(count / 100) + 1e-4 * seed
                one = Estimate(value, value, value, 1)
                records.append(measured(subject, "language/t", "accuracy", one, seed=seed, num_train=count))
                loss = Estimate(1 - value, 1 - value, 1 - value, 1)
                records.append(measured(subject, "language/t", "log_loss", loss, seed=seed, num_train=count))
    return read_curves(records)


def test_half_the_labels_are_half():
    """A curve that is ahead by `slope * log 2` is where the other one is with twice the labels."""
    found = curves(random=(0.5, 0.1), asked=(0.5 + 0.1 * np.log(2), 0.1))
    for metric in ("accuracy", "log_loss"):
        part = part_needed(found, found.tasks, metric, "asked", ("random",))
        assert part.value == pytest.approx(0.5, abs=0.01) and part.units == 5 and part.nonfinite == 0
        assert part.low <= part.value <= part.high
    best = part_needed(found, found.tasks, "accuracy", "random", ("random", "asked"))
    assert best.value == 1 and best.nonfinite == 1  # never there


def test_chance_ups_do_not_count():
    curve = np.array([0.5, 0.8, 0.6, 0.7, 0.75])
    flat = smoothed(curve, rising=True)
    assert (np.diff(flat) >= 0).all() and flat[1] == pytest.approx(0.7)
    labels = np.arange(1, 6) * 10
    assert reached(labels, flat, 0.74, rising=True) == pytest.approx(48)
    assert reached(labels, flat, 0.1, rising=True) == 10
    assert np.isnan(reached(labels, flat, 0.9, rising=True))
    assert reached(labels, -flat, -0.74, rising=False) == pytest.approx(48)
