"""Tensors of a file that torch saved, read without torch and without running what the file says.

Such a file is a pickle: a program that builds objects and may call any function there is. Here the program is read as
data (`pickletools.genops` names its instructions and runs none), and the dozen instructions that build dictionaries,
tuples and numbers are followed by hand. Of functions, three names are known, and none is called: a tensor becomes a
note of where its numbers lie. Anything else is an error.
"""

import pickletools
from collections.abc import Mapping
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C  # with which torch began its files until version 1.6
_NAMES = {"collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch FloatStorage"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_NUMBERS = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE"}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class _Name(NamedTuple):
    name: str


class _Storage(NamedTuple):
    key: str


class _Tensor(NamedTuple):
    key: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def read_tensors(data: bytes, part: str) -> dict[str, np.ndarray]:
    """The float32 tensors of one part of a checkpoint, by name.

    **Arguments:** `data`, the bytes of a file in torch's format of before version 1.6; `part`, which entry of the
    dictionary that was saved (`model_state`).

    **Raises:** `ValueError` if the file is not such a file, has no such part, or wants something done.
    """
    stream = BytesIO(data)
    if _follow(stream) != MAGIC:
        raise ValueError("not a file that torch saved before version 1.6")
    _follow(stream), _follow(stream)  # the version of the protocol, and the machine's sizes
    saved, keys = _follow(stream), _follow(stream)
    storages = {}
    for key in keys:  # each: how many numbers, then the numbers
        count = int.from_bytes(stream.read(8), "little")
        numbers = stream.read(4 * count)
        if len(numbers) != 4 * count:
            raise ValueError(f"the file ends within storage {key}")
        storages[key] = np.frombuffer(numbers, "<f4")
    if not isinstance(saved, Mapping) or not isinstance(saved.get(part), Mapping):
        raise ValueError(f"the file has no part {part!r}")
    return {name: _array(tensor, storages) for name, tensor in saved[part].items() if isinstance(tensor, _Tensor)}


def _array(tensor: _Tensor, storages: Mapping[str, np.ndarray]) -> np.ndarray:
    storage = storages.get(tensor.key)
    reach = tensor.offset + sum(max(0, n - 1) * step for n, step in zip(tensor.shape, tensor.stride, strict=True))
    if storage is None or min(tensor.offset, *tensor.shape, *tensor.stride, 0) < 0 or reach >= len(storage):
        raise ValueError(f"a tensor of shape {tensor.shape} reaches beyond its storage")
    steps = tuple(4 * step for step in tensor.stride)
    return np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, steps).copy()


def _follow(stream: BytesIO) -> Any:
    """What one pickle of the stream describes."""
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[int, Any] = {}
    instructions = pickletools.genops(stream)
    while True:
        try:
            instruction, argument, _ = next(instructions)
        except (ValueError, StopIteration) as error:
            raise ValueError(f"this is no pickle, or its end is missing: {error}") from error
        try:
            if instruction.name == "STOP":
                return stack.pop()
            _step(instruction.name, argument, stack, marks, memo)
        except (IndexError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the file's pickle makes no sense: {type(error).__name__}: {error}") from error


def _step(name: str, argument: Any, stack: list[Any], marks: list[int], memo: dict[int, Any]) -> None:
    def since_mark() -> list[Any]:
        start = marks.pop()
        items = stack[start:]
        del stack[start:]
        return items

    if name == "PROTO":
        return
    if name == "MARK":
        marks.append(len(stack))
    elif name in _NUMBERS:
        stack.append(argument)
    elif name in _CONSTANTS:
        stack.append(_CONSTANTS[name])
    elif name in ("EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE"):
        stack.append({"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}[name]())
    elif name in ("BINPUT", "LONG_BINPUT"):
        memo[argument] = stack[-1]
    elif name in ("BINGET", "LONG_BINGET"):
        stack.append(memo[argument])
    elif name == "TUPLE":
        stack.append(tuple(since_mark()))
    elif name in _TUPLES:
        items = [stack.pop() for _ in range(_TUPLES[name])]
        stack.append(tuple(reversed(items)))
    elif name in ("SETITEMS", "SETITEM"):
        items = since_mark() if name == "SETITEMS" else [stack.pop(), stack.pop()][::-1]
        stack[-1].update(zip(items[::2], items[1::2], strict=True))
    elif name in ("APPENDS", "APPEND"):
        items = since_mark() if name == "APPENDS" else [stack.pop()]
        stack[-1].extend(items)
    elif name == "GLOBAL":
        if argument not in _NAMES:
            raise ValueError(f"the file wants {argument}: it is not tensors alone, and is not read")
        stack.append(_Name(argument))
    elif name == "BINPERSID":
        stack.append(_storage(stack.pop()))
    elif name == "REDUCE":
        arguments, function = stack.pop(), stack.pop()
        stack.append(_built(function, arguments))
    elif name == "BUILD":  # what an OrderedDict remembers beside its items: versions of modules
        stack.pop()
    else:
        raise ValueError(f"the file wants {name}: it is not tensors alone, and is not read")


def _storage(described: tuple[Any, ...]) -> _Storage:
    kind, what, key, *_ = described
    if kind != "storage" or what != _Name("torch FloatStorage"):
        raise ValueError(f"only storages of float32 are read, got {kind} {what}")
    return _Storage(key)


def _built(function: _Name, arguments: tuple[Any, ...]) -> Any:
    if function.name == "collections OrderedDict":
        return {}
    if function.name != "torch._utils _rebuild_tensor_v2":
        raise ValueError(f"the file wants {function.name} called: it is not tensors alone, and is not read")
    storage, offset, shape, stride, *_ = arguments
    return _Tensor(storage.key, int(offset), tuple(map(int, shape)), tuple(map(int, stride)))
