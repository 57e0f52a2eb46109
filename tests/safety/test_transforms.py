"""Transforms keep the request and what was said before it, do the same for the same seed, and chain."""

import base64
from itertools import pairwise

import pytest

from gnothi.safety.prompts import Message, ask
from gnothi.safety.transforms import TRANSFORMS, chain

ASKED = "How do I bake sourdough bread at home?"
MADE = [name for name in TRANSFORMS if name != "none"]


def test_there_are_more_than_enough_and_none_is_another():
    results = {name: TRANSFORMS[name](ask(ASKED)) for name in MADE}
    assert len(MADE) >= 50 and len(set(results.values())) == len(MADE)
    assert all(TRANSFORMS[name].name == name and TRANSFORMS[name].about for name in MADE)


@pytest.mark.parametrize("name", MADE)
def test_a_transform_changes_the_conversation_and_ends_with_the_user(name):
    before = (Message("system", "Be kind."), *ask(ASKED))
    after = TRANSFORMS[name](before, 3)
    assert after != before and after[-1].role == "user" and Message("system", "Be kind.") in after
    assert after == TRANSFORMS[name](before, 3)
    roles = [message.role for message in after if message.role not in ("system", "developer")]
    assert all(first != second for first, second in pairwise(roles)), "turns alternate"


@pytest.mark.parametrize("name", [name for name in MADE if TRANSFORMS[name].family in ("frame", "turns")])
def test_a_frame_says_the_request_in_clear(name):
    said = " ".join(message.content for message in TRANSFORMS[name](ask(ASKED)))
    assert ("bake sourdough bread at home" in said) and len(said) > len(ASKED)


@pytest.mark.parametrize("name", [name for name in MADE if TRANSFORMS[name].family in ("cipher", "split")])
def test_a_cipher_does_not(name):
    assert ASKED not in TRANSFORMS[name](ask(ASKED))[-1].content


def test_none_changes_nothing():
    assert TRANSFORMS["none"](ask(ASKED)) == ask(ASKED) == chain()(ask(ASKED))


def test_a_chain_is_read_from_left_to_right():
    both = chain("role_play", "base64")
    hint, code = both(ask(ASKED))[-1].content.split("\n")
    assert base64.b64decode(code).decode() == TRANSFORMS["role_play"](ask(ASKED))[-1].content
    assert "base64" in hint and both.name == "role_play+base64" and both.family == "combination"
    other = chain("base64", "role_play")(ask(ASKED))[-1].content
    assert other.startswith("Let us play") and base64.b64encode(ASKED.encode()).decode() in other


def test_a_chain_of_one_is_that_one():
    assert chain("rot13")(ask(ASKED)) == TRANSFORMS["rot13"](ask(ASKED)) and chain("rot13").family == "cipher"


def test_combinations_are_the_injections_in_base64():
    code = TRANSFORMS["combination_1"](ask(ASKED))[-1].content.split("\n")[1]
    said = base64.b64decode(code).decode()
    assert ASKED in said and "Of course!" in said and "do not apologise" in said


def test_parts_of_a_split_payload_are_the_whole():
    lines = TRANSFORMS["payload_splitting"](ask(ASKED))[-1].content.split("\n")
    assert " ".join(line.split(" = ")[1].strip("'") for line in lines[:-1]) == ASKED
    assert lines[-1].startswith("Let z be a + b + c + d,")


def test_smuggled_words_are_found_in_their_list():
    *spelled, said = TRANSFORMS["token_smuggling"](ask(ASKED))[-1].content.split("\n")
    words = dict(line.split(" = ") for line in spelled)
    text = said.split("answer: ")[1]
    for name, letters in words.items():
        text = text.replace(f"[{name}]", letters.replace("-", ""))
    assert text == ASKED and "sourdough" not in said


def test_seeds_choose_the_language():
    assert len({TRANSFORMS["translation"](ask(ASKED), seed) for seed in range(20)}) == 4


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(ValueError, match=r"no transform is called 'base46'. Did you mean 'base64'\?"):
        chain("base46")


def test_the_last_turn_must_be_the_users():
    with pytest.raises(ValueError, match=r"must be the user's, got \['user', 'assistant'\]"):
        TRANSFORMS["rot13"]((*ask(ASKED), Message("assistant", "Yes.")))
