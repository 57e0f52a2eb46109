"""Our messages and Inspect's, which knows no developer and has sound as files.

Inspect's roles are system, user, assistant and tool. A developer's message is a second system message here, with
`metadata={"role": "developer"}`: our own models read it as the developer's. Providers of hosted models do not: they
see two system messages, some of them merged into one.
"""

import base64
import io
import wave
from collections.abc import Sequence

import numpy as np
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    Content,
    ContentAudio,
    ContentReasoning,
    ContentText,
)

from gnothi.safety.prompts import Message, Sound

KINDS = {
    "system": ChatMessageSystem,
    "developer": ChatMessageSystem,
    "user": ChatMessageUser,
    "assistant": ChatMessageAssistant,
}
WAV = "data:audio/wav;base64,"


def chat_of(messages: Sequence[Message]) -> list[ChatMessage]:
    """Messages as Inspect has them."""
    return [
        KINDS[message.role](
            content=_content(message), metadata={"role": "developer"} if message.role == "developer" else None
        )
        for message in messages
    ]


def messages_of(chat: Sequence[ChatMessage]) -> tuple[Message, ...]:
    """Inspect's messages as ours.

    **Raises:** `ValueError` if one is of a tool.
    """
    return tuple(_message(message) for message in chat)


def sound_in(content: str | Sequence[Content]) -> Sound | None:
    """The sound in what a message holds, if there is one.

    **Raises:** `ValueError` if it is no WAV file written out.
    """
    sounds = [] if isinstance(content, str) else [part for part in content if isinstance(part, ContentAudio)]
    return sound_of(sounds[0].audio) if sounds else None


def thoughts_in(content: str | Sequence[Content]) -> str:
    """What a model thought before it spoke, where a provider shows it."""
    if isinstance(content, str):
        return ""
    return "\n".join(part.reasoning for part in content if isinstance(part, ContentReasoning))


def wav(sound: Sound) -> str:
    """Sound as a WAV file of 16 bits, as a `data:` address."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(sound.rate)
        written.writeframes(np.round(np.clip(sound.wave, -1, 1) * 32767).astype("<i2").tobytes())
    return WAV + base64.b64encode(file.getvalue()).decode()


def sound_of(address: str) -> Sound:
    """The sound of a WAV file that is written out as a `data:` address.

    **Raises:** `ValueError` if it is none, or not of 16 bits.
    """
    if not address.startswith("data:audio/"):
        raise ValueError(f"sound must be a data: address of a WAV file, got {address[:40]!r}")
    with wave.open(io.BytesIO(base64.b64decode(address.split(",", 1)[1]))) as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"a WAV file must be of 16 bits, this one is of {8 * file.getsampwidth()}")
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return Sound(both.mean(axis=1) / 32767, file.getframerate())


def _content(message: Message) -> str | list[Content]:
    if message.sound is None:
        return message.content
    heard = ContentAudio(audio=wav(message.sound), format="wav")
    return [ContentText(text=message.content), heard] if message.content else [heard]


def _message(message: ChatMessage) -> Message:
    role = "developer" if (message.metadata or {}).get("role") == "developer" else message.role
    if role == "tool":
        raise ValueError("a message of a tool came, and our models know no tools")
    return Message(role, message.text, sound_in(message.content))
