"""The engine is tried with work that costs nothing, fails, and is killed. Workers import this file by its name."""

import os
import signal
from pathlib import Path

import pytest

from gnothi.sweep import Group, Record, RunFolder, Stopped, read_records, run_groups
from gnothi.sweep.records import COLUMNS

BLANK = {"VARCHAR": "", "DOUBLE": 0.5, "BIGINT": 0}


def work(task) -> dict[str, list[Record]]:
    """Writes down in `log` that it ran, and does what its order says."""
    order, cells, log = task
    with Path(log).open("a") as file:
        file.write(f"{' '.join(cells)}\n")
    if order == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if order == "fail":
        raise LookupError("the data are gone")
    blank = {name: BLANK[kind] for name, kind in COLUMNS.items()}
    return {cell: [Record(**{**blank, "evaluation": cell})] for cell in cells}


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.describe()
    return folder


@pytest.fixture
def group(tmp_path):
    def make(*cells: str, order: str = "work") -> Group:
        return Group(" ".join(cells), cells, (order, cells, str(tmp_path / "log")))

    return make


def log(folder: RunFolder) -> list[str]:
    return sorted((folder.path.parent / "log").read_text().splitlines())


def test_only_groups_with_a_missing_cell_are_computed(folder, group):
    groups = [group("a1", "a2"), group("b1", "b2"), group("c")]
    started, finished = [], []
    hear = {"on_start": lambda g: started.append(g.title), "on_finish": lambda g: finished.append(g.title)}
    run_groups(groups, work, folder, workers=2, **hear)
    assert log(folder) == sorted(started) == sorted(finished) == ["a1 a2", "b1 b2", "c"]
    assert [r.evaluation for r in read_records(folder.path)] == ["a1", "a2", "b1", "b2", "c"]
    kept = folder.cell("b1").stat().st_ino

    folder.cell("b2").unlink()
    started.clear(), finished.clear()
    run_groups(groups, work, folder, workers=2, **hear)
    assert started == ["b1 b2"] and sorted(finished) == ["a1 a2", "b1 b2", "c"]  # whole groups, for equal programs
    assert log(folder) == ["a1 a2", "b1 b2", "b1 b2", "c"] and folder.cell("b2").exists()
    assert folder.cell("b1").stat().st_ino == kept  # a finished cell stays as it is

    started.clear()
    run_groups(groups, work, folder, **hear)
    assert not started and len(log(folder)) == 4  # nothing left: no process is started


def test_a_killed_worker_stops_the_run_and_finished_cells_stay(folder, group):
    groups = [group("a"), group("b", order="die"), group("c")]
    with pytest.raises(
        Stopped, match=r"worker process was killed .* Finished cells are kept: run the same command"
    ) as stopped:
        run_groups(groups, work, folder, workers=1)
    assert stopped.value.status == 1
    assert [r.evaluation for r in read_records(folder.path)] == ["a"]
    run_groups([group("a"), group("b"), group("c")], work, folder, workers=1)
    assert [r.evaluation for r in read_records(folder.path)] == ["a", "b", "c"]
    assert log(folder) == ["a", "b", "b", "c"]


def test_an_error_in_the_work_comes_out_as_it_is(folder, group):
    with pytest.raises(LookupError, match="the data are gone"):
        run_groups([group("a"), group("b", order="fail"), group("c")], work, folder, workers=1)
    assert [r.evaluation for r in read_records(folder.path)] == ["a"] and log(folder) == ["a", "b"]


def test_ctrl_c_stops_the_run_and_finished_cells_stay(folder, group):
    def interrupt(group):
        raise KeyboardInterrupt

    with pytest.raises(Stopped, match=r"Stopped by you\. Finished cells are kept"):
        run_groups([group("a"), group("b")], work, folder, workers=1, on_finish=interrupt)
    assert folder.cell("a").exists()


def test_no_workers_are_refused(folder, group):
    with pytest.raises(ValueError, match="workers must be 1 or more, or left out for one a core, got 0"):
        run_groups([group("a")], work, folder, workers=0)
