"""`gnothi card from-logs`, as somebody meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("inspect_ai")

from gnothi.cards.card_file import read_card
from gnothi.cli.card import Regrade
from gnothi.cli.card_from_logs import FromLogs
from gnothi.safety.inspect import write_log
from gnothi.safety.models import Scripted
from gnothi.safety.registry import EVALUATIONS
from gnothi.safety.run import run
from tests.cli.test_main import gnothi
from tests.safety.inspect.scripted_server import serving

NAMES = ("over_refusal", "hierarchy_conflicts")


@pytest.fixture
def logs(tmp_path, monkeypatch):
    """Logs of two models, in a folder that is called as Inspect calls it."""
    monkeypatch.chdir(tmp_path)
    for name, words in (("helpful", "Sure: first, open the lid."), ("shy", "I'm sorry, but I can't help with that.")):
        model = Scripted(name, lambda prompt, words=words: words)
        for evaluation in (EVALUATIONS[one] for one in NAMES):
            rows = run(model, evaluation, tmp_path / "answers" / name, size=12)
            write_log(rows, evaluation, model, tmp_path / "logs" / f"{name}-{evaluation.name}.eval")
    return tmp_path / "logs"


def test_one_of_two_models_has_a_card_and_is_compared_with_the_other(logs, capsys):
    FromLogs((logs,), model="helpful", baseline="shy").run()
    said = capsys.readouterr().out
    assert "left out shy-over_refusal.eval: it is of shy" in said and "helpful is better than shy on" in said
    folder = logs.parent / "runs" / "card"
    card = read_card(folder / "helpful-logs")
    assert (folder / "helpful-logs" / "card.html").exists() and (folder / "helpful-logs" / "card.md").exists()
    assert {row["evaluation"] for row in card["results"]} == set(NAMES)
    verdicts = {(row["evaluation"], row["metric"]): row["verdict"] for row in card["comparison"]["paired"]}
    assert verdicts["over_refusal", "not_overrefuse"] == "better"
    assert read_card(folder / "shy-logs")["subject"]["name"] == "shy"


def test_a_baseline_may_be_a_card_or_other_logs(logs, tmp_path, capsys):
    ours, theirs = (tuple(sorted(logs.glob(f"{name}-*"))) for name in ("helpful", "shy"))
    FromLogs(theirs, out=tmp_path / "theirs").run()
    for baseline in (tmp_path / "theirs", theirs[0]):
        FromLogs(ours, baseline=str(baseline), out=tmp_path / "ours").run()
        assert read_card(tmp_path / "ours")["comparison"]["second"]["name"] == "shy"
    with pytest.raises(ValueError, match="is the card itself"):
        FromLogs(ours, baseline=str(tmp_path / "ours"), out=tmp_path / "ours").run()
    with pytest.raises(ValueError, match="is the card itself"):
        FromLogs(ours, baseline="helpful").run()


def test_a_card_of_logs_is_judged_anew_from_logs(logs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gnothi", "card", "from-logs", "logs", "--model", "shy"])
    FromLogs((logs,), model="shy", out=tmp_path / "card").run()
    with pytest.raises(ValueError, match="gnothi card from-logs logs --model shy --regrade judges"):
        Regrade(tmp_path / "card").run()


def test_answers_are_drawn_for_people(logs, tmp_path, capsys):
    FromLogs((logs,), model="shy", out=tmp_path / "card", queue="over_refusal", count=5).run()
    path = tmp_path / "card" / "labels" / "over_refusal.csv"
    assert str(path) in capsys.readouterr().out and len(path.read_text().splitlines()) == 6


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"logs": ()}, "LOGS is empty"),
        ({}, r"of 2 models: helpful \(2\), shy \(2\); say which one with --model"),
        ({"model": "third"}, "no log is of third"),
        ({"model": "shy", "evals": ("bbq",)}, "no whole run of bbq"),
        ({"model": "shy", "evals": ("bbc",)}, "bbc"),
        ({"model": "shy", "framework": "nonesuch"}, "no framework is called 'nonesuch'"),
        ({"model": "shy", "variant": "pre", "before": Path("x")}, "--before is of a model as it ships"),
    ],
)
def test_bad_input_is_said(logs, settings, words):
    with pytest.raises(ValueError, match=words):
        FromLogs(**{"logs": (logs,), **settings}).run()


def test_without_the_extra_it_is_said_what_to_install(tmp_path):
    code = "import sys; sys.modules['inspect_ai'] = None; from gnothi.cli.main import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "card", "from-logs", str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 2 and "pip install 'gnothi[inspect]'" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.slow
def test_inspect_eval_and_then_a_card_is_the_card_of_the_model_itself(tmp_path):
    """A hosted model, scripted, is asked twice: by `inspect eval`, and by `gnothi card`. The cards say the same."""

    def reply(messages):
        text = messages[-1]["content"]
        return 401 if len(text) % 9 == 0 else "I'm sorry, I can't." if len(text) % 3 == 0 else "Sure: open the lid."

    names = [*NAMES, "disallowed"]
    with serving(reply) as (address, _):
        environment = {
            **os.environ,
            "SCRIPTED_API_KEY": "none",
            "SCRIPTED_BASE_URL": address,
            "INSPECT_DISPLAY": "plain",
        }
        inspect = [sys.executable, "-c", "from inspect_ai._cli.main import main; main()", "eval"]
        tasks = [f"gnothi/{name}" for name in names]
        model = ["--model", "openai-api/scripted/model", "-T", "scale=smoke"]
        done = subprocess.run([*inspect, *tasks, *model], env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        options = ["--scale", "smoke", "--evals", *names, "--out", "here"]
        answer = gnothi("card", "inspect/openai-api/scripted/model", *options, env=environment, cwd=tmp_path)
        assert answer.returncode == 0, answer.stderr
    answer = gnothi("card", "from-logs", "logs", "--out", "there", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    here, there = (json.loads((tmp_path / name / "card.json").read_text()) for name in ("here", "there"))
    rows = [{(r["evaluation"], r["metric"]): {**r, "log_sha256": ""} for r in one["results"]} for one in (here, there)]
    assert rows[0] == rows[1] and any("unanswered" in row["outcomes"] for row in rows[0].values())
    assert there["subject"]["name"] == here["subject"]["name"] == "openai-api/scripted/model"
    assert there["subject"]["version"] == "scripted-2026-11-28"
    assert "its run failed" in answer.stdout and "inspect eval-retry" in answer.stdout
