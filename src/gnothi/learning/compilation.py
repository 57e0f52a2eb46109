"""Compiled programs are kept on disk, so that the second run of a shape starts at once."""

import os
from pathlib import Path

import jax


def use_compilation_cache() -> None:
    """Keeps compiled programs in the user's cache folder (`$XDG_CACHE_HOME/gnothi/jax`, else `~/.cache/gnothi/jax`).

    A folder that the user has already told JAX to use is left alone; `GNOTHI_CACHE=off` turns this off.
    """
    if os.environ.get("GNOTHI_CACHE") == "off" or jax.config.jax_compilation_cache_dir:  # type: ignore[attr-defined]
        return
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gnothi" / "jax"
    jax.config.update("jax_compilation_cache_dir", str(cache))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


def compiler_options() -> dict[str, str]:
    """What to tell XLA of a training run: on a CPU, LLVM's full effort takes a quarter longer and gains nothing.

    The time of the run goes into matrix products, and their kernels are not LLVM's to optimise.
    """
    return {"xla_backend_optimization_level": "1"} if jax.default_backend() == "cpu" else {}
