from dataclasses import replace

import numpy as np
import pytest

from gnothi.cards.agent_card import costs, is_agent, measure_agent, part_results
from gnothi.cards.card_file import read_card
from gnothi.cards.card_html import card_page
from gnothi.cards.card_markdown import card_markdown
from gnothi.cards.compare import compare_cards
from gnothi.cards.system_card import make_card, write_card
from gnothi.sweep import Record
from gnothi.testbed import RealSpec
from tests.cards.invented_results import make_provenance
from tests.cards.test_system_card import check


def make_record(subject, evaluation, metric, value, tau=None, units=75):
    return Record(
        subject=subject,
        evaluation=evaluation,
        suite=evaluation.split("/")[0],
        metric=metric,
        value=value,
        low=value,
        high=value,
        units=units,
        nonfinite=0 if np.isfinite(value) else 1,
        seed=0,
        config_hash="0",
        versions="gnothi 0",
        seconds=2.0,
        cpu_seconds=3.0,
        compile_seconds=1.0,
        peak_bytes=2**20,
        parameters=100,
        train_flops=5e9,
        tau=tau,
    )


@pytest.fixture
def records():
    rng = np.random.default_rng(0)
    found = []
    for table in ("iris", "wine"):
        for seed in range(5):
            name = f"real/{table}-S{seed}"
            found.append(make_record("epinet", name, "accuracy", 0.96))
            found.append(make_record("epinet", name, "calibration_error", float(rng.uniform(0.01, 0.05))))
            found.append(make_record("epinet", name, "brier_score", 0.1))
            for tau in (1, 10):
                found.append(make_record("uniform", name, "joint_log_loss", 1.1 * tau, tau))
                found.append(make_record("epinet", name, "joint_log_loss", float(rng.uniform(0.1, 0.3)) * tau, tau))
    return found


def test_metrics_of_an_agent(records):
    found = {result.metric: result for result, _ in part_results("tables", "Real tables", records, "epinet")}
    assert set(found) == {"score at tau = 1", "score at tau = 10", "accuracy", "calibration error"}
    accuracy = found["accuracy"].estimate
    assert accuracy.value == pytest.approx(0.96)
    assert accuracy.low < 0.96 < accuracy.high < 1
    own = [r.value for r in records if (r.subject, r.metric, r.tau) == ("epinet", "joint_log_loss", 10)]
    assert found["score at tau = 10"].estimate.value == pytest.approx(np.sum(own) / 110)
    assert set(found["accuracy"].by_category) == {"iris", "wine"}


def test_a_score_that_is_not_finite_stays_on_the_card(records):
    key = ("epinet", 10, "real/iris-S0")
    spoilt = [replace(r, value=np.inf, nonfinite=1) if (r.subject, r.tau, r.evaluation) == key else r for r in records]
    found = {result.metric: result for result, _ in part_results("tables", "Real tables", spoilt, "epinet")}
    assert np.isinf(found["score at tau = 10"].estimate.value)
    assert found["score at tau = 10"].estimate.nonfinite >= 1
    assert np.isfinite(found["score at tau = 1"].estimate.value)


def test_costs_are_means_over_cells(records):
    found = {cost.name: cost.value for cost in costs([r for r in records if r.subject == "epinet"])}
    assert found["time"] == 2.0 and found["processor time"] == 3.0 and found["parameters"] == 100
    assert found["arithmetic"] == pytest.approx(5.0)
    assert "arithmetic" not in {cost.name for cost in costs([replace(r, train_flops=None) for r in records])}


def test_which_names_are_agents():
    assert is_agent("epinet") and is_agent("ensemble:num_members=10") and is_agent("random_forest")
    assert not is_agent("smollm2-135m")


def test_noise_is_on_the_test_inputs_alone_and_always_the_same():
    plain, noised = RealSpec("iris", 1).make(), RealSpec("iris", 1, "noised", 1.0).make()
    assert np.array_equal(plain.train_data.x, noised.train_data.x)
    assert np.array_equal(plain.test_labels, noised.test_labels)
    added = noised.test_inputs - plain.test_inputs
    assert added.std() == pytest.approx(1.0, abs=0.1)
    assert np.array_equal(noised.test_inputs, RealSpec("iris", 1, "noised", 1.0).make().test_inputs)
    assert not np.array_equal(
        added, RealSpec("iris", 2, "noised", 1.0).make().test_inputs - RealSpec("iris", 2).make().test_inputs
    )


@pytest.mark.slow
def test_a_card_of_agents_from_end_to_end(tmp_path):
    """Two cheap agents at the smallest scale: cards of the schema, resumed in no time, and compared."""
    for name in ("logistic", "knn"):
        found = measure_agent(name, tmp_path / name, scale="smoke", workers=1)
        card = make_card(
            found.results, found.subject, make_provenance(), asked=found.asked, missing=found.missing, costs=found.costs
        )
        check(card)
        write_card(tmp_path / name, card, found.results, found.scores)
        assert card["headline"][0].startswith(f"{name} scores ")
        assert "Score" not in card["headline"][0]
        for words in ("Cost", "calibration error", "tau = 10", "Real tables, noised"):
            assert words in card_page(card) and words in card_markdown(card)
        assert "; ." not in card_markdown(card)
    assert read_card(tmp_path / "knn")["scorecard"] is None
    again = measure_agent("knn", tmp_path / "knn", scale="smoke", workers=1)
    assert [r.estimate for r in again.results] == [r.estimate for r in found.results]
    compared = compare_cards(tmp_path / "logistic", tmp_path / "knn")
    assert len(compared["paired"]) == len(found.results) and not compared["unpaired"]
