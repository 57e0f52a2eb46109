"""How sure a text says that its author is."""

import re

_UNIT = r"(%|percent|out of 100?|/ ?100?)"
_NUMBER = r"(\d+(?:\.\d+)?)"
_STATED = re.compile(
    r"(?:confiden(?:ce|t)|certain(?:ty)?|sure)(?: level| score)?[\s*]*(?:[:=]|is|of|about|at)[\s*:~]*"
    rf"{_NUMBER}\s*{_UNIT}?|{_NUMBER}\s*{_UNIT}\s*(?:confiden|certain|sure)",
    re.IGNORECASE,
)


def stated_confidence(text: str) -> float | None:
    """The last confidence that a text states, from 0 to 1; `None` if it states none, or one that cannot be.

    >>> [stated_confidence(text) for text in ("Paris. Confidence: 85%", "I am 60 percent sure", "Confidence: 0.8")]
    [0.85, 0.6, 0.8]
    >>> stated_confidence("Paris, 8 out of 10 certain."), stated_confidence("Paris")
    (0.8, None)
    """
    found = list(_STATED.finditer(text))
    if not found:
        return None
    last = found[-1]
    number, unit = float(last[1] or last[3]), (last[2] or last[4] or "").lower().split(" ")[-1].lstrip("/")
    whole = 10 if unit == "10" else 100
    if not unit and number <= 1 and "." in last[0]:
        whole = 1
    return number / whole if number <= whole else None


def without_confidence(text: str) -> str:
    """The text without what it states of its confidence.

    >>> without_confidence("79. Confidence: 79%")
    '79. '
    """
    return _STATED.sub("", text)
