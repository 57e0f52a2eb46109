import numpy as np
import pytest
from inspect_ai.model import ChatMessageTool, ChatMessageUser, ContentAudio

from gnothi.safety.inspect.messages import chat_of, messages_of, sound_in, sound_of, wav
from gnothi.safety.prompts import Message, Sound

WAVE = np.sin(np.linspace(0, 40, 800)) * 0.5


def test_a_conversation_comes_back_as_it_went():
    said = (
        Message("system", "Be brief."),
        Message("developer", "Speak French."),
        Message("user", "Hello"),
        Message("assistant", "Bonjour"),
        Message("user", "Again"),
    )
    chat = chat_of(said)
    assert [message.role for message in chat] == ["system", "system", "user", "assistant", "user"]
    assert messages_of(chat) == said


def test_sound_comes_back_but_for_rounding():
    back = messages_of(chat_of([Message("user", "What do I say?", Sound(WAVE, 8000))]))[0]
    assert back.content == "What do I say?" and back.sound.rate == 8000
    assert np.abs(back.sound.wave - WAVE).max() < 1 / 32767
    assert messages_of(chat_of([Message("user", "", Sound(WAVE, 8000))]))[0].content == ""


def test_sound_over_full_scale_is_cut_off_and_does_not_wrap():
    assert sound_of(wav(Sound(np.array([2.0, -2.0]), 8000))).wave.tolist() == [1, -1]


def test_no_sound_in_words():
    assert sound_in("words") is None


def test_what_cannot_be_read_says_why():
    with pytest.raises(ValueError, match="no tools"):
        messages_of([ChatMessageTool(content="4", tool_call_id="1")])
    with pytest.raises(ValueError, match="data: address"):
        messages_of([ChatMessageUser(content=[ContentAudio(audio="song.wav", format="wav")])])
