"""Agents that learn a minibatch at a time, from data that come in one by one."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Num, PRNGKeyArray

from gnothi.agents.agent import NetworkAgent, PriorKnowledge
from gnothi.enn import EpistemicNetwork, Trunk, Trunked
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

    A trunk beneath the agent's network has its own rate, and no penalty: decay would take away what it has learnt.

    **Arguments:** `agent`; `enn`, its network before training, or that on a trunk; `prior`, what it was told.
    """
    loss = agent.loss(prior)
    trainable, rest = partition(enn)
    start, restore = ravel_pytree(trainable)
    rule = adam(agent.learning_rate)
    rates = _rates(enn, trainable)

    def objective(trainable, batch, indices, count, view):
        network = eqx.combine(trainable, rest)
        judged = network.head if isinstance(network, Trunked) else network
        return loss(view(network), batch, indices) + agent.penalty(judged, prior, count)

    def step(state, batch, count, key, view=lambda network: network):
        parameters, memory = state
        indices = loss.indices(enn, key, 1)
        one = None if indices is None else indices[0]
        gradients = jax.grad(objective)(restore(parameters), batch, one, count, view)
        gradient, _ = ravel_pytree(jax.lax.optimization_barrier(gradients))
        updates, memory = rule.update(gradient, memory, parameters)
        return optax.apply_updates(parameters, updates * rates), memory

    return Training((start, rule.init(start)), lambda state: eqx.combine(restore(state[0]), rest), step)


def _rates(enn: Any, trainable: Any) -> Any:
    """What multiplies each parameter's learning rate."""
    if not isinstance(enn, Trunked):
        return 1.0
    ones = jax.tree.map(jnp.ones_like, trainable)
    scaled = jax.tree.map(lambda leaf: enn.rate * leaf, ones.trunk)
    return ravel_pytree(eqx.tree_at(lambda net: net.trunk, ones, scaled))[0]


def network_for(
    agent: NetworkAgent,
    inputs: Num[Array, "inputs ..."],
    prior: PriorKnowledge,
    key: PRNGKeyArray,
    trunk: Trunk | None = None,
    rate: float = 0.05,
) -> EpistemicNetwork:
    """An agent's network for inputs like these, or for what a trunk makes of them, on that trunk.

    **Arguments:** `agent`; `inputs`; `prior`, what it was told; `key`; `trunk`, from one input to a vector of
    features; `rate`, its learning rate as a part of the agent's.
    """
    if trunk is None:
        return agent.network(inputs[0].size, prior, key)
    (size,) = eqx.filter_eval_shape(trunk, inputs[0]).shape
    return Trunked(trunk, agent.network(size, prior, key), rate)
