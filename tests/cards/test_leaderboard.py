import io
import math

import numpy as np
import pytest
from rich.console import Console

from gnothi.cards import leaderboards, print_leaderboard
from gnothi.cards.leaderboard import slice_rows
from gnothi.cards.wording import headline
from tests.cards.invented_runs import make_record, make_records, write_run


def row(board, agent, tau=10):
    return next(r for r in board.at(tau) if r.agent == agent)


def grid(values, **changes):
    """Records of several agents on problems S0, S1, ... of one cell."""
    return [make_record(a, f"toy/D2-S{i}", v, **changes) for a, vs in values.items() for i, v in enumerate(vs)]


def test_uniform_is_exactly_one(records):
    boards = leaderboards(records)
    assert [board.suite for board in boards] == ["classification", "real"]
    for board in boards:
        for tau in board.taus:
            uniform = row(board, "uniform", tau)
            assert (uniform.score, uniform.low, uniform.high) == pytest.approx((1, 1, 1), abs=1e-12)
            assert uniform.score == 1


def test_score_is_a_ratio_of_means():
    (board,) = leaderboards(grid({"uniform": [1.0, 3.0], "mine": [0.5, 0.7]}))
    assert row(board, "mine").score == pytest.approx(0.3)  # not the mean of ratios, 0.37
    assert row(board, "mine").mean == pytest.approx(0.6)
    assert row(board, "uniform").behind == pytest.approx(0.7)
    assert math.isnan(row(board, "mine").low)  # two problems give no interval


def test_each_table_counts_the_same():
    splits = {"a": (4.0, 2.0, 2), "b": (1.0, 0.1, 6)}  # uniform, mine, splits
    records = [
        make_record(agent, f"real/{table}-S{i}", loss, metric="joint_log_loss", temperature=None)
        for table, (uniform, mine, count) in splits.items()
        for agent, loss in (("uniform", uniform), ("mine", mine))
        for i in range(count)
    ]
    (board,) = leaderboards(records)
    assert row(board, "mine").score == pytest.approx((0.5 + 0.1) / 2)


def test_agents_meet_on_common_problems_only():
    (board,) = leaderboards(grid({"uniform": [1.0] * 3, "late": [0.5, 0.5], "done": [0.2, 0.2, 9.0]}))
    assert board.problems == 2
    assert row(board, "done").score == pytest.approx(0.2)
    assert (row(board, "late").missing, row(board, "done").missing) == (1, 0)
    assert "1 of 3 problems are left out" in board.notes[0]
    assert "late 1" in board.notes[0]


def test_nothing_in_common_is_said_not_raised():
    (board,) = leaderboards([make_record("uniform", "toy/D2-S0", 1.0), make_record("mine", "toy/D2-S1", 1.0)])
    assert board.rows == ()
    assert "No problem is finished by every agent" in headline(board)[0]


def test_interval_shrinks_with_problems():
    few, many = (leaderboards(make_records(n))[0] for n in (2, 8))
    width = [row(board, "ensemble").high - row(board, "ensemble").low for board in (few, many)]
    assert width[1] < 0.7 * width[0]


def test_interval_is_not_too_narrow_with_few_problems_a_cell():
    rng = np.random.default_rng(0)
    cells, seeds = 60, 3
    values = rng.normal(1, 0.1, (cells, seeds)) + np.arange(cells)[:, None]
    records = [
        make_record(agent, f"toy/N{c}-S{s}", v, num_train=c)
        for c in range(cells)
        for s in range(seeds)
        for agent, v in (("uniform", 1.0), ("mine", values[c, s]))
    ]
    mine = row(leaderboards(records)[0], "mine")
    classical = 2 * 1.96 * np.sqrt(values.var(axis=1, ddof=1).mean() / values.size)
    assert mine.high - mine.low == pytest.approx(classical, rel=0.08)


def test_paired_difference_separates_what_intervals_do_not():
    hard = np.geomspace(0.1, 10, 40)
    (board,) = leaderboards(grid({"uniform": [10.0] * 40, "a": hard, "b": hard * 1.1, "c": hard[::-1]}))
    a, b, c = (row(board, agent) for agent in "abc")
    assert b.low < a.high
    assert b.separated
    assert not c.separated


def test_nonfinite_values_are_shown_and_last():
    (board,) = leaderboards(grid({"uniform": [1.0] * 6, "bad": [0.1] * 5 + [math.inf], "worse": [math.nan] * 6}))
    assert board.agents[0] == "uniform"
    assert (row(board, "bad").score, row(board, "bad").nonfinite) == (math.inf, 1)
    assert math.isnan(row(board, "worse").score)
    assert row(board, "worse").nonfinite == 6
    assert any("bad has no finite score on 1 of 6 problems" in note for note in board.notes)


def test_without_uniform_scores_are_in_nats():
    (board,) = leaderboards(grid({"mine": [0.5, 0.7]}))
    assert not board.normalised
    assert row(board, "mine").score == pytest.approx(0.6)
    assert "`uniform` was not run" in board.notes[0]


def test_two_configurations_are_two_agents_and_seeds_are_averaged():
    records = grid({"uniform": [1.0], "mine": [0.2]}) + grid({"mine": [0.4]}, seed=1)
    assert row(leaderboards(records)[0], "mine").score == pytest.approx(0.3)
    changed = grid({"uniform": [1.0], "mine": [0.2]}) + grid({"mine": [0.4]}, config_hash="ffff0000")
    assert leaderboards(changed)[0].agents == ["mine 0123abcd", "mine ffff0000", "uniform"]


def test_slices_compare_with_uniform_of_the_same_slice(records):
    rows = slice_rows([r for r in records if r.metric == "kl"], lambda r: r.temperature)
    assert [r["level"] for r in rows if r["agent"] == "uniform"] == [0.01, 0.1, 0.5]
    assert all(r["score"] == 1 for r in rows if r["agent"] == "uniform")
    assert {r["tau"] for r in rows} == {10}


def test_no_scores_is_an_error_to_act_on():
    with pytest.raises(ValueError, match="gnothi testbed run"):
        leaderboards([make_record("mine", "toy/D2-S0", 0.9, None, metric="accuracy")])


def test_headline_names_winners_and_what_tau_one_hides(records):
    first, second = headline(leaderboards(records)[0])
    assert first.startswith("Predicting 10 labels together (τ = 10), epinet 0.1")
    assert "ensemble+" in first
    assert "Together, ensemble scores 2.1 times as much as epinet" in second


def test_terminal_table_fits_a_hundred_columns(run_folder):
    console = Console(width=100, record=True, file=io.StringIO())
    print_leaderboard(run_folder, console)
    text = console.export_text()
    lines = [line.split() for line in text.splitlines()]
    assert next(line for line in lines if line[:1] == ["uniform"])[1] == "1.000"
    assert "…" not in text
    assert "54 problems" in text


def test_terminal_shows_markup_in_names_as_it_is(tmp_path):
    records = grid({"uniform": [1.0], "[red]x": [math.inf]})
    console = Console(width=100, record=True, file=io.StringIO())
    print_leaderboard(write_run(tmp_path / "run", records), console)
    text = console.export_text()
    assert "[red]x" in text
    assert "inf (1 not finite)" in text
