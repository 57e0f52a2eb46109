"""A deployed bandit's folder: its log, its state, and how the one always follows the other.

`log.jsonl` holds every decision, reward, arm and refit in order, and is the truth; `checkpoint.safetensors` is the
state after some line of the log, to open faster; `features-N.safetensors` is what the N-th refit learnt; `lock` names
the process that has the folder open.
"""

import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gnothi.decisions.bandit_checkpoint import from_bytes, to_bytes
from gnothi.decisions.bandit_state import FORMAT, BanditState, Settings
from gnothi.decisions.context_features import HiddenLayers
from gnothi.decisions.journal import START, Journal, Position, Record, write_whole
from gnothi.decisions.logged import LoggedDecisions, rewarded_decisions


class BanditStore:
    """The state of a bandit, and the folder in which every change of it is before it is made.

    **Arguments:** `folder`; `given`, those settings that the caller names; `checkpoint_every`, records of the log.

    **Raises:** as of `gnothi.Bandit`.
    """

    def __init__(self, folder: Path, given: dict[str, Any], checkpoint_every: int):
        if checkpoint_every < 1:
            raise ValueError(f"checkpoint_every must be 1 or more, got {checkpoint_every}")
        _check_new(folder, given)
        self.folder = folder
        self._every = checkpoint_every
        self._lock = threading.RLock()
        self._closed = self._interrupted = False
        self._journal = Journal(folder)
        try:
            self.state, self._saved = self._open(given)
        except BaseException:
            self._journal.close()
            raise

    @contextmanager
    def step(self) -> Iterator[BanditState]:
        """Holds other threads off while the state is read or changed.

        **Raises:** `RuntimeError` if the bandit was closed, or an interrupt parted state and log.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError(f"the bandit in {self.folder} is closed: open its path again")
            if self._interrupted:
                raise RuntimeError(f"the bandit in {self.folder} was interrupted: close it, and open its path again")
            yield self.state

    def commit(self, record: Record, *, sync: bool, learnt: HiddenLayers | None = None) -> None:
        """Writes a record, then changes the state by it; call it within `step`."""
        self._interrupted = True
        try:
            self._journal.append(record, sync=sync)
        except Exception:
            self._interrupted = False  # the log is as it was
            raise
        self.state.apply(record, learnt)
        if self.state.stale:
            self.state.relearn(self._logged(self._journal.position))
        self._interrupted = False
        if self._journal.position.records - self._saved.records >= self._every:
            self._checkpoint()

    def refit(self, number: int, learnt: HiddenLayers) -> None:
        """Takes new features.

        **Raises:** `RuntimeError` if this is not the next refit.
        """
        content = learnt.to_bytes()
        with self.step() as state:
            if number != state.refits + 1:
                raise RuntimeError(f"refit {number} comes too late: another thread has made it meanwhile")
            write_whole(self._features_file(number), content)
            record = {"event": "refit", "number": number, "features_crc32": zlib.crc32(content)}
            self.commit(record, sync=True, learnt=learnt)
            self._checkpoint()

    def logged(self) -> LoggedDecisions:
        """All rewarded decisions up to now; other threads go on meanwhile."""
        with self.step():
            end = self._journal.position
        return self._logged(end)

    def close(self) -> None:
        """Writes a checkpoint if there is something new, and releases the folder."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                if not (self._interrupted or self._journal.forked) and self._saved != self._journal.position:
                    self._checkpoint()
            finally:
                self._journal.close()

    def _open(self, given: dict[str, Any]) -> tuple[BanditState, Position]:
        """The stored state, or a new one, and how far the checkpoint reaches."""
        found = self._read_checkpoint()
        state, saved = found or (None, START)
        for record in self._journal.replay(saved):
            if state is None:
                state = BanditState(self._first(record))
            else:
                state.apply(record, self._learnt_by(record))
        if state is None:
            settings = _new(self.folder, given)
            self._journal.append({"event": "create", "format": FORMAT, "settings": asdict(settings)}, sync=True)
            return BanditState(settings), START
        self._check_same(given, state)
        if state.stale:
            state.relearn(self._logged(self._journal.position))
        return state, saved

    def _read_checkpoint(self) -> tuple[BanditState, Position] | None:
        path = self.folder / "checkpoint.safetensors"
        if not path.exists():
            return None
        try:
            state, position = from_bytes(path.read_bytes(), self._learnt)
            if self._journal.holds(position):
                return state, position
            reason = "the log does not begin as it did when it was written"
        except ValueError as error:
            reason = str(error)
        warnings.warn(f"{path} is of no use, the whole log is replayed: {reason}", stacklevel=2)
        path.unlink()
        return None

    def _checkpoint(self) -> None:
        """Writes the state; a failure costs time when the path is opened again, and nothing else."""
        try:
            self._journal.sync()
            content = to_bytes(self.state, self._journal.position)
            write_whole(self.folder / "checkpoint.safetensors", content)
        except OSError as error:
            warnings.warn(f"no checkpoint was written ({error}): the log holds everything", stacklevel=2)
        self._saved = self._journal.position

    def _logged(self, end: Position) -> LoggedDecisions:
        return rewarded_decisions(self._journal.records(end))

    def _features_file(self, number: int) -> Path:
        return self.folder / f"features-{number}.safetensors"

    def _learnt(self, number: int, crc32: int) -> HiddenLayers:
        path = self._features_file(number)
        if not path.exists():
            raise ValueError(f"{path} is missing, which refit {number} learnt: restore it from a backup")
        content = path.read_bytes()
        if zlib.crc32(content) != crc32:
            raise ValueError(f"{path} is not what refit {number} learnt: restore it from a backup")
        return HiddenLayers.from_bytes(content)

    def _learnt_by(self, record: Record) -> HiddenLayers | None:
        return self._learnt(record["number"], record["features_crc32"]) if record["event"] == "refit" else None

    def _first(self, record: Record) -> Settings:
        if record["event"] != "create" or record["format"] != FORMAT:
            raise ValueError(f"{self._journal.path} was made by another version of gnothi (this one writes {FORMAT})")
        return Settings.of(record["settings"])

    def _check_same(self, given: dict[str, Any], state: BanditState) -> None:
        wanted = Settings.of(asdict(state.settings) | given)
        for name in given:
            here, there = getattr(wanted, name), getattr(state.settings, name)
            if here != there and not (name == "arms" and set(here) == set(state.arms)):
                raise ValueError(
                    f"{name} is {here} here and {there} in {self.folder}: leave it out, or name another path"
                )


def _check_new(folder: Path, given: dict[str, Any]) -> None:
    """Refuses a folder of something else, and a new bandit that cannot be, before anything is made."""
    if (folder / "log.jsonl").exists():
        return
    foreign = folder.exists() and (not folder.is_dir() or any(path.name != "lock" for path in folder.iterdir()))
    if foreign:
        raise ValueError(f"{folder} is not a bandit and is not empty: name another path")
    _new(folder, given)


def _new(folder: Path, given: dict[str, Any]) -> Settings:
    if missing := {"arms", "context_size"} - given.keys():
        raise ValueError(f"there is no bandit in {folder} yet: give {' and '.join(sorted(missing))} to make one")
    return Settings.of(given)
