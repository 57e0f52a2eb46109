"""Speech by espeak-ng, and WAV files."""

import struct

import numpy as np
import pytest

from gnothi.safety import speech
from gnothi.safety.prompts import Message, Prompt, Sound, ask
from gnothi.safety.speech import VOICES, Voice, has_speech, needs_sound, read_wave, speak

needs_espeak = pytest.mark.skipif(not has_speech(), reason="needs espeak-ng")


def wav(samples, *, size=None, channels=1, bits=16, extra=b""):
    data = np.asarray(samples, "<i2").tobytes()
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, channels, 8000, 16000, 2, bits)
    body = b"WAVE" + form + extra + b"data" + struct.pack("<I", len(data) if size is None else size) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_reading():
    sound = read_wave(wav([0, 16384, -32768]))
    assert (sound.rate, sound.wave.tolist()) == (8000, [0.0, 0.5, -1.0])
    streamed = read_wave(wav([1, 2, 3], size=0x7FFFF000))  # espeak-ng writes its header before it knows
    assert len(streamed.wave) == 3
    assert len(read_wave(wav([1, 2, 3], extra=b"LIST\x04\x00\x00\x00abcd")).wave) == 3


@pytest.mark.parametrize("data", [b"", b"RIFF....WAVE", wav([1], channels=2), wav([1], bits=8), b"ID3"])
def test_reading_what_is_none(data):
    with pytest.raises(ValueError, match="WAV file"):
        read_wave(data)


def test_without_espeak(monkeypatch):
    monkeypatch.setattr(speech.shutil, "which", lambda name: None)
    assert not has_speech()
    with pytest.raises(FileNotFoundError, match="apt-get install espeak-ng"):
        speak("Hello.")


def test_needs_sound():
    spoken = Prompt("s", (Message("user", "Hello.", Sound(np.zeros(8, np.float32), 8000)),), "s")
    written = Prompt("w", ask("Hello."), "w")
    assert needs_sound([written, spoken]) and not needs_sound([written])


@needs_espeak
def test_speaking():
    first, again, other = speak("Good morning."), speak("Good morning."), speak("Good morning.", VOICES[1])
    assert np.array_equal(first.wave, again.wave)  # a set is pinned by the hashes of its sounds
    assert first.rate == 22050 and 0.4 < len(first.wave) / first.rate < 2
    assert len(other.wave) != len(first.wave) or not np.array_equal(other.wave, first.wave)
    assert len(speak("Good morning, and a good day to you.").wave) > 1.5 * len(first.wave)


@needs_espeak
def test_what_cannot_be_said():
    with pytest.raises(ValueError, match="nothing to say"):
        speak("  ")
    with pytest.raises(ValueError, match="does not speak"):
        speak("Hello.", Voice("xx-nowhere"))
