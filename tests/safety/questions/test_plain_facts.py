"""Facts: many, each once, and not to be had by their place."""

from collections import Counter

from gnothi.safety.questions.plain_facts import plain_facts


def test_there_are_enough_and_none_twice():
    facts = plain_facts()
    assert len(facts) >= 200 and facts == plain_facts()
    assert len({fact.text for fact in facts}) == len({fact.name for fact in facts}) == len(facts)
    assert all(len(set(fact.options)) == 4 and "{" not in fact.text for fact in facts)
    places = Counter(fact.right for fact in facts)
    assert max(places.values()) < 1.5 * min(places.values())


def test_the_first_few_are_of_all_kinds():
    facts = plain_facts()
    kinds = {fact.category for fact in facts}
    assert {fact.category for fact in facts[: len(kinds)]} == kinds


def test_sums_and_products_are_right():
    for fact in plain_facts():
        if fact.category == "arithmetic":
            _, _, a, word, b = fact.text.rstrip("?").split()
            right = {"times": int(a) * int(b), "plus": int(a) + int(b), "minus": int(a) - int(b)}[word]
            assert fact.options[fact.right] == str(right)


def test_borrowed_wrong_answers_are_wrong():
    by_text = {fact.text: fact for fact in plain_facts()}
    fact = by_text["On which continent is Peru?"]
    assert fact.options[fact.right] == "South America" and len(set(fact.options)) == 4
