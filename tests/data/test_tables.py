import numpy as np
import pytest

from gnothi.data import TABLES, load_table

SHAPES = {"iris": (150, 4, 3), "wine": (178, 13, 3), "breast_cancer": (569, 30, 2), "digits": (1797, 64, 10)}


@pytest.mark.parametrize("name", TABLES)
def test_a_split_holds_each_row_once(name):
    rows, features, classes = SHAPES[name]
    x, y, test_x, test_y = load_table(name, seed=0)
    assert len(test_x) == len(test_y) == round(rows / 2) and len(x) == len(y) == rows - round(rows / 2)
    whole = np.column_stack(TABLES[name]())
    split = np.column_stack([np.concatenate([x, test_x]), np.concatenate([y, test_y])])
    assert split.shape == (rows, features + 1)
    np.testing.assert_array_equal(split[np.lexsort(split.T)], whole[np.lexsort(whole.T)])
    assert set(y) == set(test_y) == set(range(classes))


def test_a_split_is_the_same_for_ever():
    _, y, _, test_y = load_table("iris", seed=3)
    assert (y[:12].tolist(), test_y[:12].tolist()) == (
        [0, 0, 0, 2, 1, 0, 2, 2, 1, 1, 0, 0],
        [2, 0, 2, 1, 0, 1, 0, 1, 1, 0, 0, 2],
    )


def test_splits_of_different_seeds_differ():
    assert (load_table("digits", seed=0)[1] != load_table("digits", seed=1)[1]).any()


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.9])
def test_the_share_held_out_is_the_one_asked_for(fraction):
    assert len(load_table("iris", seed=0, test_fraction=fraction)[3]) == round(150 * fraction)


def test_an_unknown_table_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="no table is called 'tulips': there are iris, wine"):
        load_table("tulips", seed=0)
