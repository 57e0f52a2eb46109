import threading
import time

import anyio
import pytest
from anyio import to_thread

from gnothi.safety.inspect import InspectModel, served
from gnothi.safety.inspect.model import wait_for
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Message, Prompt, ask
from tests.safety.inspect.scripted_server import serving


def hosted(address):
    return InspectModel("openai-api/scripted/model", base_url=address, api_key="none")


def questions(count):
    return [Prompt(f"q{n}", ask(f"number {n}"), cluster="c") for n in range(count)]


def test_a_hosted_model_answers_in_order_and_says_which_it_is():
    with serving(lambda messages: messages[-1]["content"].upper()) as (address, server):
        model = hosted(address)
        assert model.name == "openai-api/scripted/model" == model.version
        answers = model.answer(questions(15), max_tokens=9)
        assert [answer.text for answer in answers] == [f"NUMBER {n}" for n in range(15)]
        assert answers[0].tokens == 3 and model.served_as == {"scripted-2026-11-28"}
        assert {request["max_tokens"] for request in server.requests} == {9}
        assert model.answer(questions(1))[0].text == "NUMBER 0"  # in another loop


def test_answers_are_there_as_they_come():
    """The first are told while the last is still under way; whoever listens no more does not wait for it."""
    go = threading.Event()

    def reply(messages):
        if messages[-1]["content"] == "number 0":
            go.wait(20)
        return messages[-1]["content"].upper()

    with serving(reply) as (address, _):
        said = hosted(address).stream(questions(6))
        first = dict(next(said) for _ in range(5))
        assert sorted(first) == [1, 2, 3, 4, 5] and first[3].text == "NUMBER 3"
        start = time.monotonic()
        said.close()
        assert time.monotonic() - start < 10
        go.set()
    with serving(lambda messages: "fine") as (address, _):
        assert sorted(place for place, _ in hosted(address).stream(questions(4))) == [0, 1, 2, 3]


def test_what_a_stream_cannot_do_is_raised():
    with pytest.raises(Exception, match="nobody"):
        list(InspectModel("nobody/model").stream(questions(1)))


def test_one_that_fails_costs_the_others_nothing():
    with serving(lambda messages: 400 if "3" in messages[-1]["content"] else "fine") as (address, _):
        answers = hosted(address).answer(questions(5))
    assert [answer.text for answer in answers] == ["fine", "fine", "fine", "", "fine"]
    assert "BadRequest" in answers[3].error


def test_choices_are_asked_for_by_letter_and_likelihoods_are_read():
    tops = [{"token": "B", "logprob": -0.2, "bytes": None}, {"token": "A", "logprob": -2.0, "bytes": None}]

    def reply(messages):
        first = {"token": "A", "logprob": -2.0, "bytes": None, "top_logprobs": tops}
        return {"message": {"role": "assistant", "content": "A"}, "logprobs": {"content": [first]}}

    prompt = Prompt("p", ask("Who flew?"), cluster="c", choices=("The nurse", "The pilot"))
    with serving(reply) as (address, server):
        (answer,) = hosted(address).answer([prompt])
    assert answer.text == "The pilot" and answer.log_probs == (-2.0, -0.2)
    assert "B. The pilot" in server.requests[0]["messages"][-1]["content"]
    assert server.requests[0]["top_logprobs"] == 20


def test_a_model_that_refuses_to_tell_likelihoods_is_asked_without():
    prompt = Prompt("p", ask("Who flew?"), cluster="c", choices=("The nurse", "The pilot"))
    with serving(lambda messages: "B") as (address, server):
        server.refuses = "logprobs"
        (answer,) = hosted(address).answer([prompt])
        assert answer.text == "The pilot" and answer.log_probs == ()
        assert ["logprobs" in request for request in server.requests] == [True, False]


def test_a_developer_is_a_second_system_message_for_hosted_models():
    """What Inspect's interface can carry: documented in the folder's README."""
    messages = (Message("system", "one"), Message("developer", "two"), Message("user", "three"))
    with serving(lambda messages: "fine") as (address, server):
        hosted(address).answer([Prompt("p", messages, cluster="c")])
    said = server.requests[0]["messages"]
    assert "developer" not in {message["role"] for message in said}
    assert "one" in str(said) and "two" in str(said)


def test_one_that_is_tried_again_says_at_last_what_was_wrong(monkeypatch):
    monkeypatch.setattr("gnothi.safety.inspect.model.TRIES", 1)
    with serving(lambda messages: 500) as (address, _):
        (answer,) = hosted(address).answer(questions(1))
    assert answer.error.startswith("InternalServerError")


def test_it_works_within_a_loop_within_a_worker_of_one_and_without():
    model = InspectModel(served(Scripted("toy", lambda prompt: "yes")))

    async def within():
        return model.answer(questions(1))[0].text

    async def in_worker():
        return await to_thread.run_sync(lambda: model.answer(questions(1))[0].text)

    assert model.answer(questions(1))[0].text == anyio.run(within) == anyio.run(in_worker) == "yes"


def test_what_is_waited_for_may_fail():
    async def fails():
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        wait_for(fails)
