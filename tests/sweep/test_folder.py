import json

import pytest

from gnothi.sweep import RunFolder
from gnothi.sweep.folder import FORMAT


def test_a_new_folder_is_described_and_found_again(tmp_path):
    folder = RunFolder(tmp_path / "run")
    assert not folder.path.exists()  # looking makes nothing
    folder.describe(suite="2d", agents=["mlp"])
    folder.describe(suite="real")
    folder.describe(suite="2d", agents=["mlp"])  # the same again says nothing new
    assert RunFolder(tmp_path / "run").about() == [{"suite": "2d", "agents": ["mlp"]}, {"suite": "real"}]
    assert [p.name for p in folder.path.iterdir()] == ["run.json"]


def test_an_empty_folder_may_become_a_run(tmp_path):
    RunFolder(tmp_path).describe()
    assert RunFolder(tmp_path).about() == [{}]


def test_cells_have_files_below_records(tmp_path):
    assert RunFolder(tmp_path).cell("mlp/2d/S1") == tmp_path / "records" / "mlp" / "2d" / "S1.jsonl"


@pytest.mark.parametrize("as_file", [False, True])
def test_a_foreign_folder_is_refused(tmp_path, as_file):
    path = tmp_path / "thesis"
    if as_file:
        path.write_text("mine")
    else:
        path.mkdir()
        (path / "chapter.txt").write_text("mine")
    with pytest.raises(
        ValueError, match="thesis is not a run of gnothi and is not empty: name another folder with --out"
    ):
        RunFolder(path)


@pytest.mark.parametrize("manifest", [{"format": FORMAT + 1}, {"suite": "2d"}])
def test_another_format_is_refused(tmp_path, manifest):
    (tmp_path / "run.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=rf"made by another version of gnothi \(format .*; this one writes {FORMAT}\)"):
        RunFolder(tmp_path)


def test_a_broken_manifest_is_named_and_may_be_deleted(tmp_path):
    (tmp_path / "run.json").write_text('{"format": ')
    (tmp_path / "records").mkdir()
    with pytest.raises(ValueError, match=r"run\.json cannot be read .* delete it"):
        RunFolder(tmp_path)
    (tmp_path / "run.json").unlink()
    RunFolder(tmp_path).describe(suite="2d")
    assert RunFolder(tmp_path).about() == [{"suite": "2d"}]


def test_an_empty_folder_has_nothing_to_tell(tmp_path):
    with pytest.raises(ValueError, match="holds no run: `gnothi testbed run --out"):
        RunFolder(tmp_path).about()
