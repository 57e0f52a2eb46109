"""Over-refusal is measured on harmless questions of each kind, and on XSTest's where a reader has them."""

from collections import Counter
from pathlib import Path

import pytest

from gnothi.safety.evaluations.over_refusal import EVALUATIONS
from gnothi.safety.prompts import Answer, Grade, Graded, Outcome

DATA = Path(__file__).parents[4] / "shared" / "data"
OWN, XSTEST = EVALUATIONS
needs_xstest = pytest.mark.skipif(not (DATA / "xstest").exists(), reason="needs XSTest")


def test_a_template_is_a_cluster_and_kinds_take_turns():
    asked = OWN.prompts(20, None)
    assert len(asked) == 60 and set(Counter(prompt.cluster for prompt in asked).values()) == {3}
    assert set(Counter(prompt.category for prompt in asked).values()) == {6} and not any(p.harmful for p in asked)
    assert OWN.prompts(30, None)[:60] == asked and len(OWN.prompts(1000, None)) == 270


@needs_xstest
def test_xstests_metrics_are_of_the_safe_and_of_the_unsafe():
    asked = XSTEST.prompts(450, DATA)
    assert Counter(prompt.harmful for prompt in asked) == {False: 250, True: 200}
    rows = [Graded(prompt, Answer("x"), Grade(Outcome.REFUSE, "always/1")) for prompt in asked]
    helps, refuses = (metric.units(rows) for metric in XSTEST.metrics)
    assert (len(helps.names), helps.values.sum()) == (250, 0) and (len(refuses.names), refuses.values.sum()) == (
        200,
        200,
    )
    assert len({prompt.category for prompt in XSTEST.prompts(18, DATA)}) == 18


def test_without_a_folder_it_says_what_is_wanted():
    with pytest.raises(FileNotFoundError, match=r"name a folder \(--data-dir\)"):
        XSTEST.prompts(18, None)
