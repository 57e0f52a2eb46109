"""Half the labels: claims hold of curves that have it and not of others; the whole runs at the smallest scale."""

import numpy as np
import pytest
from rich.console import Console

from gnothi.metrics import Estimate
from gnothi.reproduce import Lab, reproduce
from gnothi.reproduce.curves import read_curves
from gnothi.reproduce.language import _half_claims, _noise_claims, _synthetic_claims
from gnothi.reproduce.measured import measured

SETS = {  # and their budgets
    "language/movies": 2000,
    "language/movies-noise0.3": 2000,
    "language/tweets-noise0.3": 1500,
    "language/cola": 2000,
    "language/synthetic-T0.1": 1000,
}
SUBJECTS = {
    "epinet, uniform": 0.0,
    "epinet, uniform, 0.1 aside": 0.0,
    "epinet, variance": 1.0,
    "epinet, variance, 0.1 aside": 1.0,
    "epinet, margin": 1.0,
    "epinet, margin, 0.1 aside": 1.0,
    "mlp, entropy": 0.5,
    "mlp, margin": 0.5,
    "dropout, variance": 0.5,
}


def curves(ahead):
    """Curves that rise as the log of labels; a subject is `ahead` times its number's factor of e in labels."""
    rows = []
    for evaluation, budget in SETS.items():
        for subject, number in SUBJECTS.items():
            for seed in range(6):
                for count in range(100, budget + 1, 100):
                    accuracy = 0.5 + 0.1 * (np.log(count / 100) + ahead * number) + 1e-3 * np.sin(seed)
                    for metric, value in (("accuracy", accuracy), ("log_loss", 1 - accuracy), ("distinct", count)):
                        one = Estimate(float(value), float(value), float(value), 1)
                        rows.append(measured(subject, evaluation, metric, one, seed=seed, num_train=count))
    return read_curves(rows)


@pytest.mark.parametrize(
    ("ahead", "holds"),
    [
        pytest.param(1.0, True, marks=pytest.mark.slow),
        (0.3, False),
        pytest.param(-0.5, False, marks=pytest.mark.slow),
    ],
)
def test_half_is_less_than_half(tmp_path, ahead, holds):
    lab = Lab("laptop", tmp_path, 1, Console(quiet=True))
    claims = _half_claims(curves(ahead), lab)
    assert len(claims) == 8 and all(claim.holds == holds for claim in claims)
    assert claims[0].estimate.value == pytest.approx(min(1.0, np.exp(-ahead)), abs=0.02)
    assert ("never" in claims[0].measured) == (ahead < 0)
    others = [*_noise_claims(curves(ahead), lab), *_synthetic_claims(curves(ahead), lab)]
    assert len(others) == 5 and all(claim.holds == (ahead > 0) for claim in others)


@pytest.mark.slow
def test_everything_is_measured_at_the_smallest_scale(tmp_path):
    claims = reproduce("language", Lab("smoke", tmp_path, 2, Console(quiet=True))).claims
    assert len(claims) == 13 and all(np.isfinite(claim.estimate.value) for claim in claims)
    assert (tmp_path / "figure.png").exists() and (tmp_path / "claims.json").exists()
