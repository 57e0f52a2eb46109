"""Label the right data: an agent that says which inputs of a pool it wants labelled next, and learns from the answers.

Osband et al. 2022, "Fine-Tuning Language Models via Epistemic Neural Networks": candidates are drawn from the pool, the
most informative are labelled, and a few gradient steps follow, with the weights that there are. Inputs are features,
of a frozen encoder for example; labels come in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Num, PRNGKeyArray

from gnothi.agents import NetworkAgent, PriorKnowledge, Training, gradient_steps, joint_draws, network_for
from gnothi.enn import Trunk
from gnothi.learning.losses import Batch
from gnothi.metrics import PRIORITIES, choose, choose_batch, fit_temperature, tempered

Features = Num[np.ndarray, "inputs ..."] | Num[Array, "inputs ..."]
TOGETHER = "batch"
RULES = (*PRIORITIES, TOGETHER)


def few_candidates(batch: int) -> int:
    """Of how many inputs a batch of texts is picked: of more, rules that look for disagreement take outliers."""
    return max(200, 4 * batch)


@dataclass(frozen=True)
class ActiveSettings:
    """How an `ActiveTrainer` chooses and learns.

    `rule`, one of `RULES`: `batch` picks inputs that are informative together, the others one by one; `num_candidates`
    drawn from what is not labelled, all of it if there are no more; `num_samples`, joint samples that the rule reads;
    `steps_per_label` gradient steps, on minibatches of `batch_size` labels drawn with replacement. Of every round a
    share `aside` is drawn uniformly and not learnt from: it says how sure predictions may be (`metrics.tempering`),
    which labels that a rule has picked cannot.
    """

    rule: str = "variance"
    num_candidates: int = 1000
    num_samples: int = 50
    steps_per_label: float = 5.0
    batch_size: int = 64
    aside: float = 0.0

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ValueError(f"there is no rule {self.rule!r}: take one of {', '.join(RULES)}")
        if min(self.num_candidates, self.num_samples, self.batch_size) < 1 or self.steps_per_label <= 0:
            raise ValueError(f"numbers of candidates, samples, steps and labels a batch must be positive, got {self}")
        if not 0 <= self.aside < 1:
            raise ValueError(f"the share set aside must be from 0 to below 1, got {self.aside}")


class ActiveTrainer:
    """Chooses what to label of a pool, and learns from labels.

    **Arguments:** `agent`, for instance `gnothi.agents.AGENTS["epinet"]`; `features` of the pool; `num_classes`;
    `settings`; `seed`, from which all that is random follows; `trunk`, which is trained beneath the agent's network
    (features are then what it reads: tokens, for a `gnothi.language.TextTrunk`), at `rate` times its learning rate.

    **Raises:** `ValueError` if features are not finite, or there are fewer than two classes.

    >>> import numpy as np, gnothi as gn
    >>> x = np.random.default_rng(0).normal(size=(200, 5)).astype("float32")
    >>> trainer = ActiveTrainer(gn.agents.AGENTS["epinet"], x, 2)
    >>> rows = trainer.ask(10)
    >>> trainer.tell(rows, (x[rows, 0] > 0).astype(int))
    >>> len(trainer.labelled), trainer.predict(x).shape
    (10, (200, 2))
    """

    def __init__(
        self,
        agent: NetworkAgent,
        features: Features,
        num_classes: int,
        settings: ActiveSettings | None = None,
        *,
        seed: int = 0,
        trunk: Trunk | None = None,
        rate: float = 0.05,
    ):
        wrong = int((~np.isfinite(np.asarray(features))).reshape(len(features), -1).any(axis=1).sum())
        if wrong or len(features) < 1:
            raise ValueError(
                f"features of a pool must be finite and at least one row: {wrong} of {len(features)} are not"
            )
        if num_classes < 2:
            raise ValueError(f"labels need two classes or more, got {num_classes}")
        self.agent, self.features, self.num_classes = agent, jnp.asarray(features), num_classes
        self.settings = settings or ActiveSettings()
        self.labels: dict[int, int] = {}
        self._key = jax.random.key(seed)
        self._turn = 0
        enn = network_for(agent, self.features, PriorKnowledge(num_classes), self._new_key(), trunk, rate)
        self._training = gradient_steps(agent, enn, PriorKnowledge(num_classes))
        self._state = self._training.start
        self._enn = enn
        # Rows that may only say how sure predictions may be; of the seed alone, so that they are so after a restart.
        order = np.asarray(jax.random.permutation(jax.random.key(seed), len(self.features)))
        self._apart = np.isin(np.arange(len(order)), order[: round(self.settings.aside * len(order))])

    @property
    def labelled(self) -> Int[np.ndarray, " labelled"]:
        """Rows that have a label, in the order in which they got it."""
        return np.fromiter(self.labels, int, len(self.labels))

    def ask(self, count: int) -> Int[np.ndarray, " count"]:
        """The next `count` rows to label, the most wanted first; fewer if fewer are left.

        Before there is any label they are drawn at random: a network that has seen nothing has nothing to ask.

        **Raises:** `ValueError` if `count` is below 1, or every row has a label.
        """
        if count < 1:
            raise ValueError(f"count must be 1 or more, got {count}")
        left = np.setdiff1d(np.arange(len(self.features)), self.labelled)
        if not len(left):
            raise ValueError(f"all {len(self.features)} rows have a label")
        draw_key, choice_key = jax.random.split(self._new_key())
        rows = np.asarray(jax.random.permutation(draw_key, left))
        apart, rows = rows[self._apart[rows]], rows[~self._apart[rows]]
        due = round(self.settings.aside * (len(self.labels) + count)) - int(self._apart[self.labelled].sum())
        apart = apart[: min(count, max(due, count - len(rows), 0))]
        return np.concatenate([self._choose(rows, count - len(apart), choice_key), apart])

    def _choose(self, rows: Int[np.ndarray, " rows"], count: int, key: Array) -> Int[np.ndarray, " chosen"]:
        """Those of rows in random order that the rule wants most."""
        if not self.labels or self.settings.rule == "uniform" or len(rows) <= count or not count:
            return rows[:count]
        sample_key, choice_key = jax.random.split(key)
        # As many as asked for, where there are: candidates of one number make one compiled program.
        rows = rows[: max(self.settings.num_candidates, count)]
        logits = self._draw(self.features[rows], sample_key, self.settings.num_samples)
        if self.settings.rule == TOGETHER:
            return rows[np.asarray(choose_batch(logits, count, choice_key))]
        return rows[np.asarray(choose(PRIORITIES[self.settings.rule](logits, choice_key), count, choice_key))]

    def tell(
        self, rows: Sequence[int] | Int[np.ndarray, " rows"], labels: Sequence[int] | Int[np.ndarray, " rows"]
    ) -> None:
        """Takes labels of rows and learns from all there are; a row's new label takes the place of its old one.

        **Raises:** `ValueError` if numbers of rows and labels differ, or one is out of range: nothing is learnt then.
        """
        given = np.asarray(rows, int), np.asarray(labels, int)
        if given[0].shape != given[1].shape or given[0].ndim != 1:
            raise ValueError(f"rows and labels must be as many, got {given[0].shape} and {given[1].shape}")
        for name, values, most in zip(("rows", "labels"), given, (len(self.features), self.num_classes), strict=True):
            if len(wrong := values[(values < 0) | (values >= most)]):
                raise ValueError(f"{name} must be from 0 to {most - 1}, got {wrong[0]}")
        if not len(given[0]):
            return
        self.labels.update(zip(given[0].tolist(), given[1].tolist(), strict=True))
        self.learn(max(1, round(self.settings.steps_per_label * len(given[0]))))

    def learn(self, steps: int) -> None:
        """More gradient steps on the labels there are, but for those set aside.

        **Raises:** `ValueError` if there is no label.
        """
        if not self.labels:
            raise ValueError("there is no label to learn from: tell some first")
        learnt = self.labelled[~self._apart[self.labelled]]
        if not (count := len(learnt)):
            return
        room = 1 << (count - 1).bit_length()  # a compiled program for each power of two
        rows = np.resize(learnt, room)
        labels = np.array([self.labels[row] for row in rows.tolist()])
        self._state = _learn(
            self.agent,
            self._enn,
            self._state,
            self.features,
            jnp.asarray(rows),
            jnp.asarray(labels),
            jnp.int32(count),
            self._new_key(),
            steps,
            self.settings.batch_size,
            self.num_classes,
        )

    def logits(self, features: Features, num_samples: int) -> Float[np.ndarray, "samples inputs classes"]:
        """Joint samples of logits: one index for all inputs."""
        return np.asarray(self._draw(jnp.asarray(features), self._new_key(), num_samples))

    def predict(self, features: Features) -> Float[np.ndarray, "inputs classes"]:
        """Probabilities of classes, averaged over `num_samples` joint samples; tempered, if labels are set aside."""
        probs = self._mean(jnp.asarray(features))
        held = self.labelled[self._apart[self.labelled]]
        if not len(held):
            return np.asarray(probs)
        labels = jnp.asarray([self.labels[row] for row in held.tolist()])
        return np.asarray(tempered(probs, fit_temperature(self._mean(self.features[held]), labels)))

    def _mean(self, features: Array) -> Array:
        return jax.nn.softmax(self._draw(features, self._new_key(), self.settings.num_samples)).mean(axis=0)

    def _draw(self, features: Array, key: Array, num_samples: int) -> Array:
        return joint_draws(self._training.network(self._state), features, num_samples, key)[0]

    def _new_key(self) -> Array:
        self._turn += 1
        return jax.random.fold_in(self._key, self._turn)


@eqx.filter_jit
def _learn(agent, enn, state, features, rows, labels, count, key, steps, batch_size, num_classes):
    """`steps` minibatches of the first `count` labels."""
    training = gradient_steps(agent, enn, PriorKnowledge(num_classes))
    inputs = features[rows]
    return minibatches(training, state, inputs, enn.constants(inputs), labels, count, key, steps, batch_size)


def minibatches(
    training: Training,
    state: Any,
    inputs: Array,
    constants: Array | None,
    labels: Int[Array, " room"],
    count: Int[Array, ""],
    key: PRNGKeyArray,
    steps: int,
    batch_size: int,
    rows: Int[Array, " room"] | None = None,
) -> Any:
    """The state of training after gradient steps on minibatches of the first `count` labels, with replacement.

    **Arguments:** `training`; `state`; `inputs`, and what is constant about them; `labels`; `count`; `key`; `steps`;
    `batch_size`; `rows`, of which inputs the labels are, if not of each in turn.
    """

    def step(state, key):
        place_key, index_key = jax.random.split(key)
        places = jax.random.randint(place_key, (batch_size,), 0, count)
        chosen = places if rows is None else rows[places]
        known = None if constants is None else constants[chosen]
        return training.step(state, Batch(inputs[chosen], labels[places], places, known), count, index_key), None

    return jax.lax.scan(step, state, jax.random.split(key, steps))[0]
