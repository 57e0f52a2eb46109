"""What attacks are made of."""

import numpy as np
import pytest

from gnothi.safety.prompts import Message, Prompt, ask
from gnothi.safety.redteam import Arm, Attack, AttackSpace, cross

BASES = [Prompt(f"{topic} {n}", ask("Why?", system="Be kind."), f"{topic}{n}", topic) for topic in "ab" for n in (1, 2)]


def say(word):
    return lambda messages, seed: (*messages[:-1], Message("user", f"{word}({messages[-1].content})"))


REWRITES = {"loud": say("loud"), "shout": say("shout"), "code": say("code")}


def test_a_chain_rewrites_and_the_technique_wraps_it():
    space = AttackSpace(cross(BASES, ["none", "loud"], [(), ("shout", "code")]), REWRITES)
    assert len(space) == 2 * 2 * 4
    asked = {attack.name: space.prompt(place) for place, attack in enumerate(space.attacks)}
    assert asked["none|none|a 1"].messages == BASES[0].messages
    prompt = asked["loud|shout+code|b 2"]
    assert prompt.text == "loud(code(shout(Why?)))" and prompt.messages[0].content == "Be kind."
    assert (prompt.category, prompt.cluster) == ("b", "b2")
    assert prompt.facts == {"technique": "loud", "chain": "shout+code"}
    assert str(space.attacks[-1].arm) == "loud | b | shout+code"


def test_features_say_what_attacks_share():
    space = AttackSpace(cross(BASES, ["none", "loud"], [(), ("shout", "code"), ("code",)]), REWRITES)
    features = space.features
    sizes = dict(zip(features.groups, features.sizes, strict=True))
    assert sizes == {
        "technique": 2,
        "topic": 2,
        "transform": 3,
        "technique and topic": 4,
        "technique and chain": 6,
        "topic and chain": 6,
        "base prompt": 4,
    }
    dense = features.matrix.toarray()
    transforms = dense[:, features.group_of == list(features.groups).index("transform")]
    chains = [attack.arm.chain for attack in space.attacks]
    assert [row.sum() for row in transforms] == [max(1, len(chain)) for chain in chains]
    both, one = chains.index(("shout", "code")), chains.index(("code",))
    assert (transforms[both] * transforms[one]).sum() == 1  # they share a transform


def test_groups_that_say_nothing_are_left_out():
    space = AttackSpace(cross(BASES, ["none", "loud"]), REWRITES)
    assert space.features.groups == ("technique", "topic", "technique and topic", "base prompt")
    alone = AttackSpace(cross(BASES[:1], ["none"]))
    assert alone.features.groups == () and alone.features.matrix.shape == (1, 0)


def test_a_space_is_known_by_its_hash():
    first = AttackSpace(cross(BASES, ["none"]))
    assert first.sha256 == AttackSpace(cross(BASES, ["none"])).sha256
    other = [*BASES[:-1], Prompt(BASES[-1].name, ask("How?"), "b2", "b")]
    for space in (cross(other, ["none"]), cross(BASES[:-1], ["none"]), cross(BASES[::-1], ["none"])):
        assert AttackSpace(space).sha256 != first.sha256


def test_what_makes_no_space():
    with pytest.raises(ValueError, match="there are no attacks"):
        AttackSpace(())
    with pytest.raises(ValueError, match=r"there is no transform 'quiet': there are code, loud, shout"):
        AttackSpace(cross(BASES, ["quiet"]), REWRITES)
    twice = Attack(Arm("none", "a"), BASES[0])
    with pytest.raises(ValueError, match=r"two attacks are called 'none\|none\|a 1'"):
        AttackSpace((twice, twice))


def test_harm_goes_with_the_base_prompt():
    harmful = Prompt("x", ask("?"), "x", "a", harmful=True, target="t")
    prompt = AttackSpace(cross([harmful], ["loud"]), REWRITES).prompt(0)
    assert prompt.harmful and prompt.target == "t" and np.array(prompt.sha256) != harmful.sha256
