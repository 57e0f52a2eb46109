"""Agents that learn a minibatch at a time, from data that come in one by one."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import optax
from jax.flatten_util import ravel_pytree

from gnothi.agents.agent import NetworkAgent, PriorKnowledge
from gnothi.learning import adam
from gnothi.nn import partition


class Training(NamedTuple):
    """An agent's network that learns from a minibatch at a time.

    `start`, parameters and Adam's memory; `network(state)`; `step(state, batch, count, key, view)`, the state after a
    minibatch of `count` data, where `view` says what the loss sees of the network: by default, all of it.
    """

    start: Any
    network: Callable[[Any], Any]
    step: Callable[..., Any]


def gradient_steps(agent: NetworkAgent, enn: Any, prior: PriorKnowledge) -> Training:
    """Adam on an agent's own loss and penalty.

    **Arguments:** `agent`; `enn`, its network before training; `prior`, what it was told.
    """
    loss = agent.loss(prior)
    trainable, rest = partition(enn)
    start, restore = ravel_pytree(trainable)
    rule = adam(agent.learning_rate)

    def objective(trainable, batch, indices, count, view):
        network = eqx.combine(trainable, rest)
        return loss(view(network), batch, indices) + agent.penalty(network, prior, count)

    def step(state, batch, count, key, view=lambda network: network):
        parameters, memory = state
        indices = loss.indices(enn, key, 1)
        one = None if indices is None else indices[0]
        gradients = jax.grad(objective)(restore(parameters), batch, one, count, view)
        gradient, _ = ravel_pytree(jax.lax.optimization_barrier(gradients))
        updates, memory = rule.update(gradient, memory, parameters)
        return optax.apply_updates(parameters, updates), memory

    return Training((start, rule.init(start)), lambda state: eqx.combine(restore(state[0]), rest), step)
