"""Which attacks are made next: by what is believed of them, or by rules that believe nothing.

No policy makes an attack twice, or one whose failure was found already, and none puts two attacks of one failure into
a batch while there are others: what is left between them is how well they choose.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from gnothi.agents.settings import look_up
from gnothi.safety.redteam.arms import AttackSpace
from gnothi.safety.redteam.posterior import FailurePosterior


class Policy(ABC):
    """Chooses attacks, and is told what came of them.

    **Arguments:** `space`; `keys`, of `keys_of`; `posterior`, which who runs the campaign tells what came of attacks.
    """

    def __init__(self, space: AttackSpace, keys: Int[np.ndarray, " attacks"], posterior: FailurePosterior):
        self.space, self.keys, self.posterior = space, keys, posterior

    @abstractmethod
    def choose(self, available: Bool[np.ndarray, " attacks"], size: int, random: np.random.Generator) -> list[int]:
        """Places of the next attacks, `size` of them or as many as are `available`."""

    def learn(self, places: Sequence[int], failed: Sequence[bool]) -> None:  # noqa: B027
        """What came of attacks, for those policies that count."""


class Uniform(Policy):
    """Any attack, all equally likely."""

    def choose(self, available, size, random):  # noqa: D102
        return first_distinct(random.permutation(np.flatnonzero(available)), self.keys, size)


class Fixed(Policy):
    """The attacks in the order in which the space lists them."""

    def choose(self, available, size, random):  # noqa: D102
        return first_distinct(np.flatnonzero(available), self.keys, size)


class EpsilonGreedy(Policy):
    """The technique (or arm) with the highest share of successes, smoothed by Laplace's rule; now and then, any.

    As PyRIT's adaptive scenario chooses techniques. **Arguments:** as of `Policy`; `epsilon`, how often any; `by` what
    successes are counted.
    """

    def __init__(self, space, keys, posterior, *, epsilon: float = 0.1, by: Literal["technique", "arm"] = "technique"):
        super().__init__(space, keys, posterior)
        number: dict[object, int] = {}
        levels = [(a.arm.technique,) if by == "technique" else (a.arm.technique, a.arm.topic) for a in space.attacks]
        self._level = np.array([number.setdefault(level, len(number)) for level in levels])
        self._successes, self._tries = np.zeros(len(number)), np.zeros(len(number))
        self.epsilon = epsilon

    def choose(self, available, size, random):  # noqa: D102
        left = available.copy()
        chosen: list[int] = []
        while len(chosen) < size and left.any():
            levels = np.unique(self._level[left])
            rates = (self._successes[levels] + 1) / (self._tries[levels] + 2)
            explore = random.random() < self.epsilon
            best = levels if explore else levels[rates == rates.max()]
            places = np.flatnonzero(left & (self._level == random.choice(best)))
            fresh = places[~np.isin(self.keys[places], self.keys[chosen])]
            chosen.append(int(random.choice(fresh if fresh.size else places)))
            left[chosen[-1]] = False
        return chosen

    def learn(self, places, failed):  # noqa: D102
        np.add.at(self._tries, self._level[places], 1)
        np.add.at(self._successes, self._level[places], np.asarray(failed, float))


class Thompson(Policy):
    """For each attack of a batch the world is drawn anew from what is believed, and the best attack there is made.

    What is best is the likeliest to find a failure that neither was found nor, in expectation, will be by the rest of
    the batch.
    """

    def choose(self, available, size, random):  # noqa: D102
        size = min(size, int(available.sum()))
        draws, means = self.posterior.draws, self.posterior.means
        worlds = np.resize(random.permutation(len(draws)), size)
        spared = np.where(available, 1.0, 0.0)
        chosen: list[int] = []
        for chances in draws[worlds]:
            chosen.append(int(np.argmax(chances * spared)))
            _pass_over(chosen[-1], means, spared, self.keys)
        return chosen


class Greedy(Policy):
    """The attacks that are believed likeliest to find something new: nothing is done in order to learn."""

    def choose(self, available, size, random):  # noqa: D102
        means, spared = self.posterior.means, np.where(available, 1.0, 0.0)
        chosen: list[int] = []
        for _ in range(min(size, int(available.sum()))):
            chosen.append(int(np.argmax(means * spared)))
            _pass_over(chosen[-1], means, spared, self.keys)
        return chosen


class InformationDirected(Policy):
    """The attack whose expected loss, squared, is least for what it tells of where the best one is.

    Information-directed sampling by variance (Russo and Van Roy 2014, sec. 6.3): the loss is what the best attack of
    each drawn world would have gained more; what is told is how much the attack's chance varies with which attack is
    best. After each choice the draws are narrowed as if its outcome were known (an ensemble Kalman update, Whitaker and
    Hamill 2002), so that a batch does not ask the same twice.
    """

    def choose(self, available, size, random):  # noqa: D102
        means, spared = self.posterior.means, np.where(available, 1.0, 0.0)
        spread = self.posterior.draws - means
        chosen: list[int] = []
        for _ in range(min(size, int(available.sum()))):
            chosen.append(_least_ratio(means, spread, spared))
            spread = _narrowed(spread, means, chosen[-1])
            _pass_over(chosen[-1], means, spared, self.keys)
        return chosen


def _least_ratio(
    means: Float[np.ndarray, " attacks"],
    spread: Float[np.ndarray, "draws attacks"],
    spared: Float[np.ndarray, " attacks"],
) -> int:
    gains = (means + spread) * spared
    best = gains.argmax(axis=1)
    loss = gains.max(axis=1).mean() - means * spared
    groups, which = np.unique(best, return_inverse=True)
    counts = np.bincount(which)
    sums = np.zeros((groups.size, means.size))
    np.add.at(sums, which, spread * spared)
    told = ((sums / counts[:, None]) ** 2 * counts[:, None]).sum(axis=0) / counts.sum()
    ratio = np.where(spared > 0, loss**2 / np.maximum(told, 1e-12), np.inf)
    return int(np.argmin(ratio))


def _narrowed(
    spread: Float[np.ndarray, "draws attacks"], means: Float[np.ndarray, " attacks"], place: int
) -> Float[np.ndarray, "draws attacks"]:
    """Deviations of the draws after the outcome of one attack, whichever it is, would be known."""
    own = spread[:, place]
    noise = max(means[place] * (1 - means[place]), 1e-9)
    variance = float((own**2).mean())
    shrink = 1 / (1 + np.sqrt(noise / (variance + noise)))
    slope = (own @ spread) / own.size / (variance + noise)
    return spread - shrink * own[:, None] * slope


def _pass_over(
    place: int, means: Float[np.ndarray, " attacks"], spared: Float[np.ndarray, " attacks"], keys: np.ndarray
) -> None:
    """What is left of the gain of others once an attack is to be made: the chance that it finds nothing."""
    spared[keys == keys[place]] *= max(1 - means[place], 1e-9)
    spared[place] = 0.0


def first_distinct(order: Int[np.ndarray, " some"], keys: Int[np.ndarray, " attacks"], size: int) -> list[int]:
    """The first places of an order, those of a failure that is there already coming last."""
    chosen: list[int] = []
    later: list[int] = []
    seen: set[int] = set()
    for place in order.tolist():
        if len(chosen) == size:
            return chosen
        (later if int(keys[place]) in seen else chosen).append(place)
        seen.add(int(keys[place]))
    return (chosen + later)[:size]


POLICIES: dict[str, type[Policy]] = {
    "thompson": Thompson,
    "information": InformationDirected,
    "greedy": Greedy,
    "uniform": Uniform,
    "epsilon": EpsilonGreedy,
    "fixed": Fixed,
}


def find_policy(name: str) -> type[Policy]:
    """The policy of a name.

    **Raises:** `ValueError` if there is none, with the nearest name.
    """
    return look_up("policy", name, POLICIES)
