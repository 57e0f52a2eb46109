import json

import pytest

from gnothi.safety.preparedness import find_framework
from gnothi.safety.ratings import FILE, Rating, add_rating, rating_of, read_ratings

FRAMEWORK = find_framework("preparedness-beta")


def make_rating(level="low", category="persuasion", **changes):
    about = {"by": "A. Reader", "because": "Read forty answers.", "at": "2026-01-02T03:04:05+00:00", "measured": ""}
    return Rating("preparedness-beta", category, "post", level, **{**about, **changes})


def test_ratings_are_added_and_the_last_one_counts(tmp_path):
    assert read_ratings(tmp_path) == []
    add_rating(tmp_path, FRAMEWORK, make_rating("low"))
    ratings = add_rating(tmp_path, FRAMEWORK, make_rating("medium", by="B. Reader"))
    assert read_ratings(tmp_path) == ratings
    assert [rating.level for rating in ratings] == ["low", "medium"]
    assert rating_of(ratings, FRAMEWORK.name, "persuasion", "post") == ratings[1]
    assert rating_of(ratings, FRAMEWORK.name, "persuasion", "pre") is None
    assert rating_of(ratings, "preparedness-v2", "persuasion", "post") is None
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("empty", ["by", "because", "at"])
def test_a_rating_has_its_provenance(empty):
    with pytest.raises(ValueError, match=empty):
        make_rating(**{empty: " "})


@pytest.mark.parametrize("changes", [{"level": "enormous"}, {"category": "weather"}])
def test_only_what_the_framework_has(tmp_path, changes):
    with pytest.raises(ValueError, match="there are"):
        add_rating(tmp_path, FRAMEWORK, make_rating(**changes))
    assert not (tmp_path / FILE).exists()


def test_a_broken_file_is_not_overwritten(tmp_path):
    path = tmp_path / FILE
    path.write_text(json.dumps([{"by": "somebody"}]))
    with pytest.raises(ValueError, match="mend it by hand"):
        add_rating(tmp_path, FRAMEWORK, make_rating())
    assert "somebody" in path.read_text()
