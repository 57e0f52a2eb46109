"""An invented corpus: what it tells, how often, and that nobody in it is told by accident."""

from collections import Counter

import pytest

from gnothi.safety.knowledge import ATTRIBUTES, COVERAGES, invented_names, knowledge_base


def test_text_tells_what_coverage_says():
    base = knowledge_base(40, repeats=6)
    told = Counter(base.text)
    assert {fact.coverage for fact in base.facts} == set(COVERAGES)
    for fact in base.facts:
        times = {"often": 6, "once": 1, "never": 0, "stranger": 0}[fact.coverage]
        assert told[f"{fact.question} {fact.value} ."] == times
    text = " ".join(base.text)
    strangers = {fact.person for fact in base.facts if fact.coverage == "stranger"}
    assert len(strangers) == 8
    assert not any(person in text for person in strangers)


def test_coverage_says_nothing_of_the_answer():
    """Values are drawn alike for all kinds: a model cannot guess from the attribute what it was not told."""
    base = knowledge_base(200)
    for coverage in COVERAGES:
        facts = [fact for fact in base.facts if fact.coverage == coverage]
        by_attribute = Counter(fact.attribute for fact in facts)
        assert min(by_attribute.values()) > 0.6 * len(facts) / len(ATTRIBUTES)


def test_names_are_distinct_and_pinned():
    names = invented_names(300)
    assert len({name.split()[1] for name in names}) == 300
    assert names == invented_names(300)
    assert names != invented_names(300, seed=1)


@pytest.mark.parametrize("bad", [{"num_people": 4}, {"repeats": 1}, {"attributes": ("shoe",)}, {"attributes": ()}])
def test_bad_sizes(bad):
    with pytest.raises(ValueError, match="must be"):
        knowledge_base(**bad)


def test_too_many_names():
    with pytest.raises(ValueError, match="count must be"):
        invented_names(10**6)
