"""Text to speech, by espeak-ng where it is installed: many voices, the same samples each time."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnothi.safety.prompts import Prompt, Sound

PROGRAM = "espeak-ng"
INSTALL = "speech is made by espeak-ng, which is not installed: apt-get install espeak-ng (or brew install espeak-ng)"


@dataclass(frozen=True)
class Voice:
    """A voice of espeak-ng: `variant` of a speaker (`+f2`), `pitch` from 0 to 99, `speed` in words a minute."""

    language: str = "en-us"
    variant: str = ""
    pitch: int = 50
    speed: int = 160

    @property
    def name(self) -> str:
        """How it is called."""
        return f"{self.language}{self.variant}@{self.pitch}"


#: Speakers who differ in more than pitch, of several kinds of English: to a speaker embedding none is the first.
VOICES = (
    Voice("en-us", "+m3"),
    Voice("en-us", "+f4", 70),
    Voice("en-gb-x-gbcwmd", "+f5"),
    Voice("en-us", "+klatt2", 45),
    Voice("en-gb-scotland", "+m7", 40),
    Voice("en-029", "+m5", 55),
)


def has_speech() -> bool:
    """Whether speech can be made here."""
    return shutil.which(PROGRAM) is not None


def speak(text: str, voice: Voice = VOICES[0]) -> Sound:
    """A text, spoken.

    **Raises:** `FileNotFoundError` if espeak-ng is not installed, with what to type; `ValueError` if there is nothing
    to say, or espeak-ng knows no such voice.
    """
    if not text.strip():
        raise ValueError("there is nothing to say: the text is empty")
    program = shutil.which(PROGRAM)
    if program is None:
        raise FileNotFoundError(INSTALL)
    manner = ["-v", voice.language + voice.variant, "-p", str(voice.pitch), "-s", str(voice.speed)]
    done = subprocess.run([program, *manner, "--stdin", "--stdout"], input=text.encode(), capture_output=True)
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip()
        raise ValueError(f"espeak-ng does not speak as {voice}: {said or 'it said nothing'}")
    return read_wave(done.stdout)


def read_wave(data: bytes) -> Sound:
    """The sound of a WAV file of 16-bit mono samples; sizes in a header that was written before the sound are ignored.

    **Raises:** `ValueError` if it is no such file.
    """
    start = data.find(b"data", 12)
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE" or start < 0:
        raise ValueError(f"not a WAV file: it begins with {data[:4]!r}")
    kind, channels, rate, _, _, bits = np.frombuffer(data[20:36], "<u2, <u2, <u4, <u4, <u2, <u2")[0].tolist()
    if (kind, channels, bits) != (1, 1, 16):
        raise ValueError(f"a WAV file of 16-bit mono samples is wanted, got format {kind}, {channels} x {bits} bits")
    size = int.from_bytes(data[start + 4 : start + 8], "little")
    samples = data[start + 8 : start + 8 + size]
    wave = np.frombuffer(samples[: len(samples) // 2 * 2], "<i2").astype(np.float32) / 32768
    return Sound(wave, rate)


def needs_sound(prompts: Sequence[Prompt]) -> bool:
    """Whether a model must hear to be asked these prompts."""
    return any(message.sound is not None for prompt in prompts for message in prompt.messages)
