"""One text after another: what each click does, and that nothing is lost between two of them."""

import pytest

from gnothi.serve import LabelSession, NotAsked
from tests.serve import make_pool, open_rounds, read, truth


@pytest.fixture
def pool(tmp_path):
    return make_pool(tmp_path)


def label_all(session, most=100):
    """Answers what is asked, up to so many; the rows, and where things stand then."""
    rows, status = [], session.status()
    while status.row is not None and len(rows) < most:
        rows.append(status.row)
        status = session.answer(status.row, truth(status.text), new=True)
    return rows, status


def test_two_rounds_and_the_budget_is_spent(pool):
    rounds = open_rounds(pool)
    session = LabelSession(rounds)
    status = session.status()
    assert (status.labelled, status.goal, status.done, status.asked) == (0, 6, 0, 3)
    assert status.classes == [] and status.new_classes and not status.undoable and not session.chances()
    rows, status = label_all(session, 2)
    assert (status.labelled, status.done, status.asked) == (2, 2, 3)
    assert [int(row["row"]) for row in read(rounds.kept)] == rows  # before the round is over
    rows, status = label_all(session, 1)
    assert (status.labelled, status.done, status.asked) == (3, 0, 3)
    assert sum(session.chances().values()) == pytest.approx(1, abs=1e-4) and set(session.chances()) == {"good", "bad"}
    assert len(read(rounds.predicted)) == 12
    _, status = label_all(session)
    assert status.ended == "The budget is spent." and status.row is None and sum(status.counts.values()) == 6
    assert status.predicted == str(rounds.predicted) and status.kept == str(rounds.kept)
    assert sum(bool(row["label"]) for row in read(rounds.predicted)) == 6
    again = LabelSession(open_rounds(pool)).status()
    assert again.ended and again.undoable


def test_a_class_must_be_there_or_be_new(pool):
    session = LabelSession(open_rounds(pool))
    row = session.status().row
    with pytest.raises(ValueError, match="there is no class 'good': classes are none yet"):
        session.answer(row, "good")
    with pytest.raises(NotAsked, match="not the one being asked"):
        session.answer(row + 1, "good", new=True)
    status = session.answer(row, "good", new=True)
    with pytest.raises(NotAsked):  # a double click
        session.answer(row, "good")
    status = session.answer(status.row, "bad", new=True)
    assert status.classes == ["good", "bad"]  # the new one comes last, and no key has changed its class
    assert session.undo().classes == ["good"]
    named = LabelSession(open_rounds(pool, classes=("good", "bad")))
    row = named.status().row
    with pytest.raises(ValueError, match="no class"):
        named.answer(row, "goood", new=True)
    assert not named.status().new_classes and named.status().row == row and named.status().labelled == 1


def test_undo_goes_back_across_rounds_and_calls(pool):
    rows, _ = label_all(LabelSession(open_rounds(pool)), 4)
    session = LabelSession(open_rounds(pool))  # the first was killed
    assert session.status().labelled == 4 and session.status().row not in rows
    status = session.undo()
    assert status.row == rows[-1] and (status.done, status.asked) == (0, 3)
    status = session.undo()
    assert status.row == rows[-2] and status.labelled == 2 and len(read(pool.with_name("pool.labels.csv"))) == 2
    _, status = label_all(session)
    assert status.labelled == 6 and status.ended
    status = session.undo()
    assert not status.ended and status.labelled == 5
    assert session.answer(status.row, truth(status.text)).ended
    for _ in range(6):
        status = session.undo()
    assert status.labelled == 0 and not status.undoable
    with pytest.raises(ValueError, match="no label to take back"):
        session.undo()


def test_labels_of_the_pool_itself_are_not_undone(tmp_path):
    pool = make_pool(tmp_path)
    pool.write_text(pool.read_text().replace("text", "text,label", 1).replace("\nbad 1\n", "\nbad 1,bad\n"))
    lines = pool.read_text().splitlines()
    pool.write_text("\n".join(line if line.count(",") else line + "," for line in lines) + "\n")
    status = LabelSession(open_rounds(pool)).status()
    assert status.labelled == 1 and status.classes == ["bad"] and not status.undoable


def test_what_is_skipped_comes_back(pool):
    session = LabelSession(open_rounds(pool))
    first = session.status().row
    assert session.skip(first).row != first
    with pytest.raises(NotAsked):
        session.skip(first)
    rows, status = label_all(session, 2)
    assert status.row == first and (status.done, status.asked) == (2, 3)  # at the end of the round
    status = session.skip(first)  # the second time: a new round, without it
    assert (status.done, status.asked, status.labelled) == (0, 3, 2) and status.row not in (first, *rows)
    label_all(session, 2)
    last = session.status().row
    assert session.skip(last).row != last  # alone in its round: it comes at the end of the next
    rows, status = label_all(session)
    assert status.ended and first not in rows and status.labelled == 6


def test_skipping_everything_ends_where_it_began(pool):
    session = LabelSession(open_rounds(pool))
    seen = set()
    for _ in range(60):
        status = session.status()
        assert status.row is not None
        seen.add(status.row)
        session.skip(status.row)
    assert seen == set(range(1, 13)) and session.status().labelled == 0


def test_questions_that_went_out_by_csv_are_taken_over(pool):
    rounds = open_rounds(pool)
    rounds.learn()
    rounds.write_questions([7, 2])
    session = LabelSession(open_rounds(pool))
    assert session.status().row == 8 and session.status().asked == 2
    assert not rounds.asked.exists()  # so that a call without the page goes on
    rows, _ = label_all(session, 2)
    assert rows == [8, 3]

    rounds = open_rounds(pool)
    rounds.write_questions([4, 5])
    rounds.asked.write_text(rounds.asked.read_text().replace("5,,", "5,good,", 1))
    status = LabelSession(open_rounds(pool)).status()
    assert status.labelled == 3 and read(rounds.kept)[-1] == {"row": "5", "label": "good"}
    assert not rounds.asked.exists()


def test_a_round_that_could_not_be_learnt_is_tried_again(pool):
    rounds = open_rounds(pool)
    session = LabelSession(rounds)
    label_all(session, 2)
    learn, rounds.learn = rounds.learn, lambda: 1 / 0
    status = session.status()
    with pytest.raises(ZeroDivisionError):
        session.answer(status.row, truth(status.text), new=True)
    assert len(read(rounds.kept)) == 3  # the label is there
    rounds.learn = learn
    assert session.status().labelled == 3 and session.status().asked == 3
