import json
import math

import pytest
import vl_convert

from gnothi.cards import leaderboards
from gnothi.cards.leaderboard import slice_rows
from gnothi.cards.plots import compute_chart, pareto_front, score_chart, score_panel, slice_panel
from gnothi.cards.portraits import choose_portraits, distance, load_portraits, portrait_chart, spread
from gnothi.cards.theme import COLOURS, agent_colours
from tests.cards.invented_runs import make_portrait, make_record


@pytest.fixture
def board(records):
    return leaderboards(records)[0]


def colours_of(chart):
    found = []

    def walk(node):
        if isinstance(node, dict):
            scale = (node.get("color") or {}).get("scale") if isinstance(node.get("color"), dict) else None
            if scale and "domain" in scale:
                found.append(dict(zip(scale["domain"], scale["range"], strict=True)))
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(chart.to_dict())
    return found


def test_every_chart_compiles_to_vega(board, records):
    rows = slice_rows([r for r in records if r.metric == "kl"], lambda r: r.input_size)
    for chart in (score_panel(board, 10), score_chart(board), compute_chart(board), slice_panel(rows, board, "size")):
        assert vl_convert.vegalite_to_vega(json.dumps(chart.to_dict(), allow_nan=False))["marks"]


def test_an_agent_keeps_its_colour(board, records):
    rows = slice_rows([r for r in records if r.metric == "kl"], lambda r: r.input_size)
    charts = (score_panel(board, 1), score_panel(board, 10), compute_chart(board), slice_panel(rows, board, "size"))
    found = [colours for chart in charts for colours in colours_of(chart)]
    assert len(found) >= 4
    assert all(colour == COLOURS[agent] for colours in found for agent, colour in colours.items())


def test_strangers_get_colours_of_their_own():
    colours = agent_colours(["mine", "yours", *COLOURS])
    assert len(set(colours.values())) == len(COLOURS) + 2


def test_panels_share_their_order(board):
    orders = [score_panel(board, tau).to_dict()["layer"][1]["encoding"]["y"]["sort"] for tau in board.taus]
    assert orders == [board.agents, board.agents]


def test_nonfinite_scores_are_not_drawn_and_do_not_break_the_rest():
    values = {"uniform": 1.0, "bad": math.inf, "nan": math.nan}
    (board,) = leaderboards([make_record(a, f"toy/D2-S{i}", v) for a, v in values.items() for i in range(6)])
    text = json.dumps([score_panel(board, 10).to_dict(), compute_chart(board).to_dict()], allow_nan=False)
    assert '"agent": "bad"' not in text
    assert '"agent": "uniform"' in text


def test_pareto_front():
    rows = [{"cost": c, "score": s} for c, s in ((1, 5), (2, 6), (3, 2), (4, 2), (5, 1))]
    assert [row["cost"] for row in pareto_front(rows)] == [1, 3, 5]


def test_portraits_shown_contrast_knowing_with_not_knowing():
    agents = {"uniform": 0.0, "ensemble": 0.5, "mlp": 0.0, "ensemble+": 0.8, "epinet": 0.6}
    chosen = choose_portraits([make_portrait(agent, variation) for agent, variation in agents.items()])
    assert [portrait["agent"] for portrait in chosen] == ["mlp", "epinet", "ensemble+"]
    assert spread(chosen[0]) == 0 < spread(chosen[1])
    assert 0 < distance(chosen[0], chosen[1]) < 0.1


def test_only_portraits_of_one_problem_stand_together(tmp_path):
    drawn = [make_portrait("mlp", 0), make_portrait("epinet", 1), make_portrait("epinet", 1) | {"problem": "other"}]
    for number, portrait in enumerate(drawn):
        path = tmp_path / "portraits" / str(number) / "agent.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(portrait))
    assert load_portraits(tmp_path) == drawn[:2]


def test_portraits_of_strangers():
    assert choose_portraits([]) == []
    assert [p["agent"] for p in choose_portraits([make_portrait("mine", 0.3)])] == ["mine"]


def test_portrait_chart_has_a_panel_for_each_sample():
    spec = portrait_chart([make_portrait("mlp", 0), make_portrait("epinet", 1)]).to_dict()
    assert spec["facet"]["row"]["sort"] == ["mlp", "epinet"]
    assert len(spec["facet"]["column"]["sort"]) == 5
    pictures = spec["data"]["values"]
    assert len(pictures) == 10
    assert len(pictures[0]["all"].split(",")) == 33 * 33
