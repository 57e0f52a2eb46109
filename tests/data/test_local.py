"""Data sets in a folder: what is written in a published format is read back, and what is broken is named."""

import gzip
import struct

import numpy as np
import pytest

from gnothi.data import find_local, load_local

RNG = np.random.default_rng(0)


def write_idx(path, array, *, cut=0):
    content = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content[: len(content) - cut])


@pytest.fixture
def mnist(tmp_path):
    folder = tmp_path / "mnist"
    folder.mkdir()
    images, labels = RNG.integers(0, 256, (30, 4, 3), np.uint8), np.arange(30, dtype=np.uint8) % 10
    write_idx(folder / "train-images-idx3-ubyte.gz", images[:20])
    write_idx(folder / "train-labels-idx1-ubyte.gz", labels[:20])
    write_idx(folder / "t10k-images-idx3-ubyte", images[20:])
    write_idx(folder / "t10k-labels-idx1-ubyte", labels[20:])
    return folder, images, labels


def write_cifar(folder, name, labels):
    rows = RNG.integers(0, 256, (len(labels), 3073), np.uint8)
    rows[:, 0] = labels
    (folder / name).write_bytes(rows.tobytes())
    return rows


def test_idx_is_read_with_its_own_split(mnist):
    folder, images, labels = mnist
    data = load_local(folder)
    assert (data.name, data.num_test, data.images) == ("mnist", 10, True)
    x, y, test_x, test_y = data.split(seed=3)
    assert np.array_equal(x, images[:20].reshape(20, 12)) and np.array_equal(test_x, images[20:].reshape(10, 12))
    assert np.array_equal(np.concatenate([y, test_y]), labels)


def test_labels_that_begin_at_one_are_renumbered(mnist):
    folder, _, labels = mnist  # as EMNIST's letters do
    for name, part in (("train-labels-idx1-ubyte.gz", labels[:20]), ("t10k-labels-idx1-ubyte", labels[20:])):
        write_idx(folder / name, part + np.uint8(1))
    data = load_local(folder)
    assert data.y.min() == 0 and data.classes[0] == "1"


def test_broken_idx_is_named(mnist):
    folder, images, _ = mnist
    write_idx(folder / "t10k-images-idx3-ubyte", images[20:], cut=5)
    with pytest.raises(ValueError, match="says that it holds 120 values, but holds 115"):
        load_local(folder)
    write_idx(folder / "t10k-images-idx3-ubyte", images[20:29])
    with pytest.raises(ValueError, match="9 images of 't10k', but 10 labels"):
        load_local(folder)
    (folder / "t10k-images-idx3-ubyte").write_bytes(b"<html>not found</html>")
    with pytest.raises(ValueError, match="not an IDX file"):
        load_local(folder)
    (folder / "t10k-labels-idx1-ubyte").unlink()
    write_idx(folder / "t10k-images-idx3-ubyte", images[20:])
    with pytest.raises(ValueError, match="holds 0 files like"):
        load_local(folder)


def test_cifar_is_read_without_unpickling(tmp_path):
    rows = [write_cifar(tmp_path, f"data_batch_{i}.bin", [i, 9 - i, 0]) for i in (1, 2)]
    test = write_cifar(tmp_path, "test_batch.bin", [0, 1])
    data = load_local(tmp_path)
    x, y, test_x, _ = data.split(0)
    assert np.array_equal(x, np.concatenate(rows)[:, 1:]) and np.array_equal(test_x, test[:, 1:])
    assert [data.classes[label] for label in y] == ["1", "8", "0", "2", "7", "0"]


def test_pickled_and_broken_cifar_are_refused(tmp_path):
    (tmp_path / "data_batch_1").write_bytes(b"\x80\x02}q\x01.")
    with pytest.raises(ValueError, match="binary version"):
        load_local(tmp_path)
    write_cifar(tmp_path, "data_batch_1.bin", [1, 2])
    (tmp_path / "test_batch.bin").write_bytes(bytes(3000))
    with pytest.raises(ValueError, match="3000 bytes, which is no multiple of 3073"):
        load_local(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "width,height,kind\n1,2,cat\n3,4.5,dog\n5,6,cat\n0,1,dog\n"),
        ("a.csv", '"width";"height";"kind"\n1;2;"cat"\n3;4.5;"dog"\n5;6;"cat"\n0;1;"dog"\n'),
        ("a.data", "1,2,cat\n3,4.5,dog\n\n5,6,cat\n0,1,dog\n"),
        ("a.data", "  1   2  cat\n 3 4.5 dog\n5 6 cat\n0 1 dog\n"),
        ("a.tsv", "1\t2\tcat\n3\t4.5\tdog\n5\t6\tcat\n0\t1\tdog\n"),
    ],
)
def test_tables_are_read_however_they_are_written(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    data = load_local(tmp_path / name)
    assert data.x.tolist() == [[1, 2], [3, 4.5], [5, 6], [0, 1]]
    assert data.y.tolist() == [0, 1, 0, 1] and data.classes == ("cat", "dog")
    assert data.num_test is None and not data.images


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1,2,a\n3,?,b\n4,5,a\n", "line 2, column 2: '\\?' is not a number"),
        ("1,2,a\n3,b\n", "line 2: 2 columns, but the first row has 3"),
        ("1\n2\n3\n", "one column only"),
        ("x,y,class\n", "holds 1 rows"),
        ("1,2,0.11\n3,4,0.12\n5,6,0.13\n", "3 different labels in 3 rows"),
    ],
)
def test_broken_tables_are_named(tmp_path, text, says):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=says):
        load_local(tmp_path / "a.csv")


def test_tables_split_as_published_where_they_are_the_published_ones(tmp_path):
    def split(name, rows):
        (tmp_path / f"{name}.csv").write_text("".join(f"{i},{i % 3}\n" for i in range(rows)))
        return load_local(tmp_path / f"{name}.csv").split

    assert len(split("iris", 150)(0)[0]) == 120
    assert len(split("iris", 100)(0)[0]) == 80  # somebody else's iris
    train, _, test, _ = split("other", 50)(0)
    assert sorted(np.concatenate([train, test])[:, 0]) == list(range(50))
    again, other = split("other", 50)(0)[0], split("other", 50)(1)[0]
    assert np.array_equal(train, again) and not np.array_equal(train, other)


def test_folders_are_searched(tmp_path, mnist):
    (tmp_path / "a.csv").write_text("1,0\n2,1\n")
    (tmp_path / "notes.txt").write_text("not data")
    assert list(find_local(tmp_path)) == ["a", "mnist"]
    assert list(find_local(mnist[0])) == ["mnist"]
    with pytest.raises(ValueError, match="is not a folder"):
        find_local(tmp_path / "nowhere")
    (tmp_path / "a.tsv").write_text("1\t0\n2\t1\n")
    with pytest.raises(ValueError, match="have one name"):
        find_local(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match="holds no data set"):
        find_local(empty)
