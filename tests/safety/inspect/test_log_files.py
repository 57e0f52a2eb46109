"""Which logs count: written by hand, stopped, failed, made again, edited, of others."""

import pytest
from inspect_ai import Task
from inspect_ai import eval as run
from inspect_ai.dataset import Sample
from inspect_ai.log import ProvenanceData, edit_score, invalidate_samples, read_eval_log, write_eval_log
from inspect_ai.scorer import ScoreEdit

from gnothi.safety.inspect import read_log, served, task_of, write_log
from gnothi.safety.inspect.log_files import find_logs, of_model, whole_runs
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer, Outcome
from gnothi.safety.run import run as run_here
from tests.safety.invented import REFUSALS


def says_no(prompt):
    return "No."


def toy(name="toy", reply=says_no, version="7"):
    return Scripted(name, reply, version)


@pytest.fixture
def write(tmp_path):
    """Writes a log of a whole run; `change` makes it another."""

    def written(name, model=None, created="2026-11-01T00:00:00+00:00", change=None):
        model = model or toy()
        rows = run_here(model, REFUSALS, tmp_path / f"answers-{name}", size=3)
        path = tmp_path / "logs" / f"{name}.eval"
        log = write_log(rows, REFUSALS, model, path)
        log.eval.created = created
        if change is not None:
            change(log)
        write_eval_log(log, str(path))
        return path

    return written


def chosen(folder, model=None):
    files, strange = find_logs([folder])
    files, others = of_model(files, model)
    runs, left_out = whole_runs(files)
    return runs, {one.path.stem: one.why for one in (*strange, *others, *left_out)}


def stopped(log):
    log.status, log.samples = "cancelled", log.samples[:4]


def failed(log):
    log.status = "error"


def test_the_newest_whole_run_counts_and_the_others_are_named(tmp_path, write):
    write("old")
    write("new", created="2026-11-02T00:00:00+00:00")
    write("stopped", created="2026-11-03T00:00:00+00:00", change=stopped)
    write("failed", created="2026-11-04T00:00:00+00:00", change=failed)
    [found], why = chosen(tmp_path / "logs")
    assert found.file.path.stem == "new" and len(found.rows) == 6 and found.unanswered == 0
    assert why["old"] == "a newer run of refusals is there: new.eval"
    assert why["stopped"] == "it was cancelled, and an older run of refusals is whole: new.eval"
    assert why["failed"] == "it failed, and an older run of refusals is whole: new.eval"


def test_a_run_that_failed_counts_if_all_it_asked_is_there(tmp_path, write):
    def away(prompt):
        return Answer(error="away") if "template 1" in prompt.text else "No."

    write("failed", toy(reply=away), change=failed)
    write("stopped", created="2026-11-03T00:00:00+00:00", change=stopped)
    [found], why = chosen(tmp_path / "logs")
    assert found.file.path.stem == "failed" and len(found.rows) == 6 and found.unanswered == 2
    assert why["stopped"].startswith("it was cancelled after 4 of 6 samples")


def test_nothing_but_a_run_that_was_stopped_is_no_run(tmp_path, write):
    def cut_off(log):
        log.status, log.samples = "started", log.samples[:2]

    write("stopped", change=cut_off)
    runs, why = chosen(tmp_path / "logs")
    assert runs == [] and why["stopped"].startswith("it was cut off after 2 of 6 samples: inspect eval-retry")


def test_rows_are_in_the_order_in_which_a_run_here_has_them(tmp_path, write):
    def shuffled(log):
        log.samples = log.samples[::-1]

    write("run", change=shuffled)
    [found], _ = chosen(tmp_path / "logs")
    assert list(found.rows) == run_here(toy(), REFUSALS, tmp_path / "again", size=3)


def test_a_log_of_an_older_version_of_this_package_is_read(tmp_path, write):
    """It says neither which weights answered nor whose calibration its grades have."""

    def older(log):
        for sample in log.samples:
            del sample.store["gnothi_version"], sample.scores["graded"].metadata["grader"]

    path = write("run", change=older)
    log = read_eval_log(str(path))
    write_eval_log(log, str(path.with_suffix(".json")))
    path.unlink()
    [found], _ = chosen(path.parent)
    assert found.versions == {"gnothi/toy"} and found.grader == "says-no/1" and len(found.rows) == 6


def test_two_models_are_told_apart(tmp_path, write):
    write("one")
    write("other", toy("other"))
    with pytest.raises(ValueError, match=r"of 2 models: other \(1\), toy \(1\); say which one with --model"):
        chosen(tmp_path / "logs")
    with pytest.raises(ValueError, match="no log is of third: there are logs of other"):
        chosen(tmp_path / "logs", "third")
    for name in ("toy", "gnothi/toy"):
        [found], why = chosen(tmp_path / "logs", name)
        assert found.file.path.stem == "one" and why == {"other": "it is of other"}


def test_a_model_that_changed_is_not_one_model(tmp_path, write):
    def of_another_evaluation(log):
        log.eval.dataset.name = "over_refusal"

    write("one")
    write("other", toy(version="8"), "2026-11-02T00:00:00+00:00", of_another_evaluation)
    with pytest.raises(ValueError, match=r"several versions of toy: 8 in other.eval; 7 in one.eval"):
        chosen(tmp_path / "logs")


def test_the_version_of_our_own_models_is_in_their_logs(tmp_path):
    run(task_of(REFUSALS, size=1), model=served(toy(version="of-weights")), display="none", log_dir=str(tmp_path))
    [found], _ = chosen(tmp_path)
    assert found.versions == {"of-weights"} and found.grader == "says-no/1" and len(found.sha256) == 64


def test_what_is_no_log_of_ours_is_said(tmp_path, write):
    path = write("ours")
    run(
        Task(dataset=[Sample(input="Hello")], name="others"),
        model=served(toy()),
        display="none",
        log_dir=str(path.parent),
    )
    (path.parent / "card.json").write_text("{}")
    write("campaign", change=lambda log: setattr(log.eval, "task", "gnothi/red_team"))
    write("namesake", change=lambda log: setattr(log.eval, "scorers", None))
    _, why = chosen(path.parent)
    [others] = [words for name, words in why.items() if "others" in name]
    assert others == "it is of others, which is no evaluation of gnothi's"
    assert why["card"].startswith("it cannot be read as a log")
    assert why["campaign"].startswith("it is of red teaming")
    assert why["namesake"] == "it is of gnothi/refusals, which is no task of gnothi's"
    path.unlink()
    with pytest.raises(ValueError, match=r"no log of an evaluation of gnothi's is in .*(\n.*)*red teaming"):
        find_logs([path.parent])
    with pytest.raises(ValueError, match="there is no nowhere"):
        find_logs([type(path)("nowhere")])


def test_what_people_changed_in_a_log_counts(tmp_path, write):
    path = write("run")
    log = read_eval_log(str(path))
    for place, value in ((0, "comply"), (1, "maybe")):
        edit = ScoreEdit(value=value, provenance=ProvenanceData(author="A. Reader", reason="I read it."))
        edit_score(log, log.samples[place].id, "graded", edit)
    log = invalidate_samples(
        log, [log.samples[2].uuid], ProvenanceData(author="B. Reader", reason="the lights went out")
    )
    write_eval_log(log, str(path))
    assert log.results.scores[0].metrics["refused"].value == pytest.approx(4 / 6)
    [found], _ = chosen(path.parent)
    grades = [row.grade for row in found.rows]
    assert [grade.outcome for grade in grades[:3]] == [Outcome.COMPLY, Outcome.UNGRADED, Outcome.UNGRADED]
    assert [(grade.by, grade.why) for grade in grades[:3]] == [
        ("A. Reader", "I read it."),
        ("A. Reader", "'maybe' is no outcome"),
        ("B. Reader", "the lights went out"),
    ]
    assert all(grade.outcome is Outcome.REFUSE for grade in grades[3:])
    again = read_log(path, regrade=True)  # a person's word stays
    assert [row.grade for row in again] == grades
