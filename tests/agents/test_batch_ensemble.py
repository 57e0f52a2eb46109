import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS
from gnothi.learning import cross_entropy
from tests.agents.small_problem import FEW, joint_score, spread


@pytest.mark.slow
def test_each_member_pays_for_its_own_weights(recipe):
    """What is minimised is the sum of what ten networks of their own would minimise."""
    enn, told = recipe(AGENTS["batch_ensemble"])
    assert enn.index.count == 10 and told["loss"] == cross_entropy() and "decay" not in told
    squares = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(enn.ensemble.members))
    assert float(told["penalty"](enn)) == pytest.approx(np.sqrt(0.25) * 4 / 50 * float(squares), rel=1e-4)


@pytest.mark.slow
def test_members_disagree_and_that_helps():
    agent = AGENTS["batch_ensemble"]
    assert spread(agent, FEW) > 0.01
    assert joint_score(agent) < joint_score(AGENTS["mlp"])
