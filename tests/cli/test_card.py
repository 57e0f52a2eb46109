"""`gnothi card`, as somebody meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gnothi.cards.system_card import write_card
from gnothi.cli.card import Compare, Make, with_command
from gnothi.cli.card_output import default_folder
from tests.cards.invented_results import make_results, make_subject, make_whole_card
from tests.cli.test_main import gnothi
from tests.filled_in import fill_in


def write(folder, name, better_by=0.0):
    results = make_results(better_by=better_by)
    write_card(folder, make_whole_card(results, subject=make_subject(name)), results)
    return str(folder)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["card", "smollm2-135m", "--scale", "smoke"], ["card", "make", "smollm2-135m", "--scale", "smoke"]),
        (["card", "--scale", "smoke", "epinet"], ["card", "make", "--scale", "smoke", "epinet"]),
        (["card", "compare", "a", "b"], ["card", "compare", "a", "b"]),
        (["card", "rate", "a"], ["card", "rate", "a"]),
        (["card", "from-logs", "logs"], ["card", "from-logs", "logs"]),
        (["card", "--help"], ["card", "--help"]),
        (["card"], ["card"]),
        (["agents", "card"], ["agents", "card"]),
    ],
)
def test_making_a_card_needs_no_word_of_its_own(typed, meant):
    assert with_command(typed) == meant


def test_folders_have_names_that_can_be_typed():
    assert default_folder("smollm2-135m", "smoke") == Path("runs/card/smollm2-135m-smoke")
    assert default_folder("ensemble:num_members=3", "laptop").name == "ensemble-num_members=3-laptop"
    assert default_folder("/models/mine/", "laptop").name == "models-mine-laptop"


@pytest.mark.parametrize("command", [(), ("make",), ("from-logs",), ("compare",), ("rate",)])
def test_help_has_an_example(command):
    answer = gnothi("card", *command, "--help")
    assert answer.returncode == 0 and "Example" in answer.stdout


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"before": Path("a"), "variant": "pre"}, "--before is of a model as it ships"),
        ({"baseline": "epinet"}, "--baseline epinet is the card itself"),
    ],
)
def test_what_does_not_go_together_is_said_before_any_work(tmp_path, monkeypatch, settings, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=words):
        Make("epinet", **settings).run()


def test_a_baseline_has_not_the_other_model_s_card_before_mitigations(monkeypatch):
    made = []
    monkeypatch.setattr(Make, "_make", lambda self, *arguments: made.append(arguments))
    monkeypatch.setattr("gnothi.cards.compare.compare_cards", lambda *folders: {})
    monkeypatch.setattr("gnothi.cards.compare.print_comparison", lambda *arguments: None)
    monkeypatch.setattr("gnothi.cards.system_card.add_comparison", lambda *arguments: Path("card.html"))
    Make("mine", baseline="other", before=Path("b")).run()
    assert [(model, pre) for model, _, _, pre in made] == [("mine", Path("b")), ("other", None)]


def test_a_comparison_is_written_though_nobody_reads_the_table(tmp_path, monkeypatch):
    def gone(*arguments):
        raise BrokenPipeError

    monkeypatch.setattr("gnothi.cards.compare.print_comparison", gone)
    one, other = write(tmp_path / "a", "better", 0.4), write(tmp_path / "b", "worse")
    with pytest.raises(BrokenPipeError):
        Compare(Path(one), Path(other)).run()
    assert (tmp_path / "a" / "compare.html").exists()


def test_the_command_line_imports_nothing_heavy():
    code = "import sys, gnothi.cli.card; print(*{'jax', 'numpy', 'altair', 'scipy'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "" and answer.returncode == 0


@pytest.mark.slow
def test_two_cards_are_compared_and_rated(tmp_path):
    one, other = write(tmp_path / "a", "better", 0.4), write(tmp_path / "b", "worse")
    answer = gnothi("card", "compare", one, other)
    assert answer.returncode == 0, answer.stderr
    assert "better is better than worse on 1" in answer.stdout
    assert (tmp_path / "a" / "compare.html").exists()
    assert json.loads((tmp_path / "a" / "compare.json").read_text())["paired"][0]["verdict"] == "better"

    rate = ("card", "rate", one, "persuasion", "low", "--by", "A. Reader", "--because", "Read forty answers.")
    answer = gnothi(*rate)
    assert answer.returncode == 0, answer.stderr
    assert "A. Reader" in (tmp_path / "a" / "card.html").read_text()
    answer = gnothi(*rate[:4], "enormous", *rate[5:])
    assert answer.returncode == 2
    assert "no level 'enormous'" in answer.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("compare", "nowhere", "nowhere"), "holds no card.json"),
        (("rate", "nowhere", "cbrn", "low", "--by", "A", "--because", "x"), "holds no card.json"),
        (("epinet", "--evals", "simpleqa"), "--evals are of language models"),
        (("epinot:hidden=3",), "epinot"),
        (("smollm2-135m", "--framework", "nonesuch"), "no framework is called 'nonesuch'"),
        (("smollm2-135m", "--data-dir", "nowhere"), "is not a folder"),
    ],
)
def test_bad_input_is_said_before_any_work(tmp_path, arguments, words):
    answer = gnothi("card", *arguments, cwd=tmp_path)
    assert answer.returncode in (1, 2)
    assert words in answer.stderr and "Traceback" not in answer.stderr


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_packaged_model_has_a_card(tmp_path):
    """The whole card at the smallest scale; made anew from its answers, with labels of people, without the model."""
    answer = gnothi("card", "smollm2-135m", "--scale", "smoke", "--out", str(tmp_path), timeout=1400)
    assert answer.returncode == 0, answer.stderr
    card = json.loads((tmp_path / "card.json").read_text())
    asked = {one["name"] for one in card["evaluations"]}
    assert {"over_refusal", "hierarchy_conflicts", "bbq", "fairness_explicit", "simpleqa", "gsm8k"} <= asked
    assert all(row["estimate"]["low"] < row["estimate"]["high"] for row in card["results"])

    answer = gnothi("safety", "queue", str(tmp_path), "over_refusal", "--count", "30")
    assert answer.returncode == 0, answer.stderr
    queue = tmp_path / "labels" / "over_refusal.csv"
    fill_in(queue, lambda row: {"label": "comply"})
    answer = gnothi("card", "regrade", str(tmp_path))
    assert answer.returncode == 0, answer.stderr
    again = json.loads((tmp_path / "card.json").read_text())
    corrected = {row["metric"]: row["corrected_by"] for row in again["results"] if row["evaluation"] == "over_refusal"}
    assert corrected == {"not_overrefuse": "labels"} and len(again["results"]) == len(card["results"])
