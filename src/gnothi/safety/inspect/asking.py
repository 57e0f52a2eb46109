"""A prompt put to any model of Inspect's, and what came back as an answer of ours.

Our own models get the choices of a prompt, and say how likely they find each. Other models are shown choices with
letters: the likelihood of each letter is read from the first token where a provider tells it, else the letter is read
from what was said.
"""

import re
import string
import time
from collections.abc import Sequence

import numpy as np
from inspect_ai.model import ChatMessage, ChatMessageUser, GenerateConfig, Model, ModelOutput
from inspect_ai.model._generate_config import active_generate_config
from tenacity import RetryError

from gnothi.safety.inspect.messages import chat_of, sound_in, thoughts_in
from gnothi.safety.prompts import Answer, Prompt

TRIES, TIMEOUT = 3, 120  # of a call to a hosted model, and the seconds that one may take
MOST_LOG_PROBS = 20  # tokens of which hosted models tell how likely they were
CHOICES, ANSWER = "gnothi_choices", "gnothi_answer"  # keys of what goes to our own models, and comes from them


async def ask_model(model: Model, prompt: Prompt, config: GenerateConfig) -> tuple[Answer, ModelOutput]:
    """Asks one thing of a model.

    **Returns:** the answer, and what Inspect made of it.

    **Raises:** whatever the provider does.
    """
    config = config.merge(GenerateConfig(attempt_timeout=patience_with(model)))
    chat = chat_of(prompt.messages)
    marks: tuple[str, ...] = ()
    start = time.perf_counter()
    if not prompt.choices:
        output = await model.generate(chat, config=config)
    elif getattr(model.api, "chooses", False):
        chat[-1].metadata = {**(chat[-1].metadata or {}), CHOICES: list(prompt.choices)}
        output = await model.generate(chat, config=config)
    else:
        chat, marks = with_letters(chat, prompt.choices)
        output = await _with_log_probs(model, chat, config)
    seconds = output.time or time.perf_counter() - start
    return read_output(output, prompt, marks, seconds), output


def patience_with(model: Model) -> int | None:
    """The seconds that one try of a call may take: what the caller of Inspect says, if anything, else some minutes.

    Our own models have no limit: they are here, and asking again would only be more for them to do.
    """
    said = model.config.attempt_timeout or active_generate_config().attempt_timeout
    return said or (None if getattr(model.api, "chooses", False) else TIMEOUT)


def words_of(error: Exception) -> str:
    """What went wrong with a call to a provider: the last error, where it was tried several times."""
    tried = error.last_attempt.exception() if isinstance(error, RetryError) else None
    last = error if tried is None else tried
    return f"{type(last).__name__}: {last}"[:1000]


def version_of(output: ModelOutput) -> str:
    """The hash of the weights that answered, where they are ours; else what the provider calls its model."""
    return str((output.metadata or {}).get(ANSWER, {}).get("version") or output.model)


def read_output(output: ModelOutput, prompt: Prompt, marks: Sequence[str], seconds: float) -> Answer:
    """What Inspect's output says; `marks` are the letters that the choices were shown with."""
    tokens = output.usage.output_tokens if output.usage else 0
    if output.error or not output.choices:
        return Answer(error=output.error or "nothing came back", tokens=tokens, seconds=seconds)
    content = output.message.content
    text, extra = output.completion, (output.metadata or {}).get(ANSWER, {})
    log_probs: tuple[float, ...] = tuple(extra.get("log_probs", ()))
    if not text.strip() and output.stop_reason == "content_filter":
        return Answer(error="the provider's filter held it back", tokens=tokens, seconds=seconds)
    if marks:
        log_probs = letter_log_probs(output, marks)
        place = int(np.argmax(log_probs)) if log_probs else letter_said(text, prompt.choices, marks)
        text = text if place is None else prompt.choices[place].strip()
    return Answer(
        text,
        log_probs=log_probs,
        reasoning=thoughts_in(content),
        signals=extra.get("signals", {}),
        sound=sound_in(content),
        tokens=tokens,
        seconds=seconds,
    )


def with_letters(chat: Sequence[ChatMessage], choices: Sequence[str]) -> tuple[list[ChatMessage], tuple[str, ...]]:
    """A conversation that ends in choices to pick from by letter, and the letters.

    Choices that are letters, or numbers of one figure, already are their own: the prompt says what they stand for.
    """
    names = [choice.strip() for choice in choices]
    own = all(len(name) == 1 for name in names)
    marks = tuple(names) if own else tuple(string.ascii_uppercase[: len(names)])
    if len(marks) < len(names):
        raise ValueError(
            f"{len(names)} choices are too many for letters: only a model that says how likely it finds each can choose"
        )
    shown = "" if own else "\n" + "\n".join(f"{mark}. {name}" for mark, name in zip(marks, names, strict=True)) + "\n"
    asked = f"{shown}\nAnswer with one of {', '.join(marks)} and nothing else."
    return [*chat, ChatMessageUser(content=asked.strip())] if chat[-1].role != "user" else _ending(chat, asked), marks


def letter_said(text: str, choices: Sequence[str], marks: Sequence[str]) -> int | None:
    """Which choice was picked in words; None if that cannot be told."""
    said = text.strip()
    names = [choice.strip().casefold() for choice in choices]
    if said.casefold().rstrip(".") in names:
        return names.index(said.casefold().rstrip("."))
    one = f"({'|'.join(map(re.escape, marks))})"
    patterns = (rf"\W*{one}(?:[).:,*]|\s*$|\s*\n)", rf".*?\b(?i:answer|choice|option)\b(?: is|:)?\W*{one}\b")
    for pattern in patterns:
        if found := re.match(pattern, said, re.DOTALL):
            return list(marks).index(found[1])
    there = [place for place, name in enumerate(names) if len(name) > 1 and name in said.casefold()]
    return there[0] if len(there) == 1 else None


def letter_log_probs(output: ModelOutput, marks: Sequence[str]) -> tuple[float, ...]:
    """How likely each letter was as the first token, in nats; empty if the provider does not say.

    Letters that are not among the likeliest tokens count as the least likely of these: at most that.
    """
    told = output.choices[0].logprobs
    if told is None or not told.content:
        return ()
    first = told.content[0]
    likeliest = {token.token: token.logprob for token in first.top_logprobs or ()} | {first.token: first.logprob}
    of_mark = [[value for token, value in likeliest.items() if token.strip(" \n(*") == mark] for mark in marks]
    if not any(of_mark):
        return ()
    least = min(likeliest.values())
    return tuple(float(np.logaddexp.reduce(values)) if values else least for values in of_mark)


def _ending(chat: Sequence[ChatMessage], asked: str) -> list[ChatMessage]:
    last = chat[-1]
    if isinstance(last.content, str):
        return [*chat[:-1], last.model_copy(update={"content": last.content + asked})]
    return [*chat, ChatMessageUser(content=asked.strip())]


async def _with_log_probs(model: Model, chat: list[ChatMessage], config: GenerateConfig) -> ModelOutput:
    try:
        return await model.generate(
            chat, config=config.merge(GenerateConfig(logprobs=True, top_logprobs=MOST_LOG_PROBS))
        )
    except Exception as error:  # models that reason refuse to be asked for them
        if "logprob" not in str(error).lower():
            raise
        return await model.generate(chat, config=config)
