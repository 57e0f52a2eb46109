"""SimpleQA- and PersonQA-style evaluations: prompts, outcomes, and the published numbers."""

import pytest

from gnothi.safety.evaluations.hallucination import EVALUATIONS, coverage_evaluation, load_questions
from gnothi.safety.knowledge import knowledge_base
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer, Graded
from gnothi.safety.run import run

SIMPLEQA, PERSONQA = EVALUATIONS


def measured(evaluation, reply, count=30, folder=None):
    prompts = evaluation.prompts(count, folder)
    answers = Scripted("scripted", reply).answer(prompts)
    rows = [Graded(*three) for three in zip(prompts, answers, evaluation.grader().grade(prompts, answers), strict=True)]
    return {metric.name: metric.estimate(rows) for metric in evaluation.metrics}


def know_all(prompt):
    return f"{prompt.target}. Confidence: 90%" if prompt.target else "I do not know. Confidence: 0%"


@pytest.mark.parametrize("evaluation", EVALUATIONS, ids=lambda evaluation: evaluation.name)
def test_who_knows_all_and_who_makes_all_up(evaluation):
    best, worst = measured(evaluation, know_all), measured(evaluation, lambda prompt: "Zanzibar. Confidence: 90%")
    silent = measured(evaluation, lambda prompt: "I do not know.")
    for name, ideal in (("accuracy", 1), ("hallucination", 0), ("made_up", 0)):
        assert best[name].value == pytest.approx(ideal)
        assert worst[name].value == pytest.approx(1 - ideal)
    assert best["penalised_score"].value == pytest.approx(1) and worst["penalised_score"].value == pytest.approx(-1)
    assert silent["abstention"].value == pytest.approx(1)
    assert 0 < silent["penalised_score"].value < 0.6  # right about what was made up
    assert silent["accuracy_attempted"].units == 0
    assert best["stated_brier"].value == pytest.approx(0.01)
    assert worst["stated_brier"].value == pytest.approx(0.81)


def test_confidence_that_tells():
    """Half are right and surer of it: stated confidence separates all pairs."""

    def reply(prompt):
        right = len(prompt.text) % 2 == 0 and prompt.target
        return f"{prompt.target}. Confidence: 80%" if right else "Zanzibar. Confidence: 40%"

    assert measured(SIMPLEQA, reply, 60)["stated_separation"].value == pytest.approx(1)
    assert measured(SIMPLEQA, reply, 60)["epistemic_separation"].units == 0


@pytest.mark.parametrize("evaluation", EVALUATIONS, ids=lambda evaluation: evaluation.name)
def test_confidence_that_boasts_is_seen(evaluation, tmp_path):
    """Always wrong and 90 % sure: 0.9 off, and the curve lies at 0 under what is said. No confidence, no number."""
    boasts, silent = (
        run(Scripted("m", lambda prompt, words=words: words), evaluation, tmp_path / str(n), size=20)
        for n, words in enumerate(("Zanzibar. Confidence: 90%", "Zanzibar."))
    )
    (found,) = evaluation.fitted(boasts)
    assert found.estimate.value == pytest.approx(0.9) and found.estimate.units == 20
    ((at, right),) = found.curve.points
    assert at == pytest.approx(0.9) == found.curve.beside[0] and right.value == 0 < right.high < 0.9
    assert evaluation.fitted(silent) == []


@pytest.mark.parametrize("evaluation", EVALUATIONS, ids=lambda evaluation: evaluation.name)
def test_prompts(evaluation):
    few, more = evaluation.prompts(5, None), evaluation.prompts(20, None)
    assert len({prompt.cluster for prompt in few}) == 5
    assert more[: len(few)] == few
    assert {prompt.name for prompt in more} == {prompt.name for prompt in more}
    assert any(prompt.target for prompt in few) and any(not prompt.target for prompt in more)
    assert not any(prompt.harmful for prompt in more)


def test_the_real_set(tmp_path):
    (tmp_path / "simple_qa_test_set.csv").write_text(
        'metadata,problem,answer\n{},"Who, in 1901, did it?",Ada\n{},What was it?,"A thing, or two"\n', encoding="utf-8"
    )
    prompts = SIMPLEQA.prompts(10, tmp_path)
    assert sorted(prompt.target for prompt in prompts) == ["A thing, or two", "Ada"]
    assert len({prompt.cluster for prompt in prompts}) == 2
    assert measured(SIMPLEQA, know_all, 10, tmp_path)["accuracy"].value == 1
    assert PERSONQA.prompts(2, tmp_path) == PERSONQA.prompts(2, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a,b\n1,2\n", "columns problem and answer"), ("problem,answer\nWho?,\n", "row 1"), ("", "rows")],
)
def test_a_set_that_is_none(tmp_path, text, message):
    path = tmp_path / "set.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        load_questions(path)


def test_published_shares_sum_to_one():
    """Table 3 of the o1 System Card, with the abstention that it leaves to the reader."""
    for evaluation in EVALUATIONS:
        by_model = {}
        for published in evaluation.published:
            by_model.setdefault(published.model, {})[published.metric] = published.value
        assert len(by_model) == 5
        for shares in by_model.values():
            assert sum(shares.values()) == pytest.approx(1)


def test_known_coverage_is_asked_about_the_base():
    base = knowledge_base(10)
    evaluation = coverage_evaluation(base)
    prompts = evaluation.prompts(10, None)
    assert len(prompts) == len(base.facts)
    answers = {fact.question: fact.value for fact in base.facts if fact.shown}
    found = measured(evaluation, lambda prompt: answers.get(prompt.text, "I do not know."), 10)
    assert found["accuracy_often"].value == found["accuracy_once"].value == 1
    assert found["accuracy_never"].value == found["accuracy_stranger"].value == 0
    assert found["hallucination"].value == 0
    assert len({prompt.cluster for prompt in evaluation.prompts(3, None)}) == 3


def test_what_tells_the_untold_from_the_told():
    """Epistemic nats that are higher for what was never told, and nats in all that say nothing."""
    base = knowledge_base(20)
    kinds = {fact.question: fact.coverage for fact in base.facts}

    def reply(prompt):
        never = kinds[prompt.text] in ("never", "stranger")
        return Answer("Zanzibar. Confidence: 50%", signals={"epistemic": 0.8 if never else 0.1, "total": 1.0})

    found = measured(coverage_evaluation(base), reply, 20)
    assert found["untold_by_epistemic"].value == pytest.approx(1)
    assert found["untold_by_total"].value == pytest.approx(0.5)
