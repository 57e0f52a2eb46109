"""Labelling: what is asked for, what is learnt, and that the right data teach more."""

import dataclasses

import numpy as np
import pytest

from gnothi.agents import AGENTS
from gnothi.language import RULES, ActiveSettings, ActiveTrainer

EPINET = AGENTS["epinet"]
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 4)).astype(np.float32)
Y = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(int)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.slow
def test_every_row_is_asked_for_once_by_every_rule(rule):
    trainer = ActiveTrainer(EPINET, X[:50], 2, ActiveSettings(rule=rule, num_candidates=30, num_samples=10))
    asked = []
    for _ in range(4):
        rows = trainer.ask(15)
        trainer.tell(rows, Y[rows])
        asked.extend(rows.tolist())
    assert sorted(asked) == list(range(50))
    with pytest.raises(ValueError, match="all 50 rows have a label"):
        trainer.ask(1)


def test_what_was_told_is_learnt_and_the_same_seed_says_the_same():
    def run():
        trainer = ActiveTrainer(EPINET, X, 2, seed=3)
        trainer.tell(np.arange(100), Y[:100])
        return trainer.predict(X[100:])

    first = run()
    assert (first.argmax(axis=1) == Y[100:]).mean() > 0.9
    np.testing.assert_array_equal(first, run())
    np.testing.assert_allclose(first.sum(axis=1), 1, rtol=1e-5)


def test_a_new_label_takes_the_place_of_the_old():
    trainer = ActiveTrainer(EPINET, X, 2)
    trainer.tell([5, 6], [0, 1])
    trainer.tell([5], [1])
    assert trainer.labels == {5: 1, 6: 1} and trainer.labelled.tolist() == [5, 6]


def test_joint_samples_are_of_one_index_each():
    trainer = ActiveTrainer(EPINET, X, 2)
    logits = trainer.logits(np.concatenate([X[:3], X[:3]]), 20)
    assert logits.shape == (20, 6, 2)
    np.testing.assert_allclose(logits[:, :3], logits[:, 3:], atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["margin", "entropy", "variance", "bald", "batch"])
def test_what_is_asked_for_lies_near_the_border(rule):
    trainer = ActiveTrainer(EPINET, X, 2, ActiveSettings(rule=rule))
    for _ in range(5):
        rows = trainer.ask(12)
        trainer.tell(rows, Y[rows])
    distance = np.abs(X @ [1.0, 0.5, 0.0, 0.0])
    assert distance[trainer.labelled[12:]].mean() < 0.7 * distance.mean()


def test_bad_input_is_refused_and_teaches_nothing():
    trainer = ActiveTrainer(EPINET, X, 2)
    for rows, labels, message in (
        ([1, 2], [0], "rows and labels must be as many"),
        ([300], [0], "rows must be from 0 to 299, got 300"),
        ([1, 2], [0, 2], "labels must be from 0 to 1, got 2"),
    ):
        with pytest.raises(ValueError, match=message):
            trainer.tell(rows, labels)
    assert not trainer.labels
    with pytest.raises(ValueError, match="no label to learn from"):
        trainer.learn(1)
    with pytest.raises(ValueError, match="count must be 1 or more, got 0"):
        trainer.ask(0)
    with pytest.raises(ValueError, match="there is no rule 'varience': take one of uniform"):
        ActiveSettings(rule="varience")
    with pytest.raises(ValueError, match="must be positive"):
        dataclasses.replace(ActiveSettings(), num_samples=0)
    bad = X.copy()
    bad[3, 1] = np.nan
    with pytest.raises(ValueError, match="1 of 300 are not"):
        ActiveTrainer(EPINET, bad, 2)
    with pytest.raises(ValueError, match="two classes or more, got 1"):
        ActiveTrainer(EPINET, X, 1)
