import numpy as np
import pytest

from gnothi.data import Dataset, check_classification, standardise

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 2, 0, 1, 2])


def with_bad(value, *rows):
    x = X.copy()
    x[list(rows), 1] = value
    return x


def test_a_dataset_counts_rows():
    assert len(Dataset(X, Y)) == 6


def test_good_data_pass_unchanged_in_single_precision():
    data = check_classification(X, Y.astype(np.uint8), 3)
    np.testing.assert_array_equal(data.x, X)
    np.testing.assert_array_equal(data.y, Y)
    assert (data.x.dtype, data.y.dtype) == (np.float32, np.int32)


def test_images_pass_too():
    assert check_classification(np.zeros((6, 2, 3, 1)), Y, 3).x.shape == (6, 2, 3, 1)


@pytest.mark.parametrize(
    ("x", "y", "num_classes", "message"),
    [
        (X[:0], Y[:0], 3, "flowers is empty"),
        (X, Y[:4], 3, r"6 rows of inputs but labels of shape \(4,\)"),
        (X, Y[:, None], 3, r"labels of shape \(6, 1\)"),
        (with_bad(np.nan, 2, 4), Y, 3, r"NaN or infinity in 2 of 6 rows \(first: row 2\)"),
        (with_bad(-np.inf, 5), Y, 3, r"NaN or infinity in 1 of 6 rows \(first: row 5\)"),
        (X, Y.astype(float), 3, r"type float64: encode them as 0 \.\. 2"),
        (X, Y.astype(str), 3, r"type <U\d+: encode them"),
        (X, Y, 2, r"flowers: 2 of 6 labels lie outside 0 \.\. 1 \(first: row 2, label 2\): encode"),
        (X, Y - 1, 3, r"2 of 6 labels lie outside 0 \.\. 2 \(first: row 0, label -1\)"),
        (X, np.ones(6, int), 3, r"a single class \(1\)"),
    ],
)
def test_bad_data_are_refused_with_what_to_do(x, y, num_classes, message):
    with pytest.raises(ValueError, match=message):
        check_classification(x, y, num_classes, name="flowers")


def test_columns_get_mean_0_and_deviation_1_in_train_only():
    rng = np.random.default_rng(0)
    train, other = rng.normal(5, 3, (50, 4)), rng.normal(5, 3, (7, 4))
    new, new_other = standardise(train, other)
    np.testing.assert_allclose(new.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(new.std(axis=0), 1, atol=1e-6)
    np.testing.assert_allclose(new_other, (other - train.mean(axis=0)) / train.std(axis=0), rtol=1e-5)
    assert new.dtype == new_other.dtype == np.float32


@pytest.mark.parametrize("rows", range(1, 12))
def test_a_constant_column_becomes_0(rows):
    (new,) = standardise(np.full((rows, 3), [0.1, 1 / 3, 1e9 + 0.1]))  # their means are not exact for all `rows`
    np.testing.assert_allclose(new, 0, atol=1e-6)


def test_a_column_whose_deviation_is_too_small_to_tell_becomes_0():
    column = np.array([0.0, 1e-30, 2e-30, 1e-30], np.float32)
    assert np.ptp(column) > 0 and column.std() == 0
    (new,) = standardise(column[:, None])
    np.testing.assert_allclose(new, 0, atol=1e-6)
