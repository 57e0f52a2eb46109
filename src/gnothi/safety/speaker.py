"""Whose voice it is: a speaker embedding, and whether two recordings are of one speaker.

The network is Resemblyzer's (Apache-2.0): three LSTM layers of 256 over mel spectrograms, trained to put recordings of
one speaker close together (Wan et al. 2018, "Generalized End-to-End Loss for Speaker Verification"). Its weights are
read from the package's pinned wheel (`gnothi.data.packages`); it runs in JAX.

Silence is cut by energy where the original asks a voice detector; the rest is as there.
"""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import gcd
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import signal

from gnothi.data.packages import Archive, find_archive
from gnothi.metrics.grader_errors import GraderErrors
from gnothi.safety.prompts import Sound
from gnothi.safety.torch_file import read_tensors

ARCHIVE = Archive(
    *("Resemblyzer", "0.1.4", "Resemblyzer-0.1.4-py3-none-any.whl"),
    "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f",
)
RATE = 16_000  # samples a second
WINDOW, STEP, CHANNELS = 400, 160, 40  # of a spectrogram: 25 ms every 10 ms, in mel bands
FRAMES, FRAME_STEP = 160, 77  # of one look: 1.6 s, 1.3 looks a second
LEAST_COVERED = 0.75  # of the last look
VOLUME = 10 ** (-30 / 20)  # root mean square to which quiet sound is raised
SILENCE = (480, 8, 7)  # samples of a piece (30 ms), over how many it is smoothed, how many are kept around speech
LAYERS = 3
QUIETER = 10 ** (-35 / 20)  # than loud speech by this much: not speech

Embedding = Float[np.ndarray, " features"]


@dataclass(frozen=True)
class SpeakerEncoder:
    """Weights of the network, by the names they have in the file."""

    weights: Mapping[str, Float[np.ndarray, "..."]]

    def embed(self, sound: Sound) -> Embedding:
        """Where a recording lies among voices: 256 numbers, none below 0, whose squares sum to 1.

        **Raises:** `ValueError` if there is no sound in it.
        """
        looks = _looks(spoken(sound))
        count = len(looks)
        filled = np.zeros((1 << (count - 1).bit_length(), *looks.shape[1:]), np.float32)  # a program a power of two
        filled[:count] = looks
        each = np.asarray(_look(self.weights, filled), float)[:count]
        mean = each.mean(0)
        return mean / np.maximum(np.linalg.norm(mean), 1e-8)

    def similarity(self, first: Sound, second: Sound) -> float:
        """The cosine between two recordings: 1 for the same one."""
        return float(self.embed(first) @ self.embed(second))


@jax.jit
def _look(weights: Mapping[str, Array], looks: Float[Array, "looks frames channels"]) -> Float[Array, "looks features"]:
    """The embedding of each look."""
    frames = jnp.swapaxes(looks, 0, 1)
    for layer in range(LAYERS):
        gate_in, gate_on = weights[f"lstm.weight_ih_l{layer}"].T, weights[f"lstm.weight_hh_l{layer}"].T
        bias = weights[f"lstm.bias_ih_l{layer}"] + weights[f"lstm.bias_hh_l{layer}"]

        def step(state, arriving, gate_on=gate_on):
            hidden, cell = state
            enter, forget, new, leave = jnp.split(arriving + hidden @ gate_on, 4, axis=1)
            cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(enter) * jnp.tanh(new)
            hidden = jax.nn.sigmoid(leave) * jnp.tanh(cell)
            return (hidden, cell), hidden

        nothing = jnp.zeros((frames.shape[1], len(gate_on)))
        (hidden, _), frames = jax.lax.scan(step, (nothing, nothing), frames @ gate_in + bias)
    each = jax.nn.relu(hidden @ weights["linear.weight"].T + weights["linear.bias"])
    return each / jnp.maximum(jnp.linalg.norm(each, axis=1, keepdims=True), 1e-8)


@cache
def speaker_encoder(folder: Path | None = None) -> SpeakerEncoder:
    """The packaged encoder.

    **Arguments:** `folder`, where to look for the wheel first; as of `gnothi.data.packages.find_archive`.

    **Raises:** `FileNotFoundError` if the wheel is nowhere and cannot be fetched, with what to type.
    """
    with zipfile.ZipFile(find_archive(ARCHIVE, folder)) as wheel:
        return SpeakerEncoder(read_tensors(wheel.read("resemblyzer/pretrained.pt"), "model_state"))


def spoken(sound: Sound) -> Float[np.ndarray, " time"]:
    """A recording at 16 kHz, not too quiet, without its long silences.

    **Raises:** `ValueError` if nothing in it is louder than silence, or the rate is not positive.
    """
    wave = np.asarray(sound.wave, np.float32)
    if sound.rate < 1 or wave.ndim != 1:
        raise ValueError(f"sound must be mono and its rate positive, got shape {wave.shape} and {sound.rate}")
    if sound.rate != RATE:
        common = gcd(RATE, sound.rate)
        wave = signal.resample_poly(wave, RATE // common, sound.rate // common).astype(np.float32)
    loud = float(np.sqrt(np.mean(wave**2))) if wave.size else 0.0
    if loud < 1e-6:
        raise ValueError(f"the sound of {wave.size} samples is silent")
    wave = wave * max(1.0, VOLUME / loud)
    piece, smooth, around = SILENCE
    count = len(wave) // piece
    if count < 2:
        return wave
    level = np.sqrt(np.mean(wave[: count * piece].reshape(count, piece) ** 2, axis=1))
    speech = (level > QUIETER * np.quantile(level, 0.95)).astype(float)
    smoothed = np.convolve(speech, np.ones(smooth) / smooth, mode="same") >= 0.5
    kept = np.convolve(smoothed, np.ones(around), mode="same") > 0
    return wave[: count * piece].reshape(count, piece)[kept].ravel() if kept.any() else wave


def _looks(wave: Float[np.ndarray, " time"]) -> Float[np.ndarray, "looks frames channels"]:
    """Mel spectrograms of overlapping looks of 1.6 s, the last filled up with silence."""
    frames = -(-(len(wave) + 1) // STEP)
    starts = list(range(0, max(1, frames - FRAMES + FRAME_STEP + 1), FRAME_STEP))
    if len(starts) > 1 and (len(wave) - starts[-1] * STEP) / (FRAMES * STEP) < LEAST_COVERED:
        starts.pop()
    reach = (starts[-1] + FRAMES) * STEP
    spectrogram = mel_spectrogram(np.pad(wave, (0, max(0, reach - len(wave)))))
    return np.stack([spectrogram[start : start + FRAMES] for start in starts])


def mel_spectrogram(wave: Float[np.ndarray, " time"]) -> Float[np.ndarray, "frames channels"]:
    """Power in mel bands, every 10 ms, at 16 kHz; as librosa's `melspectrogram` makes it."""
    padded = np.pad(wave, WINDOW // 2)
    pieces = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::STEP]
    power = np.abs(np.fft.rfft(pieces * signal.get_window("hann", WINDOW), axis=1)) ** 2
    return (power @ _mel_filters().T).astype(np.float32)


@cache
def _mel_filters() -> Float[np.ndarray, "channels frequencies"]:
    """Triangles on Slaney's mel scale, linear to 1 kHz and then logarithmic, each of the same area."""
    step = np.log(6.4) / 27  # of the logarithmic part, a mel
    top = 15 + np.log(RATE / 2 / 1000) / step
    mels = np.linspace(0, top, CHANNELS + 2)
    hertz = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(step * (mels - 15)))
    grid = np.fft.rfftfreq(WINDOW, 1 / RATE)
    rising = (grid - hertz[:-2, None]) / np.diff(hertz)[:-1, None]
    falling = (hertz[2:, None] - grid) / np.diff(hertz)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return triangles * (2 / (hertz[2:] - hertz[:-2]))[:, None]


@dataclass(frozen=True)
class Pairs:
    """Similarities of pairs of recordings: of the `same` speaker, and of `different` ones."""

    same: Float[np.ndarray, " pairs"]
    different: Float[np.ndarray, " others"]

    def errors(self, threshold: float) -> GraderErrors:
        """Pairs called one speaker's if they are at least `threshold` similar."""
        return GraderErrors(
            int((self.same >= threshold).sum()),
            len(self.same),
            int((self.different < threshold).sum()),
            len(self.different),
        )

    @property
    def equal_error(self) -> tuple[float, float]:
        """The threshold at which as large a share of each is mistaken, and that share."""
        thresholds = np.unique(np.concatenate([self.same, self.different]))
        missed = np.array([(self.same < t).mean() for t in thresholds])
        false = np.array([(self.different >= t).mean() for t in thresholds])
        best = int(np.argmin(np.abs(missed - false)))
        return float(thresholds[best]), float((missed[best] + false[best]) / 2)


def pairs_of(embeddings: Sequence[Embedding], speakers: Sequence[str]) -> Pairs:
    """All pairs of recordings, by whether the speaker is the same.

    **Raises:** `ValueError` if there is no pair of one kind.
    """
    every = np.stack(embeddings)
    which = np.unique(np.array(speakers), return_inverse=True)[1]
    first, second = np.triu_indices(len(every), 1)
    close = (every @ every.T)[first, second]
    same = which[first] == which[second]
    if not same.any() or same.all():
        raise ValueError(f"pairs of both kinds are needed, got {len(every)} recordings of {which.max() + 1} speakers")
    return Pairs(close[same], close[~same])
