"""What a campaign did, a JSON line an event, only ever added to: so that it can be stopped at any moment and go on.

The first line says what is attacked and how; then a line a batch of attacks, and a line for each judgement of a person.
Attacks stand in it by name, topic and hash: no text that was asked or answered.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class Journal:
    """The events of one campaign. A last line that was cut short, with its writer, is removed.

    **Arguments:** `path`, its folder is made; `about` the campaign: what must be as it was when the file was begun.

    **Raises:** `ValueError` if the file is of another campaign, cannot be read, or is open in another process.
    """

    def __init__(self, path: Path, about: Mapping[str, Any]):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise ValueError(f"{path} is open in another process: end that one, or name another --out") from None
        try:
            self.events = self._read()
            self._begin(json.loads(json.dumps(dict(about))))
        except BaseException:
            self._file.close()
            raise

    def append(self, event: Event) -> None:
        """Writes an event down; it is on the disk when this returns."""
        line = json.dumps(event, allow_nan=False).encode() + b"\n"
        self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())
        self.events.append(event)

    def close(self) -> None:
        """Lets other processes have it."""
        self._file.close()

    def _read(self) -> list[Event]:
        self._file.seek(0)
        *lines, rest = self._file.read().split(b"\n")
        if rest:
            os.ftruncate(self._file.fileno(), self._file.tell() - len(rest))
        events = []
        for number, line in enumerate(lines, 1):
            try:
                events.append(json.loads(line))
            except ValueError as error:
                raise ValueError(f"{self.path}, line {number} cannot be read ({error}): remove it") from error
        return events

    def _begin(self, about: Event) -> None:
        if not self.events:
            self.append({"event": "began", **about})
            return
        before = self.events[0]
        changed = [
            f"{key} was {before.get(key)!r}, now {value!r}" for key, value in about.items() if before.get(key) != value
        ]
        if changed:
            raise ValueError(f"{self.path} is of another campaign ({'; '.join(changed)}): name another --out")
