"""Our models as a provider of Inspect's: `--model gnothi/smollm2-135m`.

Inspect asks for one answer at a time, from as many samples as it runs at once. What waits while the model is busy is
answered together, in one compiled loop, as soon as it is free.
"""

import hashlib
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import anyio
import anyio.to_thread
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    Content,
    ContentAudio,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from gnothi.safety.inspect.asking import ANSWER, CHOICES
from gnothi.safety.inspect.messages import messages_of, wav
from gnothi.safety.models import Model as OurModel
from gnothi.safety.prompts import Answer, Prompt

AT_ONCE = 32  # samples that wait for one of our models together
PATIENCE = 0.02  # seconds for others to come, before those that are there are answered
MOST_TOKENS = 64  # where nobody says how many


def served(model: OurModel) -> Model:
    """One of our models as Inspect's, to pass to `inspect_ai.eval`."""
    make: Any = gnothi  # the decorator calls what it returns a class
    return Model(make(model.name, model=model), GenerateConfig())


class OurModels(ModelAPI):
    """The provider. Weights are loaded when the first answer is asked for, so that logs are scored without them.

    **Arguments:** `model_name`, what `gnothi.safety.load.load_model` reads; `model`, one that is already there.
    """

    chooses = True  # it is given the choices of a prompt, and says how likely it finds each

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - as Inspect's own providers have it
        model: OurModel | None = None,
        **model_args: Any,
    ):
        super().__init__(model_name, base_url, api_key, [], config)
        if model_args:
            raise ValueError(f"gnothi's models take no arguments, got {', '.join(model_args)}")
        self.crowd = Crowd(model_name, model)

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """What the model says; tools are not shown to it.

        **Raises:** `RuntimeError` with the model's own words where it has no answer.
        """
        said = tuple((input[-1].metadata or {}).get(CHOICES, ())) if input else ()
        settings = Settings(config.max_tokens or MOST_TOKENS, config.temperature or 0.0, config.seed or 0)
        answer = await self.crowd.answer(_prompt(input, said), settings)
        if answer.error:
            raise RuntimeError(answer.error)
        read = sum([self._count(message.text) for message in input])
        wrote = answer.tokens or self._count(answer.text)
        return ModelOutput(
            model=self.model_name,
            choices=[ChatCompletionChoice(message=_said(answer, self.model_name), stop_reason="stop")],
            usage=ModelUsage(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote),
            time=answer.seconds or None,
            metadata={
                ANSWER: {
                    "log_probs": list(answer.log_probs),
                    "signals": dict(answer.signals),
                    "version": self.crowd.version,
                }
            },
        )

    async def count_text_tokens(self, text: str) -> int:
        """About how many tokens a text is. Inspect's own count fetches a tokenizer from the network."""
        return self._count(text)

    def max_connections(self) -> int:
        """How many samples may wait at once."""
        return AT_ONCE

    def max_tokens(self) -> int:
        """How much is written where nobody says."""
        return MOST_TOKENS

    def connection_key(self) -> str:
        """Models do not wait for each other."""
        return self.model_name

    def _count(self, text: str) -> int:
        inner = getattr(self.crowd.there, "model", None)
        tokenizer = getattr(inner, "tokenizer", None)
        return len(tokenizer.encode(text)) if tokenizer is not None else len(text.encode()) // 4 + 1


@modelapi(name="gnothi")
def gnothi() -> type[ModelAPI]:
    """The provider by its name."""
    return OurModels


@dataclass(frozen=True)
class Settings:
    """How an answer is written: those who want it the same way are answered together."""

    max_tokens: int
    temperature: float
    seed: int


@dataclass
class Waiting:
    """Somebody who waits for an answer."""

    prompt: Prompt
    settings: Settings
    answer: Answer | None = None


class Crowd:
    """Those who wait for one model.

    Whoever finds it free asks it for all who want an answer in the same way. At a temperature above 0, what is drawn
    depends on who was asked for together, as well as on the seed.
    """

    def __init__(self, name: str, model: OurModel | None):
        self.name, self.there = name, model
        self.waiting: list[Waiting] = []
        self.free = anyio.Lock()

    @property
    def version(self) -> str:
        """The hash of the weights, once they are there."""
        return "" if self.there is None else self.there.version

    async def answer(self, prompt: Prompt, settings: Settings) -> Answer:
        """The answer to one of many prompts."""
        mine = Waiting(prompt, settings)
        self.waiting.append(mine)
        try:
            await anyio.sleep(PATIENCE)
            async with self.free:
                if mine.answer is None:
                    await self._ask_for(mine)
        finally:
            self.waiting = [one for one in self.waiting if one is not mine]
        assert mine.answer is not None
        return mine.answer

    async def _ask_for(self, mine: Waiting) -> None:
        others = [one for one in self.waiting if one.settings == mine.settings and one is not mine and not one.answer]
        group = [mine, *others[: AT_ONCE - 1]]
        answers = await anyio.to_thread.run_sync(partial(self._answer, [one.prompt for one in group], mine.settings))
        for one, answer in zip(group, answers, strict=True):
            one.answer = answer

    def _answer(self, prompts: list[Prompt], settings: Settings) -> list[Answer]:
        if self.there is None:
            self.there = _loaded(self.name)
        said = hashlib.sha256("".join(prompt.sha256 for prompt in prompts).encode()).digest()
        mixed = (settings.seed + int.from_bytes(said[:4])) % 2**31  # or else every group would be drawn alike
        return self.there.answer(prompts, max_tokens=settings.max_tokens, temperature=settings.temperature, seed=mixed)


@cache
def _loaded(name: str) -> OurModel:
    from gnothi.safety.load import load_model

    return load_model(name)


def _prompt(chat: list[ChatMessage], choices: tuple[str, ...]) -> Prompt:
    messages = messages_of(chat)
    return Prompt("inspect", messages, cluster="inspect", choices=choices)


def _said(answer: Answer, name: str) -> ChatMessageAssistant:
    content: list[Content] = [ContentText(text=answer.text)]
    if answer.reasoning:
        content.insert(0, ContentReasoning(reasoning=answer.reasoning))
    if answer.sound is not None:
        content.append(ContentAudio(audio=wav(answer.sound), format="wav"))
    return ChatMessageAssistant(content=answer.text if len(content) == 1 else content, model=name, source="generate")
