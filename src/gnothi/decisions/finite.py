"""Bandits of finitely many hypotheses, where what an approximate posterior costs Thompson sampling is computed exactly.

Thompson sampling draws `tau` outcomes of every action from the joint prediction and takes the action whose outcomes are
best. The action is a function of the outcomes, so by data processing and Pinsker's inequality two joint predictions
whose divergence is d make decisions whose expected rewards differ by sqrt(d / 2) at most (Wen et al. 2022, "From
Predictions to Decisions", for one step). No such bound holds for the divergence of marginals.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float
from scipy import stats


@dataclass(frozen=True)
class FiniteProblem:
    """A bandit of a few actions, `tau` simulated outcomes of each, and hypotheses with their posterior weights.

    `rewards` says how likely a reward is by hypothesis and action.
    """

    rewards: Float[np.ndarray, "hypotheses actions"]
    posterior: Float[np.ndarray, " hypotheses"]
    tau: int

    def joint(self, weights: Float[np.ndarray, " hypotheses"]) -> Float[np.ndarray, " outcomes"]:
        """The law of how many of `tau` outcomes are rewards for each action, if hypotheses weigh so much.

        The order of an action's outcomes tells nothing more, so this is as good as the law of all of them.
        """
        counts = stats.binom.pmf(np.arange(self.tau + 1), self.tau, self.rewards[..., None])
        laws = counts[:, 0]
        for action in range(1, self.rewards.shape[1]):
            laws = (laws[:, :, None] * counts[:, action, None, :]).reshape(len(laws), -1)
        return weights @ laws

    def independent(self, weights: Float[np.ndarray, " hypotheses"]) -> Float[np.ndarray, " outcomes"]:
        """The same law with the same marginals, all outcomes taken for independent."""
        certain = FiniteProblem((weights @ self.rewards)[None], np.ones(1), self.tau)
        return certain.joint(np.ones(1))

    def choices(self, law: Float[np.ndarray, " outcomes"]) -> Float[np.ndarray, " actions"]:
        """How likely each action is to be taken if outcomes are drawn from a law; ties are broken evenly."""
        counts = np.array(list(product(range(self.tau + 1), repeat=self.rewards.shape[1])))
        best = counts == counts.max(axis=1, keepdims=True)
        return law @ (best / best.sum(axis=1, keepdims=True))

    def expected_reward(self, law: Float[np.ndarray, " outcomes"]) -> float:
        """The reward to expect of an action chosen by a law, under the true posterior."""
        return float(self.choices(law) @ (self.posterior @ self.rewards))

    def cost(self, law: Float[np.ndarray, " outcomes"]) -> float:
        """By how much the expected reward is changed when outcomes are drawn from a law, not from the posterior's."""
        return abs(self.expected_reward(law) - self.expected_reward(self.joint(self.posterior)))

    def divergence(self, law: Float[np.ndarray, " outcomes"]) -> float:
        """KL of a law of all outcomes from the posterior's, in nats."""
        return float(stats.entropy(self.joint(self.posterior), law))

    def marginal_divergence(self, weights: Float[np.ndarray, " hypotheses"]) -> float:
        """The same of one outcome of one action, the largest over actions."""
        true, other = ((w @ self.rewards)[None] for w in (self.posterior, weights))
        return float(stats.entropy(np.concatenate([true, 1 - true]), np.concatenate([other, 1 - other])).max())

    def bound(self, law: Float[np.ndarray, " outcomes"]) -> float:
        """What `cost` can be at most."""
        return float(np.sqrt(self.divergence(law) / 2))


def bound_cases(num_problems: int) -> dict[str, Float[np.ndarray, " cases"]]:
    """What approximate posteriors of varying quality cost on random problems, and what bounds say of each.

    **Returns:** `cost`, of a step of Thompson sampling; `joint` and `marginal`, the bound from the divergence of the
    joint predictions, and what the same formula makes of the largest divergence of a marginal.
    """
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(num_problems):
        hypotheses, actions, tau = rng.integers(2, 6), rng.integers(2, 4), rng.integers(1, 7)
        rewards = rng.beta(0.5, 0.5, (hypotheses, actions))
        problem = FiniteProblem(rewards, rng.dirichlet(np.ones(hypotheses)), int(tau))
        weights = [_normal(problem.posterior**power) for power in (0.0, 0.5, 2.0)]  # too doubtful, too sure
        weights += [rng.dirichlet(np.ones(hypotheses)), _normal(problem.posterior * rng.uniform(0.9, 1.1, hypotheses))]
        laws = [(problem.joint(w), w) for w in weights]
        laws.append((problem.independent(problem.posterior), problem.posterior))
        for law, w in laws:
            rows.append((problem.cost(law), problem.bound(law), np.sqrt(problem.marginal_divergence(w) / 2)))
    return dict(zip(("cost", "joint", "marginal"), np.array(rows).T, strict=True))


def _normal(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum()
