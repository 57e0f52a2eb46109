"""Checkpoints without pickle: arrays in a safetensors file, what they are in a JSON file beside it."""

import json
import os
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import load_file, save_file

Tree = TypeVar("Tree")


def save(path: str | os.PathLike[str], tree: Any, about: dict[str, Any] | None = None) -> None:
    """Writes a network to `path.safetensors` and `path.json`, each whole or not at all.

    **Arguments:** `path`, without an ending; `tree`, any pytree of arrays; `about`, anything JSON can hold: how the
    network was made, so that `load` can be given one of the same shape.
    """
    # In rows, whatever their order in memory: safetensors writes memory as it finds it.
    arrays = {name: np.asarray(leaf, order="C") for name, leaf in _arrays(tree).items()}
    described = {name: {"shape": list(array.shape), "dtype": str(array.dtype)} for name, array in arrays.items()}
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"about": about or {}, "arrays": described}, indent=1)
    for ending in (".safetensors", ".json"):
        temporary = path.with_name(f".{path.name}{ending}.{os.getpid()}")
        if ending == ".json":
            temporary.write_text(text)
        else:
            save_file(arrays, str(temporary))
        temporary.replace(path.with_name(path.name + ending))


def load(path: str | os.PathLike[str], like: Tree) -> tuple[Tree, dict[str, Any]]:
    """Reads a network that `save` wrote.

    **Arguments:** `path`, without an ending; `like`, a network of the same shape, whose arrays are replaced.

    **Returns:** the network, and what `save` was told about it.

    **Raises:** `FileNotFoundError` if either file is missing; `ValueError` if the arrays are not those of `like`.
    """
    path = Path(path)
    about = json.loads(path.with_name(path.name + ".json").read_text())["about"]
    arrays = load_file(path.with_name(path.name + ".safetensors"))
    wanted = _arrays(like)
    if arrays.keys() != wanted.keys():
        odd = sorted(arrays.keys() ^ wanted.keys())
        raise ValueError(
            f"{path} holds another kind of network: {odd[0]} is in one and not in the other ({len(odd)} such)"
        )
    for name, leaf in wanted.items():
        if arrays[name].shape != leaf.shape or arrays[name].dtype != leaf.dtype:
            there, here = (f"{a.dtype}{list(a.shape)}" for a in (arrays[name], leaf))
            raise ValueError(f"{path} holds a network of another size: {name} is {there} there, {here} here")
    paths, structure = jax.tree_util.tree_flatten_with_path(like)
    leaves = [jnp.asarray(arrays[_name(p)]) if _is_array(leaf) else leaf for p, leaf in paths]
    return jax.tree.unflatten(structure, leaves), about


def _name(path: tuple) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")


def _arrays(tree: Any) -> dict[str, Any]:
    return {_name(p): leaf for p, leaf in jax.tree_util.tree_flatten_with_path(tree)[0] if _is_array(leaf)}


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray)
