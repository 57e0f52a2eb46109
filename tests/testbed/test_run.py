"""A run: grouping, records, resuming."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from gnothi.agents import AGENTS
from gnothi.sweep import RunFolder, read_records, run_groups
from gnothi.testbed import RealSpec, grid, plan, run_group
from gnothi.testbed.run import config_hash

QUICK = {
    "uniform": AGENTS["uniform"],
    "knn": AGENTS["knn"],
    "ensemble+": dataclasses.replace(AGENTS["ensemble+"], num_members=4, steps=30, hidden=(8,)),
}
SPECS = (*grid("classification", (2,), (10,), (0.1, 0.5), range(2)), RealSpec("iris", 0))


def run(folder, specs=SPECS, agents=QUICK):
    run_folder = RunFolder(folder)
    run_folder.describe(suite="test")
    run_groups(plan(agents, specs, folder), run_group, run_folder, workers=2)
    return read_records(folder)


def values(records):
    return {(r.subject, r.evaluation, r.metric, r.tau): (r.value, r.low, r.high) for r in records}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, run(folder)


def test_every_cell_is_recorded_with_cost_and_coordinates(whole):
    _, records = whole
    synthetic = [r for r in records if r.suite == "classification"]
    assert len(synthetic) == 3 * 4 * 2  # agents, problems, taus
    assert {r.tau for r in synthetic} == {1, 10}
    plus = next(r for r in synthetic if r.subject == "ensemble+")
    assert plus.parameters == 4 * (2 * 8 + 8 + 8 * 2 + 2)  # prior functions are not counted: they are not learnt
    assert plus.seconds > 0
    assert plus.cpu_seconds > 0
    assert plus.peak_bytes > 1e7
    assert (plus.input_size, plus.num_train, plus.data_ratio) == (2, 20, 10.0)
    assert "gnothi" in plus.versions
    real = {r.metric for r in records if r.suite == "real"}
    assert real == {"joint_log_loss", "accuracy", "brier_score", "calibration_error"}


def test_a_portrait_is_drawn_of_a_problem_in_the_plane(whole):
    folder, _ = whole
    picture = json.loads(next(folder.glob("portraits/classification/*/ensemble+.json")).read_text())
    assert len(picture["mean"]) == len(picture["side"]) ** 2
    assert np.shape(picture["draws"]) == (4, len(picture["mean"]))


@pytest.mark.slow
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(whole, tmp_path):
    _, records = whole
    run(tmp_path)
    cells = sorted((tmp_path / "records").rglob("*.jsonl"))
    for cell in cells[::2]:  # as if it had been killed in mid-run
        cell.unlink()
    kept = {cell: cell.read_text() for cell in cells[1::2]}
    assert values(run(tmp_path)) == values(records)
    assert all(cell.read_text() == text for cell, text in kept.items())


def test_a_second_run_computes_nothing(whole):
    folder, _ = whole

    def refuse(task):
        raise AssertionError("nothing should be computed")

    run_groups(plan(QUICK, SPECS, folder), refuse, RunFolder(folder))


@pytest.mark.slow
def test_scores_do_not_depend_on_the_company_in_a_group(whole, tmp_path):
    _, records = whole
    alone = run(tmp_path, SPECS[2:3], {"ensemble+": QUICK["ensemble+"]})
    together = values(records)
    for key, value in values(alone).items():
        assert together[key] == pytest.approx(value, rel=1e-4)


def test_another_hyper_parameter_is_another_cell():
    agent = AGENTS["epinet"]
    assert config_hash("epinet", agent) == config_hash("epinet", dataclasses.replace(agent))
    assert config_hash("epinet", agent) != config_hash("epinet", dataclasses.replace(agent, index_size=9))


def test_groups_are_even_and_of_one_shape():
    groups = plan(QUICK, grid("classification", (2, 10), (10,), (0.1,), range(19)), Path())
    sizes = sorted(len(g.cells) for g in groups)
    assert sizes == [9] * 6 + [10] * 6
    assert all(len({spec.shape for spec in g.task.specs}) == 1 for g in groups)
