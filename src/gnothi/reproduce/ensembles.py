"""Prior functions help joint predictions; bootstrapping helps only where the signal-to-noise ratio varies over inputs.

Osband et al. 2022, "Ensembles for Uncertainty Estimation: Benefits of Prior Functions and Bootstrapping". Linear
ensembles are trained and their covariance is held against closed forms, then against the exact posterior: with equal
noise everywhere a prior of the right scale is all that an ensemble needs, and with noise that varies no scale will do.
Then networks on the testbed, with one temperature and with one that varies over inputs. The claim about priors holds
on both; that about bootstrapping we find in linear models only: on the testbed, beside priors, it does as much (about
nothing) whether noise varies or not, and without priors it helps in both cases.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import altair as alt
import numpy as np

from gnothi.agents import Agent, EnsembleAgent
from gnothi.cards import PRINT_INK, Claim, above, below, equals, not_below
from gnothi.cards.plots import Chart
from gnothi.metrics import Estimate, ratio_interval
from gnothi.metrics.closed_forms import RECIPES
from gnothi.reproduce.lab import Findings, Lab
from gnothi.reproduce.linear_ensembles import LinearTask, train_linear
from gnothi.reproduce.measured import over_seeds
from gnothi.sweep import Group, Record
from gnothi.testbed import grid, plan, run_group

MEMBERS = 10  # of the networks' ensembles, but where the size is varied
PRIORS = {0.0: "without priors", 1.0: "with priors"}
BOOTSTRAPPED = ("bernoulli", "exponential")


def run(lab: Lab) -> Findings:
    """Trains, compares and draws."""
    records = lab.run([*_testbed_groups(lab), *_linear_groups(lab)], measure)
    claims = (*_covariance_claims(records), *_scale_claims(records), *_testbed_claims(records, lab))
    return Findings(claims, _figure(records))


def measure(task: Any) -> dict[str, list[Record]]:
    """The work of a group, of either part."""
    return train_linear(task) if isinstance(task, LinearTask) else run_group(task)


# Linear models, whose covariance is known -----------------------------------------------------------------------------


def _linear_groups(lab: Lab) -> list[Group]:
    members, seeds = lab.choose(smoke=(1000, range(5)), laptop=(3000, range(5)), paper=(10_000, range(20)))
    tasks = [LinearTask(recipe, members, tuple(seeds)) for recipe in RECIPES]
    return [
        Group(f"linear {task.recipe}", tuple(task.cell(d, s) for d, seeds in task.designs.items() for s in seeds), task)
        for task in tasks
    ]


def _numbers(records: Sequence[Record], recipe: str, design: str, metric: str) -> np.ndarray:
    evaluation = f"linear/{design}"
    return np.array([r.value for r in records if (r.subject, r.evaluation, r.metric) == (recipe, evaluation, metric)])


def _covariance_claims(records: Sequence[Record]) -> list[Claim]:
    number = partial(_numbers, records, design="normal inputs")
    says = {
        "prior": "Priors only: the covariance is S S / prior variance",
        "prior + noise": "Priors and noise on targets: the covariance is S, the exact posterior's",
        "prior + bootstrap": "Priors and exponential weights: the covariance is the sandwich, to first order",
    }
    share = float(number("no prior", metric="share")[0])
    claims = [equals("Without priors all members end in one place", "variance / posterior's", share, 0, tolerance=1e-3)]
    for recipe, statement in says.items():
        error, chance = (float(number(recipe, metric=f"formula_{what}")[0]) for what in ("error", "chance"))
        first_order = 0.1 if recipe == "prior + bootstrap" else 0.0
        measure = "relative error of trained members' covariance"
        claims.append(equals(statement, measure, error, 0, tolerance=first_order + 2.5 * chance))
    return claims


def _scale_claims(records: Sequence[Record]) -> list[Claim]:
    def gap(design: str) -> Estimate:
        prior = _numbers(records, "prior", design, "rescaled_error")
        return over_seeds(_numbers(records, "prior + bootstrap", design, "exact_error") - prior)

    measure = "error of the bootstrapped covariance - least error of priors only at any scale"
    return [
        above("Linear, equal noise: a prior of the right scale needs no bootstrap", measure, gap("equal noise"), 0.0),
        below("Linear, noise varies: bootstrapping beats every prior scale", measure, gap("varied noise"), 0.0),
    ]


# Networks on the testbed ----------------------------------------------------------------------------------------------


def _testbed_groups(lab: Lab) -> list[Group]:
    """Every agent on every problem, and each problem twice: with one temperature, and with one that varies."""
    shapes = lab.choose(
        smoke=((10, 10),),
        laptop=((10, 1), (10, 10), (10, 100), (100, 1)),
        paper=tuple(product((2, 10, 100), (1, 10, 100, 1000))),
    )
    temperatures = lab.choose(smoke=(0.1,), laptop=(0.1,), paper=(0.01, 0.1, 0.5))
    seeds = range(lab.choose(smoke=4, laptop=5, paper=10))
    groups: list[Group] = []
    for temperature in temperatures:
        plain = [spec for size, ratio in shapes for spec in grid("ensembles", (size,), (ratio,), (temperature,), seeds)]
        few = [spec for spec in plain if (spec.input_size, spec.num_train) == (10, 10)]
        for members in lab.choose(smoke=(MEMBERS,), laptop=(3, MEMBERS, 30), paper=(1, 3, MEMBERS, 30, 100)):
            whole = members == MEMBERS or (lab.scale == "paper")
            if whole or temperature == temperatures[0]:
                chosen = plain if whole else few
                both = [replace(spec, temperature_spread=spread) for spread in (0.0, 1.0) for spec in chosen]
                groups += plan(agents(members, temperature, lab), both, lab.folder)
    return groups


def agents(members: int, temperature: float, lab: Lab) -> dict[str, Agent]:
    """The 2x2 of priors and bootstrapping; priors are as wide as the truth, that is, of the order of 1 / temperature.

    (`EnsembleAgent` divides by the root of the temperature, and this by the other. It is in the published sweep.)
    """
    laws = lab.choose(smoke=("none", "bernoulli"), laptop=("none", "bernoulli"), paper=("none", *BOOTSTRAPPED))
    return {
        f"{members} {PRIORS[prior]}, {law}": EnsembleAgent(members, prior * temperature**-0.5, law)
        for prior in PRIORS
        for law in laws
    }


def _name(prior: bool, law: str = "none", members: int = MEMBERS) -> str:
    return f"{members} {PRIORS[float(prior)]}, {law}"


def _testbed_claims(records: Sequence[Record], lab: Lab) -> list[Claim]:
    none, prior, both = _name(False), _name(True), _name(True, "bernoulli")
    claims = []
    for noise in ("constant", "varies"):
        statement = f"Testbed, noise {noise}: priors help joint predictions"
        measure = "mean d_KL with / without priors, tau = 10"
        claims.append(below(statement, measure, ratio(records, prior, none, noise=noise), 1.0))
    alone = ratio(records, prior, none, tau=1)
    measure = "mean d_KL with / without priors, tau = 1"
    claims.append(not_below("Testbed: they do not help predictions of one label", measure, alone, 1.0))
    if lab.scale != "smoke":
        measure = "mean d_KL with / without bootstrapping, beside priors, tau = 10"
        found = ratio(records, both, prior, noise="constant")
        claims.append(not_below("Testbed, noise constant: bootstrapping adds nothing to priors", measure, found, 1.0))
    return claims


def ratio(
    records: Sequence[Record], first: str, second: str, *, tau: int = 10, noise: str = "", data_ratio: float = 0.0
) -> Estimate:
    """Mean d_KL^tau of one agent over that of another on the same problems; the interval is over problems.

    **Arguments:** `records`; `first` and `second`, agents; `tau`; `noise`, "constant" or "varies", or "" for both;
    `data_ratio`, data a dimension, or 0 for any.

    **Raises:** `ValueError` if there are no such problems.
    """
    by_problem: dict[str, dict[str, float]] = {first: {}, second: {}}
    for r in records:
        here = r.tau == tau and data_ratio in (0.0, r.data_ratio) and noise in ("", noise_of(r))
        if here and r.subject in by_problem and r.metric == "kl":
            by_problem[r.subject][r.evaluation] = r.value
    both = sorted(set(by_problem[first]) & set(by_problem[second]))
    if not both:
        raise ValueError(f"there are no problems that both {first!r} and {second!r} were scored on")
    upper, lower = (np.array([by_problem[name][problem] for problem in both]) for name in (first, second))
    return ratio_interval(upper, lower)


def noise_of(record: Record) -> str:
    """Whether the temperature of a problem is one, or varies over inputs."""
    return "varies" if "-V" in record.evaluation else "constant"


def _figure(records: Sequence[Record]) -> Chart:
    few = [r for r in records if r.metric == "kl" and r.tau == 10 and (r.input_size, r.num_train) == (10, 10)]
    panels = [_size_panel(few)] if few else []  # the smallest scale has one size
    panels += [_ratio_panel(records), _linear_panel(records)]
    return alt.hconcat(*panels, spacing=35).resolve_scale(color="independent", xOffset="independent")


def _size_panel(few: Sequence[Record]) -> Any:
    """Scores by ensemble size on the problems that have few data and that every size was put through."""
    rows = []
    for subject in sorted({r.subject for r in few}):
        values = np.array([r.value for r in few if r.subject == subject and r.temperature == 0.1])
        members, kind = subject.split(" ", 1)
        estimate = over_seeds(values)
        rows.append({"members": int(members), "agent": kind, "value": estimate.value})
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("members:Q", scale=alt.Scale(type="log"), axis=alt.Axis(values=[1, 3, 10, 30, 100], grid=False)),
        y=alt.Y("value:Q", title="mean d_KL at tau = 10, nats"),
        color=alt.Color("agent:N", title=None, legend=alt.Legend(orient="bottom", columns=1)),
    )
    return alt.layer(base.mark_line(), base.mark_point(filled=True, size=50, opacity=1)).properties(
        width=200, height=210, title="Ensemble size, ten data in ten dimensions"
    )


def _ratio_panel(records: Sequence[Record]) -> Any:
    rows = []
    for data_ratio in sorted({r.data_ratio for r in records if r.metric == "kl" and r.data_ratio is not None}):
        for noise in ("constant", "varies"):
            what = {
                f"priors, noise {noise}": (_name(True), _name(False)),
                f"bootstrap, noise {noise}": (_name(True, "bernoulli"), _name(True)),
            }
            for label, pair in what.items():
                found = ratio(records, *pair, noise=noise, data_ratio=data_ratio)
                row = {"what": label, "data": f"{data_ratio:g}", "value": found.value}
                rows.append({**row, "low": found.low, "high": found.high})
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("data:O", sort=None, title="data a dimension", axis=alt.Axis(labelAngle=0, grid=False)),
        xOffset="what:N",
        color=alt.Color("what:N", title=None, legend=alt.Legend(orient="bottom", columns=1)),
    )
    one = alt.Chart(alt.Data(values=[{"at": 1}])).mark_rule(strokeDash=[3, 3], opacity=0.5, color=PRINT_INK)
    return alt.layer(
        one.encode(y="at:Q"),
        base.mark_rule(strokeWidth=2, opacity=0.55).encode(y=alt.Y("low:Q", title="d_KL with / without"), y2="high:Q"),
        base.mark_point(filled=True, size=50, opacity=1).encode(y="value:Q"),
    ).properties(width=230, height=210, title="What priors and bootstrapping are worth")


def _linear_panel(records: Sequence[Record]) -> Any:
    kinds = {"priors, at their best scale": ("prior", "rescaled_error")}
    kinds["priors and bootstrap"] = ("prior + bootstrap", "exact_error")
    rows = []
    for design in ("equal noise", "varied noise"):
        for label, (recipe, metric) in kinds.items():
            found = over_seeds(_numbers(records, recipe, design, metric))
            rows.append({"design": design, "what": label, "value": found.value})
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("design:N", title=None, axis=alt.Axis(labelAngle=0, grid=False)),
        xOffset="what:N",
        y=alt.Y("value:Q", title="error of the posterior covariance"),
        color=alt.Color("what:N", title=None, legend=alt.Legend(orient="bottom", columns=1)),
    )
    return alt.layer(base.mark_bar()).properties(width=200, height=210, title="Linear models, trained")
