"""Contextual bandits on real tables: a row is a context, a class is an arm, and only the chosen arm's reward is seen.

As in Riquelme et al. 2018, "Deep Bayesian Bandits Showdown" (ICLR): a network reads the context and has an output for
each arm, a fresh index is drawn at every step, and a whole run of many orders of the table is one compiled program.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.agents import NetworkAgent, PriorKnowledge, gradient_steps
from gnothi.data import Stream, check_classification, check_finite, standardise
from gnothi.decisions.incremental import Play, compiled_for_each, told_and_keys
from gnothi.decisions.planners import Planner, Thompson
from gnothi.learning.losses import Batch

LARGEST_LOSS = 35.0  # of eating a poisonous mushroom, with probability 1/2; else it pays 5, as an edible one does
GAIN = 5.0


@dataclass(frozen=True)
class ContextualBandit:
    """Contexts in the order in which they come, what each arm would pay at each, and what it pays in expectation.

    Rewards are 0 or 1; where there is a `noise_std` they are values with noise of about that deviation. `temperature`
    is what agents are told of the sharpness of the truth, if anything. `seed` fixes the luck of a run.
    """

    contexts: Float[np.ndarray, "steps features"]
    rewards: Float[np.ndarray, "steps arms"]
    means: Float[np.ndarray, "steps arms"]
    seed: int
    temperature: float | None = None
    noise_std: float | None = None

    @property
    def prior_knowledge(self) -> PriorKnowledge:
        """What agents are told: an output for each arm."""
        return PriorKnowledge(self.means.shape[1], self.temperature, self.noise_std)

    @property
    def regrets(self) -> Float[np.ndarray, "steps arms"]:
        """What each arm falls short of the best, in expectation."""
        return self.means.max(axis=1, keepdims=True) - self.means


def bandit_of_table(
    x: Float[np.ndarray, "rows features"],
    y: Int[np.ndarray, " rows"],
    seed: int,
    *,
    horizon: int | None = None,
    temperature: float | None = None,
) -> ContextualBandit:
    """Makes a bandit of a table for classification: the right class pays 1, any other 0.

    **Arguments:** `x`, standardised here; `y`, labels from 0; `seed`, of the order of rows; `horizon`, steps: all rows
    once by default, and rows come again, in another order, once all have been seen; `temperature`, told to agents.

    **Raises:** `ValueError` if the table is empty, holds NaN or one class only, or the horizon is below 1.
    """
    classes = int(np.max(y, initial=0)) + 1
    check_classification(x, y, classes, name="the table")
    rows = _rows(len(x), seed, horizon)
    pays = np.eye(classes)[y[rows]]
    return ContextualBandit(standardise(x)[0][rows], pays, pays, seed, temperature)


def bandit_of_mushrooms(
    x: Float[np.ndarray, "rows features"], poisonous: Int[np.ndarray, " rows"], seed: int, *, horizon: int | None = None
) -> ContextualBandit:
    """Makes the mushroom bandit: arm 0 leaves it and pays 0, arm 1 eats it (Riquelme et al. 2018, after Blundell 2015).

    An edible one pays 5; a poisonous one 5 or -35, each with probability 1/2. All in units of 35.

    **Arguments:** `x`, standardised here; `poisonous`, 1 or 0; `seed`; `horizon` as in `bandit_of_table`.

    **Raises:** `ValueError` as `bandit_of_table` does.
    """
    check_classification(x, poisonous, 2, name="the mushrooms")
    rows = _rows(len(x), seed, horizon)
    bad = poisonous[rows].astype(bool)
    lost = np.random.default_rng(seed).uniform(size=len(rows)) < 0.5
    nothing = np.zeros(len(rows))
    pays = np.stack([nothing, np.where(bad & lost, -LARGEST_LOSS, GAIN)], axis=1) / LARGEST_LOSS
    means = np.stack([nothing, np.where(bad, (GAIN - LARGEST_LOSS) / 2, GAIN)], axis=1) / LARGEST_LOSS
    noise = (GAIN + LARGEST_LOSS) / 2 / LARGEST_LOSS  # of the only arm that is noisy
    return ContextualBandit(standardise(x)[0][rows], pays, means, seed, noise_std=noise)


def _rows(count: int, seed: int, horizon: int | None) -> Int[np.ndarray, " steps"]:
    """One random order of rows after another."""
    horizon = count if horizon is None else horizon
    if horizon < 1:
        raise ValueError(f"horizon must be 1 or more, got {horizon}")
    stream = Stream(seed, count)
    return np.concatenate([stream.permutation(count) for _ in range(-(-horizon // count))])[:horizon]


def play_contextual(
    agent: NetworkAgent,
    bandits: Sequence[ContextualBandit],
    planner: Planner | None = None,
    *,
    batch_size: int = 128,
    seed: int = 0,
) -> Play:
    """Plays contextual bandits of one shape, a gradient step after every reward, on a replay of all rewards so far.

    **Arguments:** `agent`, told of as many classes as there are arms; `bandits`; `planner`, Thompson sampling by
    default; `batch_size`, rewards a gradient step sees; `seed`, of the agent and its luck.

    **Returns:** arms and regrets: sum regrets over steps for the cumulative regret.

    **Raises:** `ValueError` if bandits differ in shape or in kind, contexts are not finite, or `batch_size` is below 1.
    """
    shapes = {(b.contexts.shape, b.means.shape[1], b.noise_std is None, b.temperature is None) for b in bandits}
    if len(shapes) != 1:
        raise ValueError(
            f"bandits must be of one shape and kind, and there must be one at least, got {sorted(shapes)} "
            "(contexts, arms, whether rewards are 0 or 1, whether no temperature is known)"
        )
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, got {batch_size}")
    for bandit in bandits:
        check_finite(bandit.contexts, name="contexts")
    taken = np.asarray(
        _program(agent, planner or Thompson(), batch_size)(  # type: ignore[arg-type]
            jnp.stack([jnp.asarray(b.contexts, jnp.float32) for b in bandits]),
            jnp.stack([jnp.asarray(b.rewards, jnp.float32) for b in bandits]),
            *told_and_keys(bandits, seed),
        )
    )
    pairs = zip(bandits, taken, strict=True)
    return Play(taken, np.stack([np.take_along_axis(b.regrets, arms[:, None], 1)[:, 0] for b, arms in pairs]))


@lru_cache(maxsize=4)
def _program(agent: NetworkAgent, planner: Planner, batch_size: int):
    return compiled_for_each(partial(_play_one, agent, planner, batch_size))


@dataclass(frozen=True)
class _ChosenArms:
    """What the loss sees: of each context, the output of the arm that was chosen there, and of no other."""

    network: Any
    arms: Int[Array, " data"]
    binary: bool

    @property
    def index(self) -> Any:
        return self.network.index

    def predict(self, inputs: Array, indices: Array | None = None, constants: Array | None = None) -> Array:
        outputs = self.network.predict(inputs, indices, constants)
        chosen = jnp.take_along_axis(outputs, self.arms[None, :, None], axis=2)
        # As two classes, so that the loss of an agent on labels is that of a reward of 0 or 1.
        return jnp.concatenate([jnp.zeros_like(chosen), chosen], axis=2) if self.binary else chosen


def _play_one(
    agent: NetworkAgent,
    planner: Planner,
    batch_size: int,
    contexts: Float[Array, "steps features"],
    rewards: Float[Array, "steps arms"],
    told: PriorKnowledge,
    key: PRNGKeyArray,
) -> Int[Array, " steps"]:
    net_key, run_key = jax.random.split(key)
    enn = agent.network(contexts.shape[1], told, net_key)
    constants = enn.constants(contexts)
    training = gradient_steps(agent, enn, told)
    binary = told.noise_std is None

    def values(network, number, key):
        of_context = None if constants is None else constants[number][None]
        outputs = network.predict(contexts[number][None], network.index.samples(key, planner.num_samples), of_context)
        return jax.nn.sigmoid(outputs[:, 0]) if binary else outputs[:, 0]

    def step(state, number):
        trained, arms, paid = state
        index_key, plan_key, row_key, learn_key = jax.random.split(jax.random.fold_in(run_key, number), 4)
        arm = planner(values(training.network(trained), number, index_key), plan_key).astype(jnp.int32)
        arms, paid = arms.at[number].set(arm), paid.at[number].set(rewards[number, arm].astype(paid.dtype))
        rows = jax.random.randint(row_key, (batch_size,), 0, number + 1)
        batch = Batch(contexts[rows], paid[rows], rows, None if constants is None else constants[rows])
        view = partial(_ChosenArms, arms=arms[rows], binary=binary)
        return (training.step(trained, batch, number + 1, learn_key, view), arms, paid), arm

    steps = len(contexts)
    first = (training.start, jnp.zeros(steps, jnp.int32), jnp.zeros(steps, jnp.int32 if binary else jnp.float32))
    return jax.lax.scan(step, first, jnp.arange(steps))[1]
