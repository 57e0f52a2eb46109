"""The log: what was written is read, what was torn is cut off and said, what was tampered with is an error."""

import json
import os
import warnings
from pathlib import Path

import pytest

from gnothi.decisions.journal import START, Journal, Position, write_whole

RECORDS = [
    {"event": "first", "text": 'ä "quoted"\n'},
    {"event": "second", "numbers": [0.1, 1e-300]},
    {"event": "third"},
]


class Failing:
    """A disk that takes a few bytes and then raises."""

    def __init__(self, file, error: BaseException):
        self.file, self.error, self.written = file, error, False

    def write(self, content):
        if self.written:
            raise self.error
        self.written = True
        return self.file.write(content[:7])

    def fileno(self):
        return self.file.fileno()

    def close(self):
        self.file.close()


def written(folder: Path) -> bytes:
    """A log of three records; returns its bytes."""
    journal = Journal(folder)
    assert list(journal.replay()) == []
    for record in RECORDS:
        journal.append(record, sync=True)
    journal.close()
    return (folder / "log.jsonl").read_bytes()


def events(folder: Path) -> list[str]:
    journal = Journal(folder)
    try:
        return [record["event"] for record in journal.replay()]
    finally:
        journal.close()


def test_records_come_back_and_each_line_is_json(tmp_path):
    content = written(tmp_path / "a" / "b")
    journal = Journal(tmp_path / "a" / "b")
    found = list(journal.replay())
    assert [record["n"] for record in found] == [0, 1, 2]
    assert all(record.items() >= wanted.items() for record, wanted in zip(found, RECORDS, strict=True))
    assert [json.loads(line)["event"] for line in content.splitlines()] == ["first", "second", "third"]
    assert abs(found[0]["time"] - (tmp_path / "a/b/log.jsonl").stat().st_mtime) < 60
    journal.append({"event": "fourth"}, sync=False)
    assert [record["event"] for record in journal.records(journal.position)] == ["first", "second", "third", "fourth"]
    journal.close()
    assert events(tmp_path / "a" / "b") == ["first", "second", "third", "fourth"]


def test_a_place_in_the_log_is_found_again(tmp_path):
    content = written(tmp_path)
    journal = Journal(tmp_path)
    places = [START]
    for _ in journal.replay():
        places.append(journal.position)
    assert places[-1].offset == len(content) and places[-1].records == 3
    assert all(journal.holds(place) for place in places)
    assert [record["event"] for record in journal.replay(places[1])] == ["second", "third"]
    assert journal.position == places[-1]
    middle = places[2]
    assert not journal.holds(middle._replace(crc32=middle.crc32 ^ 1))
    assert not journal.holds(middle._replace(offset=middle.offset + 1))
    assert not journal.holds(Position(len(content) + 1, 3, places[-1].crc32))
    journal.close()


@pytest.mark.parametrize("damage", ["cut", "flipped", "line break", "zeros after"])
def test_a_torn_tail_is_cut_at_every_byte(tmp_path, damage):
    content = written(tmp_path)
    start = content[:-1].rindex(b"\n") + 1
    for offset in range(start, len(content)):
        torn = bytearray(content)
        if damage == "cut":
            torn = torn[:offset]
        elif damage == "flipped":
            torn[offset] ^= 1
        elif damage == "line break":
            torn[offset] = ord("\n") if offset < len(content) - 1 else ord(" ")
        else:
            torn[offset:] = bytes(len(content) - offset)
        (tmp_path / "log.jsonl").write_bytes(torn)
        if len(torn) == start:
            assert events(tmp_path) == ["first", "second"]  # nothing is torn
            continue
        with pytest.warns(UserWarning, match=rf"log.jsonl ended in {len(torn) - start} bytes.*goes on after record 2"):
            assert events(tmp_path) == ["first", "second"]
        assert (tmp_path / "log.jsonl").read_bytes() == content[:start]


def test_the_log_goes_on_after_a_torn_tail(tmp_path):
    content = written(tmp_path)
    (tmp_path / "log.jsonl").write_bytes(content[:-5])
    journal = Journal(tmp_path)
    with pytest.warns(UserWarning, match="were cut off"):
        assert len(list(journal.replay())) == 2
    journal.append(RECORDS[2], sync=True)
    journal.close()
    assert events(tmp_path) == ["first", "second", "third"]


def test_damage_before_the_last_line_is_an_error_that_names_the_line(tmp_path):
    content = written(tmp_path)
    first = content.index(b"\n") + 1
    for offset in range(first, content.index(b"\n", first) + 1):
        torn = bytearray(content)
        torn[offset] ^= 1
        (tmp_path / "log.jsonl").write_bytes(torn)
        with pytest.raises(ValueError, match=rf"line 2 of .*log.jsonl is corrupt.*cut it at byte {first}"):
            events(tmp_path)
        assert (tmp_path / "log.jsonl").read_bytes() == torn  # looking changes nothing


def test_lines_that_are_missing_doubled_or_moved_are_an_error(tmp_path):
    lines = written(tmp_path).splitlines(keepends=True)
    for order in ([0, 2], [0, 0, 1, 2], [1, 0, 2], [1, 2]):
        (tmp_path / "log.jsonl").write_bytes(b"".join(lines[line] for line in order))
        with pytest.raises(ValueError, match=r"line \d of .*log.jsonl holds record \d, not \d: lines were lost"):
            events(tmp_path)


def test_reading_again_finds_what_was_damaged_meanwhile(tmp_path):
    content = written(tmp_path)
    journal = Journal(tmp_path)
    list(journal.replay())
    (tmp_path / "log.jsonl").write_bytes(content[:-9])
    with pytest.raises(ValueError, match=r"line 3 of .* is corrupt"):
        list(journal.records(journal.position))
    journal.close()


def test_what_cannot_be_written_leaves_no_trace(tmp_path):
    content = written(tmp_path)
    journal = Journal(tmp_path)
    list(journal.replay())
    disk = journal._log
    journal._log = Failing(disk, OSError(28, "No space left on device"))
    with pytest.raises(OSError, match="No space left"):
        journal.append({"event": "fourth"}, sync=False)
    assert (tmp_path / "log.jsonl").read_bytes() == content
    journal._log = disk
    with pytest.raises(ValueError):
        journal.append({"event": float("nan")}, sync=False)
    journal.append({"event": "fourth"}, sync=False)
    journal.close()
    assert events(tmp_path) == ["first", "second", "third", "fourth"]


def test_what_cannot_even_be_removed_stops_the_log(tmp_path, monkeypatch):
    written(tmp_path)
    journal = Journal(tmp_path)
    list(journal.replay())
    disk, journal._log = journal._log, Failing(journal._log, OSError(5, "Input/output error"))
    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr(os, "ftruncate", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        journal.append({"event": "fourth"}, sync=False)
    journal._log = disk
    with pytest.raises(RuntimeError, match="ends in half a record since a write failed"):
        journal.append({"event": "fourth"}, sync=False)
    journal.close()
    with pytest.warns(UserWarning, match="ended in 7 bytes"):
        assert events(tmp_path) == ["first", "second", "third"]


def test_a_second_holder_is_refused_with_the_first_ones_process(tmp_path):
    journal = Journal(tmp_path)
    with pytest.raises(RuntimeError, match=rf"is open in process {os.getpid()}: close it there"):
        Journal(tmp_path)
    journal.close()
    Journal(tmp_path).close()


def test_a_fork_may_not_write(tmp_path, monkeypatch):
    journal = Journal(tmp_path)
    list(journal.replay())
    pid = os.getpid()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: pid + 1)
        with pytest.raises(RuntimeError, match=rf"opened by process {pid}, of which this is a fork"):
            journal.append({"event": "first"}, sync=False)
    journal.close()
    assert events(tmp_path) == []


def test_a_file_is_whole_or_not_there(tmp_path):
    write_whole(tmp_path / "a", b"old")
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_an_empty_log_is_no_torn_one(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert events(tmp_path) == []
