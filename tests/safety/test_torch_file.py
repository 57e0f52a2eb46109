"""Torch's old files: written here instruction by instruction, so that every one that is followed is tried."""

import pickle
import struct

import numpy as np
import pytest

from gnothi.safety.torch_file import MAGIC, read_tensors


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def numbers(values):
    return b"(" + b"".join(b"J" + struct.pack("<i", value) for value in values) + b"t"


def tensor(key, shape, stride, offset=0, kind="FloatStorage"):
    storage = b"(" + text("storage") + name("torch", kind) + text(key) + text("cpu") + b"K\x06Nt" + b"Q"
    hooks = name("collections", "OrderedDict") + b")R"
    arguments = b"(" + storage + b"K" + bytes([offset]) + numbers(shape) + numbers(stride) + b"\x89" + hooks + b"t"
    return name("torch._utils", "_rebuild_tensor_v2") + arguments + b"R"


def file(entries, storages):
    """A file whose `state` has entries, each a name and instructions that make its value."""
    state = name("collections", "OrderedDict") + b")R(" + b"".join(text(key) + ops for key, ops in entries) + b"u"
    saved = b"\x80\x02}(" + text("step") + b"K\x07" + text("state") + state + b"u."
    parts = [pickle.dumps(MAGIC, 2), pickle.dumps(1001, 2), pickle.dumps({"little_endian": True}, 2), saved]
    parts.append(pickle.dumps(list(storages), 2))
    for values in storages.values():
        parts += [struct.pack("<q", len(values)), np.asarray(values, "<f4").tobytes()]
    return b"".join(parts)


def test_tensors_are_read():
    values = np.arange(6, dtype=np.float32)
    entries = [
        ("w", tensor("1", (2, 3), (3, 1))),
        ("t", tensor("1", (3, 2), (1, 3))),
        ("b", tensor("2", (1,), (1,), 1)),
    ]
    found = read_tensors(file(entries, {"1": values, "2": [8.0, 9.0]}), "state")
    assert found["w"].tolist() == values.reshape(2, 3).tolist()
    assert found["t"].tolist() == values.reshape(2, 3).T.tolist()
    assert found["b"].tolist() == [9.0]


def test_what_is_no_tensor_is_left_out():
    assert set(read_tensors(file([("w", tensor("1", (1,), (1,))), ("n", b"K\x05")], {"1": [1.0]}), "state")) == {"w"}


def test_nothing_is_run(tmp_path):
    """A file that would write another one, were it unpickled."""
    mark = tmp_path / "run"
    evil = name("pathlib", "Path") + b"(" + text(str(mark)) + b"tR" + name("builtins", "exec") + b"0"
    with pytest.raises(ValueError, match="pathlib Path: it is not tensors alone"):
        read_tensors(file([("w", evil)], {"1": [1.0]}), "state")
    system = name("os", "system") + b"(" + text(f"touch {mark}") + b"tR"
    with pytest.raises(ValueError, match="os system"):
        read_tensors(file([("w", system)], {"1": [1.0]}), "state")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("w", tensor("1", (4,), (1,)))], "beyond its storage"),
        ([("w", tensor("1", (2,), (1,), 2))], "beyond its storage"),
        ([("w", tensor("1", (2,), (-1,)))], "beyond its storage"),
        ([("w", tensor("3", (1,), (1,)))], "beyond its storage"),
        ([("w", tensor("1", (1,), (1,), kind="HalfStorage"))], "not tensors alone"),
        ([("w", b"R")], "makes no sense|called"),
        ([("w", b"h\x63")], "makes no sense"),
        ([("w", b"\x8d" + struct.pack("<Q", 0))], "not tensors alone"),
    ],
)
def test_files_that_are_wrong(entries, message):
    with pytest.raises(ValueError, match=message):
        read_tensors(file(entries, {"1": [1.0, 2.0, 3.0]}), "state")


def test_other_files():
    good = file([("w", tensor("1", (1,), (1,)))], {"1": [1.0]})
    with pytest.raises(ValueError, match="no part 'model'"):
        read_tensors(good, "model")
    with pytest.raises(ValueError, match="ends within storage"):
        read_tensors(good[:-2], "state")
    for other in (b"PK\x03\x04zip", b"", pickle.dumps(1)):
        with pytest.raises(ValueError, match=r"not a file that torch|no pickle"):
            read_tensors(other, "state")
