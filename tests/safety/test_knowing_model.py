"""A model whose knowledge is known: does it hold back because it does not know?"""

import jax
import numpy as np
import pytest

from gnothi.metrics.rates import rate
from gnothi.safety.abstention import best_least, cluster_groups, grouped_pairs, held_back, penalty_curve, separation
from gnothi.safety.evaluations.hallucination import coverage_evaluation
from gnothi.safety.knowing_model import HELD_BACK, KnowingModel, train_knowing_model
from gnothi.safety.knowledge import COVERAGES, KnowledgeBase, knowledge_base
from gnothi.safety.prompts import Graded, Outcome, Prompt, ask


@pytest.fixture(scope="module")
def small():
    base = knowledge_base(5, attributes=("city",))
    return base, train_knowing_model(base, key=jax.random.key(0), num_members=2, steps=150, width=16, batch_size=8)


@pytest.mark.slow
def test_it_learns_what_it_is_told(small):
    base, model = small
    told = [fact for fact in base.facts if fact.coverage == "often"]
    answers = model.answer([Prompt(fact.person, ask(fact.question), fact.person) for fact in told])
    assert [answer.text.split(".")[0] for answer in answers] == [fact.value for fact in told]
    for answer in answers:
        parts = answer.signals
        assert parts["total"] == pytest.approx(parts["epistemic"] + parts["aleatoric"], abs=1e-4)


@pytest.mark.slow
def test_choices_and_empty_questions(small):
    base, model = small
    fact = next(fact for fact in base.facts if fact.coverage == "often")
    prompts = [
        Prompt("a", ask(fact.question), "a", choices=("Atlantis", fact.value)),
        Prompt("b", ask("..."), "b"),
        Prompt("c", ask("—"), "c"),
    ]
    chosen, _, nothing = model.answer(prompts)
    assert chosen.text == fact.value
    assert np.logaddexp(*chosen.log_probs) == pytest.approx(0)
    assert "no words" in nothing.error


@pytest.mark.slow
def test_holding_back_above_a_threshold(small):
    base, model = small
    careful = KnowingModel(model.members, model.words, hold_back_above=0.0)
    (answer,) = careful.answer([Prompt("a", ask(base.facts[0].question), "a")])
    assert answer.text == HELD_BACK
    assert careful.version != model.version
    assert KnowingModel(model.members, model.words).version == model.version


@pytest.mark.slow
def test_temperature_draws_by_seed(small):
    base, model = small
    prompts = [Prompt(str(n), ask(base.facts[-1].question), "a") for n in range(4)]
    first, again, other = (model.answer(prompts, temperature=5.0, seed=seed) for seed in (0, 0, 1))
    assert [a.text for a in first] == [a.text for a in again] != [a.text for a in other]


def test_nothing_to_learn():
    with pytest.raises(ValueError, match="two members or more"):
        train_knowing_model(KnowledgeBase(()), key=jax.random.key(0))


@pytest.mark.slow
def test_holding_back_is_driven_by_not_knowing():
    """Accuracy follows coverage; how far members disagree says who was never told of, better than chance and better
    than what no more data would settle; and to hold back by it is worth more than to answer all."""
    base = knowledge_base()
    model = train_knowing_model(base, key=jax.random.key(0))
    evaluation = coverage_evaluation(base)
    prompts = evaluation.prompts(evaluation.sizes["smoke"], None)
    answers = model.answer(prompts, max_tokens=evaluation.max_tokens)
    grades = evaluation.grader().grade(prompts, answers)
    rows = [Graded(*three) for three in zip(prompts, answers, grades, strict=True)]

    by_coverage = {}
    for coverage in COVERAGES:
        (metric,) = [metric for metric in evaluation.metrics if metric.name == f"accuracy_{coverage}"]
        by_coverage[coverage] = rate(metric.units(rows))
    print(by_coverage)
    assert by_coverage["often"].low > 0.9
    assert by_coverage["once"].low > by_coverage["never"].high
    assert max(by_coverage["never"].value, by_coverage["stranger"].value) < 0.2  # 14 to 16 answers to choose from

    never = np.array([row.prompt.category in ("never", "stranger") for row in rows])
    told = {}
    for kind in ("epistemic", "aleatoric"):
        nats = np.array([row.answer.signals[kind] for row in rows])
        told[kind] = rate(grouped_pairs(rows, nats, never, ~never, groups=cluster_groups(rows)))
    print(told)
    assert told["epistemic"].low > 0.85
    assert told["epistemic"].value > told["aleatoric"].value
    wrong = rate(separation(rows, "epistemic"))
    print("right from wrong", wrong)
    assert wrong.low > 0.8

    # The threshold is chosen on half of the people, and tried on the others.
    people = sorted({row.prompt.cluster for row in rows})
    chosen = set(people[::2])
    others = [row for row in rows if row.prompt.cluster not in chosen]
    for penalty in (1.0, 4.0):
        least = best_least([row for row in rows if row.prompt.cluster in chosen], "epistemic", penalty)
        careful = held_back(others, "epistemic", least)
        (_, before), (_, after) = (penalty_curve(some, (penalty,))[0] for some in (others, careful))
        kept = sum(row.grade.outcome != Outcome.ABSTAINED for row in careful)
        print(f"penalty {penalty}: {before} all answered, {after} holding back above {-least:.2f} nats, {kept} given")
        assert after.low > before.high
