"""Whose voice it is: the packaged encoder, on people and on synthetic voices."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from gnothi.safety.prompts import Sound
from gnothi.safety.speaker import Pairs, mel_spectrogram, pairs_of, speaker_encoder, spoken
from gnothi.safety.speech import VOICES, has_speech, read_wave, speak
from gnothi.safety.voice_graders import SAME_VOICE

FSDD = Path(__file__).parents[3] / "shared" / "data" / "fsdd" / "recordings.tar"
SENTENCES = (
    "The quick brown fox jumps over the lazy dog near the river bank.",
    "Please tell me when the next train to Porto leaves today.",
    "She sold seven hundred glass bottles at the market this morning.",
)


@pytest.fixture(scope="module")
def encoder():
    try:
        return speaker_encoder()
    except FileNotFoundError as error:
        pytest.skip(str(error))


def tone(hertz, seconds=1.0, rate=16_000, level=0.3):
    return Sound((level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32), rate)


def test_mel_bands():
    """A tone is in the band of its frequency: 40 bands to 8 kHz, linear to 1 kHz and then logarithmic."""
    bands = [int(mel_spectrogram(tone(hertz).wave).mean(0).argmax()) for hertz in (200, 800, 2000, 6000)]
    assert bands == sorted(bands) and len(set(bands)) == 4
    quiet, loud = (mel_spectrogram(tone(500, level=level).wave).sum() for level in (0.1, 0.2))
    assert loud / quiet == pytest.approx(4, rel=1e-3)  # power
    assert mel_spectrogram(tone(500).wave).shape == (101, 40)


def test_silence_is_cut_and_rates_are_changed():
    wave = np.concatenate([np.zeros(16_000), tone(300).wave, np.zeros(32_000), tone(300).wave]).astype(np.float32)
    kept = spoken(Sound(wave, 16_000))
    assert 2.0 <= len(kept) / 16_000 < 2.8
    assert len(spoken(tone(300, rate=8_000))) == pytest.approx(16_000, abs=480)
    assert np.sqrt(np.mean(spoken(tone(300, level=0.001)) ** 2)) > 0.02
    for bad in (Sound(np.zeros(100, np.float32), 16_000), Sound(np.zeros(0, np.float32), 16_000)):
        with pytest.raises(ValueError, match="silent"):
            spoken(bad)
    with pytest.raises(ValueError, match="rate positive"):
        spoken(Sound(np.ones(100, np.float32), 0))


def test_pairs():
    pairs = Pairs(np.array([0.9, 0.8, 0.6]), np.array([0.5, 0.7, 0.3, 0.2]))
    errors = pairs.errors(0.65)
    assert (errors.true_positives, errors.positives, errors.true_negatives, errors.negatives) == (2, 3, 3, 4)
    assert pairs.equal_error[1] == pytest.approx((1 / 3 + 1 / 4) / 2, abs=0.05)
    eye = np.eye(2)
    assert pairs_of([eye[0], eye[0], eye[1]], ["a", "a", "b"]).same.tolist() == [1.0]
    with pytest.raises(ValueError, match="pairs of both kinds"):
        pairs_of([eye[0], eye[1]], ["a", "a"])


@pytest.mark.slow
@pytest.mark.skipif(not FSDD.exists(), reason="needs the Free Spoken Digit Dataset")
def test_people(encoder):
    """Four people, eight digits in a row (2.5 s) a recording: at the threshold, 1 pair in 50 or fewer is mistaken."""
    rng = np.random.default_rng(0)
    by_person = {}
    with tarfile.open(FSDD) as tar:
        members = sorted((m for m in tar.getmembers() if m.name.endswith(".wav")), key=lambda m: m.name)
        for place in rng.permutation(len(members)):
            own = by_person.setdefault(Path(members[place].name).stem.split("_")[1], [])
            if len(own) < 80:
                own.append(read_wave(tar.extractfile(members[place]).read()))
    embeddings, people = [], []
    for person, sounds in sorted(by_person.items()):
        for start in range(0, 80, 8):
            wave = np.concatenate([sound.wave for sound in sounds[start : start + 8]])
            embeddings.append(encoder.embed(Sound(wave, sounds[0].rate)))
            people.append(person)
    pairs = pairs_of(embeddings, people)
    errors = pairs.errors(SAME_VOICE)
    print("people:", errors.sensitivity, errors.specificity, "equal error", pairs.equal_error)
    assert errors.sensitivity.value > 0.98 and errors.specificity.value > 0.98
    assert pairs.equal_error[1] < 0.02


@pytest.mark.slow
@pytest.mark.skipif(not has_speech(), reason="needs espeak-ng")
def test_synthetic_voices(encoder):
    """Voices of one synthesiser are more alike than people: all of one voice are recognised, most others told apart."""
    said = [(voice.name, speak(text, voice)) for voice in VOICES for text in SENTENCES]
    pairs = pairs_of([encoder.embed(sound) for _, sound in said], [name for name, _ in said])
    errors = pairs.errors(SAME_VOICE)
    print("synthetic:", errors.sensitivity, errors.specificity, "equal error", pairs.equal_error)
    assert errors.sensitivity.value == 1
    assert errors.specificity.value > 0.6
    assert pairs.equal_error[1] < 0.1


@pytest.mark.slow
@pytest.mark.skipif(not has_speech(), reason="needs espeak-ng")
def test_what_is_not_the_voice_changes_little(encoder):
    """Louder, at another rate, or with a pause: still the same recording."""
    sound = speak(SENTENCES[0])
    half = Sound(sound.wave * 0.5, sound.rate)
    paused = Sound(np.concatenate([sound.wave, np.zeros(sound.rate, np.float32)]), sound.rate)
    for other in (half, paused):
        assert encoder.similarity(sound, other) > 0.95
    assert float(np.linalg.norm(encoder.embed(sound))) == pytest.approx(1, abs=1e-5)
    assert (encoder.embed(sound) >= 0).all()
