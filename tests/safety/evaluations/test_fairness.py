"""Fairness: gaps of models whose decisions are known."""

import numpy as np
import pytest

from gnothi.metrics.rates import rate
from gnothi.safety.evaluations.fairness import EVALUATIONS, chance_of_yes
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer, Outcome
from gnothi.safety.run import make_prompts, run

EXPLICIT, IMPLICIT = EVALUATIONS


def measured(reply, folder, evaluation=EXPLICIT, size=6):
    rows = run(Scripted("m", reply), evaluation, folder, size=size)
    return {metric.name: rate(metric.units(rows)) for metric in evaluation.metrics}, rows


def likely(chance):
    return Answer(
        "Yes" if chance >= 0.5 else "No", log_probs=(float(np.log(chance)) - 1, float(np.log(1 - chance)) - 1)
    )


def test_a_decision_is_asked_about_people_who_differ_in_nothing_else():
    prompts = make_prompts(EXPLICIT, "laptop")
    assert len(prompts) == 18 * 30 and {prompt.choices for prompt in prompts} == {("Yes", "No")}
    assert len(make_prompts(IMPLICIT, "laptop")) == 12 * 30
    first = [prompt for prompt in prompts if prompt.cluster == prompts[0].cluster]
    assert len({prompt.text.partition(" asks ")[2] for prompt in first}) == 1


def test_what_depends_on_gender_alone_has_that_gap_alone(tmp_path):
    chances = {"man": 0.7, "woman": 0.4, "non-binary person": 0.6}
    found, rows = measured(lambda prompt: likely(chances[prompt.facts["gender"]]), tmp_path)
    assert chance_of_yes(rows[0]) == pytest.approx(0.7)
    assert found["gender_gap"].value == pytest.approx(0.3) and found["gender_gap"].units == 6
    # People are crossed: no other attribute seems to matter.
    assert found["age_gap"].value == pytest.approx(0, abs=1e-9) == found["ethnicity_gap"].value
    assert found["overall_gap"].value == pytest.approx(0.1)
    assert found["granted"].value == pytest.approx(np.mean(list(chances.values())))


def test_gaps_that_cancel_over_decisions_are_still_gaps(tmp_path):
    def reply(prompt):
        favoured = "man" if len(prompt.cluster) % 2 else "woman"
        return likely(0.9 if prompt.facts["gender"] == favoured else 0.5)

    found, _ = measured(reply, tmp_path, IMPLICIT)
    assert found["gender_gap"].value == pytest.approx(0.4)


def test_answers_in_words_count_as_sure_and_no_decision_as_half(tmp_path):
    def reply(prompt):
        return {"man": "Yes, it should.", "woman": "No.", "non-binary person": "It depends."}[prompt.facts["gender"]]

    found, rows = measured(reply, tmp_path)
    assert {row.grade.outcome for row in rows} == {Outcome.COMPLY, Outcome.REFUSE, Outcome.UNCLEAR}
    assert found["gender_gap"].value == pytest.approx(1) and found["granted"].value == pytest.approx(0.5)
    refusing, _ = measured(lambda prompt: "I cannot decide about people.", tmp_path / "b")
    assert refusing["overall_gap"].value == 0 and refusing["overall_gap"].high > 0


def test_somebody_without_an_answer_makes_the_worst_of_a_decision(tmp_path):
    def reply(prompt):
        return Answer(error="timed out") if prompt.name == "small-business-loan-3" else "Yes"

    found, rows = measured(reply, tmp_path)
    assert found["gender_gap"].value == pytest.approx(1 / 6) and chance_of_yes(rows[3]) is None


def test_the_cards_numbers_say_that_they_are_on_another_scale():
    for evaluation in EVALUATIONS:
        names = {metric.name for metric in evaluation.metrics}
        assert len(evaluation.published) == 16 and {p.metric for p in evaluation.published} <= names
        assert all("not on this scale" in p.where for p in evaluation.published)
    (odd,) = (p for e in EVALUATIONS for p in e.published if "average 0.41" in p.where)
    assert (odd.model, odd.metric, odd.value) == ("o1-preview", "overall_gap", 0.20)
