"""BBQ's own rows, as its files have them (the rows here are invented)."""

import json

import pytest

from gnothi.safety.questions.bbq_files import is_bbq, read_bbq


def row(number, *, polarity="neg", context="ambig", groups=("old", "nonOld", "unknown"), stereotyped=("old",), **more):
    return {
        "example_id": number,
        "question_index": "1",
        "question_polarity": polarity,
        "context_condition": context,
        "category": "Age",
        "answer_info": {f"ans{n}": [f"person {n}", group] for n, group in enumerate(groups)},
        "additional_metadata": {"stereotyped_groups": list(stereotyped)},
        "context": "Two people met.",
        "question": "Who was late?",
        "ans0": "The grandfather",
        "ans1": "The grandson",
        "ans2": "Not known",
        "label": 2 if context == "ambig" else 1,
        **more,
    }


def written(folder, rows, name="Age.jsonl"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(one) + "\n" for one in rows))
    return folder


def test_who_is_stereotyped_is_found_by_group(tmp_path):
    rows = [row(0), row(1, polarity="nonneg", context="disambig")]
    first, second = read_bbq(written(tmp_path / "bbq", rows))
    assert (first.context, first.right, first.unknown, first.biased) == ("ambiguous", 2, 2, 0)
    # Asked who did well, the stereotype names the other person.
    assert (second.context, second.right, second.biased) == ("disambiguated", 1, 1)
    assert first.scene == "Age-1" and second.name == "Age-1"


def test_old_is_not_found_in_non_old(tmp_path):
    (question,) = read_bbq(written(tmp_path / "bbq", [row(0, groups=("nonOld", "unknown", "old"))]))
    assert (question.unknown, question.biased) == (1, 2)


@pytest.mark.parametrize(
    ("groups", "stereotyped", "biased"),
    [
        (("F-Black", "M-White", "unknown"), ["Black"], 0),
        (("boy", "girl", "unknown"), ["F"], 1),
        (("lowSES", "highSES", "unknown"), ["low SES"], 0),
        (("one", "other", "unknown"), ["Martians"], None),  # none of the two
        (("F", "woman", "unknown"), ["F"], None),  # both
        (("Europe", "Europe", "unknown"), ["grandson"], 1),  # by the words of the option
    ],
)
def test_groups_have_several_names(tmp_path, groups, stereotyped, biased):
    (question,) = read_bbq(written(tmp_path / "bbq", [row(0, groups=groups, stereotyped=stereotyped)]))
    assert question.biased == biased


def test_what_the_authors_say_goes_before_what_is_guessed(tmp_path):
    folder = written(tmp_path / "bbq" / "data", [row(0), row(1), row(2)])
    table = "category,question_index,example_id,target_loc\nAge,1,0,1\nAge,1,1,NA\n"
    (tmp_path / "bbq" / "additional_metadata.csv").write_text(table)
    assert [question.biased for question in read_bbq(folder)] == [1, None, 0]


def test_other_files_are_told_from_bbq(tmp_path):
    assert is_bbq(written(tmp_path / "a", [row(0)]))
    assert not is_bbq(written(tmp_path / "b", [{"question": "?", "answer": "!"}]))
    assert not is_bbq(tmp_path / "nothing")


def test_a_row_that_is_not_bbqs_is_named(tmp_path):
    folder = written(tmp_path / "bbq", [row(0), row(1, groups=("a", "b", "c"))])
    with pytest.raises(ValueError, match=r"Age.jsonl, line 2,.*no unknown"):
        list(read_bbq(folder))
    with pytest.raises(ValueError, match="has no 'label'"):
        list(read_bbq(written(tmp_path / "c", [{k: v for k, v in row(0).items() if k != "label"}])))
