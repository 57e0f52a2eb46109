"""The command line, as a user meets it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from gnothi.sweep import RunFolder


def gnothi(*arguments, **options):
    environment = {**os.environ, "COLUMNS": "100", **options.pop("env", {})}
    command = [sys.executable, "-m", "gnothi.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, **options)


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("testbed",),
        ("testbed", "run"),
        ("testbed", "list"),
        ("testbed", "report"),
        ("records",),
        ("agents",),
        ("label",),
    ],
)
def test_help_has_an_example(command):
    answer = gnothi(*command, "--help")
    assert answer.returncode == 0
    assert "gnothi " in answer.stdout
    assert "Example" in answer.stdout


def test_help_imports_no_jax():
    code = "import sys, gnothi.cli.main; sys.exit('jax' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_unknown_agent_gets_a_suggestion(tmp_path):
    answer = gnothi("testbed", "run", "--agents", "epinett", "--out", str(tmp_path / "run"))
    assert answer.returncode == 2
    assert "no agent is called 'epinett'. Did you mean 'epinet'?" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_unknown_suite_names_those_there_are(tmp_path):
    answer = gnothi("testbed", "run", "--suite", "regression_9d", "--out", str(tmp_path / "run"))
    assert answer.returncode == 2
    assert "there are classification" in answer.stderr


def test_run_folder_of_another_version_is_refused(tmp_path):
    (tmp_path / "run.json").write_text('{"format": 0}')
    answer = gnothi("testbed", "run", "--out", str(tmp_path))
    assert answer.returncode == 2
    assert "another version of gnothi (format 0" in answer.stderr


def test_empty_folder_says_what_to_run(tmp_path):
    answer = gnothi("records", "select 1", "--run", str(tmp_path))
    assert answer.returncode == 2
    assert "gnothi testbed run --out" in answer.stderr


@pytest.mark.slow
def test_list_and_agents():
    assert "classification_2d" in gnothi("testbed", "list").stdout
    assert gnothi("testbed", "list", "--suite", "real").stdout.count("real/") == 20
    assert "ensemble+" in gnothi("agents").stdout


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "smoke"
    command = ("testbed", "run", "--suite", "smoke", "--agents", "mlp", "knn", "--out", str(folder))
    answer = gnothi(*command)
    assert answer.returncode == 0, answer.stderr
    return folder, answer, command


def test_a_run_ends_in_a_leaderboard(smoke):
    _, answer, _ = smoke
    for name in ("uniform", "mlp", "knn"):
        assert name in answer.stdout


def test_records_answer_sql(smoke):
    folder, _, _ = smoke
    question = "select subject, count(*) n from records where metric = 'kl' and tau = 10 group by 1 order by 1"
    answer = gnothi("records", question, "--run", str(folder), "--format", "csv")
    assert answer.stdout.split() == ["subject,n", "knn,2", "mlp,2", "uniform,2"]
    wrong = gnothi("records", "select nothing from records", "--run", str(folder))
    assert wrong.returncode == 2
    assert "its columns are subject" in wrong.stderr


def test_report_is_written(smoke):
    folder, _, _ = smoke
    answer = gnothi("testbed", "report", str(folder))
    assert answer.returncode == 0, answer.stderr
    assert (folder / "report.html").stat().st_size > 1000


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs Linux")
@pytest.mark.slow
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_stopped_runs_keep_what_is_finished_and_go_on(tmp_path, kill, smoke):
    folder = tmp_path / "run"
    command = ["testbed", "run", "--suite", "smoke", "--agents", "knn", "random_forest", "mlp", "--out", str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-m", "gnothi.cli.main", *command], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    deadline = time.time() + 120
    while time.time() < deadline and not list(folder.rglob("*.jsonl")):
        time.sleep(0.02)
    process.send_signal(kill)
    _, errors = process.communicate(timeout=60)
    finished = {path: path.read_text() for path in folder.rglob("*.jsonl")}
    assert finished
    if kill == signal.SIGINT and process.returncode:
        assert process.returncode == 130
        assert "run the same command again" in errors
    assert gnothi(*command).returncode == 0
    assert all(path.read_text() == text for path, text in finished.items())
    assert len(list(folder.rglob("*.jsonl"))) == 4 * 3
    RunFolder(folder).about()
