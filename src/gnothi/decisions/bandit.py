"""Bandits whose law is known, neural, linear and logistic, and Thompson sampling on them with any agent.

Osband et al. 2023, "Approximate Thompson Sampling via Epistemic Neural Networks", sec. 5. There a network takes one
gradient step a reward; here an agent learns from nothing at a few times that are set beforehand, so that its recipe is
the one that the testbed scores, and bandits that differ in their seed share one compiled program for each time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key, PRNGKeyArray
from scipy.special import expit

from gnothi.agents import Agent, PriorKnowledge, Sampler
from gnothi.agents.known_prior import NetworkPrior
from gnothi.data import Dataset
from gnothi.learning import compiler_options

HIDDEN = (50, 50)
REFITS = (10, 20, 40, 80, 160)


@dataclass(frozen=True)
class SimulatedBandit:
    """Actions that stay the same for the whole run, what each pays in expectation, and the chances of a run.

    Rewards are 1 with probability `means` and else 0; where there is a `noise_std` they are `means` plus normal noise
    of that deviation, and `temperature` has no meaning. `seed` fixes the luck of a run.
    """

    actions: Float[np.ndarray, "actions features"]
    means: Float[np.ndarray, " actions"]
    temperature: float
    seed: int
    noise_std: float | None = None

    @property
    def prior_knowledge(self) -> PriorKnowledge:
        """What agents are told."""
        if self.noise_std is None:
            return PriorKnowledge(2, self.temperature)
        return PriorKnowledge(1, noise_std=self.noise_std)

    @property
    def regrets(self) -> Float[np.ndarray, " actions"]:
        """What each action falls short of the best, in expectation."""
        return self.means.max() - self.means


def draw_bandit(
    seed: int, *, input_size: int = 2, num_actions: int | None = None, temperature: float = 0.1
) -> SimulatedBandit:
    """Draws a neural bandit: standard normal actions, logits a random network of the testbed's law.

    **Arguments:** `seed`; `input_size`; `num_actions`, by default 50 for each dimension; `temperature`, over which
    logits are.

    **Raises:** `ValueError` if there are fewer than 2 actions.
    """
    num_actions = 50 * input_size if num_actions is None else num_actions
    if num_actions < 2:
        raise ValueError(f"a bandit needs 2 actions or more, got {num_actions}")
    action_key, network_key = jax.random.split(jax.random.key(seed))
    actions = jax.random.normal(action_key, (num_actions, input_size))
    law = NetworkPrior(Dataset(actions, jnp.zeros(num_actions, int)), PriorKnowledge(2, temperature), HIDDEN)
    network = law.networks(law.draws(network_key, 1)[0])
    means = jax.nn.softmax(jax.vmap(network)(actions))[:, 1]
    return SimulatedBandit(np.asarray(actions), np.asarray(means, float), temperature, seed)


def draw_linear_bandit(
    seed: int, *, input_size: int = 5, num_actions: int = 500, noise_std: float = 1.0
) -> SimulatedBandit:
    """Draws a linear bandit: unit vectors as actions, weights N(0, I / features), mean rewards their products.

    **Arguments:** `seed`; `input_size`, features of an action; `num_actions`; `noise_std`, of rewards.

    **Raises:** `ValueError` if there are fewer than 2 actions, or the noise is not positive.
    """
    if not noise_std > 0:
        raise ValueError(f"noise_std must be positive, got {noise_std}")
    actions, weights = _unit_actions(seed, num_actions, input_size)
    return SimulatedBandit(actions, actions @ weights, 1.0, seed, noise_std)


def draw_logistic_bandit(
    seed: int, *, input_size: int = 5, num_actions: int = 500, temperature: float = 0.1
) -> SimulatedBandit:
    """Draws a logistic bandit: as `draw_linear_bandit`, with means as logits over `temperature`, rewards 0 or 1.

    **Raises:** `ValueError` if there are fewer than 2 actions, or the temperature is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    actions, weights = _unit_actions(seed, num_actions, input_size)
    return SimulatedBandit(actions, expit(actions @ weights / temperature), temperature, seed)


def _unit_actions(seed: int, num_actions: int, input_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Actions of length 1, and weights of a length of about 1."""
    if num_actions < 2:
        raise ValueError(f"a bandit needs 2 actions or more, got {num_actions}")
    rng = np.random.default_rng(seed)
    actions = rng.standard_normal((num_actions, input_size)).astype(np.float32)
    weights = rng.standard_normal(input_size) / input_size**0.5
    return actions / np.linalg.norm(actions, axis=1, keepdims=True), weights


def uniform_regret(bandit: SimulatedBandit) -> float:
    """The expected regret of a step that takes any action with equal probability."""
    return float(bandit.regrets.mean())


def thompson_regret(
    agent: Agent,
    bandits: Sequence[SimulatedBandit],
    *,
    refits: Sequence[int] = REFITS,
    horizon: int = 320,
    seed: int = 0,
) -> Float[np.ndarray, "bandits steps"]:
    """Plays bandits of one shape by Thompson sampling with an agent.

    The first `refits[0]` actions are uniform. Then the agent learns from all rewards so far, once after each number of
    rewards in `refits`; every step draws a fresh index and takes the action that is likeliest to be rewarded under it,
    any of them if there are several.

    **Arguments:** `agent`; `bandits`; `refits`, rising; `horizon`, steps in all; `seed`, of the agent.

    **Returns:** the expected regret of the action taken, by bandit and step: sum over steps for the cumulative regret.

    **Raises:** `ValueError` if `refits` do not rise from 1 or more to less than `horizon`, or rewards are not 0 or 1.
    """
    if any(bandit.noise_std is not None for bandit in bandits):
        raise ValueError("thompson_regret is for rewards of 0 and 1; where they have noise use play")
    times = [0, *refits, horizon]
    if len(times) < 3 or any(later <= earlier for earlier, later in pairwise(times)):
        raise ValueError(f"refits must rise from 1 or more to less than {horizon}, the horizon, got {list(refits)}")
    chances = [np.random.default_rng(bandit.seed) for bandit in bandits]
    taken = np.stack([rng.integers(len(b.actions), size=refits[0]) for rng, b in zip(chances, bandits, strict=True)])
    luck = np.stack([rng.uniform(size=horizon) for rng in chances])
    prior = [bandit.prior_knowledge for bandit in bandits]
    # One key for all refits of a bandit: fresh initial weights would make even a point estimate explore.
    keys = jax.random.split(jax.random.key(seed), len(bandits))
    for now, later in zip(refits, [*refits[1:], horizon], strict=True):
        data = [_history(*one) for one in zip(bandits, taken, luck, strict=True)]
        samplers = train_all(agent, data, prior, keys)
        act_keys = jax.vmap(jax.random.fold_in, (0, None))(keys, now)
        new = [choose(*one, later - now) for one in zip(samplers, bandits, act_keys, strict=True)]
        taken = np.concatenate([taken, np.stack(new)], axis=1)
    return np.stack([bandit.regrets[row] for bandit, row in zip(bandits, taken, strict=True)])


def choose(sampler: Sampler, bandit: SimulatedBandit, key: PRNGKeyArray, steps: int) -> Int[np.ndarray, " steps"]:
    """The actions of `steps` steps, a fresh index for each; ties are broken at random."""
    act = _compiled_best if isinstance(sampler, eqx.Module) else _best
    index_key, tie_key = jax.random.split(key)
    best = np.asarray(act(sampler, jnp.asarray(bandit.actions), index_key, steps))
    chance = np.asarray(jax.random.uniform(tie_key, best.shape))
    return np.where(best, chance, -1.0).argmax(axis=1)


def _best(sampler: Sampler, actions: Array, key: PRNGKeyArray, steps: int) -> Bool[Array, "steps actions"]:
    logits = sampler.predict(actions, sampler.index.samples(key, steps))
    # Logits do not saturate where probabilities do, and say the same of which is larger.
    margins = logits[..., 1] - logits[..., 0]
    return margins == jnp.max(margins, axis=1, keepdims=True)


_compiled_best = eqx.filter_jit(_best)


def _history(bandit: SimulatedBandit, taken: np.ndarray, luck: np.ndarray) -> Dataset:
    rewards = luck[: len(taken)] < bandit.means[taken]
    return Dataset(bandit.actions[taken], rewards.astype(np.int32))


def train_all(
    agent: Agent, data: Sequence[Dataset], prior: Sequence[PriorKnowledge], keys: Key[Array, " sets"]
) -> list[Sampler]:
    """Trains an agent on data sets of one shape: one compiled program, kept for the next call, if the agent allows.

    **Arguments:** `agent`; `data`; `prior`, what may be known of each; `keys`, one each.
    """
    if not agent.compiled:
        return [agent(*one) for one in zip(data, prior, keys, strict=True)]
    arrays = _program(agent)(_stack(data), _stack(prior), keys)  # type: ignore[arg-type]
    shapes = eqx.filter_eval_shape(agent, data[0], prior[0], keys[0])
    rest = eqx.partition(shapes, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))[1]
    return [eqx.combine(jax.tree.map(lambda leaf, i=i: leaf[i], arrays), rest) for i in range(len(data))]


@lru_cache(maxsize=1)  # agents come one after another
def _program(agent: Agent) -> Callable[..., Any]:
    return jax.jit(partial(_train_all, agent), compiler_options=compiler_options())


def _train_all(agent: Agent, data: Any, prior: PriorKnowledge, keys: Array) -> Any:
    return jax.lax.map(lambda one: eqx.filter(agent(*one), eqx.is_array), (data, prior, keys))


def _stack(trees: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), *trees)
