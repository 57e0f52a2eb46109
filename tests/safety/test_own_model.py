"""Our own models under test: conversations as their template has them, and answers in order."""

from dataclasses import replace

import numpy as np
import pytest

from gnothi.language import load
from gnothi.safety.own_model import OwnModel, _without_developer
from gnothi.safety.prompts import Message, Prompt, Sound, ask


@pytest.fixture(scope="module")
def smollm():
    return OwnModel("smollm2-135m", load("smollm2-135m"), "v")


def prompt(text, name="p", **more):
    return Prompt(name, ask(text), cluster=name, **more)


@pytest.mark.slow
def test_a_developer_is_named_where_the_template_can_and_speaks_for_the_system_where_not(smollm):
    said = (Message("system", "Be brief."), Message("developer", "Be kind."), Message("user", "Hello"))
    assert "<|im_start|>developer\nBe kind.<|im_end|>" in smollm.written(said)
    assert _without_developer(said) == [
        {"role": "system", "content": "Be brief.\n\nBe kind."},
        {"role": "user", "content": "Hello"},
    ]
    refuses = "{% if m.role == 'developer' %}{{ raise_exception('who?') }}{% endif %}"
    strict = "{% for m in messages %}" + refuses + "{{ m.content }};{% endfor %}"
    model = OwnModel("strict", replace(smollm.model, template=strict), "v")
    assert model.written(said) == "Be brief.\n\nBe kind.;Hello;"
    assert OwnModel("plain", replace(smollm.model, template=None), "v").written(said) == "Be brief.\nBe kind.\nHello\n"


@pytest.mark.slow
def test_answers_come_in_order_and_what_cannot_be_asked_is_an_error(smollm):
    heard = Prompt("s", (Message("user", "What is this?", Sound(np.zeros(8), 8000)),), cluster="s")
    asked = [
        prompt("What is the capital of France?"),
        heard,
        prompt("word " * 9000),
        prompt("The sky is", choices=(" blue", " made of cheese")),
        prompt("What is the capital of Italy? " + "Answer in one word. " * 10),
    ]
    answers = smollm.answer(asked, max_tokens=12)
    assert "Paris" in answers[0].text and "Rome" in answers[4].text and answers[0].tokens > 1
    assert answers[1].error == "this model hears no sound" and "do not fit 8192" in answers[2].error
    assert answers[3].text == "blue" and answers[3].log_probs[0] > answers[3].log_probs[1]
    assert smollm.answer([], max_tokens=3) == []
    (alone,) = smollm.answer(asked[3:4])
    assert alone.text == "blue"
