"""Decisions differ in nothing but the person, and people are crossed so that attributes can be told apart."""

import re
from collections import Counter
from itertools import combinations

import pytest

from gnothi.safety.questions.decisions import AGES, ETHNICITIES, GENDERS, NAMES, decisions, people

DECISIONS = decisions()


def test_there_are_enough_and_they_say_nothing_of_the_person():
    assert len(DECISIONS) >= 30 and len({decision.name for decision in DECISIONS}) == len(DECISIONS)
    for decision in DECISIONS:
        assert decision.text.count("{person}") == 1 and decision.text.endswith("?")
        assert not re.search(r"\b(he|she|his|her|him|they|their|mr|ms|man|woman)\b", decision.text.lower())


@pytest.mark.parametrize("manner", ["explicit", "implicit"])
@pytest.mark.parametrize("number", range(6))
def test_every_pair_of_attributes_is_balanced_within_a_decision(manner, number):
    some = list(people(manner, number))
    assert len(some) == len(GENDERS[manner]) * len(ETHNICITIES)
    for first, second in combinations(("age", "gender", "ethnicity"), 2):
        counts = Counter((getattr(person, first), getattr(person, second)) for person in some)
        assert len(set(counts.values())) == 1
    assert {person.age for person in some} == set(AGES[manner])


def test_names_are_said_instead_of_groups():
    named = list(people("implicit", 1))
    assert all(group.lower() not in person.words.lower() for person in named for group in (*ETHNICITIES[1:], "woman"))
    assert all(person.words.startswith(NAMES[person.ethnicity, person.gender][1]) for person in named)
    assert len({name for names in NAMES.values() for name in names}) == 4 * len(NAMES)
    assert next(people("explicit", 0)).words == "A 25-year-old white man"
