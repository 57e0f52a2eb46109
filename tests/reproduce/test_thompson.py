"""Agents that act: when Deep Sea counts as solved, what is counted of a step, and the whole at the smallest scale."""

import numpy as np
import pytest
from rich.console import Console

from gnothi.agents import EnsembleAgent
from gnothi.cards import all_hold
from gnothi.decisions import draw_bandit
from gnothi.decisions.planners import Greedy
from gnothi.decisions.q_learning import Episodes, QAgent
from gnothi.decisions.q_networks import EnsembleQ, PlainQ
from gnothi.metrics import Estimate
from gnothi.reproduce import Lab, reproduce
from gnothi.reproduce.acting import (
    GOOD_RETURN,
    SeaTask,
    SwingTask,
    bad_episodes,
    first_visits,
    measure,
    solved_at,
    step_flops,
)
from gnothi.reproduce.measured import measured
from gnothi.reproduce.thompson import DQN, _bandit_claims, _sea_claims, _swing_claims


def test_solved_is_the_first_episode_up_to_which_fewer_than_nine_in_ten_were_bad():
    assert solved_at(np.array([False])) == 1
    assert solved_at(np.array([True] * 9 + [False])) is None  # nine in ten, and not fewer
    assert solved_at(np.array([True] * 9 + [False] * 2)) == 11
    assert solved_at(np.ones(50, bool)) is None and solved_at(np.zeros(0, bool)) is None


def test_an_episode_is_bad_if_any_of_its_steps_was_a_mistake():
    watched = np.array([0, 0, 0, 0, 1, 0, 1, 1], bool)  # two episodes of 3, and two steps of another
    found = Episodes(np.zeros(8), np.zeros(8, bool), watched)
    np.testing.assert_array_equal(bad_episodes(found, 3), [False, True])


def test_a_step_of_ten_members_is_ten_times_a_step_of_one():
    bandit = draw_bandit(0, num_actions=10)
    one, ten = (step_flops(EnsembleAgent(num_members=count), bandit, 16) for count in (1, 10))
    assert ten == pytest.approx(10 * one, rel=0.01)
    # Forward; gradients of all weights, and of all activations but the first.
    forward = [2 * 16 * (2 * 50 + 50 * 50 + 50 * classes) for classes in (2, 16)]  # two, which are padded to 16
    assert 2.5 * forward[0] < one < 3.1 * forward[1]


def sea(name, size, episodes, solved=True):
    for seed, value in enumerate(episodes):
        for metric, number in (("episodes", value), ("solved", float(solved))):
            exact = Estimate(number, number, number, units=1)
            yield measured(name, f"thompson/N{size}", metric, exact, seed=seed, input_size=size)


@pytest.mark.parametrize(("power", "holds"), [(1.5, True), (4.0, False)])
def test_growth_is_told_from_faster_growth(power, holds, tmp_path):
    rows = [
        row
        for name in ("epinet", "ensemble+", DQN)
        for size in (10, 20, 30)
        for row in sea(name, size, [size**power, 1.1 * size**power, 0.9 * size**power], solved=name != DQN)
    ]
    claims = _sea_claims(rows, Lab("laptop", tmp_path, 1, Console(quiet=True)))
    assert len(claims) == 5 and [claim.holds for claim in claims] == [True, holds, True, holds, True]
    assert claims[1].estimate.value == pytest.approx(power, abs=1e-6)


def test_growth_is_not_claimed_of_runs_that_did_not_end(tmp_path):
    rows = [
        row
        for name in ("epinet", "ensemble+", DQN)
        for size in (10, 20, 30)
        for row in sea(name, size, [60.0, 60.0, 60.0], solved=False)
    ]
    claims = _sea_claims(rows, Lab("laptop", tmp_path, 1, Console(quiet=True)))
    assert not any(claim.holds for claim in claims[:4]) and claims[1].estimate.nonfinite == 3


def test_regret_and_arithmetic_are_compared_bandit_by_bandit():
    def rows(shift, flops):
        return [
            measured(
                name, f"thompson/S{s}", "regret", Estimate(v, v, v, 1), seed=s, num_train=9, train_flops=float(count)
            )
            for name, count, more in (("epinet", flops, shift), ("ensemble+", 100.0, 0.0))
            for s, v in enumerate([10.0 + more, 20.0 + more, 40.0 + 1.2 * more])
        ]

    assert all_hold(_bandit_claims(rows(-3.0, 5.0)))
    worse = _bandit_claims(rows(3.0, 20.0))
    assert not worse[0].holds and not worse[1].holds and worse[1].estimate.value == pytest.approx(0.2)


def test_a_run_on_deep_sea_is_recorded():
    task = SeaTask("ensemble+", QAgent(EnsembleQ(5, hidden=(20,)), batch_size=32), 3, 2, 60)
    rows = measure(task)[task.cell]
    assert [row.metric for row in rows] == ["episodes", "solved"] * 2
    assert all(1 <= row.value <= 60 for row in rows if row.metric == "episodes")


def test_cells_are_numbered_by_the_episode_of_their_first_visit():
    agent = QAgent(PlainQ((8,)), Greedy(0.5), least_replay=10_000)  # which learns nothing
    visits = first_visits(agent, 4, 30)
    assert visits[0, 0] == 1 and (visits[np.triu_indices(4, 1)] == 0).all()  # no cell above the diagonal is reached
    assert [(row == 1).sum() for row in visits] == [1, 1, 1, 1]  # an episode is in one cell of each row
    assert visits.max() <= 30 and (visits[1] > 0).sum() == 2


def test_a_run_of_swing_up_ends_with_its_episodes():
    task = SwingTask(DQN, QAgent(PlainQ((8,)), least_replay=10_000), 0, 1, 2)
    found = {row.metric: row.value for row in measure(task)[task.cell]}
    assert found["episodes"] == 2 and found["solved"] == 0 and -101 < found["best_return"] <= GOOD_RETURN


def test_swinging_up_is_claimed_of_one_and_denied_of_the_other(tmp_path):
    def rows(name, best):
        for seed, value in enumerate(best):
            for metric, number in (("solved", float(value > GOOD_RETURN)), ("best_return", value)):
                yield measured(name, "thompson/swing_up-L0", metric, Estimate(number, number, number, 1), seed=seed)

    lab = Lab("laptop", tmp_path, 1, Console(quiet=True))
    claims = _swing_claims([*rows("epinet", [120.0, 90.0]), *rows(DQN, [0.0, -2.0])], lab)
    assert [claim.holds for claim in claims] == [False, True] and "120, 90" in claims[0].measured
    assert all_hold(_swing_claims([*rows("epinet", [120.0, 101.0]), *rows(DQN, [0.0, 100.0])], lab))


@pytest.mark.slow
def test_everything_is_measured_at_the_smallest_scale(tmp_path):
    """Sizes of 4 and 8, and runs of 200 steps, are no evidence: the claims are judged at larger scales."""
    claims = reproduce("thompson", Lab("smoke", tmp_path, 2, Console(quiet=True))).claims
    assert len(claims) == 9
    assert all(np.isfinite(claim.estimate.value) for claim in claims if "grow" not in claim.statement)
    arithmetic = next(claim for claim in claims if "arithmetic" in claim.statement)
    assert 0 < arithmetic.estimate.value < 1
    assert (tmp_path / "figure.png").exists() and (tmp_path / "film.html").exists()
