"""Independent test inputs need tau of the order of the input size to tell agents apart; pairs do with tau = 10.

Osband et al. 2022, "Evaluating High-Order Predictive Distributions in Deep Learning". Four times the same curves, one
line an input size: a joint prediction against the product of its own marginals, in linear regression (closed form), in
logistic regression, for an epinet on the testbed, and for one on images of digits. Beside them, ensembles with prior
functions against ensembles without.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import altair as alt
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from gnothi.agents import AGENTS, Agent, EnsembleAgent, PriorKnowledge, joint_draws
from gnothi.cards import PRINT_INK, Claim, above, equals
from gnothi.cards.plots import Chart
from gnothi.data import Dataset, load_table, standardise
from gnothi.metrics import Estimate, joint_log_loss, kl_divergence
from gnothi.reproduce.joint_regressions import INPUTS, NUM_POOL, NUM_SAMPLES, LinearTask, LogisticTask, separation
from gnothi.reproduce.lab import Findings, Lab
from gnothi.reproduce.measured import measured, over_seeds
from gnothi.sweep import Group, Record
from gnothi.testbed import GenerativeSpec
from gnothi.testbed.run import config_hash

PARTS = {  # the figure's rows
    "linear": "linear regression",
    "logistic": "logistic regression",
    "testbed": "epinet, testbed",
    "digits": "epinet, digits",
}
PUBLISHED = {10: (0.146, 0.491), 100: (0.0145, 0.504), 1000: (0.0015, 0.504)}  # nats a label at tau = 10: iid, dyadic
EPINET, PLAIN, PLUS = "epinet", "ensemble", "ensemble+"


@runtime_checkable
class Task(Protocol):
    """A cell of this reproduction."""

    @property
    def cell(self) -> str:
        """Its file."""

    def measure(self) -> list[Record]:
        """Its records."""


def measure(tasks: Sequence[Task]) -> dict[str, list[Record]]:
    """The work of a group: its cells, one by one."""
    return {task.cell: task.measure() for task in tasks}


def run(lab: Lab) -> Findings:
    """Measures the four parts, then draws and judges them."""
    # Longer joint predictions by iid inputs have no use for 1,000 samples: none of them comes near all labels.
    taus = lab.choose(smoke=(10,), laptop=(1, 3, 10, 30), paper=(1, 3, 10, 30, 100))
    sizes = lab.choose(smoke=(10, 100), laptop=(10, 100, 1000), paper=(10, 100, 1000))
    seeds = range(lab.choose(smoke=2, laptop=5, paper=10))
    nets = lab.choose(smoke=(100,), laptop=(2, 10, 100), paper=(2, 10, 100, 1000))
    logistic = lab.choose(smoke=(10, 100), laptop=(10, 100, 1000), paper=(10, 100, 1000))
    chosen = agents(lab)
    parts: list[list[Task]] = [
        [NetworkTask(name, agent, size, seed, taus) for seed in seeds]
        for size in nets[::-1]
        for name, agent in chosen.items()
    ]
    parts += [[LogisticTask(size, seed, taus) for size in logistic[::-1] for seed in seeds]]
    parts += [[DigitsTask(EPINET, chosen[EPINET], seed, (1, *taus)) for seed in seeds]]
    parts += [[LinearTask(size, (2, 10, 30, 100)) for size in sizes]]
    groups = [Group(part[0].cell.rsplit("-S", 1)[0], tuple(task.cell for task in part), part) for part in parts]
    records = lab.run(groups, measure)
    claims = (*_linear_claims(records, sizes), *_claims(records, lab, nets))
    return Findings(claims, _figure(curves(records)))


def agents(lab: Lab) -> dict[str, Agent]:
    """An epinet, and at larger sizes ensembles with and without prior functions beside it."""
    if lab.scale == "smoke":
        return {EPINET: AGENTS[EPINET]}
    members = lab.choose(smoke=10, laptop=30, paper=100)
    return {EPINET: AGENTS[EPINET], PLAIN: EnsembleAgent(members), PLUS: EnsembleAgent(members, 3.0)}


@dataclass(frozen=True)
class NetworkTask:
    """An agent on a problem of the testbed that has as many data as dimensions."""

    name: str
    agent: Agent
    size: int
    seed: int
    taus: tuple[int, ...]

    @property
    def cell(self) -> str:
        """The cell's file."""
        return f"testbed/{_slug(self.name, self.agent, self.taus)}/D{self.size}-S{self.seed}"

    def measure(self) -> list[Record]:
        """An endless agent against its marginals; d_KL^tau of a finite ensemble, which has too few samples for that."""
        problem = GenerativeSpec("dyadic", self.size, self.size, 0.1, self.seed, inputs="iid").make()
        pool, target = problem.test_inputs[:NUM_POOL], jnp.asarray(problem.true_logits[:NUM_POOL])[None]
        draws, exhaustive = _trained_draws(self, problem.train_data, problem.prior_knowledge, pool)
        records, key = [], jax.random.key(self.seed)
        for inputs in INPUTS:
            if exhaustive:
                found = kl_divergence(target, draws, tau=self.taus, inputs=inputs, exhaustive=True, key=key)
            else:
                found = {tau: separation(target, draws, tau, inputs, key) for tau in self.taus}
            records += _by_tau(self, f"testbed/{inputs}", "kl" if exhaustive else "separation", found)
        return records


@dataclass(frozen=True)
class DigitsTask:
    """An agent that learned from a tenth of 1,797 images of digits, scored on the rest; nobody knows the truth."""

    name: str
    agent: Agent
    seed: int
    taus: tuple[int, ...]
    size: int = 64

    @property
    def cell(self) -> str:
        """The cell's file."""
        return f"digits/{_slug(self.name, self.agent, self.taus)}-S{self.seed}"

    def measure(self) -> list[Record]:
        """Joint log-loss at each tau."""
        x, y, test_x, test_y = load_table("digits", self.seed, test_fraction=0.9)
        x, test_x = standardise(x, test_x)
        data, labels = Dataset(x, y.astype(np.int32)), jnp.asarray(test_y, jnp.int32)
        draws, exhaustive = _trained_draws(self, data, PriorKnowledge(10), test_x)
        options: dict[str, Any] = {"exhaustive": exhaustive, "key": jax.random.key(self.seed)}
        records = []
        for inputs in INPUTS:
            found = {tau: joint_log_loss(draws, labels, tau=tau, inputs=inputs, **options) for tau in self.taus}
            records += _by_tau(self, f"digits/{inputs}", "joint_log_loss", found)
        return records


def _slug(name: str, agent: Agent, taus: Iterable[int]) -> str:
    return f"{name}-{config_hash(name, agent)}-{'-'.join(map(str, taus))}"


@eqx.filter_jit
def _train(agent: Agent, data: Dataset, prior: PriorKnowledge, key: Array) -> Any:
    return agent(data, prior, key)


def _trained_draws(
    task: NetworkTask | DigitsTask, data: Dataset, prior: PriorKnowledge, inputs: np.ndarray
) -> tuple[Array, bool]:
    """Joint samples of the task's agent; data and temperature are traced, so that all seeds share one program."""
    data, prior = jax.tree.map(jnp.asarray, (data, prior))
    sampler = _train(task.agent, data, prior, jax.random.key(task.seed))
    return joint_draws(sampler, inputs, NUM_SAMPLES, jax.random.key(task.seed))


def _by_tau(task: Any, evaluation: str, metric: str, found: dict[int, Estimate]) -> list[Record]:
    about = {"input_size": task.size, "seed": task.seed}
    return [measured(task.name, evaluation, metric, value, tau=tau, **about) for tau, value in found.items()]


def separations(records: Sequence[Record], part: str, inputs: str, size: int, tau: int) -> Float[np.ndarray, " seeds"]:
    """Nats a label by which a joint prediction is better than its own marginals, by seed."""

    def values(metric: str, tau: int) -> np.ndarray:
        key = (f"{part}/{inputs}", metric, size, tau)
        return np.array([r.value for r in records if (r.evaluation, r.metric, r.input_size, r.tau) == key])

    if part == "digits":
        return values("joint_log_loss", 1) - values("joint_log_loss", tau) / tau
    return values("separation", tau)


def saved(records: Sequence[Record], inputs: str, size: int, tau: int) -> Float[np.ndarray, " seeds"]:
    """The part of d_KL^tau of ensembles that those with prior functions save, by seed."""
    key = (f"testbed/{inputs}", "kl", size, tau)
    here = [r for r in records if (r.evaluation, r.metric, r.input_size, r.tau) == key]
    plain, plus = (np.array([r.value for r in here if r.subject == name]) for name in (PLAIN, PLUS))
    return 1 - plus / plain


def curves(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Separation with its interval over seeds, for each part, kind of inputs, input size and tau."""
    rows = []
    for part in PARTS:
        mine = [r for r in records if r.evaluation.startswith(f"{part}/")]
        for inputs in INPUTS:
            for size, tau in sorted(
                {(int(r.input_size or 0), int(r.tau or 0)) for r in mine if r.evaluation.endswith(inputs)}
            ):
                values = separations(mine, part, inputs, size, tau)
                found = over_seeds(values)
                ends = (found.low, found.high) if len(values) > 1 else (found.value, found.value)
                row = {"part": part, "inputs": inputs, "size": size, "tau": tau, "value": found.value}
                rows.append({**row, "low": ends[0], "high": ends[1]})
    return rows


def _linear_claims(records: Sequence[Record], sizes: Sequence[int]) -> list[Claim]:
    found = {
        (r.evaluation.split("/")[1], r.metric, r.input_size, r.tau): Estimate(r.value, r.low, r.high, r.units)
        for r in records
        if r.suite == "linear"
    }
    least, most = sizes[0], sizes[-1]
    claims = []
    for inputs, published in zip(INPUTS, PUBLISHED[most], strict=True):
        value = found[inputs, "separation", most, 10].value
        statement = f"Linear, D = {most}, {inputs} inputs, tau = 10: {published:g} nats a label"
        claims.append(equals(statement, "formula, mean over inputs", value, published, tolerance=0.05 * published))
        error = found[inputs, "estimator_error", most, 2 if inputs == "iid" else 10]
        statement = f"Linear, D = {most}, {inputs}: the estimator from samples hits the formula"
        tolerance = 3 * float(error.std_error)
        claims.append(equals(statement, "estimator - formula, nats", error.value, 0, tolerance=tolerance))
    same = found["iid", "separation", most, most].value / found["iid", "separation", least, least].value
    statement = "Linear, iid: tau = D tells as much, whatever D"
    return [*claims, equals(statement, f"nats a label, D = {most} / D = {least}", same, 1, tolerance=0.25)]


def _claims(records: Sequence[Record], lab: Lab, nets: Sequence[int]) -> list[Claim]:
    by = lab.choose(smoke="value", laptop="interval", paper="interval")
    small, large = nets[0], nets[-1]
    claims = []
    for part, size in (("logistic", 100), ("testbed", large), ("digits", 64)):
        iid, pairs = (separations(records, part, inputs, size, 10) for inputs in INPUTS)
        statement = f"{PARTS[part].capitalize()}, D = {size}: pairs show at tau = 10 what iid inputs hide"
        measure = "nats a label seen by pairs, less those by iid inputs"
        claims.append(above(statement, measure, over_seeds(pairs - iid), 0.0, by=by))
    for part, few, many in (("logistic", 10, 100), *([("testbed", small, large)] if small < large else [])):
        gain = separations(records, part, "iid", few, 10) - separations(records, part, "iid", many, 10)
        statement = f"{PARTS[part].capitalize()}: for iid inputs tau = 10 is enough at D = {few} and not at D = {many}"
        claims.append(above(statement, "nats a label seen, difference", over_seeds(gain), 0.0, by=by))
    if lab.scale != "smoke":
        iid, pairs = (saved(records, inputs, large, 10) for inputs in INPUTS)
        statement = f"Testbed, D = {large}, tau = 10: pairs tell ensembles with priors from those without"
        claims.append(above(statement, "part of d_KL saved by priors, pairs", over_seeds(pairs), 0.0))
        measure = "part of d_KL saved by priors, pairs - iid inputs"
        claims.append(above("The same: iid inputs see less of it", measure, over_seeds(pairs - iid), 0.0))
    return claims


def _figure(rows: Sequence[dict[str, Any]]) -> Chart:
    sizes = sorted({row["size"] for row in rows})
    shades = ["#9ecae1", "#4292c6", "#0f9184", "#e0662b", "#8c3404"][-len(sizes) :]
    colour = alt.Color("size:N", sort=sizes, scale=alt.Scale(domain=sizes, range=shades), title="input size")

    def panel(part: str, inputs: str) -> Any:
        mine = [row for row in rows if row["part"] == part]
        values = [row["value"] for row in mine]
        # Few seeds have intervals far wider than the curves; they are cut at the frame.
        scale = alt.Scale(domain=[min(0.0, 1.3 * min(values)), 1.2 * max(values)], clamp=True, nice=False)
        taus = sorted({row["tau"] for row in mine})
        base = alt.Chart(alt.Data(values=[row for row in mine if row["inputs"] == inputs])).encode(
            x=alt.X("tau:Q", scale=alt.Scale(type="log"), axis=alt.Axis(values=taus, grid=False), title="tau"),
            color=colour,
        )
        value = alt.Y("value:Q", scale=scale, title="nats a label")
        return alt.layer(
            base.mark_rule(opacity=0.5, strokeWidth=2).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q"),
            base.mark_line(strokeWidth=2).encode(y=value),
            base.mark_point(filled=True, size=45, opacity=1).encode(y=value),
        ).properties(width=230, height=150, title=f"{PARTS[part]}, {inputs} inputs")

    lines = [alt.hconcat(*(panel(part, inputs) for inputs in INPUTS), spacing=25) for part in PARTS]
    title = alt.TitleParams("What tells agents apart, by the order tau of the joint prediction", color=PRINT_INK)
    return alt.vconcat(*lines, title=title)
