"""Names that change settings: `ensemble:num_members=10,bootstrap=bernoulli`."""

import ast
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

Thing = TypeVar("Thing")


def look_up(kind: str, name: str, things: Mapping[str, Thing]) -> Thing:
    """What is called `name`.

    **Raises:** `ValueError` if nothing is, with the nearest name that there is, and all of them.
    """
    if name not in things:
        near = get_close_matches(name, things, n=1, cutoff=0.3)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"no {kind} is called {name!r}.{hint} There are: {', '.join(things)}.")
    return things[name]


def changed(name: str, settings: str, now: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that `field=value,field=value` changes, by field.

    **Arguments:** `name`, whose settings they are; `settings`; `now`, what all the settings are: a value must be of
    the type of what it changes, unless that is `None`.

    **Raises:** `ValueError` if a setting is not one of `now`, or of another type, or cannot be read.
    """
    try:
        call = ast.parse(f"f({settings})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or not call.keywords:
            raise ValueError
        found = {str(k.arg): _value(k.value) for k in call.keywords}
    except (ValueError, SyntaxError):
        raise ValueError(f"{name}:{settings} is not like {name}:field=value,field=value") from None
    for field, value in found.items():
        if field not in now:
            there = ", ".join(now) if now else "none at all"
            raise ValueError(f"{name} has no setting {field!r}. There are: {there}.")
        if isinstance(now[field], float) and type(value) is int:
            found[field] = float(value)  # so that l2=1 is l2=1.0
        elif now[field] is not None and type(value) is not type(now[field]):
            kind = type(now[field]).__name__
            raise ValueError(f"{name}: {field} must be of type {kind}, as {now[field]!r} is, got {value!r}")
    return found


def _value(node: ast.expr) -> Any:
    """A literal, or a plain word as a string."""
    return node.id if isinstance(node, ast.Name) else ast.literal_eval(node)
