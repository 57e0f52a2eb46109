"""The Ray engine on a cluster of two nodes, one of which dies. `test_ray_engine.py` runs this file in a process of its
own, and Ray's workers import it by its name."""

import os
import signal
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
import ray
from ray.cluster_utils import Cluster

from gnothi.sweep import Group, Record, RunFolder, Stopped, read_records, run_groups_on_ray
from gnothi.sweep.records import COLUMNS

BLANK = {"VARCHAR": "", "DOUBLE": 0.5, "BIGINT": 0}
METRICS = ("one", "two")


class Order(NamedTuple):
    """What a worker is to do; a record for each cell and metric comes of it."""

    what: str
    cells: tuple[str, ...]
    log: str  # a plain string: it is not moved to the stand-in of the run's folder
    drawing: Path
    doomed: str = ""  # a node whose second group never ends


class Line(NamedTuple):
    """What a worker wrote down when it began."""

    cell: str
    node: str
    pid: int
    cores: str
    drawing: str


def work(order: Order) -> dict[str, list[Record]]:
    """Writes down where it runs, and does what its order says."""
    before = read(order.log)
    node, cores = ray.get_runtime_context().get_node_id(), ",".join(map(str, sorted(os.sched_getaffinity(0))))
    with Path(order.log).open("a") as file:
        file.write(f"{order.cells[0]} {node} {os.getpid()} {cores} {order.drawing}\n")
    again = order.cells[0] in [line.cell for line in before]
    if order.what == "die" or (order.what == "die once" and not again):
        os._exit(1)
    if order.what == "fail":
        raise LookupError("the data are gone")
    stuck = order.what == "long" or (node == order.doomed and node in [line.node for line in before])
    time.sleep(120 if stuck else 0.5)
    order.drawing.parent.mkdir()
    order.drawing.write_text(order.what)
    blank = {name: BLANK[kind] for name, kind in COLUMNS.items()}
    return {
        cell: [Record(**{**blank, "evaluation": cell, "metric": metric}) for metric in METRICS] for cell in order.cells
    }


def read(log: str | Path) -> list[Line]:
    lines = Path(log).read_text().splitlines() if Path(log).exists() else []
    return [Line(cell, node, int(pid), *rest) for cell, node, pid, *rest in map(str.split, lines)]


def wait_until(what) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end, "waited for a minute"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def cluster():
    """A head and another node of a CPU each. Ray's files (and our locks) lie in a folder of their own."""
    node = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_log_monitor": False}
    with (
        tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as home,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in {"TMPDIR": home, "RAY_TMPDIR": home, "RAY_USAGE_STATS_ENABLED": "0"}.items():
            patch.setenv(name, value)
        (Path(home) / "ray").mkdir()
        cluster = Cluster()
        try:
            cluster.add_node(**node, include_dashboard=False)
            cluster.add_node(**node)
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.describe()
    return folder


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def group(folder, log):
    def make(*cells: str, what: str = "work", doomed: str = "") -> Group:
        drawing = folder.path / "drawings" / f"{cells[0]}.txt"
        return Group(cells[0], cells, Order(what, cells, str(log), drawing, doomed))

    return make


def evaluations(folder: RunFolder) -> list[str]:
    return [record.evaluation for record in read_records(folder.path) if record.metric == "one"]


def test_a_worker_that_dies_is_replaced_and_its_group_runs_again(cluster, folder, group, log):
    finished = []
    groups = [group("a"), group("b", what="die once"), group("c")]
    run_groups_on_ray(groups, work, folder, address=cluster.address, on_finish=lambda g: finished.append(g.title))
    assert sorted(line.cell for line in read(log)) == ["a", "b", "b", "c"]
    assert sorted(finished) == evaluations(folder) == ["a", "b", "c"] and len(read_records(folder.path)) == 6
    assert not ray.is_initialized()


def test_a_group_whose_workers_die_again_and_again_stops_the_run(cluster, folder, group, log, monkeypatch):
    monkeypatch.setattr("gnothi.sweep.ray_engine.MAX_RETRIES", 1)
    with pytest.raises(Stopped, match=r"b was given up: .* died 2 times .* Finished cells are kept") as stopped:
        run_groups_on_ray([group("a"), group("b", what="die")], work, folder, address=cluster.address, workers=1)
    assert stopped.value.status == 1 and evaluations(folder) == ["a"]
    assert [line.cell for line in read(log)] == ["a", "b", "b"]


def test_an_error_in_the_work_comes_out_as_it_is_and_is_not_tried_again(cluster, folder, group, log):
    groups = [group("a"), group("b", what="fail"), group("c")]
    with pytest.raises(LookupError, match=r"^the data are gone$") as error:
        run_groups_on_ray(groups, work, folder, address=cluster.address, workers=1)
    assert type(error.value) is LookupError
    assert evaluations(folder) == ["a"] and [line.cell for line in read(log)] == ["a", "b"]


def test_ctrl_c_stops_the_run_and_the_workers_and_finished_cells_stay(cluster, folder, group, log):
    def interrupt(_: Group) -> None:
        wait_until(lambda: len(read(log)) == 2)
        raise KeyboardInterrupt

    groups = [group("a"), group("b", what="long")]
    with pytest.raises(Stopped, match=r"Stopped by you\. Finished cells are kept") as stopped:
        run_groups_on_ray(groups, work, folder, address=cluster.address, on_finish=interrupt)
    assert stopped.value.status == 130 and evaluations(folder) == ["a"]
    for line in read(log):
        wait_until(lambda pid=line.pid: not Path(f"/proc/{pid}").exists())


def test_a_connection_that_was_there_stays(cluster, folder, group):
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        run_groups_on_ray([group("a")], work, folder, address="127.0.0.1:1")  # which is not asked for
        assert ray.is_initialized() and evaluations(folder) == ["a"]
    finally:
        ray.shutdown()


def test_a_node_that_dies_loses_nothing_and_doubles_nothing(cluster, folder, group, log):
    victim = next(iter(cluster.worker_nodes))
    started, finished, killed = [], [], []

    def kill() -> None:
        """Kills the other node and its worker in the middle of its second group, as if the plug were pulled."""
        wait_until(lambda: len(there()) == 2 and len(finished) > 2)
        processes = [process.process.pid for process in victim.all_processes["raylet"]]
        for pid in {*processes, *(line.pid for line in there())}:
            os.kill(pid, signal.SIGKILL)
        killed.append(there()[-1].cell)
        cluster.remove_node(victim, allow_graceful=False)

    def there() -> list[Line]:
        return [line for line in read(log) if line.node == victim.node_id]

    titles = list("abcdefghijklmnop")
    groups = [group(title, f"{title}/2", doomed=victim.node_id) for title in titles]
    hear = {"on_start": lambda g: started.append(g.title), "on_finish": lambda g: finished.append(g.title)}
    killer = threading.Thread(target=kill)
    killer.start()
    run_groups_on_ray(groups, work, folder, address=cluster.address, **hear)
    killer.join()
    assert len(killed) == 1
    runs = Counter(line.cell for line in read(log))
    assert runs == Counter(titles + killed)  # the group that was cut short ran once more, no other did
    assert started == titles and sorted(finished) == titles
    cells = {cell for g in groups for cell in g.cells}
    files = {path for path in folder.records.rglob("*") if path.is_file()}
    assert files == {folder.cell(cell) for cell in cells}  # and no temporary one
    records = Counter((record.evaluation, record.metric) for record in read_records(folder.path))
    assert records == {(cell, metric): 1 for cell in cells for metric in METRICS}

    # Workers wrote elsewhere, as if there were no common disk, and their files came home.
    drawings = {path.name: path.read_text() for path in (folder.path / "drawings").iterdir()}
    assert drawings == {f"{title}.txt": "work" for title in titles}
    assert not any(Path(line.drawing).is_relative_to(folder.path) for line in read(log))
    cores = {line.pid: line.cores for line in read(log)}  # in the end: workers of the test before may linger
    assert all(core.isdecimal() for core in cores.values())
    assert len(cores) == len(set(cores.values())) or len(os.sched_getaffinity(0)) == 1  # two workers, a core each

    before = read(log)
    started.clear(), finished.clear()
    run_groups_on_ray(groups, work, folder, address="nonsense", **hear)  # nothing left: nobody asks for Ray
    assert read(log) == before and not started and finished == titles
