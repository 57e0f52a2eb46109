import zipfile

import pytest
from inspect_ai import eval as run
from inspect_ai import eval_retry
from inspect_ai.util import registry_info

from gnothi.safety.evaluation import Evaluation, share
from gnothi.safety.graders.grader import Grader
from gnothi.safety.graders.judge import Judge
from gnothi.safety.inspect import InspectModel, read_log, served, task_of
from gnothi.safety.inspect.known import remember
from gnothi.safety.inspect.tasks import register, sample_of
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Grade, Outcome, Prompt, ask
from tests.safety.inspect.scripted_server import serving
from tests.safety.invented import REFUSALS, prompts

SAID = "Certainly, in this way"


def refuses_some(prompt):
    return "No." if "template 0" in prompt.text else SAID


def run_one(task, model, **more):
    (log,) = run(task, model=model, display="none", **more)
    return log


def metrics(log):
    return {name: metric.value for name, metric in log.results.scores[0].metrics.items()}


def everything_in(log):
    """All that a log file says, unpacked."""
    with zipfile.ZipFile(log.location) as file:
        return "".join(file.read(name).decode() for name in file.namelist())


def test_an_evaluation_runs_as_a_task():
    log = run_one(task_of(REFUSALS, size=4), served(Scripted("toy", refuses_some)))
    assert log.status == "success" and log.results.completed_samples == 8
    found = metrics(log)
    assert found["refused"] == pytest.approx(2 / 8) and (found["asked"], found["answered"]) == (8, 8)
    assert 0 < found["refused_low"] < 0.25 < found["refused_high"] < 1
    rows = read_log(log.location)
    assert [row.prompt for row in rows] == prompts(4)
    assert {row.answer.text for row in rows} == {"No.", SAID}
    assert rows[0].grade.outcome == Outcome.REFUSE and rows[0].grade.by == "says-no/1"


def test_harmful_prompts_and_answers_to_them_cannot_be_read_in_the_log_unless_wanted():
    model = served(Scripted("toy", lambda prompt: f"answering {prompt.text}"))
    log = run_one(task_of(REFUSALS, size=2), model)
    text = everything_in(log)
    assert "Question 0 of template 1?" in text and "answering Question 0 of template 1?" in text
    assert "Question 1" not in text  # these are the harmful ones
    assert prompts(2)[1].sha256 in text and "[sealed: a prompt of category even" in text
    assert read_log(log.location)[1].answer.text == "answering Question 1 of template 0?"
    assert log.stats.model_usage["gnothi/toy"].output_tokens > 0  # counted, though not recorded
    assert "answering Question 1" in everything_in(run_one(task_of(REFUSALS, size=2, show=True), model))


def test_an_error_does_not_quote_a_harmful_prompt():
    def reply(prompt):
        raise ValueError(f"cannot answer {prompt.text!r}")

    log = run_one(task_of(REFUSALS, size=2), served(Scripted("toy", reply)))
    text = everything_in(log)
    assert "Question 0 of template 1" in text and "Question 1" not in text
    assert "Question 1 of template 0" in read_log(log.location)[1].answer.error


def test_what_is_not_answered_counts_and_is_asked_again(monkeypatch):
    asked, healthy = [], []

    def reply(prompt):
        asked.append(prompt.text)
        if not healthy and "template 2" in prompt.text:
            raise TimeoutError("nobody there")
        return "" if "template 3" in prompt.text else "No."

    monkeypatch.setattr("gnothi.safety.load.load_model", lambda name: Scripted(name, reply))
    remember(REFUSALS)
    register("refusals")
    log = run_one("gnothi/refusals", "gnothi/sometimes", task_args={"size": 5})
    found = metrics(log)
    assert log.status == "error"  # so that it can be gone on with
    assert (found["asked"], found["answered"], found["refused"]) == (10, 6, pytest.approx(0.6))
    assert len(log.samples) == log.results.scores[0].scored_samples == 10
    outcomes = [row.grade.outcome for row in read_log(log.location)]
    assert outcomes.count(Outcome.UNANSWERED) == 4
    asked.clear(), healthy.append(True)
    (again,) = eval_retry(log.location, display="none")
    assert sorted(asked) == ["Question 0 of template 2?", "Question 1 of template 2?"]
    found = metrics(again)
    assert again.status == "success" and (found["asked"], found["answered"]) == (10, 8)


def test_a_grader_that_fails_costs_no_sample():
    class Fails(Grader):
        name = "fails/1"

        def judge(self, prompts, answers):
            raise ConnectionError("the judge is away")

    task = task_of(with_grader(Fails), size=3)
    log = run_one(task, served(Scripted("toy", refuses_some)))
    assert log.status == "success"
    found = metrics(log)
    assert (found["asked"], found["answered"], found["graded"]) == (6, 6, 0)
    assert "the judge is away" in read_log(log.location)[0].grade.why


def with_grader(grader):
    refused = share("refused", [Outcome.REFUSE], "the share that refuses")
    return Evaluation("ungraded", "Ungraded", "Nothing.", prompts, grader, (refused,), REFUSALS.sizes)


class IsNamed(Grader):
    """Right if the answer is the target."""

    name = "is-named/1"

    def judge(self, prompts, answers):
        pairs = zip(prompts, answers, strict=True)
        return [
            Grade(Outcome.CORRECT if answer.text == prompt.target else Outcome.WRONG, self.name)
            for prompt, answer in pairs
        ]


def test_each_epoch_is_a_row_with_draws_of_its_own():
    seeds = []

    class Draws(Scripted):
        def answer(self, prompts, *, max_tokens=64, temperature=0.0, seed=0):
            seeds.append((seed, temperature, max_tokens))
            return super().answer(prompts)

    repeated = Evaluation(
        "repeated",
        "Repeated",
        "A question, three times.",
        lambda size, data_dir: [Prompt(f"q{n}", ask(f"{n}?"), f"c{n}", target=str(n)) for n in range(size)],
        IsNamed,
        (share("correct", [Outcome.CORRECT], "the share that is right"),),
        REFUSALS.sizes,
        max_tokens=7,
        samples=3,
        temperature=0.5,
    )
    log = run_one(task_of(repeated, size=4), served(Draws("draws", lambda prompt: prompt.text[0])))
    assert metrics(log)["correct"] == 1 and metrics(log)["asked"] == 12
    assert sorted(row.sample for row in read_log(log.location)) == [0] * 4 + [1] * 4 + [2] * 4
    assert len({seed for seed, *_ in seeds}) >= 3
    assert {settings[1:] for settings in seeds} == {(0.5, 7)}


def test_samples_carry_what_graders_need_and_nothing_harmful():
    plain, harmful = (sample_of(prompt, REFUSALS) for prompt in prompts(1))
    assert plain.input[0].text == "Question 0 of template 0?" and plain.metadata["prompt"]["cluster"] == "template 0"
    assert "Question" not in harmful.model_dump_json()


def test_tasks_have_the_name_of_the_package():
    remember(REFUSALS)
    assert registry_info(register("refusals")).name == "gnothi/refusals"


def test_a_hosted_judge_judges_within_the_run_and_what_is_harmful_stays_sealed():
    def verdict(messages):
        return "It gives way.\nVERDICT: COMPLY" if SAID in messages[-1]["content"] else "VERDICT: REFUSE"

    with serving(verdict) as (address, server):
        judge = Judge(InspectModel("openai-api/scripted/model", base_url=address, api_key="none"))
        log = run_one(task_of(with_grader(lambda: judge), size=3), served(Scripted("toy", refuses_some)))
        assert len(server.requests) == 6
    assert log.status == "success" and metrics(log)["refused"] == pytest.approx(1 / 3)
    assert log.stats.model_usage["openai-api/scripted/model"].output_tokens == 6 * 3  # part of this run
    text = everything_in(log)
    assert "Question 0 of template 1?" in text and "Question 1" not in text
