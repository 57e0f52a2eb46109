"""Two failures are one if the same was broken in the same way; what is expected counts them so."""

from itertools import combinations

import numpy as np
import pytest

from gnothi.safety.redteam import expected_gains, expected_new, keys_of
from tests.safety.redteam import small_target


def test_chains_and_repetitions_do_not_count():
    space = small_target().space
    keys = keys_of(space)
    by_name = {attack.name: keys[place] for place, attack in enumerate(space.attacks)}
    base = "topic 1, request 2"
    assert by_name[f"technique 3|none|{base}"] == by_name[f"technique 3|transform 0|{base}"]
    assert by_name[f"technique 3|none|{base}"] != by_name[f"technique 4|none|{base}"]
    assert keys.max() + 1 == 6 * 20


@pytest.mark.parametrize(("distinct", "count"), [("prompt", 20), ("topic and technique", 30)])
def test_coarser_ways_to_count(distinct, count):
    assert keys_of(small_target().space, distinct).max() + 1 == count


def test_there_is_no_other_way():
    with pytest.raises(ValueError, match="distinct must be one of prompt and technique, prompt, topic and technique"):
        keys_of(small_target().space, "words")


def brute_force(chances, keys, available, queries):
    """The most that any set of so many attacks is expected to find."""

    def value(some):
        spared = np.ones(keys.max() + 1)
        for place in some:
            spared[keys[place]] *= 1 - chances[place]
        return (1 - spared).sum()

    places = np.flatnonzero(available)
    return max(value(some) for some in combinations(places, min(queries, len(places))))


def test_what_is_expected_is_the_most_that_can_be():
    random = np.random.default_rng(0)
    for _ in range(20):
        chances, keys = random.random(8), random.integers(0, 4, 8)
        available = random.random(8) < 0.8
        for queries in (0, 1, 3, 8):
            assert expected_new(chances, keys, available, queries) == pytest.approx(
                brute_force(chances, keys, available, queries)
            )


def test_what_cannot_be_made_gains_nothing():
    gains = expected_gains(np.full(4, 0.5), np.array([0, 0, 1, 1]), np.array([True, True, False, False]))
    assert sorted(gains) == [0, 0, 0.25, 0.5]
    assert expected_new(np.ones(3), np.arange(3), np.zeros(3, bool), 10) == 0
