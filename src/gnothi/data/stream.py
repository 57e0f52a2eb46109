"""A random stream that stays the same whatever happens to JAX or NumPy.

A benchmark's problems must be the same problems next year. JAX changed its default generator once (jax 0.5), and with
it every instance of the original Neural Testbed; NumPy promises stable *bits* from Philox but not stable normals. So:
Philox's 64-bit words, made uniform by dividing, made normal by the inverse of the normal distribution function.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy import special


class Stream:
    """A pinned stream of random numbers.

    **Arguments:** `seed`, whole numbers (two at most, each 0 or more) that name the stream; streams of different
    names are independent (a missing second number is 0).

    **Raises:** `ValueError` if a seed is negative or there are more than two.

    >>> Stream(7).uniform((2,)).round(6).tolist()
    [0.872073, 0.295365]
    """

    def __init__(self, *seed: int):
        if not 1 <= len(seed) <= 2 or min(seed) < 0:
            raise ValueError(f"a stream is named by one or two numbers of 0 or more, got {seed}")
        self._bits = np.random.Philox(key=np.array([*seed, *[0] * (2 - len(seed))], np.uint64))

    def uniform(self, shape: tuple[int, ...]) -> Float[np.ndarray, "..."]:
        """Numbers uniform in (0, 1): 52 random bits, put in the middle of their cell (53 and a half would not fit)."""
        words = self._bits.random_raw(int(np.prod(shape))).reshape(shape)
        return ((words >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52

    def normal(self, shape: tuple[int, ...]) -> Float[np.ndarray, "..."]:
        """Standard normal numbers."""
        return special.ndtri(self.uniform(shape))

    def truncated_normal(self, shape: tuple[int, ...]) -> Float[np.ndarray, "..."]:
        """Standard normal numbers cut at two standard deviations (not rescaled: their deviation is 0.88)."""
        low, high = special.ndtr(-2.0), special.ndtr(2.0)
        return special.ndtri(low + (high - low) * self.uniform(shape))

    def permutation(self, size: int) -> Int[np.ndarray, " size"]:
        """The numbers below `size` in random order."""
        return np.argsort(self.uniform((size,)), kind="stable")
