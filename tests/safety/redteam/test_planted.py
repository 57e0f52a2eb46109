"""The planted target is weak where it was planted to be, and always answers the same."""

import numpy as np

from gnothi.safety.redteam import Weaknesses, plant
from gnothi.safety.redteam.planted import GAVE_WAY, HELD


def test_outcomes_follow_the_chances():
    target = plant(seed=3)
    assert 0.05 < target.failed.mean() < 0.25
    for low, high in ((0.0, 0.1), (0.3, 0.6), (0.8, 1.0)):
        some = (target.chances >= low) & (target.chances < high)
        assert abs(target.failed[some].mean() - target.chances[some].mean()) < 0.1
    assert np.array_equal(target.failed, plant(seed=3).failed)
    assert not np.array_equal(target.failed, plant(seed=4).failed)


def test_holes_are_pairs_and_traps_are_triples():
    flat = {"technique": 0.0, "topic": 0.0, "transform": 0.0, "prompt": 0.0}
    for kind, levels in (("holes", 2), ("traps", 3)):
        target = plant(Weaknesses(**flat, **{"holes": 0.0} | {kind: 0.05}), seed=1)
        arms = np.array([(a.arm.technique, a.arm.topic, str(a.arm.chain))[:levels] for a in target.space.attacks])
        weak = target.chances > 0.5
        assert 0.01 < weak.mean() < 0.12
        bad = {tuple(arm) for arm in arms[weak].tolist()}
        assert all(weak[place] == (tuple(arm) in bad) for place, arm in enumerate(arms.tolist()))


def test_the_model_answers_as_the_outcomes_say():
    target = plant(num_techniques=3, num_topics=2, seed=0)
    prompts = [target.space.prompt(place) for place in range(len(target.space))]
    said = [answer.text for answer in target.model.answer(prompts)]
    assert [text == GAVE_WAY for text in said] == target.failed.tolist() and set(said) == {GAVE_WAY, HELD}
    assert prompts[-1].text == "[technique 2] [transform 2] Request 5 of topic 1."
