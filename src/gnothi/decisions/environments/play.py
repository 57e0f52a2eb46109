"""Episodes one after another: a step that starts the next episode when one is over, and whole plays of many steps."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from gnothi.decisions.environments.environment import Action, Environment, Transition

State = TypeVar("State")


class Plays(NamedTuple):
    """What happened, stacked on a leading `steps` axis: from `states`, `actions` led to `reached`.

    Where an episode ended, the state after is not what was `reached` but a first state.
    """

    states: Any
    actions: Int[Array, " steps"]
    reached: Any
    transitions: Transition


def step_and_reset(
    environment: Environment[State], state: State, action: Action, key: PRNGKeyArray
) -> tuple[State, State, Transition]:
    """A step, and a new episode if it was the last of one: what the body of a `lax.scan` needs.

    `jax.vmap(step_and_reset, in_axes=(None, 0, 0, 0))` steps many copies, each of which ends when it ends.

    **Returns:** the state to go on from; the state reached, which a learner wants (the same one, unless the episode is
    over); what happened.
    """
    step_key, reset_key = jax.random.split(key)
    reached, transition = environment.step(state, action, step_key)
    if not environment.compiled:
        return (environment.reset(reset_key) if transition.done else reached), reached, transition
    first = environment.reset(reset_key)
    following = jax.tree.map(lambda new, old: jnp.where(transition.done, new, old), first, reached)
    return following, reached, transition


def play(
    environment: Environment[State],
    choose: Callable[[State, PRNGKeyArray], Action],
    key: PRNGKeyArray,
    num_steps: int,
) -> Plays:
    """Plays `num_steps` steps from a first state, choosing actions by `choose(state, key)`.

    One loop of compiled code, or a loop of Python where the environment is not compiled.

    **Raises:** `ValueError` if there is no step.
    """
    if num_steps < 1:
        raise ValueError(f"num_steps must be 1 or more, got {num_steps}")
    reset_key, steps_key = jax.random.split(key)

    def one(state, key):
        choice_key, step_key = jax.random.split(key)
        action = choose(state, choice_key)
        following, reached, transition = step_and_reset(environment, state, action, step_key)
        return following, Plays(state, jnp.asarray(action), reached, transition)

    first, keys = environment.reset(reset_key), jax.random.split(steps_key, num_steps)
    if environment.compiled:
        return jax.lax.scan(one, first, keys)[1]
    found = []
    for key in keys:
        first, played = one(first, key)
        found.append(played)
    return jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), *found)


def play_randomly(environment: Environment[State], key: PRNGKeyArray, num_steps: int) -> Plays:
    """`play` with actions drawn uniformly."""

    def choose(state: State, key: PRNGKeyArray) -> Int[Array, ""]:
        return jax.random.randint(key, (), 0, environment.num_actions)

    return play(environment, choose, key, num_steps)
