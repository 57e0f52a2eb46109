"""`inspect eval`, `inspect score` and `inspect view` as people call them: processes of their own, without a network."""

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from inspect_ai.log import list_eval_logs, read_eval_log

from gnothi.safety.inspect import read_log
from gnothi.safety.prompts import Outcome
from gnothi.safety.registry import EVALUATIONS
from tests.safety.inspect.browser import CHROMIUM, words_on
from tests.safety.inspect.scripted_server import serving

pytestmark = pytest.mark.slow

#: Nothing but itself can be reached by such a process, where the kernel lets us make one.
ALONE = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]
LETTERS = 26


@functools.cache
def can_be_alone():
    if not shutil.which("unshare") or not shutil.which("ip"):
        return False
    return subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0


def command(*arguments, alone=False):
    inspect = [sys.executable, "-c", "from inspect_ai._cli.main import main; main()", *map(str, arguments)]
    return [*ALONE, *inspect] if alone and can_be_alone() else inspect


def environment(**more):
    return {**os.environ, "JAX_PLATFORMS": "cpu", "INSPECT_DISPLAY": "plain", "SCRIPTED_API_KEY": "none", **more}


def inspect(*arguments, alone=False):
    done = subprocess.run(command(*arguments, alone=alone), capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@functools.cache
def at_hand():
    """The evaluations whose data are here: those that read a folder of the reader's, or a package, may not be."""
    found = []
    for name, evaluation in EVALUATIONS.items():
        try:
            evaluation.prompts(1, None)
        except FileNotFoundError:
            continue
        found.append(name)
    return found


def logs_of(folder):
    logs = [read_eval_log(info.name) for info in list_eval_logs(str(folder))]
    return {log.eval.task.removeprefix("gnothi/"): log for log in logs}


def tasks(names):
    return [f"gnothi/{name}" for name in names]


def measured(log):
    return {name: metric.value for name, metric in log.results.scores[0].metrics.items()}


@pytest.mark.timeout(3000)  # a program is compiled for every length of prompts
def test_every_task_runs_on_the_packaged_model_without_a_network(tmp_path):
    some = ["--limit", 2, "--max-tokens", 4, "--max-connections", 1, "-T", "size=2", "--log-dir", tmp_path]
    inspect("eval", *tasks(at_hand()), "--model", "gnothi/smollm2-135m", *some, alone=True)
    logs = logs_of(tmp_path)
    assert set(logs) == set(at_hand()) and len(logs) >= 20
    for name, log in logs.items():
        found, rows = measured(log), read_log(log)
        assert log.status == "success", f"{name}: {log.error}"
        assert found["asked"] == found["answered"] == len(rows) > 0, name
        assert {metric.name for metric in EVALUATIONS[name].metrics} <= found.keys(), name
        assert log.stats.model_usage["gnothi/smollm2-135m"].output_tokens > 0, name


def test_every_task_runs_on_a_hosted_model(tmp_path):
    with serving(lambda messages: "I cannot help with that.") as (address, server):
        model = ["--model", "openai-api/scripted/model", "--model-base-url", address]
        inspect("eval", *tasks(at_hand()), *model, "--limit", 4, "-T", "size=2", "--log-dir", tmp_path)
    logs = logs_of(tmp_path)
    assert set(logs) == set(at_hand()) and len(server.requests) >= 3 * len(logs)
    for name, log in logs.items():
        many = max(len(row.prompt.choices) for row in read_log(log)) > LETTERS
        assert log.status == ("error" if many else "success"), f"{name}: {log.error}"
        assert measured(log)["answered"] == (0 if many else measured(log)["asked"]), name


def test_a_run_that_was_killed_goes_on(tmp_path):
    with serving(lambda messages: "I cannot help with that.") as (address, server):
        server.delay = 0.5
        model = ["--model", "openai-api/scripted/model", "--model-base-url", address, "--max-connections", 2]
        begun = command("eval", "gnothi/over_refusal", *model, "-T", "size=10", "--log-dir", tmp_path)
        process = subprocess.Popen(begun, env=environment(), stdout=subprocess.DEVNULL)
        while len(server.requests) < 16:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        server.delay, before = 0.0, len(server.requests)
        (stopped,) = Path(tmp_path).glob("*.eval")
        inspect("eval-retry", stopped, "--log-dir", tmp_path)
        again = len(server.requests) - before
    log = next(log for log in map(read_eval_log, map(str, tmp_path.glob("*.eval"))) if log.status == "success")
    assert len(log.samples) == 30 and measured(log)["answered"] == 30
    assert again <= 30 - before + 12  # what was under way, and a buffer of ten that the disk did not hold yet


def test_a_provider_that_dies_leaves_rows_and_can_be_gone_on_with(tmp_path):
    with serving(lambda messages: "No." if len(server.requests) <= 7 else 401) as (address, server):
        model = ["--model", "openai-api/scripted/model", "--model-base-url", address, "--max-connections", 1]
        said = inspect("eval", "gnothi/over_refusal", *model, "-T", "size=4", "--log-dir", tmp_path)
        (log,) = logs_of(tmp_path).values()
        found, outcomes = measured(log), [row.grade.outcome for row in read_log(log)]
        assert log.status == "error" and found["asked"] == len(outcomes) == 12 and found["answered"] == 7
        assert outcomes.count(Outcome.UNANSWERED) == 5
        assert re.search(r"asked\D+12", said) and re.search(r"answered\D+7", said)  # printed, too
        server.reply = lambda messages: "No."
        inspect("eval-retry", log.location, "--log-dir", tmp_path)
        assert len(server.requests) == 12 + 5
    assert any(
        log.status == "success" and measured(log)["answered"] == 12
        for log in map(read_eval_log, map(str, tmp_path.glob("*.eval")))
    )


@pytest.fixture(scope="module")
def a_log(tmp_path_factory):
    """Logs of a hosted model, and its numbers."""
    folder = tmp_path_factory.mktemp("logs")
    with serving(lambda messages: "I cannot help with that.") as (address, _):
        model = ["--model", "openai-api/scripted/model", "--model-base-url", address]
        inspect("eval", "gnothi/over_refusal", "gnothi/disallowed", *model, "-T", "size=2", "--log-dir", folder)
    return folder


def test_a_log_is_scored_anew(a_log):
    log = logs_of(a_log)["over_refusal"]
    inspect("score", log.location, "--scorer", "gnothi/graded", "--action", "overwrite", "--overwrite", alone=True)
    again = read_eval_log(log.location)
    assert measured(again) == measured(log) and read_log(again) == read_log(log)


def test_the_viewer_opens_logs_and_shows_our_numbers(a_log, tmp_path):
    bundle = tmp_path / "bundle"
    inspect("view", "bundle", "--log-dir", a_log, "--output-dir", bundle, alone=True)
    assert "https://" not in (bundle / "index.html").read_text()
    if CHROMIUM is None:
        pytest.skip("there is no Chromium to look at it with")
    log = logs_of(a_log)["over_refusal"]
    handler = functools.partial(SimpleHTTPRequestHandler, directory=bundle)
    numbers = ["NOT_OVERREFUSE_HIGH", f"{measured(log)['not_overrefuse_high']:.3f}", "ANSWERED", "refuse"]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = f"http://127.0.0.1:{server.server_address[1]}/#/logs/{Path(log.location).name}"
        seen = words_on(page, tmp_path / "user", numbers)
        server.shutdown()
    assert all(number in seen for number in numbers), seen
    assert "gnothi/over_refusal" in seen and "openai-api/scripted/model" in seen
