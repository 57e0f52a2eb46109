"""Labelling, simulated: whole runs of ask, answer and learn in one compiled program, beside each other over seeds.

What `ActiveTrainer` does with people in between is done here against answers that are known, so that rules for what
to label can be compared over many runs (Osband et al. 2022, "Fine-Tuning Language Models via Epistemic Neural
Networks", sec. 4 and 5).
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from gnothi.agents import NetworkAgent, PriorKnowledge, gradient_steps, network_for
from gnothi.enn import FiniteIndexDistribution, Trunk
from gnothi.language.active import TOGETHER, ActiveSettings, minibatches
from gnothi.metrics import PRIORITIES, choose_batch, fit_temperature, tempered


@dataclass(frozen=True)
class Schedule:
    """How long labelling goes on: `budget` labels, `batch` a round, and a test after every `every` rounds.

    With `again`, what has a label may be asked for again, and is answered afresh.
    """

    budget: int
    batch: int
    every: int = 1
    again: bool = False

    def __post_init__(self) -> None:
        if min(self.budget, self.batch, self.every) < 1 or self.budget % (self.batch * self.every):
            raise ValueError(f"a budget must be a whole number of tests, each after some whole batches, got {self}")


class Answered(NamedTuple):
    """Inputs, and how probable each answer to each of them is: 0 and 1 where there is no doubt."""

    x: Float[np.ndarray, "inputs ..."] | Float[Array, "inputs ..."]
    answers: Float[np.ndarray, "inputs classes"] | Float[Array, "inputs classes"]


class Runs(NamedTuple):
    """What runs came to after `labels` labels.

    `accuracy` is the share of the test set whose likeliest answer was predicted; `log_loss`, in nats, that of its
    answers; `temperature`, of the predictions, 1 unless some labels are set aside for it. `asked` are the rows of the
    pool in the order in which they were asked for, those set aside last in each round.
    """

    labels: Int[np.ndarray, " tests"]
    accuracy: Float[np.ndarray, "runs tests"]
    log_loss: Float[np.ndarray, "runs tests"]
    temperature: Float[np.ndarray, "runs tests"]
    asked: Int[np.ndarray, "runs budget"]


def simulate(
    agent: NetworkAgent,
    pool: Answered,
    test: Answered,
    schedule: Schedule,
    settings: ActiveSettings,
    keys: Key[Array, " runs"],
    trunk: Trunk | None = None,
    rate: float = 0.05,
    prior: PriorKnowledge | None = None,
) -> Runs:
    """Runs of labelling, one a key.

    **Arguments:** `agent`, what learns; `pool`, from which it asks; `test`; `schedule`; `settings`, as of an
    `ActiveTrainer`; `keys`, one a run; `trunk`, which is trained beneath the agent's network (inputs are then what it
    reads, tokens for example), and its `rate`, as of `gnothi.agents.network_for`; `prior`, what the agent is told, the
    number of classes if not said.

    **Raises:** `ValueError` if the pool is smaller than the budget.
    """
    x, answers = jnp.asarray(pool.x), jnp.asarray(pool.answers)
    if schedule.budget > len(x) and not schedule.again:
        raise ValueError(f"{schedule.budget} labels cannot be asked of a pool of {len(x)}")
    held = jnp.asarray(test.x), jnp.asarray(test.answers)
    prior = prior or PriorKnowledge(answers.shape[1])
    asked, *scores = _runs(agent, x, answers, *held, schedule, settings, keys, trunk, rate, prior)
    accuracy, log_loss, temperature = map(np.asarray, scores)
    labels = np.arange(1, accuracy.shape[1] + 1) * schedule.batch * schedule.every
    return Runs(labels, accuracy, log_loss, temperature, np.asarray(asked))


@eqx.filter_jit
def _runs(agent, x, answers, test_x, test_answers, schedule, settings, keys, trunk, rate, prior):
    run = partial(_run, agent, x, answers, test_x, test_answers, schedule, settings, trunk, rate, prior)
    # Runs side by side share products of small networks; those of a trunk are large enough.
    return jax.vmap(run)(keys) if trunk is None else jax.lax.map(run, keys)


class _Told(NamedTuple):
    """Rows, their labels in the order in which they came, and how many there are."""

    rows: Int[Array, " room"]
    labels: Int[Array, " room"]
    number: Int[Array, ""]

    def and_then(self, rows: Array, labels: Array) -> "_Told":
        """These, and more."""
        at = (self.number,)
        return _Told(
            jax.lax.dynamic_update_slice(self.rows, rows, at),
            jax.lax.dynamic_update_slice(self.labels, labels, at),
            self.number + len(rows),
        )


class _State(NamedTuple):
    learner: Any  # parameters and Adam's memory
    free: Array  # inputs without a label
    learnt: _Told
    aside: _Told  # of which only the temperature is made


def _nothing(room: int) -> _Told:
    return _Told(jnp.zeros(room, int), jnp.zeros(room, int), jnp.zeros((), int))


def _run(agent, x, answers, test_x, test_answers, schedule, settings, trunk, rate, prior, key):
    """One run: its rows, and accuracy, log-loss and temperature at every test."""
    start_key, run_key = jax.random.split(key)
    enn = network_for(agent, x, prior, start_key, trunk, rate)
    training = gradient_steps(agent, enn, prior)
    known, test_known = enn.constants(x), enn.constants(test_x)
    aside = round(settings.aside * schedule.batch)
    picked = schedule.batch - aside
    finite = isinstance(enn.index, FiniteIndexDistribution)

    def draw(state, inputs, constants, key):
        indices = None if finite else enn.index.samples(key, settings.num_samples)
        return training.network(state.learner).predict(inputs, indices, constants)

    def draw_pool(state, rows, key):
        return draw(state, x[rows], None if known is None else known[rows], key)

    def ask(state, key):
        """What the rule picks, and then what is set aside."""
        order_key, sample_key, choice_key = jax.random.split(key, 3)
        chance = jnp.where(state.free, jax.random.uniform(order_key, state.free.shape), -1.0)
        if settings.rule == "uniform":
            return jax.lax.top_k(chance, schedule.batch)[1]
        most = len(x) if schedule.again else len(x) - schedule.budget + schedule.batch
        drawn = jax.lax.top_k(chance, max(min(settings.num_candidates, most - aside), picked) + aside)[1]
        apart, candidates = drawn[:aside], drawn[aside:]
        logits = draw_pool(state, candidates, sample_key)
        if settings.rule == TOGETHER:
            chosen = choose_batch(logits, picked, choice_key)
        else:
            chosen = jax.lax.top_k(PRIORITIES[settings.rule](logits, choice_key), picked)[1]
        chosen = jnp.where(state.learnt.number == 0, jnp.arange(picked), chosen)
        return jnp.concatenate([candidates[chosen], apart])

    def learn(learner, told, key):
        steps = max(1, round(settings.steps_per_label * schedule.batch))
        sizes = (steps, settings.batch_size)
        return minibatches(training, learner, x, known, told.labels, told.number, key, *sizes, told.rows)

    def one_round(state, key):
        ask_key, answer_key, learn_key = jax.random.split(key, 3)
        rows = ask(state, ask_key)
        labels = jax.random.categorical(answer_key, jnp.log(answers[rows]))
        learnt = state.learnt.and_then(rows[:picked], labels[:picked])
        apart = state.aside.and_then(rows[picked:], labels[picked:])
        free = state.free if schedule.again else state.free.at[rows].set(False)
        return _State(learn(state.learner, learnt, learn_key), free, learnt, apart), rows

    def until_test(state, keys):
        test_key, apart_key, *round_keys = keys
        state, rows = jax.lax.scan(one_round, state, jnp.stack(round_keys))
        probs, temperature = jax.nn.softmax(draw(state, test_x, test_known, test_key)).mean(axis=0), jnp.ones(())
        if aside:
            held = jax.nn.softmax(draw_pool(state, state.aside.rows, apart_key)).mean(axis=0)
            temperature = fit_temperature(held, state.aside.labels, state.aside.number)
            probs = tempered(probs, temperature)
        right = probs.argmax(axis=1) == test_answers.argmax(axis=1)
        # A probability of 0 has no part, be its logarithm what it may.
        loss = -jnp.where(test_answers > 0, test_answers * jnp.log(probs), 0.0).sum(axis=1)
        return state, (rows.ravel(), right.mean(), loss.mean(), temperature)

    tests = schedule.budget // (schedule.batch * schedule.every)
    start = _State(
        training.start,
        jnp.ones(len(x), bool),
        _nothing(picked * schedule.every * tests),
        _nothing(max(1, aside * schedule.every * tests)),
    )
    keys = jax.random.split(run_key, tests * (schedule.every + 2)).reshape(tests, -1)
    rows, *scores = jax.lax.scan(until_test, start, keys)[1]
    return rows.ravel(), *scores
