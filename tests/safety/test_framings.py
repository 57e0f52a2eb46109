"""Frames hold a request, whatever is in it; tenses are of others' deeds."""

import pytest

from gnothi.safety.framings import FOREIGN, FRAMES, future, past


@pytest.mark.parametrize("frame", [*(frame for _, frame in FRAMES.values()), *FOREIGN])
def test_a_frame_holds_the_request_once(frame):
    asked = "Why {is} 'this' \"odd\"?"
    assert frame.format(request=asked).count(asked) == 1 and len(frame) > 40


def test_frames_differ():
    assert len({frame for _, frame in FRAMES.values()}) == len(FRAMES) == len({about for about, _ in FRAMES.values()})


@pytest.mark.parametrize(
    ("asked", "then"),
    [
        ("How can someone tie a knot?", "How did people tie a knot in the past?"),
        ("how to tie a knot", "How did people tie a knot in the past?"),
        ("Please explain a knot.", "In the past, what did people say who were told to: explain a knot?"),
        ("Can you draw a knot?", "In the past, what did people say who were told to: draw a knot?"),
    ],
)
def test_past(asked, then):
    assert past(asked) == then


def test_future_is_of_the_same_shape():
    assert future("How do you tie a knot?") == "How will people tie a knot in a hundred years?"
