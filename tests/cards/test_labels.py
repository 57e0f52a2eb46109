"""Names of points: beside their points, over nothing else, and on axes whose ticks people count in."""

import altair as alt
import numpy as np
import pytest

from gnothi.cards.labels import Axis, log_axis, named_points, place_labels, ticks_between


def _rectangles(points, words, shifts, size):
    corners = np.array([[x + dx, y + dy - size / 2] for (x, y), (dx, dy) in zip(points, shifts, strict=True)])
    wide = np.array([[0.56 * size * len(word), size] for word in words])
    return np.concatenate([corners, corners + wide], axis=1)


def test_names_of_points_in_a_heap_do_not_cover_each_other():
    rng = np.random.default_rng(0)
    points = [tuple(p) for p in 200 + 15 * rng.normal(size=(7, 2))]
    words = ["mlp", "dropout", "laplace", "deep_kernel", "swag", "bbb", "sngp"]
    shifts = place_labels(points, words, font_size=11, width=500)
    rects = _rectangles(points, words, shifts, 11)
    shared = [
        np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
        for i, a in enumerate(rects)
        for b in rects[:i]
    ]
    assert max(shared) < 5  # square pixels


def test_a_lonely_name_stands_to_the_right_and_one_at_the_edge_stays_inside():
    ((dx, dy),) = place_labels([(50, 50)], ["epinet"], font_size=10, width=400)
    assert dx > 0 and dy == 0
    ((dx, _),) = place_labels([(395, 50)], ["epinet"], font_size=10, width=400)
    assert 395 + dx + 0.56 * 10 * 6 <= 400


def test_axes_know_where_values_lie():
    axis = log_axis("cost", [1.0, 100.0], "GFLOP")
    assert axis.along(10.0) == pytest.approx(0.5)
    assert 0 < axis.along(1.0) < axis.along(100.0) < 1
    assert Axis("score", (0.0, 2.0), "", log=False).along(0.5) == 0.25
    assert ticks_between(0.15, 0.6) == (0.1, 0.15, 0.2, 0.3, 0.5, 0.7)
    assert ticks_between(1e-3, 1e3) == tuple(10.0**power for power in range(-3, 4))


def test_each_name_carries_its_own_shift():
    rows = [{"agent": "a", "cost": 1.0, "score": 0.5}, {"agent": "b", "cost": 1.01, "score": 0.5}]
    axes = log_axis("cost", [1.0, 2.0], "cost"), Axis("score", (0.0, 1.0), "score", log=False)
    layer = named_points(rows, *axes, size=(400, 300), ink="black")
    assert isinstance(layer, alt.Chart)
    placed = layer.to_dict(validate=False)["data"]["values"]
    assert (placed[0]["dx"], placed[0]["dy"]) != (placed[1]["dx"], placed[1]["dy"])
