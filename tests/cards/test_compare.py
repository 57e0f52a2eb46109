import json
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from gnothi.cards.card_file import read_card
from gnothi.cards.card_plots import difference_chart
from gnothi.cards.card_words import comparison_in_words
from gnothi.cards.compare import compare_cards, print_comparison, unit_difference, write_comparison
from gnothi.cards.system_card import add_comparison, write_card
from gnothi.cards.unit_file import Scores
from gnothi.metrics.rates import Units
from tests.cards.invented_results import (
    make_result,
    make_results,
    make_signed,
    make_subject,
    make_units,
    make_whole_card,
)
from tests.cards.test_system_card import check


def write(folder, results, name="invented"):
    write_card(folder, make_whole_card(results, subject=make_subject(name)), results)
    return folder


def flipped(units: Units, count: int) -> Units:
    """The same units, of which `count` that did not count now do."""
    values = units.values.copy()
    values[np.flatnonzero(values == 0)[:count]] = 1
    return replace(units, values=values)


@pytest.fixture
def two(tmp_path):
    """Cards of which one is better on one number, and alike on the others."""
    base = [make_result(f"task{n}", "correct", 0.5, seed=n, clusters=100, better="higher") for n in range(6)]
    better = [replace(base[0], units=flipped(base[0].units, 30)), *base[1:]]
    better[1] = replace(base[1], units=flipped(base[1].units, 2))
    return write(tmp_path / "a", better, "a"), write(tmp_path / "b", base, "b")


def test_real_differences_are_told_from_noise(two):
    found = compare_cards(*two)
    verdicts = [row["verdict"] for row in found["paired"]]
    assert verdicts == ["better", *["within noise"] * 5]
    assert found["paired"][0]["difference"]["value"] == pytest.approx(0.15)
    assert compare_cards(*two[::-1])["paired"][0]["verdict"] == "worse"


def test_pairing_sees_what_two_separate_intervals_do_not(two):
    [first, second] = [read_card(folder)["results"][0]["estimate"] for folder in two]
    widths = [estimate["high"] - estimate["low"] for estimate in (first, second)]
    found = compare_cards(*two)["paired"][0]["difference"]
    assert found["high"] - found["low"] < np.hypot(*widths)


def test_multiplicity_is_paid_for(tmp_path):
    """A difference that is real alone is not when it is the best of forty."""
    base = [make_result(f"task{n}", "correct", 0.5, seed=n, clusters=100) for n in range(40)]
    one = [replace(base[0], units=flipped(base[0].units, 12)), *base[1:]]
    [alone] = compare_cards(write(tmp_path / "a", one[:1]), write(tmp_path / "b", base[:1]))["paired"]
    among = compare_cards(write(tmp_path / "c", one), write(tmp_path / "d", base))["paired"][0]
    assert alone["verdict"] == "better" and alone["p"] == pytest.approx(among["p"])
    assert among["verdict"] == "within noise" and among["adjusted_p"] == pytest.approx(40 * alone["p"])


def test_what_is_visible_is_called_real_four_times_in_five():
    """Twelve numbers of 200 prompts, of which one truly differs by as much as is said to be visible, drawn 60 times."""
    from gnothi.metrics.multiplicity import holm, p_value
    from gnothi.metrics.power import paired_visible

    def drawn(rise, run):
        seeds = [50_000 + run * 24 + place for place in range(24)]
        units = [make_units(0.4 + rise * (place == 0), 200, seed=seed) for place, seed in enumerate(seeds)]
        return [unit_difference(*pair) for pair in zip(units[::2], units[1::2], strict=True)]

    visible = paired_visible(drawn(0.0, 0)[0].std_error, 12)
    seen = sum(holm(np.array([p_value(one) for one in drawn(visible, run)]))[0] < 0.05 for run in range(60))
    assert 0.65 <= seen / 60 <= 0.95


def test_a_comparison_says_what_it_could_have_seen(two):
    """More than the interval is wide on either side, and more among several numbers than alone."""
    row = compare_cards(*two)["paired"][2]
    half = (row["difference"]["high"] - row["difference"]["low"]) / 2
    assert half < row["visible"] < 3 * half


def test_noise_is_rarely_called_real():
    """Forty pairs of models that are alike: Holm's rule lets at most one in twenty cards call anything real."""
    from gnothi.metrics.multiplicity import holm, p_value

    wrong = 0
    for card in range(40):
        seeds = range(9_000 + card * 20, 9_020 + card * 20)
        units = [make_units(0.6, 60, seed=seed) for seed in seeds]
        pairs = zip(units[::2], units[1::2], strict=True)
        p = holm(np.array([p_value(unit_difference(*pair)) for pair in pairs]))
        wrong += bool((p < 0.05).any())
    assert wrong <= 5


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"dataset_sha256": "0" * 64}, "the prompts are not the same"),
        ({"grader": "refusal-features/2"}, "graded by"),
        (
            {"units": replace(make_units(0.5, 60), names=tuple(f"q{n}" for n in range(120)))},
            "nothing was measured in both",
        ),
    ],
)
def test_what_cannot_be_paired_says_why(tmp_path, change, why):
    results = make_results()
    other = [replace(results[2], **change), results[1], make_result("extra", "correct")]
    found = compare_cards(write(tmp_path / "a", results[1:3]), write(tmp_path / "b", other))
    reasons = {row["evaluation"]: row["why"] for row in found["unpaired"]}
    assert why in reasons["strong_reject"]
    assert reasons["extra"] == "only the second card has it"
    assert [row["evaluation"] for row in found["paired"]] == ["over_refusal"]


def test_differences_are_on_the_scale_of_the_number(tmp_path):
    """From -1 to 1 the same units differ by twice as much, and as surely."""
    plain, signed = make_result("share", "m", 0.4, corrected=False), make_signed()
    better = [replace(one, units=flipped(one.units, 40)) for one in (plain, signed)]
    found = compare_cards(write(tmp_path / "a", better), write(tmp_path / "b", [plain, signed]))
    share, score = found["paired"]
    for end in ("value", "low", "high"):
        assert score["difference"][end] == pytest.approx(2 * share["difference"][end])
    assert score["p"] == pytest.approx(share["p"]) and score["verdict"] == "differs"


def test_what_is_fitted_has_no_units_to_pair_and_says_so(tmp_path):
    nothing = Units((), np.zeros(0), np.zeros(0), (), ())
    results = [make_result("slope", "effect", units=nothing), make_result("share")]
    found = compare_cards(write(tmp_path / "a", results), write(tmp_path / "b", results))
    assert [row["why"] for row in found["unpaired"]] == [
        "it is fitted to all answers at once, and has no units to pair"
    ]


def test_an_older_card_is_compared_with_a_newer_one(two):
    card = json.loads((two[1] / "card.json").read_text())
    for row in card["results"]:
        for name in ("range", "visible", "curve"):
            del row[name]
    (two[1] / "card.json").write_text(json.dumps({**card, "schema": "gnothi-card/1"}))
    assert [row["verdict"] for row in compare_cards(*two)["paired"]] == ["better", *["within noise"] * 5]


def test_scores_are_paired_by_problem():
    names = tuple("abcd")
    base = np.array([1.0, 2.0, 3.0, 4.0])
    first = Scores(names, 0.2 * base, base)
    second = Scores(names[::-1], (0.5 * base + np.array([0.0, 0.1, -0.1, 0.0]))[::-1], base[::-1])
    found = unit_difference(first, second)
    assert found.value == pytest.approx(-0.3)
    assert -0.4 < found.low < -0.3 < found.high < -0.2
    with pytest.raises(ValueError, match="shares cannot be compared with scores"):
        unit_difference(make_units(0.5, 3), first)


def test_the_comparison_is_printed_written_and_put_into_the_card(two, tmp_path):
    found = compare_cards(*two)
    screen = StringIO()
    print_comparison(found, Console(file=screen, width=160))
    assert "a is better than b on 1, worse on 0 of 6 numbers; 5 differ by no more than noise." in screen.getvalue()
    page = write_comparison(tmp_path / "out", found)
    assert json.loads((tmp_path / "out" / "compare.json").read_text()) == found
    assert "within noise" in page.read_text()
    assert "a beside b" in add_comparison(two[0], found).read_text()
    card = read_card(two[0])
    check(card)
    assert card["comparison"] == found
    assert "Beside the baseline" in (two[0] / "card.md").read_text()


def test_that_nothing_is_real_is_said_in_words(two):
    found = compare_cards(two[1], two[1])
    words = "No difference between b (b) and b (b) is known to be real: all 6 are within noise."
    assert comparison_in_words(found) == words
    found["unpaired"] = [{}] * 2
    assert comparison_in_words(found).endswith("all 6 are within noise; 2 cannot be compared.")
    nothing = {**found, "paired": []}
    assert (
        comparison_in_words(nothing)
        == "Nothing can be compared between b (b) and b (b); why not, of 2 numbers, follows."
    )


def test_long_names_of_a_chart_stand_in_two_lines_and_are_not_cut(two):
    rows = compare_cards(*two)["paired"]
    assert "split" not in json.dumps(difference_chart(rows).to_dict())
    rows[0]["title"] = "Stereotypes in ambiguous questions (BBQ), by likelihood, and more"
    assert "split" in json.dumps(difference_chart(rows).to_dict())
