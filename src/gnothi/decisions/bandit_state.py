"""Everything a deployed bandit knows: a function of the records of its log, and of nothing else."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from gnothi.decisions.context_features import ContextFeatures, HiddenLayers
from gnothi.decisions.ensemble_sampling import CHOICE, EnsembleSampling, stream
from gnothi.decisions.journal import Record
from gnothi.decisions.logged import Arm, LoggedDecisions

#: Raised whenever logs of older versions could no longer be read.
FORMAT = 1


@dataclass(frozen=True)
class Settings:
    """What a bandit is made with; `gnothi.Bandit` says what each means.

    **Raises:** `ValueError` if one of them is out of range.
    """

    arms: tuple[Arm, ...]
    context_size: int
    reward_range: tuple[float, float] = (0.0, 1.0)
    seed: int = 0
    exploration: float = 0.01
    num_members: int = 100
    prior_std: float = 0.5
    noise_std: float = 0.5

    def __post_init__(self):
        low, high = self.reward_range
        needs = {
            "arms": (len(self.arms) > 0, "one or more"),
            "context_size": (self.context_size >= 0, "0 or more"),
            "reward_range": (0 < high - low < math.inf, "two finite numbers that rise"),
            "seed": (0 <= self.seed < 2**63, "between 0 and 2^63 - 1"),
            "exploration": (0 < self.exploration <= 1, "more than 0, so that every arm can be taken, and at most 1"),
            "num_members": (self.num_members >= 1, "1 or more"),
            "prior_std": (0 < self.prior_std < math.inf, "positive"),
            "noise_std": (0 < self.noise_std < math.inf, "positive"),
        }
        for name, (met, need) in needs.items():
            if not met:
                raise ValueError(f"{name} must be {need}, got {getattr(self, name)}")
        if len(set(self.arms)) < len(self.arms):
            twice = next(arm for arm in self.arms if self.arms.count(arm) > 1)
            raise ValueError(f"arms must differ, got {twice!r} twice")

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Settings":
        """Settings from whatever a caller or JSON holds: lists for tuples, whole numbers for real ones."""
        return cls(**{name: _READ.get(name, float)(value) for name, value in given.items()})


def arm_name(name: Any) -> Arm:
    """An arm's name as JSON can hold it.

    **Raises:** `ValueError` if it is neither text nor a whole number.
    """
    if isinstance(name, str):
        return str(name)
    if isinstance(name, int | np.integer) and not isinstance(name, bool):
        return int(name)
    raise ValueError(f"an arm is named by text or a whole number, got {name!r}")


def _ends(values: Sequence[float]) -> tuple[float, float]:
    if len(values) != 2:
        raise ValueError(f"reward_range must be the lowest and the highest reward, got {values}")
    return float(values[0]), float(values[1])


_READ: dict[str, Callable[[Any], Any]] = {
    "arms": lambda arms: tuple(arm_name(arm) for arm in arms),
    "context_size": index,
    "reward_range": _ends,
    "seed": index,
    "num_members": index,
}


class Pending(NamedTuple):
    """A decision that waits for its reward; `arm` is a position."""

    arm: int
    context: Float[np.ndarray, " inputs"]


class BanditState:
    """Arms, pending decisions, features and model, changed by `apply` alone.

    `stale` is set by a refit: the features have changed, and nothing was learnt with them yet (`relearn` does).

    **Arguments:** `settings`.
    """

    def __init__(self, settings: Settings):
        self.settings = settings
        self.names: list[Arm] = []
        self.active: list[bool] = []
        self.decisions = 0
        self.pending: dict[int, Pending] = {}
        self.refits = 0
        self.features_crc32 = 0
        self.stale = False
        self.use_features(ContextFeatures(settings.context_size))
        for name in settings.arms:
            self._add_arm(name)

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The names of the arms that may be taken now."""
        return tuple(name for name, active in zip(self.names, self.active, strict=True) if active)

    @property
    def available(self) -> Bool[np.ndarray, " arms"]:
        """Which of `names` they are."""
        return np.array(self.active)

    def apply(self, record: Record, learnt: HiddenLayers | None = None) -> None:
        """Changes the state by one record of the log, which must be one that the bandit could have written.

        **Arguments:** `record`; `learnt`, the layers that a record of a refit names.
        """
        match record["event"]:
            case "choose":
                arm, context = self.names.index(record["arm"]), np.array(record["context"], float)
                self.pending[record["id"]] = Pending(arm, context)
                self.decisions = record["id"] + 1
            case "reward":
                for decision, reward in zip(record["ids"], record["rewards"], strict=True):
                    arm, context = self.pending.pop(decision)
                    if not self.stale:
                        self._learn(decision, arm, self.features(context[None])[0], reward)
            case "add_arm":
                self._add_arm(record["arm"])
            case "retire_arm":
                self.active[self.names.index(record["arm"])] = False
            case "refit":
                self.refits, self.features_crc32 = record["number"], record["features_crc32"]
                self.stale = True
                self.use_features(ContextFeatures(self.settings.context_size, learnt))

    def relearn(self, logged: LoggedDecisions) -> None:
        """Learns every rewarded decision again, in the order in which rewards came, with the present features."""
        self.use_features(self.features)
        features = self.features(logged.contexts)
        for row in range(len(logged)):
            self._learn(int(logged.ids[row]), int(logged.arms[row]), features[row], float(logged.rewards[row]))
        self.stale = False

    def draw(self, context: Float[np.ndarray, " inputs"]) -> tuple[int, float, int | None]:
        """The next decision's arm (a position), its propensity, and the member followed, if one was."""
        settings = self.settings
        values = self.model.values(self.features(context[None])[0])
        votes = np.where(self.available[:, None], values, -np.inf).argmax(axis=0)
        arms = np.flatnonzero(self.available)
        explore, which, any_arm = stream(settings.seed, self.decisions, CHOICE).random(3)
        member = None if explore < settings.exploration else int(which * settings.num_members)
        arm = int(arms[int(any_arm * len(arms))] if member is None else votes[member])
        share = float(np.mean(votes == arm))
        return arm, (1 - settings.exploration) * share + settings.exploration / len(arms), member

    def probabilities(
        self, contexts: Float[np.ndarray, "contexts inputs"], available: Bool[np.ndarray, "contexts arms"]
    ) -> Float[np.ndarray, "contexts arms"]:
        """How likely each arm is to be taken for each context, if those available are so."""
        uniform = available / available.sum(axis=1, keepdims=True)
        shares = self.model.vote_shares(self.features(contexts), available)
        return (1 - self.settings.exploration) * shares + self.settings.exploration * uniform

    def use_features(self, features: ContextFeatures) -> None:
        """Starts again from the prior, with these features."""
        self.features = features
        settings = self.settings
        variances = features.prior_variances(settings.prior_std)
        self.model = EnsembleSampling(
            variances, num_members=settings.num_members, noise_std=settings.noise_std, seed=settings.seed
        )
        for _ in self.names:
            self.model.add_arm()

    def _add_arm(self, name: Arm) -> None:
        if name in self.names:
            self.active[self.names.index(name)] = True
            return
        self.names.append(name)
        self.active.append(True)
        self.model.add_arm()

    def _learn(self, decision: int, arm: int, features: Float[np.ndarray, " features"], reward: float) -> None:
        low, high = self.settings.reward_range
        self.model.learn(arm, features, (reward - low) / (high - low) - 0.5, decision)
