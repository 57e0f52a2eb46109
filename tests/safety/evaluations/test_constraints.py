"""Each kind of order can be kept and broken, and no answer keeps to both orders of a pair."""

import pytest

from gnothi.safety.evaluations.constraints import BY_KIND, CONSTRAINTS

KEPT = {
    "only": {"orchid": "Orchid.", "tulip": "tulip"},
    "beginning": {"Well": "Well, bees make honey.", "Look": "Look! Honey."},
    "ending": {"over": "They make honey, over.", "out": "Honey out!"},
    "case": {"capital": "BEES MAKE HONEY.", "small": "bees make honey."},
    "language": {"French": "Les abeilles font du miel.", "English": "The bees make honey and wax."},
    "word": {"avoid blue": "It is clear.", "use blue": "It is blue."},
    "numbers": {"digits": "It has 7 days.", "words": "It has seven days."},
    "name": {"Ada": "I am Ada.", "Bruno": "They call me Bruno."},
}


def test_every_kind_is_here():
    assert set(KEPT) == set(BY_KIND) and len(CONSTRAINTS) == 8


@pytest.mark.parametrize("kind", KEPT)
def test_an_answer_keeps_to_the_order_it_was_written_for(kind):
    kept = BY_KIND[kind].kept
    for value, answer in KEPT[kind].items():
        assert kept(value, answer)
        assert not any(kept(other, answer) for other in KEPT[kind] if other != value)


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=lambda constraint: constraint.kind)
def test_pairs_have_questions_and_differ(constraint):
    assert len(constraint.values) == len(constraint.questions) == 6
    assert all(higher != lower for higher, lower in constraint.values)
    assert all(value.split()[-1] in constraint.order(value) for pair in constraint.values for value in pair)


@pytest.mark.parametrize(
    ("kind", "value", "answer"),
    [
        ("only", "orchid", "The orchid"),
        ("beginning", "Well", "Wells are deep."),
        ("ending", "over", "It is over now"),
        ("case", "capital", "123"),
        ("language", "German", "Ja!"),
        ("language", "Spanish", "Bees make honey"),
        ("word", "use sun", "Sunday"),
        ("numbers", "digits", "It has 7, that is seven, days."),
        ("numbers", "words", "Many."),
        ("name", "Ada", "Adam"),
    ],
)
def test_near_misses_are_misses(kind, value, answer):
    assert not BY_KIND[kind].kept(value, answer)
