import math

import pytest
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ChatMessageUser,
    ContentReasoning,
    ContentText,
    Logprob,
    Logprobs,
    ModelOutput,
    ModelUsage,
    TopLogprob,
)

from gnothi.safety.inspect.asking import letter_log_probs, letter_said, read_output, with_letters
from gnothi.safety.prompts import Prompt, ask

CHOICES = ("The nurse", "The pilot", "Not known")
MARKS = ("A", "B", "C")


def test_choices_are_shown_with_letters_after_what_was_asked():
    chat, marks = with_letters([ChatMessageUser(content="Who flew?")], CHOICES)
    assert marks == MARKS and len(chat) == 1
    assert chat[0].text.startswith("Who flew?") and "B. The pilot" in chat[0].text


def test_choices_that_are_letters_are_not_listed_again():
    chat, marks = with_letters([ChatMessageUser(content="(A) yes (B) no")], (" A", " B"))
    assert marks == ("A", "B") and "A. A" not in chat[0].text


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("B", 1),
        ("B.", 1),
        ("(B) The pilot", 1),
        ("**B**", 1),
        ("The pilot", 1),
        ("the pilot.", 1),
        ("The answer is B", 1),
        ("Answer: C", 2),
        ("I think it was the pilot who flew.", 1),
        ("A plane flew", None),  # the article is no answer
        ("The nurse or the pilot", None),
        ("Neither", None),
        ("", None),
    ],
)
def test_which_choice_was_picked_in_words(said, place):
    assert letter_said(said, CHOICES, MARKS) == place


def output(text, tops=None, **more):
    logprobs = None
    if tops:
        top = [TopLogprob(token=token, logprob=math.log(p)) for token, p in tops.items()]
        first = next(iter(tops))
        logprobs = Logprobs(content=[Logprob(token=first, logprob=math.log(tops[first]), top_logprobs=top)])
    choice = ChatCompletionChoice(message=ChatMessageAssistant(content=text), stop_reason="stop", logprobs=logprobs)
    return ModelOutput(model="m", choices=[choice], **more)


def test_spellings_of_a_letter_add_up_and_a_letter_that_was_not_told_is_at_most_the_least():
    found = letter_log_probs(output("A", {"A": 0.5, " A": 0.2, "B": 0.25, "The": 0.05}), MARKS)
    assert [math.exp(value) for value in found] == pytest.approx([0.7, 0.25, 0.05])


def test_likelihoods_decide_where_they_are_told_and_words_where_not():
    prompt = Prompt("p", ask("Who?"), cluster="c", choices=CHOICES)
    told = read_output(output("A", {"B": 0.6, "A": 0.3}), prompt, MARKS, 1.0)
    assert told.text == "The pilot" and len(told.log_probs) == 3
    untold = read_output(output("A", {"The": 1.0}), prompt, MARKS, 1.0)
    assert untold.text == "The nurse" and untold.log_probs == ()
    assert read_output(output("Nobody"), prompt, MARKS, 1.0).text == "Nobody"


def test_what_a_model_thought_is_not_what_it_said():
    said = output([ContentReasoning(reasoning="Hm."), ContentText(text="Yes")], usage=ModelUsage(output_tokens=5))
    answer = read_output(said, Prompt("p", ask("?"), cluster="c"), (), 2.0)
    assert (answer.text, answer.reasoning, answer.tokens, answer.seconds) == ("Yes", "Hm.", 5, 2.0)


def test_nothing_and_what_a_filter_held_back_are_errors():
    prompt = Prompt("p", ask("?"), cluster="c")
    assert read_output(ModelOutput(model="m"), prompt, (), 0.0).error == "nothing came back"
    assert read_output(output("", error="overloaded"), prompt, (), 0.0).error == "overloaded"
    held = output("")
    held.choices[0].stop_reason = "content_filter"
    assert "filter" in read_output(held, prompt, (), 0.0).error
