"""Two small problems of the testbed that differ in their data only, and what agents make of them."""

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp

from gnothi.agents import AGENTS, Agent, Sampler, joint_draws
from gnothi.testbed import grid
from gnothi.testbed.problems import GenerativeProblem

FEW, MANY = 2, 20  # data


@cache
def problem(num_data: int) -> GenerativeProblem:
    return grid("test", (2,), (num_data // 2,), (0.1,), (100,))[0].make()


@cache
def trained(agent: Agent, num_data: int = FEW) -> Sampler:
    made = problem(num_data)
    return eqx.filter_jit(agent)(made.train_data, made.prior_knowledge, jax.random.key(0))


def draws(agent: Agent, num_data: int = FEW) -> tuple[jax.Array, bool]:
    return joint_draws(trained(agent, num_data), problem(num_data).test_inputs, 200, jax.random.key(1))


def joint_score(agent: Agent) -> float:
    """d_KL^10 with few data."""
    return problem(FEW).score(*draws(agent))["kl", 10].value


def spread(agent: Agent, num_data: int) -> float:
    """The mean deviation of the first class's probability over joint samples."""
    return float(jnp.std(jax.nn.softmax(draws(agent, num_data)[0])[..., 0], axis=0).mean())


def assert_it_knows_what_it_does_not_know(agent: Agent) -> None:
    """More data leave less doubt, and doubt makes for a better joint score than a point estimate's."""
    assert 0.01 < spread(agent, MANY) < spread(agent, FEW)
    assert joint_score(agent) < joint_score(AGENTS["mlp"])
