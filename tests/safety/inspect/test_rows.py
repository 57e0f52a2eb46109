import json

import numpy as np
import pytest

from gnothi.safety.inspect.messages import chat_of
from gnothi.safety.inspect.rows import covered, grade_of, plain_grade, plain_prompt, prompt_of
from gnothi.safety.prompts import Grade, Message, Outcome, Prompt, Sound, ask

PROMPT = Prompt(
    "p1",
    ask("What is the capital of France?", system="Be brief."),
    cluster="capitals",
    category="geography",
    target="Paris",
    choices=("Paris", "Rome"),
    facts={"technique": "none"},
    harmful=True,
)


@pytest.mark.parametrize("sealed", [False, True])
def test_a_prompt_comes_back_whole(sealed):
    plain = json.loads(json.dumps(plain_prompt(PROMPT, sealed=sealed)))
    assert prompt_of(plain) == PROMPT
    assert ("capital" in json.dumps(plain)) != sealed


def test_sound_is_sealed_with_its_prompt_or_stays_with_its_message():
    heard = Prompt("p2", (Message("user", "", Sound(np.zeros(4), 8000)),), cluster="c")
    assert prompt_of(plain_prompt(heard, sealed=True)).messages[0].sound.rate == 8000
    plain = plain_prompt(heard, sealed=False)
    assert prompt_of(plain).messages[0].sound is None
    assert prompt_of(plain, chat_of(heard.messages)).messages[0].sound.rate == 8000


def test_a_grade_comes_back_and_its_words_can_be_sealed():
    grade = Grade(Outcome.COMPLY, "judge/1", 0.5, "it says how")
    plain = json.loads(json.dumps(plain_grade(grade, sealed=True)))
    assert grade_of(plain) == grade and "says how" not in json.dumps(plain)
    assert grade_of(plain_grade(grade, sealed=False)) == grade


def test_what_stands_for_a_harmful_prompt_has_none_of_its_words():
    assert "France" not in covered(PROMPT) and "geography" in covered(PROMPT)
    assert "Paris" not in covered(PROMPT, "Paris.") and "6 characters" in covered(PROMPT, "Paris.")
