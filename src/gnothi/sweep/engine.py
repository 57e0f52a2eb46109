"""The local engine: a process for each core, a group of cells at a time, nothing computed twice.

A group is cells that share one compiled program. How cells fall into groups depends on the whole plan alone, never on
what is finished, and a group is always computed whole: that is why a resumed run equals an uninterrupted one.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gnothi.sweep.folder import RunFolder
from gnothi.sweep.records import Record, write_records

Work = Callable[[Any], dict[str, list[Record]]]


@dataclass(frozen=True)
class Group:
    """Cells computed together: their names, a title for people, and what the work function needs (it is pickled)."""

    title: str
    cells: tuple[str, ...]
    task: Any


class Stopped(RuntimeError):
    """A run that did not end by itself; what was finished is kept. `status` is what a command should exit with."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


def run_groups(
    groups: Sequence[Group],
    work: Work,
    folder: RunFolder,
    *,
    workers: int | None = None,
    on_start: Callable[[Group], None] = lambda group: None,
    on_finish: Callable[[Group], None] = lambda group: None,
) -> None:
    """Computes every group that has an unfinished cell and writes a file for each cell.

    **Arguments:** `groups`, the costly ones best first; `work`, from a group's task to the records of each of its
    cells, importable by name; `folder`; `workers`, how many processes (default: one a core); `on_start` and
    `on_finish`, called as groups begin and end, the latter also for those found finished.

    **Raises:** `ValueError` if `workers` is below 1; `Stopped` on Ctrl-C or if a worker was killed; `OSError` if the
    disk is full; whatever `work` raises.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be 1 or more, or left out for one a core, got {workers}")
    waiting = unfinished(groups, folder, on_finish)
    if not waiting:
        return
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    workers = min(workers or len(cores), len(waiting))
    context = multiprocessing.get_context("spawn")
    turns = context.Value("i", 0)
    pool = ProcessPoolExecutor(workers, context, _start_worker, (turns, cores if workers > 1 else None))
    waiting.reverse()
    running: dict[Future[None], Group] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                group = waiting.pop()
                running[pool.submit(_run_one, work, group, folder.path)] = group
                on_start(group)
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                group = running.pop(future)
                future.result()
                on_finish(group)
    except (KeyboardInterrupt, BrokenProcessPool) as error:
        _kill(pool)
        killed = isinstance(error, BrokenProcessPool)
        reason = "A worker process was killed (out of memory?)" if killed else "Stopped by you"
        raise Stopped(
            f"{reason}. Finished cells are kept: run the same command again to go on.", 1 if killed else 130
        ) from error
    except BaseException:
        _kill(pool)
        raise
    pool.shutdown()


def engine_for(name: str, address: str | None = None) -> Callable[..., None]:
    """The engine called `name`, with the face of `run_groups`.

    **Arguments:** `name`, "local" for the cores of this machine or "ray" for a Ray cluster; `address`, of the cluster:
    "auto" (the default), HOST:PORT, or "local" for a Ray of this machine alone.

    **Raises:** `ValueError` if there is no such engine, or it has no use for an address.
    """
    if name == "local":
        if address is not None:
            raise ValueError(f"the local engine has no address, got {address!r}: add --engine ray, or leave it out")
        return run_groups
    if name == "ray":
        from gnothi.sweep.ray_engine import run_groups_on_ray

        return partial(run_groups_on_ray, address=address or "auto")
    raise ValueError(f'there is no engine {name!r}: take "local" or "ray"')


def unfinished(groups: Sequence[Group], folder: RunFolder, on_finish: Callable[[Group], None]) -> list[Group]:
    """The groups that have a cell without a file; `on_finish` hears of the others."""
    waiting = []
    for group in groups:
        if all(folder.cell(cell).exists() for cell in group.cells):
            on_finish(group)
        else:
            waiting.append(group)
    return waiting


def write_cells(folder: RunFolder, group: Group, results: dict[str, list[Record]]) -> None:
    """Writes a group's cells; a finished one stays as it is."""
    for cell in group.cells:
        if not folder.cell(cell).exists():
            write_records(folder.cell(cell), results[cell])


def _kill(pool: ProcessPoolExecutor) -> None:
    processes = list((pool._processes or {}).values())
    for process in processes:
        process.kill()
    pool.shutdown(wait=True, cancel_futures=True)


def _start_worker(turns: Any, cores: list[int] | None) -> None:
    """Gives each worker a core of its own, before JAX counts cores, so that workers do not fight over them.

    Ctrl-C is left to the parent; if that is killed, the worker ends too.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    if cores and hasattr(os, "sched_setaffinity"):
        with turns.get_lock():
            turn, turns.value = turns.value, turns.value + 1
        os.sched_setaffinity(0, {cores[turn % len(cores)]})


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _run_one(work: Work, group: Group, path: Path) -> None:
    folder = RunFolder(path)
    write_cells(folder, group, work(group.task))
