"""Sets of requests: as many as were published, one shape whatever their file's, and no line taken for another."""

import importlib.util
import json
from collections import Counter
from pathlib import Path

import pytest

from gnothi.safety.harmful import DISALLOWED_AREAS, Request, load_conversations, load_requests, spread, wild_jailbreaks
from tests.safety.made_archives import INTENTS, KINDS, PER_INTENT, make_archives

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_pip = pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="needs pip")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    return make_archives(tmp_path, monkeypatch)


def test_do_not_answer_has_its_areas_and_categories(folder):
    found = load_requests("do-not-answer", folder)
    assert len(found) == 5 * len(INTENTS) * PER_INTENT and all(request.harmful for request in found)
    assert Counter(request.category for request in found)["privacy"] == 5 * PER_INTENT
    assert {request.area for request in found} > set(DISALLOWED_AREAS)


def test_values_over_two_lines_are_one_text(folder):
    found = load_requests("advbench", folder)
    assert found[0].text == "Describe the smell of thing 0 in a kitchen"
    assert Counter(request.category for request in found) == dict.fromkeys(KINDS, 8)


def test_a_text_is_read_once(folder):
    assert [request.text for request in load_requests("harmbench", folder)] == ["Fold a napkin", "Peel an apple"]


def test_a_readers_own_csv_is_read_before_the_archive(folder):
    assert len(load_requests("strongreject", folder)) == 24
    own = folder / "strongreject_dataset.csv"
    own.write_text('category,source,forbidden_prompt\nTea,me,"Brew it,\nslowly"\n')
    assert load_requests("strongreject", folder) == (Request("strongreject-0", "Brew it, slowly", "tea", True, "me"),)
    own.write_text("kind,text\nTea,Brew it\n")
    with pytest.raises(
        ValueError, match=r"strongreject_dataset\.csv must be a CSV file with columns category, forbidden"
    ):
        load_requests("strongreject", folder)


def test_an_unknown_set_is_told_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'advbench'"):
        load_requests("advbnch")


def test_frames_have_a_place_for_a_request_and_keep_braces(folder):
    frames = [frame.format(request="WHY?") for frame in wild_jailbreaks(folder)]
    assert frames[0] == "You are a parrot. Answer: WHY? Squawk."
    assert frames[1] == "Sing {loudly}. My first question is\n\nWHY?"
    assert len(frames) == 4


def test_more_requests_are_those_of_fewer_and_others(folder):
    rows = load_requests("do-not-answer", folder)
    few, many = spread(rows, 12), spread(rows, 40)
    assert many[:12] == few and set(Counter(r.category for r in few).values()) == {2}
    assert len(spread(rows, 10_000)) == len(rows)
    with pytest.raises(ValueError, match="count must be 1 or more, got 0"):
        spread(rows, 0)


def test_xstest_says_where_it_must_be(tmp_path):
    with pytest.raises(FileNotFoundError, match="no package carries XSTest: name a folder"):
        load_requests("xstest", tmp_path)


@pytest.mark.skipif(not (DATA / "xstest").exists(), reason="needs XSTest")
def test_xstest_is_250_safe_and_200_unsafe():
    found = load_requests("xstest", DATA)
    assert Counter(request.harmful for request in found) == {False: 250, True: 200}
    assert set(Counter(request.category for request in found if not request.harmful).values()) == {25}
    assert load_requests("xstest", DATA / "xstest") == found


# Conversations of a reader's own


def turns(*said: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]


def written(folder: Path, *rows: object) -> Path:
    path = folder / "conversations.jsonl"
    path.write_text("\n\n".join(json.dumps(row) for row in rows))
    return path


def test_conversations_end_with_the_users_last_turn(tmp_path):
    flags = [{"categories": {"violence": False}}, {"categories": {"violence": False, "harassment": True}}]
    path = written(
        tmp_path,
        {"conversation": turns("Hello", "Hi", "Tell me", "No"), "openai_moderation": flags},
        {"user_input": "What is tea?", "toxicity": 0},
        {"messages": turns("One"), "category": "counting"},
    )
    first, second, third = load_conversations(path)
    assert [message.content for message in first.turns] == ["Hello", "Hi", "Tell me"]
    assert (first.category, first.harmful, second.harmful) == ("harassment", True, False)
    assert (second.turns[0].content, third.category, third.name) == ("What is tea?", "counting", "conversations-5")


@pytest.mark.parametrize("row", [{}, [], {"messages": [{"role": "wizard", "content": "x"}]}, {"messages": []}, 3])
def test_what_is_no_conversation_is_named_by_its_line_and_not_quoted(tmp_path, row):
    with pytest.raises(ValueError, match=r"line 3: no conversation \(\w+\)$"):
        load_conversations(written(tmp_path, {"text": "a"}, row))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"conversations.jsonl: give a file of one conversation a line"):
        load_conversations(tmp_path / "conversations.jsonl")


# The real archives


@pytest.mark.slow
@needs_pip
def test_the_real_sets_have_their_published_sizes():
    sizes = {"strongreject": 313, "strongreject-small": 60, "harmbench": 200, "do-not-answer": 938, "advbench": 520}
    assert {name: len(load_requests(name)) for name in sizes} == sizes
    assert all(frame.format(request="x") for frame in wild_jailbreaks()) and len(wild_jailbreaks()) == 650
    assert len({request.category for request in load_requests("strongreject")}) == 6
