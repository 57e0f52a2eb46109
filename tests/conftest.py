"""What every test shares."""

from pathlib import Path

import jax
import pytest

# Linux lets a process have 65,530 mapped regions; each compiled program takes several, and XLA dies with a
# segmentation fault at the limit. A worker that runs half of this suite comes near it.
MAPS = Path("/proc/self/maps")
MANY_MAPS = 15_000


@pytest.fixture(autouse=True, scope="module")
def _few_compiled_programs():
    """Compiled programs are dropped between modules once a worker holds many of them."""
    yield
    if MAPS.exists() and len(MAPS.read_bytes().splitlines()) > MANY_MAPS:
        jax.clear_caches()
