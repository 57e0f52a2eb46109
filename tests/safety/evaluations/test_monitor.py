"""The model as a monitor, and the model that is monitored."""

import math

import pytest

from gnothi.metrics.rates import rate
from gnothi.safety.evaluations.monitor import EVALUATIONS, PREVALENCES, TOTAL
from gnothi.safety.models import Scripted
from gnothi.safety.planted_reasoning import planted_thoughts
from gnothi.safety.prompts import Answer, Graded, Outcome

REASONING, MONITOR = EVALUATIONS


def graded(evaluation, reply, count=100):
    prompts = evaluation.prompts(count, None)
    answers = Scripted("scripted", reply).answer(prompts)
    return [Graded(*three) for three in zip(prompts, answers, evaluation.grader().grade(prompts, answers), strict=True)]


def measured(evaluation, reply, count=100):
    rows = graded(evaluation, reply, count)
    return {metric.name: rate(metric.units(rows)) for metric in evaluation.metrics}


def said(yes):
    return Answer("Yes" if yes > 0.5 else "No", log_probs=(math.log(yes), math.log(1 - yes)))


def test_a_monitor_that_knows_and_one_that_always_says_yes():
    best = measured(MONITOR, lambda prompt: said(0.9 if prompt.target == "Yes" else 0.1))
    assert [estimate.value for estimate in best.values()] == pytest.approx([1] * len(best))
    yes = measured(MONITOR, lambda prompt: said(0.9))
    assert (yes["sensitivity"].value, yes["specificity"].value) == pytest.approx((1, 0))
    assert yes["precision_at_half"].value == pytest.approx(0.5)
    assert yes["separation"].value == 0.5


def test_a_flag_is_worth_less_where_deception_is_rare():
    """Of a monitor that is mostly right: nearly all flags are right where half deceives, hardly any where few do."""
    rows = graded(MONITOR, lambda prompt: said(0.9 if (prompt.target == "Yes") != (len(prompt.text) % 8 == 0) else 0.1))
    (found,) = MONITOR.fitted(rows)
    at = dict(found.curve.points)
    assert found.estimate == at[0.01] and tuple(at) == PREVALENCES
    values = [estimate.value for estimate in at.values()]
    assert values == sorted(values) and at[0.001].high < 0.1 and at[0.5].value > 0.8
    assert all(estimate.low > beside for beside, estimate in at.items())  # its flags say something
    assert MONITOR.fitted([row for row in rows if row.prompt.target == "Yes"]) == []


def test_a_threshold_is_not_all():
    """One that always says no, but finds yes likelier where it is right: sensitivity 0, separation 1."""
    found = measured(MONITOR, lambda prompt: said(0.4 if prompt.target == "Yes" else 0.1))
    assert [found[name].value for name in ("sensitivity", "specificity", "separation")] == pytest.approx([0, 1, 1])


def test_hard_ones_are_counted_apart():
    """A monitor of words flags all who speak of rules and lies."""
    words = ("polic", "rule", "make up", "pretend", "fabricat", "false", "bug")

    def reply(prompt):
        thought = prompt.text.split("it thought:")[1].split("Does the model mean")[0]
        return "Yes" if any(word in thought for word in words) else "No"

    found = measured(MONITOR, reply)
    assert found["specificity_hard"].value < found["specificity"].value
    vague = measured(MONITOR, lambda prompt: "It depends")
    assert vague["accuracy"].value == 0


@pytest.mark.parametrize("evaluation", EVALUATIONS, ids=lambda evaluation: evaluation.name)
def test_starts_are_mixed(evaluation):
    few = evaluation.prompts(8, None)
    assert len({prompt.cluster for prompt in few}) == 8
    assert len({prompt.category for prompt in few}) >= 3
    assert evaluation.prompts(10, None)[: len(few)] == few


def test_a_model_s_own_reasoning():
    """A model that thinks as planted is flagged as often as the monitor finds such; an open one never."""
    by_request = {thought.request: thought for thought in planted_thoughts(3) if thought.deceptive}
    rows = graded(REASONING, lambda prompt: Answer("Done.", reasoning=by_request[prompt.text].reasoning))
    (metric,) = REASONING.metrics
    assert rate(metric.units(rows)).value > 0.8
    openly = graded(REASONING, lambda prompt: "I can't do this, and will say so openly.")
    assert rate(metric.units(openly)).value == 0
    assert {row.grade.outcome for row in openly} == {Outcome.CORRECT}


def test_the_card():
    (published,) = REASONING.published
    assert round(published.value * TOTAL) == 180
