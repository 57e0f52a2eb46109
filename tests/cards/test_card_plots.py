"""Charts of a card: what is drawn of numbers below 0, and of what a number is one point of."""

import json

import pytest
import vl_convert

from gnothi.cards.card_plots import category_chart, curve_chart, glance_chart
from tests.cards.invented_results import make_results, make_signed, make_whole_card


def rows_of(*results):
    return make_whole_card(list(results))["results"]


def with_scale(row, scale):
    return {**row, "curve": {**row["curve"], "scale": scale}}


def marks(chart):
    layers = chart.to_dict()["layer"]
    return [layer["mark"] if isinstance(layer["mark"], str) else layer["mark"]["type"] for layer in layers]


@pytest.mark.parametrize("scale", ["linear", "bins"])
def test_curves_compile_and_say_nothing_between_bins(scale):
    (row,) = rows_of(make_signed())
    chart = curve_chart(with_scale(row, scale))
    assert vl_convert.vegalite_to_vega(json.dumps(chart.to_dict(), allow_nan=False))["marks"]
    assert ("area" in marks(chart)) == (scale == "linear") and marks(chart)[-1] == "line"  # what stands beside


def test_a_curve_of_prevalences_has_their_logarithms_below():
    (row,) = rows_of(make_signed())
    points = [{**point, "at": at} for point, at in zip(row["curve"]["points"], (0.001, 0.5), strict=True)]
    row["curve"] = {**row["curve"], "points": points}
    x = curve_chart(with_scale(row, "log")).to_dict()["layer"][0]["encoding"]["x"]
    assert x["scale"]["type"] == "log" and x["axis"]["values"] == [0.001, 0.5]


def test_gaps_have_a_line_at_no_gap_and_shares_have_none():
    share, signed = rows_of(make_results()[0], make_signed())
    assert marks(category_chart(signed)) == ["rule", "rule", "point"]
    assert marks(category_chart(share)) == ["rule", "point"]
    assert category_chart(signed).to_dict()["layer"][0]["data"]["values"] == [{"at": 0}]


def test_signed_numbers_are_on_a_scale_of_their_own():
    share, signed = rows_of(make_results()[0], make_signed())
    domains = [
        glance_chart([row]).to_dict()["layer"][-1]["encoding"]["x"]["scale"]["domain"] for row in (share, signed)
    ]
    assert domains == [[0, 1], [-1, 1]]
