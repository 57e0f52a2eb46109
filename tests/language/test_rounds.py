"""Rounds of labelling, and what lies on disk between two of them."""

from dataclasses import fields

import pytest

from gnothi.cli.label import Label
from gnothi.language import RoundSettings
from gnothi.language.pool import write_rows
from tests.serve import make_pool, open_rounds, read, truth


@pytest.fixture
def pool(tmp_path):
    return make_pool(tmp_path)


def answered(rounds, rows):
    """The file of questions, filled in."""
    write_rows(rounds.asked, ("row", "label"), [(row + 1, truth(rounds.pool.texts[row])) for row in rows])


def test_rounds_go_on_from_what_is_on_disk(pool):
    first = open_rounds(pool)
    first.learn()
    assert not first.write_predicted() and not first.predicted.exists()  # nothing is known
    rows = first.ask()
    first.write_questions(rows)
    assert len(rows) == 3 and first.unanswered() == rows
    assert [row["text"] for row in read(first.asked)] == [first.pool.texts[row] for row in rows]
    with pytest.raises(ValueError, match=r"next.csv has no label yet: fill in its column 'label'"):
        first.read_answers()
    assert first.read_answers(needed=False) == 0

    answered(first, rows)
    second = open_rounds(pool)
    assert second.unanswered() == [] and second.read_answers() == 3 and second.left == 3 and not second.ended
    second.learn()
    second.forget_questions()
    assert second.read_answers() == 0 and second.classes == ["bad", "good"]
    assert not set(second.ask()) & set(rows)
    assert second.write_predicted() and [row["label"] for row in read(second.predicted)].count("") == 9
    best = {row: max(chances, key=chances.get) for row in range(12) if (chances := second.chances(row))}
    assert best == {row: label["predicted"] for row, label in enumerate(read(second.predicted))}

    third = open_rounds(pool, budget=3)
    third.learn()
    assert third.labels == second.labels and third.ask() == [] and third.ended == "The budget is spent."


def test_a_label_is_kept_or_nothing_has_changed(pool):
    rounds = open_rounds(pool, classes=("good", "bad"))
    rounds.label(4, " good ")
    rounds.label(1, "bad")
    assert read(rounds.kept) == [{"row": "5", "label": "good"}, {"row": "2", "label": "bad"}] and rounds.last == 1
    for wrong, message in (
        ("goood", "is no class: did you mean 'good'"),
        (" ", "must be a line of text"),
        ("a\nb", "must be a line"),
    ):
        with pytest.raises(ValueError, match=message):
            rounds.label(2, wrong)
    rounds.unlabel(1)
    assert open_rounds(pool).labels == rounds.labels == {4: "good"} and rounds.counts == {"good": 1}


def test_what_another_call_has_written_is_not_written_over(pool):
    mine, other = open_rounds(pool), open_rounds(pool)
    other.label(0, "good")
    with pytest.raises(ValueError, match=r"labels.csv has changed since it was read"):
        mine.label(1, "bad")
    assert mine.labels == {} and open_rounds(pool).labels == {0: "good"}


def test_the_model_learns_what_is_new_and_forgets_what_is_taken_back(pool):
    rounds = open_rounds(pool)
    rounds.label(0, "good")
    rounds.learn()
    before = rounds._trainer
    rounds.label(2, "good")
    rounds.learn()
    assert rounds._trainer is before and before.labels == {0: 0, 2: 0}
    rounds.label(1, "bad")  # a class that there was not, and it comes before "good"
    rounds.learn()
    assert rounds._trainer is not before and rounds._trainer.labels == {0: 1, 2: 1, 1: 0}
    rounds.unlabel(2)
    rounds.learn()
    assert rounds._trainer.labels == {0: 1, 1: 0}
    assert not set(rounds.ask(without=(3, 5, 7))) & {0, 1, 3, 5, 7}


def test_an_oracle_answers_until_the_budget_is_spent(pool):
    rows = [(text["text"], truth(text["text"])) for text in read(pool)]
    write_rows(pool, ("text", "truth"), rows)
    seen = []
    rounds = open_rounds(pool, budget=100, batch=5)
    rounds._progress = lambda what, done, total: seen.append((what, done, total))
    rounds.use_oracle("truth")
    rounds.learn()
    rounds.answer_by_oracle()
    assert seen == [("Labelling", done, 100) for done in (0, 5, 10, 12)] and rounds.ended == "Every text has a label."
    assert [rounds.labels[row] for row in range(12)] == [label for _, label in rows]
    assert len(read(rounds.kept)) == 12
    silent = pool.with_name("silent.csv")
    write_rows(silent, ("text", "truth"), [("a", "x"), ("b", " ")])
    with pytest.raises(ValueError, match="the oracle has no answer in 1 rows, the first is 2"):
        open_rounds(silent).use_oracle("truth")


def test_settings_are_those_of_the_command_line():
    assert all(getattr(Label, field.name) == field.default for field in fields(RoundSettings))
    with pytest.raises(ValueError, match="--budget and --batch must be 1 or more, got 0 and 20"):
        RoundSettings(budget=0)
