"""Real data as problems."""

import jax
import numpy as np
import pytest

from gnothi.agents import UniformAgent
from gnothi.testbed import RealSpec, evaluate


@pytest.mark.parametrize(("table", "features", "classes"), [("iris", 4, 3), ("wine", 13, 3), ("digits", 64, 10)])
def test_shapes_and_standardisation(table, features, classes):
    problem = RealSpec(table, 0).make()
    assert problem.train_data.x.shape[1] == features
    assert problem.prior_knowledge.num_classes == classes
    assert problem.prior_knowledge.temperature is None
    assert np.abs(problem.train_data.x.mean(axis=0)).max() < 1e-5
    assert len(problem.test_labels) == pytest.approx(len(problem.train_data), abs=1)


def test_splits_differ_by_seed_and_do_not_overlap():
    first, second = RealSpec("breast_cancer", 0).make(), RealSpec("breast_cancer", 1).make()
    assert not np.array_equal(first.test_labels, second.test_labels)
    again = RealSpec("breast_cancer", 0).make()
    assert np.array_equal(first.test_inputs, again.test_inputs)


def test_uniform_pays_the_log_of_the_classes():
    problem = RealSpec("wine", 0).make()
    sampler = UniformAgent()(problem.train_data, problem.prior_knowledge, jax.random.key(0))
    scores = evaluate(problem, sampler)
    assert scores["joint_log_loss", 1].value == pytest.approx(np.log(3), rel=1e-5)
    assert scores["joint_log_loss", 10].value == pytest.approx(10 * np.log(3), rel=1e-5)
    assert scores["accuracy", None].value == pytest.approx(1 / 3)


def test_unknown_table_is_refused():
    with pytest.raises(ValueError, match="there are iris, wine, breast_cancer, digits"):
        RealSpec("titanic", 0).make()
