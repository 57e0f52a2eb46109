"""The Ray engine: its options here, its work on a cluster of two nodes in `ray_cluster.py`."""

import subprocess
import sys
from pathlib import Path

import pytest

from gnothi.sweep import Group, RunFolder, engine_for, run_groups, run_groups_on_ray

GROUPS = [Group("a", ("a",), "an order")]


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.describe()
    return folder


@pytest.mark.slow
def test_on_a_cluster_of_two_nodes():
    """In a process of its own: inside a worker that has compiled hundreds of programs, Ray's core has crashed."""
    file = Path(__file__).with_name("ray_cluster.py")
    command = [sys.executable, "-m", "pytest", "-n0", "--noconftest", file]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "6 passed" in run.stdout


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"workers": 0}, ValueError, "workers must be 1 or more, or left out for one a CPU of the cluster, got 0"),
        ({"address": "6379"}, ValueError, 'address must be "auto", "local" or HOST:PORT, got \'6379\''),
        ({"address": "127.0.0.1:1"}, ConnectionError, r"no Ray cluster answers at 127\.0\.0\.1:1 .*ray start --head"),
    ],
)
def test_options_that_lead_nowhere_are_refused(folder, options, error, message):
    with pytest.raises(error, match=message):
        run_groups_on_ray(GROUPS, str, folder, **options)


def test_without_ray_it_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match=r"pip install 'gnothi\[ray\]'"):
        run_groups_on_ray(GROUPS, str, folder)


def test_engines_by_name():
    assert engine_for("local") is run_groups
    assert engine_for("ray", "10.0.0.1:6379").keywords == {"address": "10.0.0.1:6379"}
    assert engine_for("ray").keywords == {"address": "auto"}
    with pytest.raises(ValueError, match="add --engine ray"):
        engine_for("local", "auto")
    with pytest.raises(ValueError, match='no engine \'slurm\': take "local" or "ray"'):
        engine_for("slurm")
