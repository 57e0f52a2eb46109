"""Our own language models under test."""

import time
from collections.abc import Generator, Mapping, Sequence

import jax
import numpy as np

from gnothi.language import LanguageModel, chat_text
from gnothi.language.choose import choice_log_probs
from gnothi.safety.models import Model
from gnothi.safety.prompts import Answer, Message, Prompt

BATCHES = (4, 32)  # prompts that are decoded together, filled up with others: a compiled program each
CHOSEN = 16  # prompts with choices that are read before any of them is answered
MERGED = 4000  # tokens of filling that are read rather than to compile one program more
ROOMS = (64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)  # tokens prompts are filled up to: a program each


class OwnModel(Model):
    """A `gnothi.language.LanguageModel` under test.

    Conversations are written as the model's chat template has it. A template that knows no developer is shown the
    developer's words as the system's. A model without a template reads the words alone, a turn a line.

    **Arguments:** `name`; `model`; `version`, a hash of its weights.
    """

    def __init__(self, name: str, model: LanguageModel, version: str):
        self.name, self.model, self.version = name, model.for_many(), version

    def answer(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> list[Answer]:
        """An answer to each prompt; prompts of like length are decoded together."""
        found = dict(self.stream(prompts, max_tokens=max_tokens, temperature=temperature, seed=seed))
        return [found[place] for place in range(len(prompts))]

    def stream(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> Generator[tuple[int, Answer]]:
        """The same, a batch after the other."""
        rows = [self.model.tokenizer.encode(self.written(prompt.messages)) for prompt in prompts]
        chosen: list[int] = []
        written: dict[int, list[int]] = {}
        for place, (prompt, row) in enumerate(zip(prompts, rows, strict=True)):
            most = max((len(self.model.tokenizer.encode(c)) for c in prompt.choices), default=max_tokens)
            if any(message.sound is not None for message in prompt.messages):
                yield place, Answer(error="this model hears no sound")
            elif len(row) + most > self.model.most:
                yield place, Answer(error=f"{len(row)} tokens, and {most} more, do not fit {self.model.most}")
            elif prompt.choices:
                chosen.append(place)
            else:
                room = next((n for n in ROOMS if n >= len(row)), self.model.most - max_tokens)
                written.setdefault(room, []).append(place)
        chosen.sort(key=lambda place: len(rows[place]))  # those of like length are read together
        for start in range(0, len(chosen), CHOSEN):
            some = chosen[start : start + CHOSEN]
            yield from zip(some, self._choose([prompts[n] for n in some], [rows[n] for n in some]), strict=True)
        for room, places in _merged(written).items():
            for start in range(0, len(places), BATCHES[-1]):
                some = places[start : start + BATCHES[-1]]
                said = self._write([rows[n] for n in some], room, max_tokens, temperature, seed + start)
                yield from zip(some, said, strict=True)

    def written(self, messages: Sequence[Message]) -> str:
        """A conversation as the text that the model reads."""
        if self.model.template is None:
            return "\n".join(message.content for message in messages) + "\n"
        try:
            return chat_text(self.model.template, [_plain(message.role, message.content) for message in messages])
        except ValueError:
            if all(message.role != "developer" for message in messages):
                raise
            return chat_text(self.model.template, _without_developer(messages))

    def _choose(self, prompts: Sequence[Prompt], rows: Sequence[Sequence[int]]) -> list[Answer]:
        start, encode = time.perf_counter(), self.model.tokenizer.encode
        choices = [[encode(choice, special=False) for choice in prompt.choices] for prompt in prompts]
        found = choice_log_probs(self.model.network, rows, choices)
        seconds = (time.perf_counter() - start) / len(prompts)
        return [
            Answer(prompt.choices[int(np.argmax(logs))].strip(), log_probs=tuple(map(float, logs)), seconds=seconds)
            for prompt, logs in zip(prompts, found, strict=True)
        ]

    def _write(
        self, rows: Sequence[Sequence[int]], room: int, max_tokens: int, temperature: float, seed: int
    ) -> list[Answer]:
        start = time.perf_counter()
        filled = [*rows, *[rows[0]] * (next(n for n in BATCHES if n >= len(rows)) - len(rows))]
        tokens = self.model.write_tokens(
            filled, max_tokens, temperature=temperature, key=jax.random.key(seed), room=room
        )[: len(rows)]
        seconds = (time.perf_counter() - start) / len(rows)
        return [Answer(self.model.tokenizer.decode(row), tokens=len(row), seconds=seconds) for row in tokens]


def _merged(places: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """Places by the room of their prompts, few of them in the next larger room where there is one."""
    found: dict[int, list[int]] = {}
    waiting: list[int] = []
    rooms = sorted(places)
    for room, larger in zip(rooms, [*rooms[1:], None], strict=False):
        waiting += places[room]
        if larger is None or len(waiting) * (larger - room) >= MERGED:
            found[room], waiting = waiting, []
    return found


def _plain(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _without_developer(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Messages of which neighbours that are the system's or a developer's are one, the system's."""
    merged: list[dict[str, str]] = []
    for message in messages:
        role = "system" if message.role == "developer" else message.role
        if role == "system" and merged and merged[-1]["role"] == "system":
            merged[-1]["content"] += f"\n\n{message.content}"
        else:
            merged.append(_plain(role, message.content))
    return merged
