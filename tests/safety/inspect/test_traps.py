"""What was found by running Inspect 0.3.285: six ways in which an honest run goes wrong (reference, section 4a)."""

import math
from importlib.metadata import distribution, entry_points
from pathlib import Path

import pytest
from inspect_ai import eval as run
from inspect_ai._util.package import get_installed_package_name
from inspect_ai.model import ChatMessageUser
from inspect_ai.util import registry_info

import gnothi
from gnothi.safety.evaluation import Evaluation, Metric, share
from gnothi.safety.graders.grader import Grader
from gnothi.safety.inspect import served, task_of
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer, Grade, Message, Outcome, Prompt, ask
from tests.safety.invented import REFUSALS

ROOT = Path(gnothi.__file__).parents[2]


class ByWord(Grader):
    """The outcome is what was said."""

    name = "by-word/1"

    def judge(self, prompts, answers):
        return [Grade(Outcome(answer.text), self.name) for answer in answers]


def of_words(metrics, samples=1, clusters=10):
    return Evaluation(
        "words",
        "Words",
        "Nothing.",
        lambda size, folder: [
            Prompt(f"q{n}", ask(f"{n}"), f"c{n % clusters}", facts={"kind": "x"}) for n in range(size)
        ],
        ByWord,
        metrics,
        REFUSALS.sizes,
        samples=samples,
    )


CORRECT = share("correct", [Outcome.CORRECT], "right")
ABSTAINED = share("abstained", [Outcome.ABSTAINED], "abstained", better="")


def run_words(evaluation, reply, size=10, **more):
    (log,) = run(task_of(evaluation, size=size), model=served(Scripted("toy", reply)), display="none", **more)
    return log, {name: metric.value for name, metric in log.results.scores[0].metrics.items()}


def test_1_tokens_are_counted_without_fetching_a_tokenizer(monkeypatch):
    def fetch(*arguments, **more):
        raise AssertionError("tiktoken was asked, which fetches its words from the network")

    monkeypatch.setattr("tiktoken.get_encoding", fetch)
    monkeypatch.setattr("tiktoken.encoding_for_model", fetch)
    log, _ = run_words(of_words((CORRECT,)), lambda prompt: "correct", token_limit=100_000)
    assert log.status == "success"
    usage = log.stats.model_usage["gnothi/toy"]
    assert usage.input_tokens > 0 and usage.output_tokens > 0
    import anyio

    assert anyio.run(served(Scripted("toy", str)).count_tokens, [ChatMessageUser(content="How many?")]) > 0


@pytest.mark.parametrize("size", [1, 12])
def test_2_metrics_that_are_shown_early_do_not_end_a_run_of_few_clusters(size):
    evaluation = of_words((CORRECT,), clusters=1)
    log, found = run_words(evaluation, lambda prompt: "correct", size, score_display=True, max_samples=1)
    assert log.status == "success" and found["correct"] == 1


def test_3_abstentions_do_not_vanish_in_a_reduction():
    def reply(prompt):
        return ["correct", "abstained", "wrong", "abstained"][int(prompt.text) % 4]

    log, found = run_words(of_words((CORRECT, ABSTAINED), samples=2), reply, 12)
    assert found["abstained"] == pytest.approx(0.5) and found["correct"] == pytest.approx(0.25)
    assert found["asked"] == 24
    assert {sample.scores["graded"].value for sample in log.samples} == {"correct", "abstained", "wrong"}


def test_4_all_is_registered_under_the_name_of_the_package():
    (entry,) = (one for one in entry_points(group="inspect_ai") if one.name == "gnothi")
    assert entry.value == "gnothi.safety.inspect.registry"
    assert get_installed_package_name(task_of) == "gnothi"
    task = task_of(REFUSALS, size=1)
    for part in (task.solver, *task.scorer):
        assert registry_info(part).name.startswith("gnothi/")
    # an egg-info in the folder that Python is run in hides how the package is installed: hatchling leaves none
    assert not list(ROOT.glob("*.egg-info")) and not list((ROOT / "src").glob("*.egg-info"))
    assert distribution("gnothi").read_text("direct_url.json") or "site-packages" in gnothi.__file__


def test_5_a_developer_is_told_from_the_system_by_our_models():
    seen = []

    def reply(prompt):
        seen.append([message.role for message in prompt.messages])
        return "correct"

    roles = ("system", "developer", "user")
    evaluation = Evaluation(
        "roles",
        "Roles",
        "Nothing.",
        lambda size, folder: [Prompt("q", tuple(Message(role, f"of {role}") for role in roles), "c")],
        ByWord,
        (CORRECT,),
        REFUSALS.sizes,
    )
    log, _ = run_words(evaluation, reply)
    assert seen == [list(roles)] and log.status == "success"
    assert log.samples[0].input[1].metadata == {"role": "developer"}


def test_6_an_exception_in_a_metric_ends_nothing_and_denominators_are_there():
    def fails(rows):
        raise ZeroDivisionError

    def reply(prompt):
        number = int(prompt.text)
        return ["correct", Answer(error="away"), "", "ungraded"][number] if number < 4 else "correct"

    evaluation = of_words((CORRECT, Metric("fails", fails, "higher", "never")))
    log, found = run_words(evaluation, reply)
    assert math.isnan(found["fails"])
    assert found["correct"] == pytest.approx(0.7)  # of all ten
    assert (found["asked"], found["answered"], found["graded"]) == (10, 8, 7)
    scored = log.results.scores[0]
    assert (scored.scored_samples, scored.unscored_samples) == (10, 0)
