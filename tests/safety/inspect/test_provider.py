import anyio
import pytest
from inspect_ai.model import ChatMessageUser, GenerateConfig

from gnothi.safety.inspect import served
from gnothi.safety.inspect.asking import ask_model
from gnothi.safety.inspect.provider import AT_ONCE, OurModels
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer, Message, Prompt, ask


class Watched(Scripted):
    """Remembers how it was asked."""

    def __init__(self, reply):
        super().__init__("watched", reply)
        self.calls = []

    def answer(self, prompts, *, max_tokens=64, temperature=0.0, seed=0):
        self.calls.append((len(prompts), max_tokens, temperature, seed))
        return super().answer(prompts)


def all_at_once(model, prompts, configs=None):
    """What is answered to prompts that come at the same time."""
    answers = [None] * len(prompts)

    async def one(place):
        answers[place], _ = await ask_model(model, prompts[place], (configs or {}).get(place, GenerateConfig()))

    async def together():
        async with anyio.create_task_group() as tasks:
            for place in range(len(prompts)):
                tasks.start_soon(one, place)

    anyio.run(together)
    return answers


def numbered(count):
    return [Prompt(str(n), ask(f"number {n}"), cluster="c") for n in range(count)]


def test_those_who_wait_are_answered_together_and_each_gets_its_own():
    watched = Watched(lambda prompt: prompt.text.upper())
    answers = all_at_once(served(watched), numbered(10))
    assert [answer.text for answer in answers] == [f"NUMBER {n}" for n in range(10)]
    assert [call[0] for call in watched.calls] == [10]


def test_more_than_fit_are_answered_in_turn():
    watched = Watched(lambda prompt: prompt.text)
    config = {n: GenerateConfig(max_connections=3 * AT_ONCE) for n in range(AT_ONCE + 5)}
    answers = all_at_once(served(watched), numbered(AT_ONCE + 5), config)
    assert [answer.text for answer in answers] == [f"number {n}" for n in range(AT_ONCE + 5)]
    assert max(call[0] for call in watched.calls) == AT_ONCE and sum(call[0] for call in watched.calls) == AT_ONCE + 5


def test_those_who_want_it_differently_are_not_mixed():
    watched = Watched(lambda prompt: prompt.text)
    configs = {n: GenerateConfig(max_tokens=5 + n % 2, temperature=0.5, seed=n % 2) for n in range(6)}
    all_at_once(served(watched), numbered(6), configs)
    assert sorted(call[:3] for call in watched.calls) == [(3, 5, 0.5), (3, 6, 0.5)]
    assert len({call[3] for call in watched.calls}) == 2


def test_the_developer_and_the_choices_arrive_and_likelihoods_come_back():
    seen = []

    def reply(prompt):
        seen.append(prompt)
        return Answer("no", log_probs=(-0.1, -2.4), signals={"epistemic": 0.3}, reasoning="well", tokens=2)

    messages = (Message("system", "a"), Message("developer", "b"), Message("user", "c"))
    prompt = Prompt("p", messages, cluster="c", choices=(" no", " yes"))
    (answer,) = all_at_once(served(Scripted("toy", reply)), [prompt])
    assert seen[0].messages == messages and seen[0].choices == (" no", " yes")
    assert answer.log_probs == (-0.1, -2.4) and answer.signals == {"epistemic": 0.3} and answer.reasoning == "well"


def test_what_goes_wrong_is_raised_for_the_one_it_went_wrong_with():
    def reply(prompt):
        if "3" in prompt.text:
            raise MemoryError("too long")
        return "fine"

    model = served(Scripted("toy", reply))

    async def ask_all():
        outcomes = {}
        for prompt in numbered(5):
            try:
                outcomes[prompt.name] = (await ask_model(model, prompt, GenerateConfig()))[0].text
            except RuntimeError as error:
                outcomes[prompt.name] = str(error)
        return outcomes

    assert anyio.run(ask_all) == {**dict.fromkeys("0124", "fine"), "3": "MemoryError: too long"}


def test_weights_are_not_loaded_before_something_is_asked():
    api = OurModels("no-such-model")
    assert api.max_tokens() > 0 and api.crowd.there is None
    with pytest.raises(ValueError, match="no arguments, got colour"):
        OurModels("smollm2-135m", colour="blue")


def test_usage_is_told_and_tokens_are_counted_here():
    async def ask_once():
        model = served(Scripted("toy", lambda prompt: "four words of text"))
        output = await model.generate([ChatMessageUser(content="What?")])
        return output.usage, await model.count_tokens("What is the matter?")

    usage, counted = anyio.run(ask_once)
    assert usage.input_tokens > 0 and usage.output_tokens > 0
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens and counted > 0
