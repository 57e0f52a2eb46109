"""Other libraries' scores: complete, and their means are the means of their parts."""

import numpy as np
import pytest

from gnothi.testbed import find_suite, peer_scores

AGENTS = {"uniform", "mlp", "dropout", "ensemble", "hypermodel", "epinet", "ensemble+"}


def select(what, suite):
    return [score for score in peer_scores() if (score.what, score.suite) == (what, suite)]


@pytest.mark.parametrize("tau", [1, 10])
def test_means_are_those_of_the_problems(tau):
    means = {s.agent: s.value for s in select("mean kl", "published") if s.tau == tau}
    problems = {spec.index for spec in find_suite("published")}
    for agent in AGENTS:
        scores = {s.index: s.value for s in select("kl", "published") if (s.agent, s.tau) == (agent, tau)}
        assert set(scores) == problems
        assert np.mean(list(scores.values())) == pytest.approx(means[agent], abs=0.0002)


def test_the_figure_of_2021_is_relative_to_mlp():
    figure = {(s.agent, s.tau): s.value for s in select("kl over mlp", "published_2d")}
    assert figure["mlp", 100] == 1
    assert figure["ensemble+", 100] == 0.58


def test_every_score_says_where_it_is_from():
    assert all(len(score.source) > 50 and score.value >= 0 for score in peer_scores())
    assert {s.agent: s.cpu_seconds for s in select("mean kl", "published")}["ensemble+"] == 553
