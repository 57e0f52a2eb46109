"""Recommendation: items that are each liked with the same probability, and a choice that marginals get wrong.

A few items are shown; it is enough if one is liked. Whoever knows each item's marginal only shows what most like;
whoever knows which likes go together shows something for everybody (Wen et al. 2022, "From Predictions to Decisions").
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Recommendation:
    """The items that are shown, and the true probability that one of them, or more, is liked."""

    items: tuple[int, ...]
    value: float


@dataclass(frozen=True)
class Catalogue:
    """Items, and equally likely users: user `u` likes item `x` with probability sigmoid(u.x), each independently."""

    users: tuple[tuple[float, ...], ...]
    items: tuple[tuple[float, ...], ...]

    @property
    def likes(self) -> Float[np.ndarray, "users items"]:
        """How likely each user is to like each item."""
        return 1 / (1 + np.exp(-np.array(self.users, float) @ np.array(self.items, float).T))

    @property
    def marginals(self) -> Float[np.ndarray, " items"]:
        """How likely it is that an item is liked by a user of whom nothing is known."""
        return self.likes.mean(axis=0)

    def value(self, items: tuple[int, ...]) -> float:
        """The probability that a user likes one of some items or more."""
        return float(np.mean(1 - np.prod(1 - self.likes[:, list(items)], axis=1)))

    def by_marginals(self, shown: int) -> Recommendation:
        """What to show if likes of different items are taken for independent."""
        marginals = self.marginals
        return self._best(shown, lambda items: 1 - np.prod(1 - marginals[list(items)]))

    def by_joints(self, shown: int) -> Recommendation:
        """What to show by the joint law of likes."""
        return self._best(shown, self.value)

    def _best(self, shown: int, believed) -> Recommendation:
        if not 1 <= shown <= len(self.items):
            raise ValueError(f"of {len(self.items)} items, 1 to {len(self.items)} can be shown, got {shown}")
        items = max(combinations(range(len(self.items)), shown), key=believed)
        return Recommendation(items, self.value(items))


#: The paper's instance, of which two are shown.
MOVIES = Catalogue(users=((1, 0), (0, 1)), items=((10, -10), (-10, 10), (1, 0), (0, 1)))
