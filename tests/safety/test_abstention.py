"""What holding back is worth, and confidence, held to closed forms and to other people's code."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from gnothi.metrics.rates import rate
from gnothi.safety.abstention import (
    best_least,
    brier,
    calibration_error,
    certainty,
    curve_of_confidence,
    curve_of_nats,
    curve_of_penalties,
    generalised_risk,
    held_back,
    held_back_by_others,
    overconfidence,
    penalty_curve,
    separation,
    worth,
)
from gnothi.safety.evaluation import stretched
from gnothi.safety.prompts import Answer, Grade, Graded, Outcome, Prompt, ask


def rows_of(outcomes, sure=None, *, a_cluster=1):
    """Graded rows: `sure` as stated confidence and, negated, as epistemic nats."""
    rows = []
    for n, outcome in enumerate(outcomes):
        prompt = Prompt(f"q{n}", ask("?"), f"c{n // a_cluster}", target="x")
        answer = Answer("x")
        if sure is not None:
            answer = Answer(f"x. Confidence: {100 * sure[n]:.4f}%", signals={"epistemic": 1 - sure[n]})
        rows.append(Graded(prompt, answer, Grade(Outcome(outcome), "test")))
    return rows


def noisy(count, *, seed=0, skill=1.0):
    """Right with a probability, and sure by it and by noise."""
    rng = np.random.default_rng(seed)
    chance = rng.uniform(0.05, 0.95, count)
    right = rng.random(count) < chance
    sure = np.clip(skill * chance + (1 - skill) * rng.random(count), 0, 1)
    return right, sure, rows_of(np.where(right, "correct", "wrong"), sure)


def test_penalty_curve():
    """5 right, 3 wrong, 2 held back: 0.5 - 0.3 penalty; intervals move with it."""
    rows = rows_of(["correct"] * 5 + ["wrong"] * 3 + ["abstained"] * 2)
    for penalty, score in penalty_curve(rows, (0, 1, 4)):
        assert score.value == pytest.approx(0.5 - 0.3 * penalty)
        assert -penalty <= score.low < score.value < score.high <= 1


def test_a_failure_is_worth_a_wrong_answer():
    assert rate(worth(rows_of(["ungraded", "unanswered"]), 1.0)).value == 0
    assert rate(worth(rows_of(["abstained"] * 3), 1.0)).value == 0.5
    with pytest.raises(ValueError, match="penalty must be"):
        worth([], -1.0)


def test_holding_back_pays_above_the_break_even():
    """A calibrated model gains by holding back what is likelier wrong than penalty / (1 + penalty) allows."""
    _, _, rows = noisy(3000)
    for penalty in (1.0, 4.0):
        least = penalty / (1 + penalty)
        gained = [penalty_curve(held_back(rows, "stated", at), (penalty,))[0].score for at in (0.0, least, 0.99)]
        assert gained[1].low > max(gained[0].high, gained[2].high)
    assert held_back(rows_of(["abstained", "correct"], [0.1, 0.1]), "stated", 0.5)[0].grade.why == ""


def test_best_least():
    """Right, right, wrong, right, wrong, from the surest on: at a penalty of 2 the first two alone are worth most."""
    rows = rows_of(["correct", "correct", "wrong", "correct", "wrong"], [0.9, 0.8, 0.7, 0.6, 0.5])
    assert best_least(rows, "stated", 2.0) == pytest.approx(0.8)
    assert best_least(rows, "stated", 0.1) == pytest.approx(0.6)
    tied = rows_of(["correct", "wrong", "wrong"], [0.9, 0.9, 0.1])
    assert best_least(tied, "stated", 2.0) == np.inf  # better nothing than a right one at the cost of a wrong one
    _, _, many = noisy(4000)
    assert best_least(many, "stated", 1.0) == pytest.approx(0.5, abs=0.1)


def test_certainty():
    (row,) = rows_of(["correct"], [0.75])
    assert certainty(row, "stated") == pytest.approx(0.75)
    assert certainty(row, "epistemic") == pytest.approx(-0.25)
    assert certainty(row, "likelihood") is None
    chosen = Graded(row.prompt, Answer("x", log_probs=(-0.1, -2.0)), row.grade)
    assert certainty(chosen, "likelihood") == -0.1
    assert certainty(chosen, "epistemic") is None


@pytest.mark.parametrize("source", ["stated", "epistemic"])
def test_separation_is_the_area_under_the_curve(source):
    """Pairs within groups estimate what all pairs do; the interval holds it."""
    right, sure, rows = noisy(800)
    found = rate(separation(rows, source))
    exact = roc_auc_score(right, sure)
    assert abs(found.value - exact) < 0.02
    assert found.low < exact < found.high
    assert found.high - found.low < 0.1


def test_separation_covers():
    """The interval of 200 runs of 160 answers in 40 clusters that share their chance to be right."""
    rng = np.random.default_rng(1)
    held, truth = 0, norm.cdf(1 / np.sqrt(2))  # of two normal numbers of which one is larger by 1
    for _ in range(200):
        right = np.repeat(rng.random(40) < 0.5, 4)
        sure = norm.cdf(rng.normal(size=160) + right)
        found = rate(separation(rows_of(np.where(right, "correct", "wrong"), sure, a_cluster=4), "epistemic"))
        held += found.low < truth < found.high
    assert held >= 184  # 92 %


def test_generalised_risk():
    """(1 - AUROC) acc (1 - acc) + (1 - acc)^2 / 2 (Traub et al. 2024, eq. 8)."""
    right, sure, rows = noisy(1000, skill=0.5)
    accuracy = right.mean()
    closed = (1 - roc_auc_score(right, sure)) * accuracy * (1 - accuracy) + (1 - accuracy) ** 2 / 2
    assert abs(rate(generalised_risk(rows, "stated")).value - closed) < 0.01
    assert rate(generalised_risk(rows_of(["correct"] * 40, np.full(40, 0.5)), "stated")).value == 0


def test_calibration():
    right, sure, rows = noisy(2000)
    assert calibration_error(rows).high < 0.06
    assert rate(brier(rows)).value == pytest.approx(np.mean((sure - right) ** 2), abs=1e-4)
    boastful = rows_of(["wrong"] * 10, [0.9] * 10)
    assert calibration_error(boastful).value == pytest.approx(0.9)


@pytest.mark.slow
def test_calibration_error_covers_where_few_are_right():
    """A model that is right one time in five and says three in ten, 30 answers: few right ones vary too little by
    themselves, and an interval of their spread alone covers 65 %."""
    rng = np.random.default_rng(3)
    chance = expit(-2.2 + 1.5 * rng.normal(size=(200, 30)))
    held = 0
    for own in chance:
        right = rng.random(30) < own
        found = calibration_error(rows_of(np.where(right, "correct", "wrong"), np.clip(own + 0.1, 0, 1)))
        held += found.low <= 0.1 <= found.high
    assert held >= 0.92 * 200


@pytest.mark.slow
@pytest.mark.parametrize("boast", [0.0, 0.05, 0.2])
def test_calibration_error_covers(boast):
    """Of 90 pairs of answers that share some of their luck, right as often as stated, and less often. What stands in
    the answers is above what is true; of a calibrated model it would be so always."""
    rng = np.random.default_rng(2)
    places = np.linspace(0.05, 0.95, 10_001)
    bins, gaps = np.minimum((places * 10).astype(int), 9), np.clip(places - boast, 0, 1) - places
    truth = np.abs(np.bincount(bins, gaps)).sum() / len(places)
    held, values = 0, []
    for _ in range(120):
        sure = rng.uniform(0.05, 0.95, 180)
        luck = np.where(rng.random(180) < 0.3, np.repeat(rng.random(90), 2), rng.random(180))
        right = luck < np.clip(sure - boast, 0, 1)
        found = calibration_error(rows_of(np.where(right, "correct", "wrong"), sure, a_cluster=2))
        held += found.low <= truth <= found.high
        values.append(found.value)
    assert held >= 0.92 * 120
    assert np.mean(values) < truth + 0.06


def test_no_calibration_error_is_certain():
    """Twenty alike are not all there are."""
    found = calibration_error(rows_of(["wrong"] * 20, [0.9] * 20))
    assert found.low < 0.9 < found.high < 1 and found.high - found.low > 0.1
    over = stretched(rate(overconfidence(rows_of(["wrong"] * 20, [0.9] * 20))), (-1.0, 1.0))
    assert over.value == pytest.approx(0.9) and over.low < 0.9 < over.high
    modest = stretched(rate(overconfidence(rows_of(["correct"] * 20, [0.2] * 20))), (-1.0, 1.0))
    assert modest.value == pytest.approx(-0.8) and modest.high < 0


def test_nothing_to_say():
    """Models that do not say how sure they are have no units, which is not an error; a calibration error of none is."""
    rows = rows_of(["correct", "wrong", "abstained"])
    for units in (brier(rows), separation(rows, "epistemic"), generalised_risk(rows, "stated")):
        assert not units.names
        assert np.isnan(rate(units).value)
    with pytest.raises(ValueError, match="none of 3 answers was attempted with a stated confidence"):
        calibration_error(rows)


def test_the_curve_of_penalties_stands_beside_silence():
    """Where one in four has no answer, holding back always is worth a quarter, whatever a wrong answer costs."""
    rows = rows_of(["correct"] * 30 + ["wrong"] * 45 + ["abstained"] * 25)
    rows = [Graded(Prompt(r.prompt.name, ask("?"), r.prompt.cluster), r.answer, r.grade) for r in rows[75:]] + rows[:75]
    curve = curve_of_penalties(rows)
    assert curve.beside == pytest.approx([0.25] * len(curve.points))
    for penalty, score in curve.points:
        assert score.value == pytest.approx(0.55 - 0.45 * penalty) and score.low < score.value < score.high
    assert curve_of_penalties([]) is None


def test_the_curve_of_confidence():
    """Of who says 0.9 and is right half of the time, and says 0.3 and is right at 0.3."""
    outcomes = ["correct", "wrong"] * 20 + ["correct"] * 12 + ["wrong"] * 28
    curve = curve_of_confidence(rows_of(outcomes, [0.9] * 40 + [0.3] * 40))
    assert [at for at, _ in curve.points] == pytest.approx([0.3, 0.9]) == list(curve.beside)
    assert [found.value for _, found in curve.points] == pytest.approx([0.3, 0.5])
    assert curve.points[1][1].high < 0.9  # it is seen to boast
    assert curve_of_confidence(rows_of(["correct", "abstained"])) is None


def test_the_curve_of_nats_falls_where_nats_mean_something():
    _, _, rows = noisy(1000)
    curve = curve_of_nats(rows, "epistemic")
    assert len(curve.points) == 5 and not curve.beside
    shares = [found.value for _, found in curve.points]
    assert shares == sorted(shares, reverse=True) and curve.points[0][1].low > curve.points[-1][1].high
    assert curve_of_nats(rows[:4], "epistemic") is None and curve_of_nats(rows, "total") is None


def test_the_threshold_of_one_half_is_tried_on_the_other():
    """What is gained stays above answering all; and no answer was held back by a threshold made of itself."""
    _, _, rows = noisy(400)
    careful = held_back_by_others(rows, "epistemic", 4.0)
    assert [row.prompt.name for row in careful] == [row.prompt.name for row in rows]
    (_, all_answered), (_, gained) = (penalty_curve(some, (4.0,))[0] for some in (rows, careful))
    assert gained.low > all_answered.high
    kept = {row.prompt.name for row in careful if row.grade.outcome is not Outcome.ABSTAINED}
    surest = max(rows, key=lambda row: certainty(row, "epistemic"))
    assert surest.prompt.name in kept and len(kept) < 200
