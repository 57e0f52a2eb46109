"""Where a run keeps its things: `run.json` says what it is, `records/` holds a file for each finished cell."""

import json
import os
from pathlib import Path
from typing import Any

#: Raised whenever records of older runs could no longer be put beside new ones.
FORMAT = 1


class RunFolder:
    """A run on disk. Finished cells are found by their files, so a run resumes by being started again.

    **Arguments:** `path`, made if it is not there.

    **Raises:** `ValueError` if the folder holds something else, or a run of another format.
    """

    def __init__(self, path: Path):
        self.path = path
        self.records = path / "records"
        self.manifest = path / "run.json"
        if self.manifest.exists():
            found = _read(self.manifest).get("format")
            if found != FORMAT:
                raise ValueError(
                    f"{path} was made by another version of gnothi (format {found}; this one writes {FORMAT}). Name "
                    "another folder with --out, or read it with the version that made it"
                )
        elif path.exists() and not self.records.is_dir() and (not path.is_dir() or any(path.iterdir())):
            raise ValueError(f"{path} is not a run of gnothi and is not empty: name another folder with --out")

    def describe(self, **about: Any) -> None:
        """Writes down what is being put into the folder, beside what is there already."""
        self.path.mkdir(parents=True, exist_ok=True)
        runs = _read(self.manifest)["runs"] if self.manifest.exists() else []
        runs += [about] if about not in runs else []
        temporary = self.path / f".run.json.{os.getpid()}"
        temporary.write_text(json.dumps({"format": FORMAT, "runs": runs}, indent=1))
        temporary.replace(self.manifest)

    def about(self) -> list[dict[str, Any]]:
        """What `describe` was told, call by call.

        **Raises:** `ValueError` if nothing was run here.
        """
        if not self.manifest.exists():
            raise ValueError(f"{self.path} holds no run: `gnothi testbed run --out {self.path}` makes one")
        return _read(self.manifest)["runs"]

    def cell(self, name: str) -> Path:
        """The file of one cell; `name` is a relative path without an ending."""
        return self.records / f"{name}.jsonl"


def _read(manifest: Path) -> dict[str, Any]:
    try:
        return json.loads(manifest.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"{manifest} cannot be read ({error}): delete it and run the same command again") from error
