"""What a user means by `FILE.py:NAME`, and how their function is called."""

import inspect
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any


def load_function(target: str) -> Callable:
    """Runs a user's file and takes a function out of it; its folder is importable, as if Python had been started there.

    **Raises:** `ValueError` if there is no such file, no such name in it, or if that is not a function.
    """
    path, colon, name = target.rpartition(":")
    if not colon or not path.endswith(".py") or not name:
        raise ValueError(f"{target!r} does not name a function in a file: write FILE.py:NAME")
    file = Path(path).resolve()
    if not file.is_file():
        raise ValueError(f"there is no file {path}")
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.path.insert(0, str(file.parent))
    sys.modules[file.stem] = module  # dataclasses and pickle look a module up by its name
    spec.loader.exec_module(module)
    found = vars(module).get(name)
    if not callable(found):
        there = ", ".join(key for key, value in vars(module).items() if callable(value) and not key.startswith("_"))
        what = "is no function" if name in vars(module) else "is not there"
        raise ValueError(f"{name} {what} in {path}: what can be called there is {there or 'nothing'}")
    return found


def call_told(function: Callable, *arguments: Any, **facts: Any) -> Any:
    """Calls a user's function with those facts for which it has parameters of that name.

    >>> call_told(lambda x, seed: (x, seed), 1, seed=2, num_classes=3)
    (1, 2)
    """
    wanted = inspect.signature(function).parameters
    return function(*arguments, **{name: fact for name, fact in facts.items() if name in wanted})
