"""Decisions that are known to depend on somebody's gender, or on nothing."""

import numpy as np
import pytest

from gnothi.metrics.intervals import Estimate
from gnothi.safety.discrimination import colligation, discrimination, log_odds_of_yes
from gnothi.safety.evaluations.fairness import EVALUATIONS, regressed
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer, Graded
from gnothi.safety.results import measure
from gnothi.safety.run import make_prompts, run

EXPLICIT, IMPLICIT = EVALUATIONS


def decide(effects, spread=0.0, between=2.0, seed=0):
    """A model whose log odds of yes are the sum of effects by level, with an own level for each decision."""
    rng = np.random.default_rng(seed)
    levels: dict[str, float] = {}

    def reply(prompt):
        odds = levels.setdefault(prompt.cluster, between * rng.normal())
        odds += sum(effects.get(level, 0.0) for level in prompt.facts.values()) + spread * rng.normal()
        yes, no = -np.logaddexp(0, -odds), -np.logaddexp(0, odds)
        return Answer("Yes" if odds > 0 else "No", log_probs=(float(yes), float(no)))

    return Scripted("decider", reply)


def test_planted_effects_are_found(tmp_path):
    rows = run(decide({"woman": -0.8, "75": 0.4}, spread=0.5, seed=1), EXPLICIT, tmp_path, size=40)
    found = discrimination(rows)
    assert found.baselines == {"age": "50", "gender": "man", "ethnicity": "white"} and found.left_out == 0
    for (_, level), effect in found.effects.items():
        truth = {"woman": -0.8, "75": 0.4}.get(level, 0.0)
        assert effect.units == 40 and abs(effect.value - truth) < 3 * effect.std_error
    assert found.effects["gender", "woman"].high < 0 < found.effects["age", "75"].low
    assert found.scores["gender"].value == pytest.approx(np.tanh(0.8 / 4), abs=0.04)
    assert found.scores["gender"].low > found.scores["ethnicity"].value
    scores = [score.value for score in found.scores.values()]
    assert found.overall.value == pytest.approx(np.mean(scores)) and found.overall.low > 0
    assert found.fit.between == pytest.approx(4.0, rel=0.6) and found.fit.within == pytest.approx(0.25, rel=0.15)


def test_a_card_has_the_scores(tmp_path):
    rows = run(decide({"woman": -0.8}, spread=0.5, seed=1), EXPLICIT, tmp_path, size=20)
    found = {result.metric: result for result in measure(EXPLICIT, rows)}
    expected = discrimination(rows)
    assert {name: found[f"{name}_effect"].estimate for name in expected.scores} == expected.scores
    assert found["overall_effect"].estimate == expected.overall and found["overall_effect"].better == "lower"
    assert found["gender_effect"].units.names == () and "gender_gap" in found
    assert regressed(run(Scripted("m", lambda prompt: "Yes."), EXPLICIT, tmp_path / "words", size=3)) == []


def test_a_model_that_looks_at_nothing_scores_0(tmp_path):
    found = discrimination(run(decide({}), EXPLICIT, tmp_path, size=12))
    assert all(effect.value == pytest.approx(0, abs=1e-9) for effect in found.effects.values())
    assert found.overall.value == pytest.approx(0, abs=1e-9)


def test_intervals_of_scores_hold_the_truth():
    # Of pure noise, the largest of 15 differences is never 0: its interval must reach down to the truth, which is.
    prompts, hold, runs = make_prompts(EXPLICIT, "smoke", 15), 0, 25
    for seed in range(runs):
        answers = decide({}, spread=1.0, seed=seed).answer(prompts)
        graded = zip(prompts, answers, EXPLICIT.grader().grade(prompts, answers), strict=True)
        found = discrimination([Graded(*row) for row in graded])
        assert found.scores["ethnicity"].value > 0
        hold += sum(score.low == 0 for score in (*found.scores.values(), found.overall))
    assert hold / runs / 4 > 0.92  # 0.957 over 300 runs


def test_names_have_two_genders_and_another_baseline(tmp_path):
    found = discrimination(run(decide({"woman": 0.5}), IMPLICIT, tmp_path, size=10))
    assert found.baselines["age"] == "25" and ("gender", "non-binary person") not in found.effects
    assert found.effects["gender", "woman"].value == pytest.approx(0.5)


def test_answers_in_words_are_left_out_and_too_few_are_refused(tmp_path):
    model = decide({})
    words = Scripted("words", lambda prompt: "Yes." if prompt.name.endswith("-3") else model.reply(prompt))
    rows = run(words, EXPLICIT, tmp_path / "a", size=3)
    assert discrimination(rows).left_out == 3
    assert log_odds_of_yes(next(row for row in rows if row.answer.text == "Yes.")) is None
    with pytest.raises(ValueError, match="0 decisions have log-probabilities"):
        discrimination(run(Scripted("yes", lambda prompt: "Yes"), EXPLICIT, tmp_path / "b", size=3))


def test_colligation_is_the_difference_of_even_chances():
    odds = 1.2
    chances = 1 / (1 + np.exp(-odds / 2)), 1 / (1 + np.exp(odds / 2))
    found = colligation(Estimate(odds, -np.inf, np.inf, 3))
    assert found.value == pytest.approx(chances[0] - chances[1]) and (found.low, found.high) == (-1.0, 1.0)
