"""Files of packages: fetched once, and none taken for another."""

import importlib.util
import shutil
import subprocess

import pytest

from gnothi.data.packages import Archive, find_archive

WHEEL = Archive("somebody's", "1.0", "somebodys-1.0-py3-none-any.whl", "0" * 64)
SOURCE = Archive("somebodys", "1.0", "somebodys-1.0.tar.gz", "0" * 64)
NPM = Archive("@some/body", "2.0", "some-body-2.0.tgz", "0" * 64)
# The smallest of those that are read, 2 MB.
VADER = Archive(
    *("vadersentiment", "3.3.2", "vaderSentiment-3.3.2.tar.gz"),
    "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
)


def test_what_to_type():
    assert WHEEL.command == "pip download --no-deps somebody's==1.0"
    assert SOURCE.command == "pip download --no-deps --no-binary somebodys somebodys==1.0"
    assert NPM.command == "npm pack @some/body@2.0"


def test_what_cannot_be_fetched_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    said = "WARNING: once more\nERROR: no matching distribution"
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, "", said))
    expected = (
        rf"no {tmp_path}/somebodys-1.0.tar.gz and no {tmp_path}/cache/gnothi/texts/somebodys-1.0.tar.gz, and pip did "
        r"not get it \(ERROR: no matching distribution\).*: pip download --no-deps --no-binary somebodys"
    )
    with pytest.raises(FileNotFoundError, match=expected):
        find_archive(SOURCE, tmp_path)
    assert not list((tmp_path / "cache" / "gnothi" / "texts").iterdir())


def test_without_npm(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match=r"npm did not get it \(it is not installed\).*: npm pack @some/body"):
        find_archive(NPM)


def test_a_file_that_was_not_pinned_is_refused(tmp_path):
    (tmp_path / WHEEL.file).write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"is not the file that was pinned \(sha256 [0-9a-f]{12}\.\.\.\): remove it"):
        find_archive(WHEEL, tmp_path)


@pytest.mark.skipif(importlib.util.find_spec("pip") is None or shutil.which("pip") is None, reason="needs pip")
@pytest.mark.slow
def test_an_archive_is_fetched_once(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = find_archive(VADER)
    assert [path.name for path in (tmp_path / "gnothi" / "texts").iterdir()] == [VADER.file]
    monkeypatch.setattr(subprocess, "run", None)
    assert find_archive(VADER) == first
