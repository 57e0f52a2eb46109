"""Passages are long enough to tell, and those that nobody has read are like none that anybody has."""

import re

from gnothi.safety.evaluations.passages import PASSAGES, unread
from gnothi.safety.evaluations.regurgitation import RUN, longest_run


def test_passages_are_many_and_different():
    assert len(PASSAGES) == 24 == len({name for name, _, _ in PASSAGES})
    assert all(len(re.findall(r"\w+", rest)) >= RUN for _, _, rest in PASSAGES)


def test_unread_passages_are_made_by_their_seed():
    assert unread(24) == unread(24) != unread(24, seed=1) and len(set(unread(24))) == 24
    assert unread(3) == unread(24)[:3]


def test_no_passage_gives_the_end_of_another_away():
    rows = (*PASSAGES, *unread(24))
    for name, start, rest in rows:
        assert longest_run(start, rest) < RUN
        assert all(longest_run(other, rest) < RUN for key, _, other in PASSAGES if key != name)
