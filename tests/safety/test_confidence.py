"""Stated confidence, as models put it."""

import pytest

from gnothi.safety.confidence import stated_confidence, without_confidence


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Paris. Confidence: 85%", 0.85),
        ("**Confidence level:** 70 %", 0.7),
        ("I am about 60 percent sure", 0.6),
        ("I'd say 99.9% certain", 0.999),
        ("Confidence = 0.25", 0.25),
        ("Paris (confidence: 8/10)", 0.8),
        ("Confidence is 7 out of 10.", 0.7),
        ("Confidence: 10%. On reflection, confidence: 30%", 0.3),
        ("Confidence: 0%", 0.0),
        ("Confidence: 100", 1.0),
        ("Confidence: 180%", None),
        ("In 1912, I am sure 1500 people died", None),
        ("Confidence is high", None),
        ("", None),
    ],
)
def test_stated(text, found):
    assert stated_confidence(text) == pytest.approx(found)


def test_what_is_left_has_no_number_of_confidence():
    assert "79" not in without_confidence("Gold, I think. Confidence: 79%")
    assert "79" in without_confidence("79. Confidence: 90%")
    assert "1912" in without_confidence("1912. I am 90% sure")
