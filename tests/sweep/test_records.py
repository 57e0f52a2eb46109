import dataclasses
import errno
import math

import pytest

from gnothi.sweep import Record, query, read_records, write_records
from gnothi.sweep.records import COLUMNS


def record(**changes) -> Record:
    plain = Record(
        subject="mlp",
        evaluation="2d/S1",
        suite="2d",
        metric="kl",
        value=0.1,
        low=0.05,
        high=0.15,
        units=1000,
        nonfinite=0,
        seed=1,
        config_hash="abc",
        versions="gnothi 0",
        seconds=1.5,
        cpu_seconds=2.5,
        compile_seconds=0.5,
        peak_bytes=2**40,
        parameters=10,
    )
    return dataclasses.replace(plain, **changes)


def test_records_come_back_as_they_were(tmp_path):
    records = [
        record(subject="a'b", value=0.1 + 0.2, tau=1, temperature=1e-300),
        record(subject="b", value=math.nan, low=-math.inf, high=math.inf, tau=10, input_size=2, data_ratio=math.nan),
        record(subject='γνῶθι\n"x"', num_train=3),
    ]
    write_records(tmp_path / "deep" / "down" / "cell.jsonl", records[:2])
    write_records(tmp_path / "cell.jsonl", records[2:])
    found = read_records(tmp_path)
    assert [repr(r) for r in found] == [repr(r) for r in records]  # nan is not nan
    assert all(
        type(getattr(r, name)) is type(getattr(w, name))
        for r, w in zip(found, records, strict=True)
        for name in COLUMNS
    )


def test_columns_have_the_types_of_the_fields():
    assert COLUMNS["subject"] == "VARCHAR" and COLUMNS["value"] == COLUMNS["temperature"] == "DOUBLE"
    assert COLUMNS["units"] == COLUMNS["tau"] == "BIGINT"
    assert len(COLUMNS) == len(dataclasses.fields(Record))


def test_sql_answers_over_all_files(tmp_path):
    for seed in range(3):
        write_records(tmp_path / "records" / f"{seed}.jsonl", [record(seed=seed, value=float(seed))])
    names, rows = query(tmp_path, "select subject, avg(value) as mean from records group by subject")
    assert (names, rows) == (["subject", "mean"], [("mlp", 1.0)])


@pytest.mark.parametrize("name", ["it's", "run[1]", "what?", "a*"])
def test_a_folder_may_have_any_name(tmp_path, name):
    write_records(tmp_path / name / "cell.jsonl", [record()])
    write_records(tmp_path / "run1" / "cell.jsonl", [record(seed=2)])
    assert read_records(tmp_path / name) == [record()]


@pytest.mark.parametrize("sql", ["select nothing from records", "selec", "select * from elsewhere"])
def test_bad_sql_is_answered_with_the_columns(tmp_path, sql):
    write_records(tmp_path / "cell.jsonl", [record()])
    with pytest.raises(
        ValueError, match=r"The table is called `records`; its columns are subject, evaluation, .*temperature"
    ):
        query(tmp_path, sql)


def test_a_folder_without_records_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no records: run `gnothi testbed run"):
        query(tmp_path, "select 1")


class Broken(Exception):
    pass


@pytest.fixture
def disk_full(monkeypatch):
    def fsync(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fsync)


def test_a_full_disk_is_said_and_leaves_no_file(tmp_path, disk_full):
    with pytest.raises(OSError, match=r"is full\. Finished cells are kept: free some space") as raised:
        write_records(tmp_path / "cell.jsonl", [record()])
    assert raised.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    write_records(tmp_path / "cell.jsonl", [record()])

    def replace(self, target):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr("pathlib.Path.replace", replace)
    with pytest.raises(OSError, match="is full"):
        write_records(tmp_path / "cell.jsonl", [record(seed=2)])
    monkeypatch.undo()
    assert read_records(tmp_path) == [record()] and len(list(tmp_path.iterdir())) == 1


def test_a_failure_in_mid_write_leaves_no_cell(tmp_path, monkeypatch):
    """Whatever stops it: what lies about then has a name that nobody reads."""

    def stop(file):
        raise Broken

    monkeypatch.setattr("os.fsync", stop)
    with pytest.raises(Broken):
        write_records(tmp_path / "cell.jsonl", [record()])
    assert not list(tmp_path.glob("*.jsonl"))
    with pytest.raises(ValueError, match="holds no records"):
        read_records(tmp_path)


def test_another_error_of_the_disk_is_passed_on(tmp_path):
    (tmp_path / "cell.jsonl").mkdir()
    with pytest.raises(IsADirectoryError):
        write_records(tmp_path / "cell.jsonl", [record()])
    assert [p.name for p in tmp_path.iterdir()] == ["cell.jsonl"]
