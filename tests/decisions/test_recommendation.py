"""The instance of the paper, to the digits that it has."""

import numpy as np
import pytest

from gnothi.decisions import MOVIES, Catalogue


def test_marginals_pick_the_wrong_two():
    assert np.allclose(MOVIES.marginals, [0.5, 0.5, 0.6155, 0.6155], atol=5e-5)
    picked = MOVIES.by_marginals(2)
    assert picked.items == (2, 3)
    assert picked.value == pytest.approx(0.8655, abs=5e-5)


def test_joints_pick_the_right_two():
    picked = MOVIES.by_joints(2)
    assert picked.items == (0, 1)
    assert picked.value == pytest.approx(0.99995, abs=5e-6)


def test_one_item_needs_no_joint_prediction():
    assert MOVIES.by_marginals(1) == MOVIES.by_joints(1)


def test_with_one_kind_of_user_likes_are_independent():
    catalogue = Catalogue(users=((1.0, 0.5),), items=((1.0, 0.0), (0.0, 1.0), (-1.0, 1.0)))
    assert catalogue.by_marginals(2) == catalogue.by_joints(2)


@pytest.mark.parametrize("shown", [0, 5])
def test_what_cannot_be_shown_is_refused(shown):
    with pytest.raises(ValueError, match="1 to 4 can be shown"):
        MOVIES.by_joints(shown)
