"""Ensembles that draw from the posterior under the testbed's own prior, which agents are told.

Each member is drawn from the prior and *anchored* there: it learns labels while a penalty, the prior's, holds it to
where it started (Pearce et al. 2020, "Uncertainty in Neural Networks: Approximately Bayesian Ensembling"). Where data
decide, anchored members agree too much, as nothing makes up for the noise of labels. So each then walks on by
underdamped Langevin dynamics under the posterior itself: a few oscillations give the directions that data decide their
spread, and the anchors have given it to all others.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge, num_steps
from gnothi.agents.ensemble import EnsembleAgent
from gnothi.agents.known_prior import LIMIT, NetworkPrior
from gnothi.data import Dataset
from gnothi.enn import Ensemble, WithPrior
from gnothi.learning import adam
from gnothi.learning.fit import minibatches
from gnothi.nn import in_blocks

MEMBERS_IN_CACHE = 5  # parameters, gradients, anchors, and momenta
LEAPS = 10  # leapfrog steps between two refreshments of momenta
FIRST_LEAP, LONGEST_LEAP = 0.01, 0.3  # in deviations of the prior
ADAPTATION = 0.1  # how fast a leap's length follows the error of energy
HOPELESS = 1000.0  # a gain of energy after which a walk goes back to where its momentum was refreshed

Members = Float[Array, "members parameters"]
Keys = Key[Array, " members"]


class Walk(NamedTuple):
    """Where the walkers are, with gradients and values of the negative log-likelihood there."""

    place: Members
    momentum: Members
    gradient: Members
    loss: Float[Array, " members"]
    log_leap: Float[Array, " members"]

    def energy(self) -> Float[Array, " members"]:
        """What exact dynamics would keep: the negative log-posterior, and the momenta's half squares."""
        return self.loss + 0.5 * jnp.sum(self.place**2 + self.momentum**2, axis=1)


@dataclass(frozen=True)
class AnchoredEnsembleAgent:
    """Anchored members (`anchored_ensemble`), which then walk if `refreshments` is above 0 (`langevin_ensemble`).

    Momenta are refreshed `refreshments` times, or fewer, so that no member reads more than `walk_rows` rows of data;
    each gradient of the walk sees all of them. Of the walk's second half, `snapshots` networks a member are kept. The
    length of a leap follows the error of energy, which is held at `energy_error` nats a leap; walks are not corrected
    by rejection.

    With so many data that fewer than `2 * snapshots` refreshments are left (above 2,000 by default), nobody can walk.
    Members that are only anchored are too sure of themselves there, so the recipe is then that of `ensemble+`.

    Where nobody knows the temperature it is taken as 1.

    **Raises:** `ValueError` if `refreshments` are too few for the snapshots.
    """

    num_members: int = 100
    hidden: tuple[int, ...] = (50, 50)
    steps: int = 1000
    learning_rate: float = 0.01  # at first; it falls to 0 along a cosine
    batch_size: int = 100
    refreshments: int = 0
    walk_rows: int = 160_000
    snapshots: int = 4
    friction: float = 1.0  # a unit of time; the prior's oscillations take 2 pi
    energy_error: float = 0.3
    compiled: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if 0 < self.refreshments < 2 * self.snapshots:
            least = 2 * self.snapshots
            raise ValueError(
                f"refreshments must be 0, or {least} or more (twice the snapshots), got {self.refreshments}"
            )

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> Ensemble | WithPrior:
        """Draws, anchors, and walks."""
        if self.refreshments and not self._num_refreshments(data):
            plus = EnsembleAgent(self.num_members, prior_scale=3.0, hidden=self.hidden, batch_size=self.batch_size)
            return replace(plus, steps=self.steps)(data, prior, key)
        law = NetworkPrior(data, prior, self.hidden)
        return Ensemble(law.networks(self.standard_parameters(law, data, key)))

    def standard_parameters(
        self, law: NetworkPrior, data: Dataset, key: PRNGKeyArray
    ) -> Float[Array, "draws parameters"]:
        """The networks as their standard parameters, snapshots of one member side by side."""
        data = Dataset(jnp.asarray(data.x).reshape(len(data), -1), jnp.asarray(data.y))
        draw_key, order_key, walk_key = jax.random.split(key, 3)
        refreshments = self._num_refreshments(data)

        def run(part: tuple[Members, Int[Array, " members"]]) -> Float[Array, "members snapshots parameters"]:
            anchors, numbers = part
            places = self._anchored(law, data, anchors, order_key)
            if not refreshments:
                return places[:, None]
            keys = jax.vmap(lambda number: jax.random.fold_in(walk_key, number))(numbers)
            return self._walked(law, data, places, keys, refreshments)

        anchors = law.draws(draw_key, self.num_members)
        standard = in_blocks(run, (anchors, jnp.arange(self.num_members)), most=MEMBERS_IN_CACHE)
        return standard.reshape(-1, law.num_parameters)

    def _num_refreshments(self, data: Dataset) -> int:
        """How often momenta are refreshed: a multiple of twice the snapshots."""
        most = min(self.refreshments, self.walk_rows // (LEAPS * len(data)))
        return most - most % (2 * self.snapshots)

    def _anchored(self, law: NetworkPrior, data: Dataset, anchors: Members, key: PRNGKeyArray) -> Members:
        """Minimises each member's negative log-likelihood plus half its squared distance from its anchor."""
        steps, size = num_steps(self.steps, data), min(self.batch_size, len(data))
        rows = None if size == len(data) else minibatches(key, len(data), steps, size)
        rule = adam(1.0)

        def step(state, now):
            places, memory = state
            number, rows = now
            batch = data if rows is None else Dataset(data.x[rows], data.y[rows])
            _, gradient = _loss_and_gradient(law, batch, places)
            gradient = gradient * (len(data) / size) + places - anchors
            updates, memory = rule.update(gradient, memory)
            rate = self.learning_rate * 0.5 * (1 + jnp.cos(jnp.pi * number / steps))
            places = places + rate * updates
            return (jnp.where(law.cut, jnp.clip(places, -LIMIT, LIMIT), places), memory), None

        return jax.lax.scan(step, (anchors, rule.init(anchors)), (jnp.arange(steps), rows))[0][0]

    def _walked(
        self, law: NetworkPrior, data: Dataset, places: Members, keys: Keys, refreshments: int
    ) -> Float[Array, "members snapshots parameters"]:
        """Walks from `places`, and returns some of the second half of the way."""

        def leap(walk: Walk, speed: Float[Array, ""]) -> tuple[Walk, None]:
            moved = _leapfrog(law, data, walk)
            error = jnp.abs(moved.energy() - walk.energy()) / self.energy_error
            change = 1 - jnp.where(error < 3, error, 3.0)  # a NaN is as bad as it gets
            log_leap = jnp.minimum(walk.log_leap + speed * change, jnp.log(LONGEST_LEAP))
            return moved._replace(log_leap=log_leap), None

        def refresh(walk: Walk, number: Int[Array, ""]) -> tuple[Walk, None]:
            noise = jax.vmap(lambda key: jax.random.normal(jax.random.fold_in(key, number), places.shape[1:]))(keys)
            kept = jnp.exp(-self.friction * LEAPS * jnp.exp(walk.log_leap))[:, None]
            start = walk._replace(momentum=kept * walk.momentum + jnp.sqrt(1 - kept**2) * noise)
            # Adaptation slows down until half-way and then nearly stops.
            speed = ADAPTATION * jnp.maximum(0.02, 1 - 2 * number / refreshments)
            end, _ = jax.lax.scan(leap, start, jnp.full(LEAPS, speed))
            sound = (end.energy() - start.energy() < HOPELESS)[:, None]  # so it is not of NaN
            back = jax.tree.map(
                lambda new, old: jnp.where(sound.reshape(-1, *[1] * (new.ndim - 1)), new, old), end, start
            )
            return back._replace(log_leap=end.log_leap), None

        def snapshot(walk: Walk, numbers: Int[Array, " refreshments"]) -> tuple[Walk, Members]:
            walk, _ = jax.lax.scan(refresh, walk, numbers)
            return walk, walk.place

        loss, gradient = _loss_and_gradient(law, data, places)
        momentum = jax.vmap(lambda key: jax.random.normal(jax.random.fold_in(key, refreshments), places.shape[1:]))(
            keys
        )
        start = Walk(places, momentum, gradient, loss, jnp.full(len(places), jnp.log(FIRST_LEAP)))
        _, seen = jax.lax.scan(snapshot, start, jnp.arange(refreshments).reshape(2 * self.snapshots, -1))
        return jnp.swapaxes(seen[self.snapshots :], 0, 1)


def _loss_and_gradient(law: NetworkPrior, data: Dataset, places: Members) -> tuple[Float[Array, " members"], Members]:
    x, y = jnp.asarray(data.x), jnp.asarray(data.y)
    loss, pull = jax.vjp(lambda places: -law.log_likelihood(places, x, y), places)
    return loss, pull(jnp.ones_like(loss))[0]


def _leapfrog(law: NetworkPrior, data: Dataset, walk: Walk) -> Walk:
    """One step of Hamiltonian dynamics; where weights are cut there are walls, which throw them back."""
    leap = jnp.exp(walk.log_leap)[:, None]
    momentum = walk.momentum - 0.5 * leap * (walk.gradient + walk.place)
    place = walk.place + leap * momentum
    beyond = law.cut & (jnp.abs(place) > LIMIT)
    place = jnp.where(beyond, jnp.sign(place) * 2 * LIMIT - place, place)
    momentum = jnp.where(beyond, -momentum, momentum)
    loss, gradient = _loss_and_gradient(law, data, place)
    return Walk(place, momentum - 0.5 * leap * (gradient + place), gradient, loss, walk.log_leap)
