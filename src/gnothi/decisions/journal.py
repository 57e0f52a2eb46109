"""An append-only log of JSON records with a checksum a line, held by one process at a time.

A line is a record, its number in the log and the time (seconds since 1970), ending in the CRC-32 of all that stands
before it. What a dying process leaves of its last line fails that checksum and is cut off when the log is opened again.
"""

import fcntl
import json
import os
import re
import time
import warnings
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

Record = dict[str, Any]

#: Length of `,"crc32":"01234567"}` and a line break.
ENDING = 21
CHUNK_BYTES = 2**20


class Position(NamedTuple):
    """A place between two lines of a log: bytes and records before it, and the CRC-32 of those bytes."""

    offset: int = 0
    records: int = 0
    crc32: int = 0

    def after(self, line: bytes) -> "Position":
        """The place after one more line."""
        return Position(self.offset + len(line), self.records + 1, zlib.crc32(line, self.crc32))


START = Position()


class Journal:
    """The log `FOLDER/log.jsonl`, which nobody else may open until `close` or the end of this process.

    Call `replay` to its end before the first `append`.

    **Arguments:** `folder`, made if it is not there.

    **Raises:** `RuntimeError` with the holder's process id if the log is open elsewhere.
    """

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "log.jsonl"
        self.position = START
        self._pid = os.getpid()
        self._torn = False
        self._lock = _lock(folder)
        self._log = self.path.open("ab", buffering=0)
        _sync_folder(folder)

    @property
    def forked(self) -> bool:
        """Whether this is a fork of the process that opened the log."""
        return os.getpid() != self._pid

    def replay(self, start: Position = START) -> Iterator[Record]:
        """Every record after `start`. A last line that is not whole is cut off, with a warning that says so.

        **Raises:** `ValueError` with file and line if a line is corrupt and a whole one follows, or lines are missing.
        """
        self.position = start
        with self.path.open("rb") as file:
            file.seek(start.offset)
            for line in file:
                record = _parse(line)
                if record is None:
                    self._cut(chain([line], file))
                    return
                self._check_number(record, self.position)
                self.position = self.position.after(line)
                yield record

    def records(self, end: Position) -> Iterator[Record]:
        """Every record before `end`, a place that `position` was at: also while others append, or when closed.

        **Raises:** `ValueError` with file and line if a line is corrupt or missing.
        """
        here = START
        with self.path.open("rb") as file:
            while here.offset < end.offset:
                line = file.readline()
                record = _parse(line)
                if record is None:
                    raise self._corrupt(here)
                self._check_number(record, here)
                here = here.after(line)
                yield record

    def append(self, record: Record, *, sync: bool) -> None:
        """Writes one record, or none of it: an error leaves the log as it was.

        **Arguments:** `record`, anything JSON can hold, without NaN; `sync`, whether to wait until it is on the disk,
        and so outlives the machine's loss of power and not only the end of this process.

        **Raises:** `RuntimeError` in a fork of the process that opened the log, or if what an earlier error left could
        not be removed; `OSError` if it cannot be written.
        """
        if self.forked:
            raise RuntimeError(f"{self.path} was opened by process {self._pid}, of which this is a fork: open it here")
        if self._torn:
            raise RuntimeError(f"{self.path} ends in half a record since a write failed: close it, and open it again")
        line = _line({"n": self.position.records, "time": round(time.time(), 3), **record})
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[self._log.write(rest) :]
            if sync:
                self.sync()
        except BaseException:
            self._torn = True
            os.ftruncate(self._log.fileno(), self.position.offset)
            self._torn = False
            raise
        self.position = self.position.after(line)

    def sync(self) -> None:
        """Waits until everything written is on the disk."""
        os.fsync(self._log.fileno())

    def holds(self, position: Position) -> bool:
        """Whether the log begins with the very bytes that `position` is a place after."""
        crc32, left = 0, position.offset
        with self.path.open("rb") as file:
            while left and (chunk := file.read(min(left, CHUNK_BYTES))):
                crc32, left = zlib.crc32(chunk, crc32), left - len(chunk)
        return left == 0 and crc32 == position.crc32

    def close(self) -> None:
        """Lets others open the log."""
        self._log.close()
        if not (self._lock.closed or self.forked):
            self._lock.truncate(0)
        self._lock.close()

    def _cut(self, rest: Iterable[bytes]) -> None:
        """Drops what follows the last whole record, if nothing whole is in it."""
        lost = 0
        for line in rest:
            if _holds_record(line):
                raise self._corrupt(self.position)
            lost += len(line)
        os.ftruncate(self._log.fileno(), self.position.offset)
        self.sync()
        warnings.warn(
            f"{self.path} ended in {lost} bytes that are no whole record: they were cut off, and the log goes on after "
            f"record {self.position.records}",
            stacklevel=2,
        )

    def _corrupt(self, here: Position) -> ValueError:
        return ValueError(
            f"line {here.records + 1} of {self.path} is corrupt: restore the file from a backup, or cut it at byte "
            f"{here.offset} to go on without what follows"
        )

    def _check_number(self, record: Record, here: Position) -> None:
        if record["n"] != here.records:
            raise ValueError(
                f"line {here.records + 1} of {self.path} holds record {record['n']}, not {here.records}: lines were "
                "lost, added or moved. Restore the file from a backup"
            )


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file of a locked folder so that it is there whole or not at all, and outlives a loss of power."""
    temporary = path.with_name(f".{path.name}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def _line(record: Record) -> bytes:
    body = json.dumps(record, separators=(",", ":"), allow_nan=False).encode()[:-1]
    return body + _ending(body)


def _ending(body: bytes) -> bytes:
    return b',"crc32":"%08x"}\n' % zlib.crc32(body)


def _parse(line: bytes) -> Record | None:
    """The record of a line, or `None` if the line is not as it was written."""
    body = line[:-ENDING]
    return json.loads(line) if line[-ENDING:] == _ending(body) else None


def _holds_record(line: bytes) -> bool:
    """Whether a line is whole from some place on, as when the line break before that was damaged."""
    return any(_parse(line[start.start() :]) is not None for start in re.finditer(rb'\{"n":', line))


def _lock(folder: Path) -> BinaryIO:
    """Takes the folder's lock, which the kernel releases when this process ends, however it does."""
    path = folder / "lock"
    file = path.open("a+b", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = _holder(path)
        file.close()
        raise RuntimeError(
            f"{folder} is open in process {holder}: close it there, end that process, or name another path"
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()).encode())
    return file


def _holder(path: Path) -> str:
    for _ in range(100):
        if text := path.read_text():
            return text
        time.sleep(0.01)  # the holder is between taking the lock and writing its number
    return "unknown"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
