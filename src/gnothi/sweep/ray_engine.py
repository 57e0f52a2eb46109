"""The engine for a cluster: each group is a Ray task, and what it made travels back to the driver, which writes it.

Machines of a cluster need not share a disk. So no worker writes into the run's folder: records come home as values,
other files of `work` come home as bytes, and the driver alone writes, each cell by one atomic rename. That is also why
nothing is lost or doubled when a worker or a machine dies: Ray runs its group once more elsewhere, and the driver
writes a group when, and only when, one run of it has arrived whole.
"""

import io
import logging
import os
import pickle
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from gnothi.sweep.engine import Group, Stopped, Work, unfinished, write_cells
from gnothi.sweep.folder import RunFolder
from gnothi.sweep.records import Record

MAX_RETRIES = 3  # of a group whose worker or machine died
LOOK_AGAIN_SECONDS = 5.0  # how often to see whether the cluster has grown
CONNECT_SECONDS = 10.0
OBJECT_STORE_BYTES = 100 * 2**20  # of a Ray of our own: records are small, and its default is a third of the memory

Results = tuple[dict[str, list[Record]], dict[str, bytes]]


def run_groups_on_ray(
    groups: Sequence[Group],
    work: Work,
    folder: RunFolder,
    *,
    address: str = "auto",
    workers: int | None = None,
    on_start: Callable[[Group], None] = lambda group: None,
    on_finish: Callable[[Group], None] = lambda group: None,
) -> None:
    """Computes every group that has an unfinished cell on a Ray cluster and writes a file for each cell.

    Every machine of the cluster needs Python, Ray and gnothi in the driver's versions. Ray that is connected already
    is used as it is, and stays connected.

    **Arguments:** as of `run_groups`, and `address`: "auto" for the cluster that this machine is part of, HOST:PORT for
    one of several, "local" for a Ray of this machine alone, which ends with the run; `workers`, how many groups at a
    time (default: one for each CPU that the cluster has at that moment).

    **Raises:** `ValueError` if `workers` is below 1, `address` makes no sense or Ray is not installed;
    `ConnectionError` if there is no cluster at `address`; `Stopped` on Ctrl-C or if the workers of one group died
    again and again; `OSError` if the disk is full; whatever `work` raises.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be 1 or more, or left out for one a CPU of the cluster, got {workers}")
    waiting = unfinished(groups, folder, on_finish)
    if not waiting:
        return
    ray = _import_ray()
    ours = not ray.is_initialized()
    if ours:
        _connect(ray, address)
    try:
        _run(ray, waiting, work, folder, workers, on_start, on_finish)
    finally:
        if ours:
            ray.shutdown()


def _run(
    ray: ModuleType,
    waiting: list[Group],
    work: Work,
    folder: RunFolder,
    workers: int | None,
    on_start: Callable[[Group], None],
    on_finish: Callable[[Group], None],
) -> None:
    # An error that `work` raises would be raised again: only deaths are worth another try.
    compute = ray.remote(num_cpus=1, max_retries=MAX_RETRIES, retry_exceptions=False)(_compute)
    waiting.reverse()
    running: dict[Any, Group] = {}
    try:
        while waiting or running:
            while waiting and len(running) < (workers or max(1, int(ray.cluster_resources().get("CPU", 0)))):
                group = waiting.pop()
                running[compute.remote(_pack(work, group.task, folder))] = group
                on_start(group)
            done, _ = ray.wait(list(running), timeout=LOOK_AGAIN_SECONDS)
            for reference in done:
                group = running[reference]
                records, files = ray.get(reference)
                for name, content in files.items():
                    _write_file(folder.path / name, content)
                write_cells(folder, group, records)
                del running[reference]
                on_finish(group)
    except KeyboardInterrupt as error:
        raise Stopped("Stopped by you. Finished cells are kept: run the same command again to go on.", 130) from error
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise Stopped(
            f"{group.title} was given up: its worker, or the machine under it, died {MAX_RETRIES + 1} times (out of "
            f"memory?). Finished cells are kept: run the same command again to go on. Ray says: {error}",
            1,
        ) from error
    finally:
        for reference in running:
            with suppress(ray.exceptions.RayError):
                ray.cancel(reference, force=True)


def _import_ray() -> ModuleType:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a library does not phone home on its own
    try:
        import ray
    except ImportError as error:
        raise ValueError(f"the Ray engine needs Ray ({error}): pip install 'gnothi[ray]'") from error
    return ray


def _connect(ray: ModuleType, address: str) -> None:
    own = {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES} if address == "local" else {}
    if address not in ("auto", "local"):
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isdecimal()) or "://" in address:
            raise ValueError(f'address must be "auto", "local" or HOST:PORT, got {address!r}')
        try:  # Ray itself would try for minutes, and then end the process
            socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
        except (OSError, OverflowError) as error:
            raise ConnectionError(
                f"no Ray cluster answers at {address} ({error}): `ray start --head` on one machine starts one and "
                'says its address; address "local" needs none'
            ) from error
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConnectionError(
            f"Ray could not be joined at address {address!r} ({error}). The driver must run on a machine of the "
            'cluster: `ray start --head` starts one, `ray start --address=HOST:PORT` adds a machine; address "local" '
            "needs none"
        ) from error


class _Packer(pickle.Pickler):
    """Pickles a task so that paths into the run's folder lead into a stand-in for it on the machine that unpacks."""

    def __init__(self, file: io.BytesIO, folder: RunFolder):
        super().__init__(file)
        self.folder = folder.path.absolute()

    def persistent_id(self, obj: Any) -> str | None:
        """The part of a path below the run's folder, if it is below it."""
        if isinstance(obj, Path) and obj.absolute().is_relative_to(self.folder):
            return obj.absolute().relative_to(self.folder).as_posix()
        return None


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, stand_in: Path):
        super().__init__(file)
        self.stand_in = stand_in

    def persistent_load(self, pid: str) -> Path:
        """A path into the run's folder, as it is here."""
        return self.stand_in / pid


def _pack(work: Work, task: Any, folder: RunFolder) -> bytes:
    """A group for a worker: where Python finds things (as `spawn` tells its children), and the task.

    The task is pickled twice over so that nothing heavy is imported before the worker has its core.
    """
    packed = io.BytesIO()
    _Packer(packed, folder).dump((work, task))
    return pickle.dumps(([os.path.abspath(path) for path in sys.path], packed.getvalue()))  # noqa: PTH100


def _compute(packed: bytes) -> Results:
    """What a worker does: the records of a group's cells, and the files that were written into the run's folder."""
    paths, task = pickle.loads(packed)
    sys.path.extend(path for path in paths if path not in sys.path)
    _keep_to_a_core()
    with tempfile.TemporaryDirectory(prefix="gnothi-") as stand_in:
        work, arguments = _Unpacker(io.BytesIO(task), Path(stand_in)).load()
        records = work(arguments)
        made = [path for path in Path(stand_in).rglob("*") if path.is_file()]
        return records, {path.relative_to(stand_in).as_posix(): path.read_bytes() for path in made}


_held: list[int] = []  # locks, until this process ends


def _keep_to_a_core() -> None:
    """Gives this worker a core that no other worker on its machine has, before JAX counts cores.

    Ray counts CPUs but does not deal them out, so workers agree by locks on files, which die with their holders. Where
    there are more workers than cores, the rest run on any core.
    """
    if _held or not hasattr(os, "sched_setaffinity"):
        return
    import fcntl

    for core in sorted(os.sched_getaffinity(0)):
        path = Path(tempfile.gettempdir(), f"gnothi-{os.getuid()}-core-{core}")
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        _held.append(lock)
        os.sched_setaffinity(0, {core})
        return


def _write_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)
