"""Linear-Gaussian ensemble sampling: a fixed set of exact posterior draws, updated reward by reward.

Lu and Van Roy 2017, "Ensemble Sampling", sec. 3. Each arm has a linear model of its targets with Gaussian noise and a
Gaussian prior. A member starts at a draw of the prior and learns targets to which it adds noise of its own; each member
is then a draw of the posterior, exactly, and members are independent. One member, drawn at random for a decision, is
Thompson sampling with a joint posterior draw over all contexts and arms.

An update is that of the Kalman filter (recursive least squares): d^2 + members x d numbers. NumPy in float64 only. All
random numbers are functions of the seed and of the number of the arm or decision that they belong to, so that the same
updates in the same order give the same bits.
"""

import numpy as np
from jaxtyping import Bool, Float

#: What random numbers are for: streams that share a seed and a number must not overlap.
PRIOR, CHOICE, NOISE = range(3)

#: Numbers that are held at once when many contexts are valued.
BLOCK = 2**22


def stream(seed: int, number: int, purpose: int) -> np.random.Generator:
    """The random numbers that belong to one arm or decision, whatever was drawn before."""
    return np.random.Generator(np.random.Philox(key=[seed, number], counter=[0, 0, 0, purpose]))


class EnsembleSampling:
    """Posterior draws of linear models, `members` for each of a growing number of arms.

    `weights`, `[arms, members, features]`, are the draws; `covariances`, `[arms, features, features]`, what they are
    draws with.

    **Arguments:** `prior_variances`, `[features]`, of independent weights with mean 0; `num_members`; `noise_std`, the
    deviation of targets around their mean; `seed`.
    """

    def __init__(
        self, prior_variances: Float[np.ndarray, " features"], *, num_members: int, noise_std: float, seed: int
    ):
        self.prior_variances = prior_variances
        self.num_members = num_members
        self.noise_std = noise_std
        self.seed = seed
        size = len(prior_variances)
        self.weights: Float[np.ndarray, "arms members features"] = np.empty((0, num_members, size))
        self.covariances: Float[np.ndarray, "arms features features"] = np.empty((0, size, size))

    def add_arm(self) -> None:
        """Adds an arm of which nothing is known but the prior."""
        # Drawn feature by feature, so that a member keeps its draws when features are added.
        draws = stream(self.seed, len(self.weights), PRIOR).standard_normal(
            (len(self.prior_variances), self.num_members)
        )
        start = draws.T * np.sqrt(self.prior_variances)
        self.weights = np.concatenate([self.weights, start[None]])
        self.covariances = np.concatenate([self.covariances, np.diag(self.prior_variances)[None]])

    def learn(self, arm: int, features: Float[np.ndarray, " features"], target: float, decision: int) -> None:
        """Learns one target of one arm; the members' noise is that of the decision's number."""
        noise = self.noise_std * stream(self.seed, decision, NOISE).standard_normal(self.num_members)
        projected = self.covariances[arm] @ features
        variance = features @ projected + self.noise_std**2
        errors = target + noise - self.weights[arm] @ features
        self.weights[arm] += np.outer(errors, projected / variance)
        self.covariances[arm] -= np.outer(projected, projected) / variance

    def values(self, features: Float[np.ndarray, " features"]) -> Float[np.ndarray, "arms members"]:
        """What each member expects of each arm."""
        return self.weights @ features

    def vote_shares(
        self, features: Float[np.ndarray, "contexts features"], available: Bool[np.ndarray, "contexts arms"]
    ) -> Float[np.ndarray, "contexts arms"]:
        """The share of members for whom an arm is the best of those available."""
        counts = np.zeros(available.shape)
        rows = max(1, BLOCK // max(1, self.weights.shape[0] * self.num_members))
        for start in range(0, len(features), rows):
            part = slice(start, start + rows)
            values = np.einsum("amd,cd->cam", self.weights, features[part], optimize=True)
            votes = np.where(available[part, :, None], values, -np.inf).argmax(axis=1)
            np.add.at(counts[part], (np.arange(len(votes))[:, None], votes), 1)
        return counts / self.num_members
