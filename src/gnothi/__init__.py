"""gnothi: models that know what they don't know.

An **agent** turns data into a **joint predictive distribution**; an **evaluation** turns a joint predictive
distribution into **records**; a **card** turns records into something a person can decide from.

Parts are imported when they are first used, so that the command line answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gnothi import agents, cards, data, decisions, enn, language, learning, metrics, nn, sklearn, sweep, testbed
    from gnothi.decisions import Bandit
    from gnothi.enn import sample

__version__ = "0.1.0"

__all__ = [
    "Bandit",
    "agents",
    "cards",
    "data",
    "decisions",
    "enn",
    "language",
    "learning",
    "metrics",
    "nn",
    "sample",
    "sklearn",
    "sweep",
    "testbed",
]

#: What is no room, and the room it is in.
_HOME = {"Bandit": "gnothi.decisions", "sample": "gnothi.enn"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in __all__:
        return import_module(f"gnothi.{name}")
    raise AttributeError(f"gnothi has no {name!r}: it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
