"""Excess over the posterior: paired, from whichever sampler did the problem, and without what is not to be trusted."""

import numpy as np
import pytest

from gnothi.cards import excesses, floor_chart, floor_title, trusted
from tests.cards.invented_runs import make_record

NAMES = [f"classification/D2-N20-T0.1-S{seed}" for seed in range(8)]
POSTERIOR = np.linspace(0.2, 0.9, 8)


@pytest.fixture
def records():
    found = [make_record("exact", name, value, 10) for name, value in zip(NAMES[:4], POSTERIOR, strict=False)]
    found += [make_record("hmc", name, value + 0.01, 10) for name, value in zip(NAMES, POSTERIOR, strict=True)]
    found += [make_record("mlp", name, value + 1.0, 10) for name, value in zip(NAMES, POSTERIOR, strict=True)]
    return [*found, make_record("hmc", NAMES[7], 1.2, None, metric="r_hat")]


def test_the_first_of_the_floors_that_did_a_problem_is_its_floor(records):
    rows = {row.agent: row for row in excesses(trusted(records))}
    assert rows["exact"].above.value == 0
    assert rows["mlp"].above.units == 7  # chains did not mix on the eighth
    assert rows["mlp"].above.value == pytest.approx((4 * 1.0 + 3 * 0.99) / 7)
    assert rows["hmc"].above.units == 4 and rows["hmc"].above.value == pytest.approx(0.01)
    assert rows["mlp"].above.high - rows["mlp"].above.low < 0.05  # paired: problems differ far more
    assert "7 problems" in floor_title(list(rows.values()))


def test_nearest_first_and_nothing_without_a_floor(records):
    assert [row.agent for row in excesses(trusted(records))] == ["exact", "hmc", "mlp"]
    assert excesses([record for record in records if record.subject == "mlp"]) == []


def test_the_picture_holds_who_is_above_the_line(records):
    spec = floor_chart(excesses(trusted(records))).to_dict(validate=False)
    shown = spec["layer"][1]["data"]["values"]
    assert [row["agent"] for row in shown] == ["hmc", "mlp"]
    assert spec["layer"][0]["data"]["values"] == [{"at": 0}]
