"""A contextual bandit people can deploy: Thompson sampling whose every step is on disk before it is acknowledged."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from operator import index
from pathlib import Path
from types import TracebackType
from typing import SupportsFloat, SupportsIndex

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from gnothi.decisions.bandit_state import BanditState, arm_name
from gnothi.decisions.bandit_store import BanditStore
from gnothi.decisions.logged import Arm, LoggedDecisions

#: Contexts' numbers must be smaller, or squares of them drown the prior in rounding errors.
LARGEST = 1e6


@dataclass(frozen=True)
class Decision:
    """An arm taken: `id` is what `update` wants back, `probability` how likely this arm was, given the context.

    `index` is the ensemble member that was followed, `None` where the arm was drawn uniformly.
    """

    id: int
    arm: Arm
    probability: float
    index: int | None


class Bandit:
    """A contextual bandit that learns which arm earns most, by linear-Gaussian ensemble sampling.

    Every arm has a linear model of rewards; a decision draws one of `num_members` posterior samples (its epistemic
    index) and takes the arm that is best under it. Every change is in `PATH/log.jsonl` before the call returns, rewards
    also through a loss of power, so that a process killed at any moment loses nothing it acknowledged; opening the path
    again goes on with the same state, bit for bit. Threads may share a bandit; processes may not.

    Settings left out are those stored, or in a new bandit the defaults below. Contexts are best of about unit scale,
    and decisions that earned nothing want a reward too: those without one are kept waiting, in memory.

    **Arguments:** `arms`, names (text or whole numbers); `context_size`, how many numbers a context has; `path`, a
    folder, made if it is not there; `reward_range`, the lowest and highest reward there can be, (0, 1); `seed`, 0;
    `exploration`, the chance of a uniform arm, 0.01, so that each arm has at least this over the number of arms;
    `num_members`, 100; `prior_std`, 0.5, how far an arm's expected reward may be from the middle of `reward_range`, and
    `noise_std`, 0.5, how far a reward from what is expected of it, both in widths of `reward_range`;
    `checkpoint_every`, so many records of the log.

    **Raises:** `ValueError` if settings are out of range or contradict those stored, or the path holds something else,
    or its log is corrupt before its last line; `RuntimeError` with the process id if another process has it open.

    >>> import tempfile, gnothi as gn
    >>> folder = tempfile.mkdtemp()
    >>> with gn.Bandit(["red", "blue"], 2, path=folder) as bandit:
    ...     decision = bandit.choose([0.3, -1.2])
    ...     bandit.update(decision, 1.0)
    >>> bandit = gn.Bandit(path=folder)
    >>> bandit.arms, len(bandit.logged())
    (('red', 'blue'), 1)
    >>> bandit.close()
    """

    def __init__(
        self,
        arms: Iterable[Arm] | None = None,
        context_size: int | None = None,
        *,
        path: str | os.PathLike[str],
        reward_range: Sequence[float] | None = None,
        seed: int | None = None,
        exploration: float | None = None,
        num_members: int | None = None,
        prior_std: float | None = None,
        noise_std: float | None = None,
        checkpoint_every: int = 1000,
    ):
        given = {
            "arms": None if arms is None else _names(arms),
            "context_size": context_size,
            "reward_range": reward_range,
            "seed": seed,
            "exploration": exploration,
            "num_members": num_members,
            "prior_std": prior_std,
            "noise_std": noise_std,
        }
        self._store = BanditStore(
            Path(path), {name: value for name, value in given.items() if value is not None}, checkpoint_every
        )

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The arms that may be taken now."""
        return self._store.state.arms

    @property
    def names(self) -> tuple[Arm, ...]:
        """All arms there ever were, in the order of the columns of `probabilities`."""
        return tuple(self._store.state.names)

    @property
    def pending(self) -> tuple[int, ...]:
        """The decisions that wait for their reward."""
        with self._store.step() as state:
            return tuple(state.pending)

    def choose(self, context: ArrayLike) -> Decision:
        """Takes an arm.

        The decision outlives the end of this process at once, and a loss of power from the next `update` on.

        **Arguments:** `context`, `[context_size]`.

        **Raises:** `ValueError` if the context has another width, or a number that is not finite or beyond a million.
        """
        row = self._contexts(np.array(context, float)[None])[0]
        with self._store.step() as state:
            arm, probability, index = state.draw(row)
            decision = Decision(state.decisions, state.names[arm], probability, index)
            record = {"event": "choose", **asdict(decision), "context": row.tolist()}
            self._store.commit(record, sync=False)
        return decision

    def update(self, decision: Decision | SupportsIndex, reward: SupportsFloat) -> None:
        """Learns a decision's reward; late, and in any order.

        **Arguments:** `decision`, or its `id`; `reward`.

        **Raises:** `ValueError` if the reward is NaN or outside `reward_range`, or the decision was never made, or has
        its reward already. Nothing is then written.
        """
        self.update_many([(decision, reward)])

    def update_many(self, rewards: Iterable[tuple[Decision | SupportsIndex, SupportsFloat]]) -> None:
        """Learns many rewards in one write: all, or after an error none of them.

        **Arguments:** `rewards`, pairs of a decision, or its `id`, and its reward.

        **Raises:** `ValueError` as of `update`, also if a decision is named twice.
        """
        with self._store.step() as state:
            found: dict[int, float] = {}
            for decision, reward in rewards:
                number = _waiting(state, decision)
                if number in found:
                    raise ValueError(f"decision {number} is named twice: it has one reward")
                found[number] = _checked_reward(state, number, reward)
            if found:
                self._store.commit({"event": "reward", "ids": list(found), "rewards": list(found.values())}, sync=True)

    def add_arm(self, name: Arm) -> None:
        """Adds an arm of which nothing is known, or brings back a retired one with what was learnt of it.

        **Raises:** `ValueError` if there is such an arm.
        """
        name = arm_name(name)
        with self._store.step() as state:
            if name in state.arms:
                raise ValueError(f"there is an arm {name!r} already")
            self._store.commit({"event": "add_arm", "arm": name}, sync=True)

    def retire_arm(self, name: Arm) -> None:
        """Takes an arm no more; rewards of it that are still to come are learnt.

        **Raises:** `ValueError` if there is no such arm, or no other.
        """
        with self._store.step() as state:
            if name not in state.arms:
                raise ValueError(f"there is no arm {name!r}: there are {', '.join(map(repr, state.arms))}")
            if len(state.arms) == 1:
                raise ValueError(f"{name!r} is the only arm: add another before it is retired")
            self._store.commit({"event": "retire_arm", "arm": arm_name(name)}, sync=True)

    def refit(self, *, hidden: Sequence[int] = (50, 20), steps: int = 2000, learning_rate: float = 1e-3) -> None:
        """Trains a network on all rewarded decisions, and takes its last hidden layer as features from now on.

        Then all rewarded decisions are learnt again with the new features. Wants a few hundred decisions, JAX, and
        minutes where there are a million; threads may choose and update while the network is trained.

        **Arguments:** `hidden`, widths of the network's hidden layers; `steps` of 100 decisions; `learning_rate`.

        **Raises:** `ValueError` if no decision has its reward, contexts hold no numbers, or an argument is out of
        range.
        """
        with self._store.step() as state:
            number, settings = state.refits + 1, state.settings
        logged = self._store.logged()
        if not len(logged) or not settings.context_size:
            raise ValueError("there is nothing to refit: it needs decisions with contexts and rewards")
        import jax

        from gnothi.decisions.refit import train_features

        key = jax.random.fold_in(jax.random.key(settings.seed), number)
        learnt = train_features(logged, hidden=hidden, steps=steps, learning_rate=learning_rate, key=key)
        self._store.refit(number, learnt)

    def logged(self) -> LoggedDecisions:
        """All rewarded decisions, read from the log: what off-policy estimates need.

        **Raises:** `ValueError` with file and line if the log is corrupt.
        """
        return self._store.logged()

    def probabilities(
        self, contexts: ArrayLike, available: Bool[np.ndarray, "contexts arms"] | None = None
    ) -> Float[np.ndarray, "contexts arms"]:
        """How likely the present policy is to take each of `names`, for each context.

        **Arguments:** `contexts`, `[contexts, context_size]`; `available`, which arms there are, by default those
        there are now. `LoggedDecisions.available` makes it the policy that this model would have been on an old log.

        **Raises:** `ValueError` if a context is as `choose` refuses it, or no arm is available for it.
        """
        rows = self._contexts(contexts)
        with self._store.step() as state:
            there = np.broadcast_to(state.available, (len(rows), len(state.names))) if available is None else available
            if there.shape != (len(rows), len(state.names)) or not there.any(axis=1).all():
                raise ValueError(
                    f"available must have a row for each of {len(rows)} contexts, a column for each of "
                    f"{len(state.names)} names, and an arm in every row, got shape {there.shape}"
                )
            return state.probabilities(rows, there)

    def close(self) -> None:
        """Writes a checkpoint, and lets other processes open the path."""
        self._store.close()

    def __enter__(self) -> "Bandit":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = self._store.state
        made, waiting = state.decisions, len(state.pending)
        return f"Bandit(path={str(self._store.folder)!r}: {len(state.arms)} arms, {made} decisions, {waiting} pending)"

    def _contexts(self, contexts: ArrayLike) -> Float[np.ndarray, "contexts inputs"]:
        """Contexts as numbers, once looked at."""
        size = self._store.state.settings.context_size
        rows = np.array(contexts, float)
        if rows.ndim != 2 or rows.shape[1] != size:
            raise ValueError(f"a context must be {size} numbers, as this bandit was made, got shape {rows.shape[1:]}")
        if not (np.abs(rows) <= LARGEST).all():
            wrong = rows[~(np.abs(rows) <= LARGEST)][0]
            raise ValueError(f"contexts must be finite and within {LARGEST:g} of 0, got {wrong}: standardise them")
        return rows


def _names(arms: Iterable[Arm]) -> tuple[Arm, ...]:
    if isinstance(arms, str):
        raise ValueError(f"arms must be several names, got the text {arms!r}: put it into a list")
    return tuple(arm_name(arm) for arm in arms)


def _waiting(state: BanditState, decision: Decision | SupportsIndex) -> int:
    """The number of a decision that waits for its reward."""
    number = decision.id if isinstance(decision, Decision) else index(decision)
    if not 0 <= number < state.decisions:
        last = f"the last one is {state.decisions - 1}" if state.decisions else "none was made yet"
        raise ValueError(f"decision {number} was never made: {last}")
    if number not in state.pending:
        raise ValueError(f"decision {number} has its reward already")
    took = state.names[state.pending[number].arm]
    if isinstance(decision, Decision) and decision.arm != took:
        raise ValueError(f"decision {number} took {took!r}, not {decision.arm!r}: another bandit made the one given")
    return number


def _checked_reward(state: BanditState, number: int, reward: SupportsFloat) -> float:
    low, high = state.settings.reward_range
    value = float(reward)
    if not low <= value <= high:
        raise ValueError(f"the reward of decision {number} must be between {low:g} and {high:g}, got {value}")
    return value
