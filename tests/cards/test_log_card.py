"""A card of logs is the card of the same answers, made without Inspect."""

import dataclasses
import json
import zlib

import pytest

pytest.importorskip("inspect_ai")

from inspect_ai import eval as run
from inspect_ai.log import read_eval_log, write_eval_log

from gnothi.cards.card_html import card_page
from gnothi.cards.card_markdown import card_markdown
from gnothi.cards.language_card import measure_language_model, read_calibrations
from gnothi.cards.log_card import SCALE, measure_logs, read_logs
from gnothi.cards.system_card import make_card
from gnothi.safety.inspect import served, task_of, write_log
from gnothi.safety.models import Scripted
from gnothi.safety.preparedness import find_framework
from gnothi.safety.prompts import Answer, Outcome
from gnothi.safety.registry import EVALUATIONS
from gnothi.safety.results import FEWEST_LABELS
from gnothi.safety.run import run as run_here
from tests.cards.invented_results import make_provenance
from tests.cards.test_system_card import check
from tests.filled_in import fill_in

NAMES = ("over_refusal", "disallowed", "bbq", "hierarchy_conflicts")


def reply(prompt):
    """Sometimes it refuses, helps, dies, or says nothing; choices it finds likely by their length."""
    kind = zlib.crc32(prompt.text.encode()) % 7
    if kind == 0:
        raise TimeoutError("no answer within 120 s")
    if prompt.choices:
        return Answer(
            prompt.choices[kind % len(prompt.choices)], log_probs=tuple(-float(len(c)) for c in prompt.choices)
        )
    return ["", "I'm sorry, but I can't help with that.", "Sure, here is how it is done: begin with the first step."][
        kind % 3
    ]


MODEL = Scripted("toy", reply, version="7")


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    tasks = [task_of(EVALUATIONS[name], scale="smoke") for name in NAMES]
    run(tasks, model=served(MODEL), display="none", log_dir=str(folder), max_tasks=len(tasks))
    return folder


def plain(found, **more):
    card = make_card(found.results, found.subject, make_provenance(), asked=found.asked, missing=found.missing, **more)
    check(card)
    return json.loads(json.dumps(card))


def test_numbers_are_those_of_a_run_without_inspect(logs, tmp_path):
    calibrations, framework = read_calibrations(None), find_framework("preparedness-beta")
    names = [name for name in EVALUATIONS if name in NAMES]  # in the order of the registry, as logs are
    here = plain(
        measure_language_model(MODEL, tmp_path, scale="smoke", names=names, calibrations=calibrations),
        framework=framework,
    )
    read = read_logs([logs])
    there = plain(measure_logs(read, tmp_path, calibrations=calibrations), framework=framework)
    assert len(there["results"]) >= 8 and there["subject"] == here["subject"]
    assert {row["corrected_by"] for row in there["results"]} == {"", "calibration"}
    for one, other in zip(here["results"], there["results"], strict=True):
        assert one.pop("log_sha256") != other.pop("log_sha256")  # of another file
        assert one == other
        assert one["outcomes"]["unanswered"] > 0
    assert here["scorecard"] == there["scorecard"] and here["headline"] == there["headline"]
    for one, other in zip(here["evaluations"], there["evaluations"], strict=True):
        assert one["settings"] == {name: other["settings"][name] for name in one["settings"]}
    assert {"its run failed: " in note for note in read.notes} == {True} and len(read.notes) == len(NAMES)


def test_what_is_harmful_stays_unreadable_unless_it_is_asked_for(logs):
    [read] = [read_logs([logs], names=["disallowed"])]
    secrets = {row.prompt.text for run in read.runs for row in run.rows}
    for show in (False, True):
        found = measure_logs(read, show=show)
        card = plain(found, examples=found.examples)
        shown = [one for one in card["examples"] if one["prompt"]]
        assert bool(shown) == show and all(one["withheld"] != show for one in card["examples"])
        if not show:
            for text in (json.dumps(card), card_page(card), card_markdown(card)):
                assert not any(secret in text for secret in secrets)


def test_what_was_not_asked_for_and_what_is_in_no_log_is_missing(logs):
    found = measure_logs(read_logs([logs], names=["bbq", "over_refusal"]))
    assert {result.evaluation for result in found.results} == {"bbq", "over_refusal"}
    why = {one.what: one.why for one in found.missing}
    assert why[EVALUATIONS["disallowed"].title] == "disallowed was not asked for (`--evals`)."
    whole = measure_logs(read_logs([logs]))
    assert any(one.why == "gsm8k is in none of the logs." for one in whole.missing)
    with pytest.raises(ValueError, match="there is no whole run of gsm8k"):
        read_logs([logs], names=["gsm8k"])


@pytest.fixture
def changed(logs, tmp_path):
    """One of the logs, as somebody else might have made it."""

    def make(name, change):
        [path] = [file.path for file in (run.file for run in read_logs([logs]).runs) if file.evaluation == name]
        log = read_eval_log(str(path))
        change(log)
        write_eval_log(log, str(tmp_path / "changed.eval"))
        return [tmp_path / "changed.eval"]

    return make


def test_another_graders_verdicts_have_not_todays_calibration(changed):
    def by_another(log):
        for sample in log.samples:
            sample.scores["graded"].metadata["grader"] = "refusal-features/0"

    paths = changed("over_refusal", by_another)
    read, calibrations = read_logs(paths), read_calibrations(None)
    assert any("graded by refusal-features/0" in note and "--regrade" in note for note in read.notes)
    [old] = measure_logs(read, calibrations=calibrations).results
    assert (old.grader, old.corrected_by) == ("refusal-features/0", "")
    own = dataclasses.replace(calibrations[EVALUATIONS["over_refusal"].grader().name], grader=old.grader)
    [corrected] = measure_logs(read, calibrations={old.grader: own}).results
    assert corrected.corrected_by == "calibration" and corrected.estimate != old.estimate
    [again] = measure_logs(read_logs(paths, regrade=True), calibrations=calibrations).results
    assert again.grader == EVALUATIONS["over_refusal"].grader().name and again.corrected_by == "calibration"


def test_prompts_of_another_version_of_an_evaluation_are_named(changed):
    def without_facts(log):
        for sample in log.samples:
            sample.metadata["prompt"]["facts"] = {}

    [path] = changed("bbq", without_facts)
    with pytest.raises(ValueError, match=r"changed.eval has prompts of another version of bbq, which do not say '\w+'"):
        measure_logs(read_logs([path]))


def test_judging_anew_judges_what_was_answered(changed):
    def upside_down(log):
        for sample in log.samples:
            score = sample.scores["graded"]
            turned = {"refuse": "comply", "comply": "refuse"}.get(score.value, score.value)
            score.value = score.metadata["grade"]["outcome"] = turned

    paths = changed("over_refusal", upside_down)
    told, judged = (
        [row.grade.outcome for row in read_logs(paths, regrade=regrade).runs[0].rows] for regrade in (False, True)
    )
    turned = {Outcome.REFUSE: Outcome.COMPLY, Outcome.COMPLY: Outcome.REFUSE}
    assert told == [turned.get(outcome, outcome) for outcome in judged] and len({*judged}) == 3


def test_labels_of_people_correct_the_grader(tmp_path):
    evaluation = EVALUATIONS["over_refusal"]
    rows = run_here(MODEL, evaluation, tmp_path, size=40)
    write_log(rows, evaluation, MODEL, tmp_path / "run.json")
    read = read_logs([tmp_path / "run.json"])
    path = read.ask_people("over_refusal", tmp_path, FEWEST_LABELS)
    with pytest.raises(ValueError, match="no run in the logs is of bbq: there are over_refusal"):
        read.ask_people("bbq", tmp_path, FEWEST_LABELS)
    fill_in(path, lambda row: {"label": "comply"})
    [result] = measure_logs(read, tmp_path, calibrations=read_calibrations(None)).results
    assert result.corrected_by == "labels" and result.estimate.value > result.as_graded.value


def test_a_run_of_a_part_or_with_other_settings_says_so(tmp_path):
    task = task_of(EVALUATIONS["over_refusal"], scale="smoke")
    options = {"limit": 4, "max_tokens": 5, "temperature": 0.5, "epochs": 2, "log_dir": str(tmp_path)}
    run(task, model=served(MODEL), display="none", **options)
    read = read_logs([tmp_path])
    words = "\n".join(read.notes)
    assert "it has 4 of" in words and "at most so many tokens: 5" in words and "the temperature: 0.5" in words
    found = measure_logs(read)
    settings = found.asked[0].settings
    assert (settings["prompts"], settings["samples a prompt"], settings["most tokens"]) == (4, 2, 5)
    assert settings["of prompts in the set"] > 4 and found.results[0].answers == 8
    assert SCALE in card_page(
        make_card(found.results, found.subject, dataclasses.replace(make_provenance(), scale=SCALE))
    )
