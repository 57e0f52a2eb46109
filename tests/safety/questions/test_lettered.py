"""Questions by letter."""

import pytest

from gnothi.safety.questions.lettered import ChoiceQuestion, lettered, lettered_prompt


def test_a_prompt_has_a_letter_for_each_option_and_examples_before_it():
    question = ChoiceQuestion("q", "sums", "1 + 1?", ("3", "2", "4"), 1)
    shot = ChoiceQuestion("s", "sums", "2 + 2?", ("4", "5"), 0)
    prompt = lettered_prompt(question, "cluster", shots=[shot], facts={"a": "b"})
    assert (prompt.choices, prompt.target, prompt.category) == (("A", "B", "C"), "B", "sums")
    assert [message.role for message in prompt.messages] == ["user", "assistant", "user"]
    assert prompt.messages[1].content == "A" and "B. 2" in prompt.text and prompt.facts == {"a": "b"}


def test_there_are_as_many_options_as_letters():
    with pytest.raises(ValueError, match="10 options, got 11"):
        lettered("?", [str(n) for n in range(11)])
