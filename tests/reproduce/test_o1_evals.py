import pytest
from rich.console import Console

from gnothi.cards import all_hold, write_png
from gnothi.reproduce import Lab, o1_evals
from gnothi.reproduce.o1_evals_figure import draw
from gnothi.reproduce.published_rates import gaps
from tests.cards.invented_results import make_result, make_results


@pytest.fixture(scope="module")
def tables():
    return o1_evals.published_tables()


def test_what_was_published_is_found(tables):
    assert {table.name: table.n for table in tables} == {
        "WildChat, not_unsafe": 2200,
        "XSTest, not_overrefuse": 250,
        "StrongREJECT, goodness@0.1": 60,
        "SimpleQA, accuracy": 4326,
        "SimpleQA, hallucination": 4326,
    }
    by_name = {table.name: table.values for table in tables}
    assert by_name["StrongREJECT, goodness@0.1"] == {"GPT-4o": 0.22, "o1": 0.72, "o1-preview": 0.66, "o1-mini": 0.83}
    assert by_name["SimpleQA, accuracy"]["o1"] == 0.47


def test_claims_that_need_no_model_hold(tables):
    found = gaps(tables)
    claims = (
        *o1_evals.abstention_claims(),
        *o1_evals.interval_claims(tables),
        *o1_evals.noise_claims(found),
        *o1_evals.monitor_claims(),
        *o1_evals.consistency_claims(),
    )
    assert all_hold(claims), [claim.statement for claim in claims if not claim.holds]
    assert len(claims) >= 25
    assert 0 < sum(gap.real for gap in found) < len(found)


def test_our_claims_can_fail():
    assert all_hold(o1_evals.own_claims(make_results()))
    lost = make_result(outcomes={"refuse": 3})
    assert not all_hold(o1_evals.own_claims([lost]))


def test_the_figure_has_ours_beside_theirs(tables, tmp_path):
    both = [o1_evals.rights_and_wrongs(name) for name in ("simpleqa", "personqa")]
    chart = draw(tables, make_results(), *both)
    write_png(chart, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 20_000
    assert "packaged model" in str(chart.to_dict(validate=False))
    assert draw(tables, [], *both)


@pytest.mark.slow
def test_our_model_is_measured_beside(tmp_path, monkeypatch):
    monkeypatch.setattr(o1_evals, "OWN", ("personqa",))
    found = o1_evals.run(Lab("smoke", tmp_path, None, Console(quiet=True)))
    assert all_hold(found.claims)
    assert (tmp_path / "answers" / "personqa.jsonl").exists()
