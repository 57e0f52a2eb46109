"""Data sets in a folder of the reader's own, in the formats in which they are published: nothing is unpickled.

MNIST and its family (IDX), CIFAR-10 (its binary version), and tables as UCI has them (CSV; the last column is the
label). What comes with a split of its own keeps it.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from gnothi.data.stream import Stream

#: Rows of training and of test data with which the Neural Testbed scores tables (its other data sets have their split).
PUBLISHED_SPLITS = {"iris": (120, 30), "wine_quality": (3918, 980), "german_credit_numeric": (800, 200)}
HELD_OUT = 0.2  # the share of rows held out of any other table: the share of those

TABLE_ENDINGS = (".csv", ".tsv", ".data")
CIFAR_ROW = 1 + 3 * 32 * 32  # a label and an image


@dataclass(frozen=True)
class LocalData:
    """A data set as read: labels are 0, 1, ... in the order of `classes`.

    `num_test` last rows are test data where the data set has a split of its own, else it is `None`. `images` says
    whether columns are pixels, of one scale.
    """

    name: str
    x: Float[np.ndarray, "rows features"]
    y: Int[np.ndarray, " rows"]
    classes: tuple[str, ...]
    num_test: int | None
    images: bool

    def split(
        self, seed: int
    ) -> tuple[
        Float[np.ndarray, "data features"],
        Int[np.ndarray, " data"],
        Float[np.ndarray, "rows features"],
        Int[np.ndarray, " rows"],
    ]:
        """Training inputs and labels, test inputs and labels: by the data set's own split, or at random by `seed`."""
        rows = len(self.y)
        if self.num_test is not None:
            train, test = np.arange(rows - self.num_test), np.arange(rows - self.num_test, rows)
        else:
            published = PUBLISHED_SPLITS.get(self.name, (0, 0))
            num_test = published[1] if sum(published) == rows else max(1, round(HELD_OUT * rows))
            test, train = np.split(Stream(seed, rows).permutation(rows), [num_test])
        return self.x[train], self.y[train], self.x[test], self.y[test]


def find_local(folder: Path) -> dict[str, Path]:
    """The data sets in a folder, by name: the folder itself, its tables, and its folders that hold images.

    **Raises:** `ValueError` if there are none, or if two have one name.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder")
    places = [folder, *sorted(folder.iterdir())]
    found = [place for place in places if _is_images(place) or (place.suffix in TABLE_ENDINGS and place.is_file())]
    by_name = {(place.resolve().name if place.is_dir() else place.stem): place for place in found}
    if not found:
        raise ValueError(
            f"{folder} holds no data set: put in tables ({', '.join(TABLE_ENDINGS)}; the last column is the label), "
            "IDX files (train-images-idx3-ubyte.gz and so on), CIFAR-10's data_batch_1.bin ..., or a folder of them"
        )
    if len(by_name) < len(found):
        raise ValueError(f"two data sets of {folder} have one name: rename one of {', '.join(p.name for p in found)}")
    return by_name


def load_local(path: Path) -> LocalData:
    """Reads a data set: a table, or a folder of IDX or CIFAR-10 files.

    **Raises:** `ValueError` that says what is wrong with which file.
    """
    if not path.is_dir():
        return _load_table(path)
    name = path.resolve().name
    if any(path.glob("data_batch_*")):
        parts = _load_cifar(path)
    else:
        parts = (_load_idx(path, ("train",)), _load_idx(path, ("t10k", "test")))
    (x, y), (test_x, test_y) = parts
    if x.shape[1] != test_x.shape[1]:
        raise ValueError(f"{path}: training images have {x.shape[1]} pixels, test images {test_x.shape[1]}")
    classes, labels = np.unique(np.concatenate([y, test_y]), return_inverse=True)
    inputs = np.concatenate([x, test_x]).astype(np.float32)
    return LocalData(name, inputs, labels, tuple(map(str, classes)), len(test_y), images=True)


def _is_images(path: Path) -> bool:
    return path.is_dir() and any(any(path.glob(pattern)) for pattern in ("*train-images*idx3*", "data_batch_*"))


def _load_table(path: Path) -> LocalData:
    """A table, with or without a line of names; fields are split at commas, semicolons, tabs or spaces."""
    rows = list(_rows_of(path))
    if len(rows) > 1 and not all(map(_is_number, rows[0][1][:-1])) and all(map(_is_number, rows[1][1][:-1])):
        rows = rows[1:]  # the first line was of names
    if len(rows) < 2:
        raise ValueError(f"{path} holds {len(rows)} rows of data: at least 2 are needed")
    width = len(rows[0][1])
    if width < 2:
        raise ValueError(
            f"{path}, line {rows[0][0]}: one column only, but a table needs inputs and a last column of labels"
        )
    for line, fields in rows:
        if len(fields) != width:
            raise ValueError(f"{path}, line {line}: {len(fields)} columns, but the first row has {width}")
        wrong = [i for i, field in enumerate(fields[:-1]) if not _is_number(field)]
        if wrong:
            raise ValueError(
                f"{path}, line {line}, column {wrong[0] + 1}: {fields[wrong[0]]!r} is not a number: encode categories "
                "as numbers (a column of 0 and 1 for each), and fill in or drop what is missing"
            )
    x = np.array([[float(field) for field in fields[:-1]] for _, fields in rows], np.float32)
    classes, y = np.unique([fields[-1] for _, fields in rows], return_inverse=True)
    if len(classes) > len(rows) / 2:
        raise ValueError(
            f"{path}: the last column holds {len(classes)} different labels in {len(rows)} rows: it must be the class"
        )
    return LocalData(path.stem, x, y, tuple(map(str, classes)), None, images=False)


def _rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines that are not empty, by number, as fields."""
    text = path.read_text(encoding="utf-8-sig")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = next((mark for mark in ",;\t" if mark in first), None)
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            fields = line.split() if delimiter is None else next(csv.reader([line], delimiter=delimiter))
            yield number, [field.strip() for field in fields]


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _load_idx(folder: Path, parts: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels of one part of a data set of MNIST's family."""
    found = []
    for kind in ("images", "labels"):
        patterns = [f"*{part}-{kind}*idx*" for part in parts]
        files = [path for pattern in patterns for path in folder.glob(pattern)]
        if len(files) != 1:
            raise ValueError(f"{folder} holds {len(files)} files like {' or '.join(patterns)}: it must hold one")
        found.append(_read_idx(files[0], ndim=3 if kind == "images" else 1))
    images, labels = found
    if len(images) != len(labels):
        raise ValueError(f"{folder}: {len(images)} images of {parts[0]!r}, but {len(labels)} labels")
    return images.reshape(len(images), -1), labels


def _read_idx(path: Path, ndim: int) -> np.ndarray:
    """An IDX file of bytes: two zeros, the type, the number of axes, their lengths (big-endian), the values."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if len(content) < 4 + 4 * ndim or content[:4] != bytes([0, 0, 8, ndim]):
        raise ValueError(
            f"{path} is not an IDX file of bytes with {ndim} axes: it begins with {content[:4].hex(' ')!r}"
        )
    lengths = np.frombuffer(content, ">u4", ndim, offset=4).astype(int)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * ndim)
    if len(values) != lengths.prod():
        raise ValueError(
            f"{path} says that it holds {lengths.prod()} values, but holds {len(values)}: is it cut short?"
        )
    return values.reshape(lengths)


def _load_cifar(folder: Path) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """CIFAR-10's binary version: rows of a label and 3,072 pixels, red, green, blue."""
    train = sorted(folder.glob("data_batch_*.bin"))
    if not train or not (folder / "test_batch.bin").exists():
        raise ValueError(
            f"{folder} lacks data_batch_1.bin and so on, or test_batch.bin: get the binary version of CIFAR-10 "
            "(the python version is pickled, and a pickle may run any program when it is read)"
        )
    return _read_cifar(train), _read_cifar([folder / "test_batch.bin"])


def _read_cifar(paths: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    batches = []
    for path in paths:
        content = np.fromfile(path, np.uint8)
        if not content.size or content.size % CIFAR_ROW:
            raise ValueError(f"{path} has {content.size} bytes, which is no multiple of {CIFAR_ROW}: is it cut short?")
        batches.append(content.reshape(-1, CIFAR_ROW))
    rows = np.concatenate(batches)
    return rows[:, 1:], rows[:, 0]
