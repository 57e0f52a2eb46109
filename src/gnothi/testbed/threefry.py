"""JAX's random numbers as they were before jax 0.5, in NumPy: the published problems are made of them.

JAX changed its default stream (`jax_threefry_partitionable`), and with it every instance of the Neural Testbed. A key
is two 32-bit words; functions take any number of keys at once, words on the last axis. Numbers agree with JAX's to the
rounding of 32-bit floats. The block function is that of Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2,
3", with 20 rounds.
"""

import numpy as np
from jaxtyping import Float, Int, UInt32
from scipy import special

Keys = UInt32[np.ndarray, "*keys 2"]

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)


def key_of(seed: int) -> UInt32[np.ndarray, "2"]:
    """The key of a seed below 2^32."""
    return np.array([0, seed], np.uint32)


def split(keys: Keys, num: int = 2) -> UInt32[np.ndarray, "*keys {num} 2"]:
    """New keys, `num` of each."""
    return _words(keys, 2 * num).reshape(*keys.shape[:-1], num, 2)


class KeySequence:
    """Haiku's `PRNGSequence`: splits its key in two for each new one."""

    def __init__(self, key: UInt32[np.ndarray, "2"]):
        self._key = key

    def __next__(self) -> UInt32[np.ndarray, "2"]:
        self._key, key = split(self._key)
        return key


def uniform(
    keys: Keys, shape: tuple[int, ...], low: float | np.float32 = 0.0, high: float | np.float32 = 1.0
) -> Float[np.ndarray, "..."]:
    """Numbers uniform in [low, high), an array of `shape` for each key: 23 random bits are the mantissa."""
    words = _words(keys, int(np.prod(shape)))
    words >>= np.uint32(9)
    words |= np.uint32(0x3F800000)
    fraction = words.view(np.float32)
    fraction -= np.float32(1)
    fraction *= np.float32(high) - np.float32(low)
    fraction += np.float32(low)
    np.maximum(fraction, np.float32(low), out=fraction)
    return fraction.reshape(*keys.shape[:-1], *shape)


def normal(keys: Keys, shape: tuple[int, ...]) -> Float[np.ndarray, "..."]:
    """Standard normal numbers."""
    above_minus_one = np.nextafter(np.float32(-1), np.float32(0))
    return _quantile(uniform(keys, shape, above_minus_one, 1.0))


def truncated_normal(keys: Keys, shape: tuple[int, ...]) -> Float[np.ndarray, "..."]:
    """Standard normal numbers cut at two standard deviations."""
    bound = np.float32(special.erf(np.sqrt(2.0)))
    return np.clip(_quantile(uniform(keys, shape, -bound, bound)), -2, 2)


def coin(keys: Keys, shape: tuple[int, ...]) -> Int[np.ndarray, "..."]:
    """`randint` from 0 to 1: the lowest bit of the second of two draws."""
    words = _words(split(keys)[..., 1, :], int(np.prod(shape)))
    return (words & 1).astype(np.int32).reshape(*keys.shape[:-1], *shape)


def _quantile(values: np.ndarray) -> np.ndarray:
    """The inverse of the normal distribution function, of probabilities that run from -1 to 1."""
    return np.float32(np.sqrt(2)) * special.erfinv(values)


def _words(keys: np.ndarray, size: int) -> np.ndarray:
    """Random words, `size` for each key: blocks count through the first half and the second half in step."""
    half = -(-size // 2)
    counts = np.arange(2 * half, dtype=np.uint32)
    counts[size:] = 0
    first, second = _blocks(keys[..., 0, None], keys[..., 1, None], counts[:half], counts[half:])
    return np.concatenate([first, second], axis=-1)[..., :size]


def _blocks(key0: np.ndarray, key1: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    schedule = (key0, key1, key0 ^ key1 ^ _PARITY)
    first, second = first + schedule[0], second + schedule[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            first += second
            second = (second << np.uint32(rotation)) | (second >> np.uint32(32 - rotation))
            second ^= first
        first += schedule[(group + 1) % 3]
        second += schedule[(group + 2) % 3] + np.uint32(group + 1)
    return first, second
