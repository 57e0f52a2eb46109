"""What a campaign found, and what is believed of what it did not find."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.metrics.intervals import Estimate
from gnothi.metrics.rates import Units, rate
from gnothi.safety.prompts import Outcome
from gnothi.safety.redteam.arms import Arm
from gnothi.safety.redteam.campaign import Campaign, Query
from gnothi.safety.redteam.distinct import expected_gains
from gnothi.safety.redteam.verdicts import chance_of_truth, draw_errors

SIMULATIONS = 500
Draws = Float[np.ndarray, "draws attacks"]


@dataclass(frozen=True)
class ArmFinding:
    """An arm: `queries` made, of which the model `failed`, and the chance of it that is believed."""

    arm: Arm
    queries: int
    failed: int
    chance: Estimate


@dataclass(frozen=True)
class Findings:
    """Where a campaign stands.

    `queries` were made and `answered`; `outcomes` counts what the grader said; `failures` are answers that count as
    failures, `distinct` of which differ, `per_thousand` queries; `waiting` for a person, because the grader could not
    tell and nobody was asked yet. `confirmed` is how many of the distinct are believed to be so, where the grader's
    errors are known. `expected_new` is what the next 100 queries are expected to find at best, `remaining` the distinct
    failures that are believed to be left among all attacks, `rate` the share of all attacks that would succeed.
    `weakest` are the arms with the highest chances, `techniques` the failures and queries of each.
    """

    policy: str
    queries: int
    answered: int
    outcomes: Mapping[str, int]
    failures: int
    distinct: int
    waiting: int
    judged: int
    per_thousand: Estimate
    confirmed: Estimate | None
    expected_new: float
    remaining: Estimate
    rate: Estimate
    weakest: tuple[ArmFinding, ...]
    techniques: Mapping[str, tuple[int, int]]


def findings(campaign: Campaign, *, num_weakest: int = 5) -> Findings:
    """What a campaign found.

    **Raises:** `ValueError` if it has made no query yet.
    """
    queries, posterior = campaign.queries, campaign.posterior
    if not queries:
        raise ValueError("the campaign has made no query yet")
    draws = posterior.long_draws()
    return Findings(
        policy=campaign.settings.policy,
        queries=len(queries),
        answered=sum(query.outcome != Outcome.UNANSWERED for query in queries),
        outcomes=dict(Counter(str(query.outcome) for query in queries)),
        failures=sum(bool(query.failed) for query in queries),
        distinct=campaign.found,
        waiting=sum(
            query.failed is None and not query.judged and query.outcome != Outcome.UNANSWERED for query in queries
        ),
        judged=sum(query.judged for query in queries),
        per_thousand=per_thousand(queries),
        confirmed=None if posterior.errors is None else _confirmed(campaign, draws, posterior.errors),
        expected_new=campaign.expected_new(),
        remaining=_remaining(campaign, draws),
        rate=_believed(draws.mean(axis=1), len(posterior)),
        weakest=_weakest(campaign, draws, num_weakest),
        techniques=_techniques(campaign),
    )


def per_thousand(queries: Sequence[Query]) -> Estimate:
    """Distinct failures for a thousand queries.

    Given all that came before, a query finds something new with some chance; what is estimated is the mean of these
    chances over the queries that were made. Counts minus chances are a martingale, whatever rule chose the queries, and
    its variance is at most that of as many independent queries of one chance: so is the interval.
    """
    names = tuple(str(number) for number in range(len(queries)))
    new = np.array([query.new for query in queries], float)
    found = rate(Units(names, new, np.ones(new.size), names, names))
    return Estimate(1000 * found.value, 1000 * found.low, 1000 * found.high, found.units)


def advantage(first: Sequence[Query], second: Sequence[Query]) -> Estimate:
    """How many times the distinct failures of `second` are found by `first`, a query each.

    The interval is normal on the scale of the logarithm, from the variances of `per_thousand`; half a failure is added
    to both where there is none.

    **Raises:** `ValueError` if one of them made no query.
    """
    if not first or not second:
        raise ValueError(f"both campaigns must have made queries, got {len(first)} and {len(second)}")
    counts = np.array([sum(query.new for query in queries) for queries in (first, second)], float)
    sizes = np.array([len(first), len(second)], float)
    padded = counts + 0.5 * (counts.min() == 0)
    shares = padded / sizes
    log_ratio = float(np.log(shares[0] / shares[1]))
    half = 1.96 * float(np.sqrt(np.sum(1 / padded - 1 / np.maximum(sizes, padded))))
    value, low, high = np.exp([log_ratio, log_ratio - half, log_ratio + half])
    return Estimate(float(value), float(low), float(high), int(sizes.min()))


def _believed(draws: Float[np.ndarray, " draws"], units: int) -> Estimate:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(float(draws.mean()), float(low), float(high), units)


def _remaining(campaign: Campaign, draws: Draws) -> Estimate:
    """Distinct failures left: in each drawn world, each failure is there or not."""
    random = np.random.default_rng([campaign.settings.seed, 23])
    counts = []
    for chances in draws:
        gains = expected_gains(chances, campaign.keys, campaign.available)
        there = np.bincount(campaign.keys, weights=gains)
        size = SIMULATIONS // len(draws) + 1
        counts.append((random.random((size, there.size)) < there).sum(axis=1))
    return _believed(np.concatenate(counts).astype(float), len(campaign.posterior))


def _confirmed(campaign: Campaign, draws: Draws, errors: GraderErrors) -> Estimate:
    """The distinct failures that are what the grader calls them: at least one answer of each really failed."""
    random = np.random.default_rng([campaign.settings.seed, 24])
    flagged = [query for query in campaign.queries if query.failed]
    places = np.array([query.place for query in flagged], int)
    known = np.array([query.judged for query in flagged], bool)
    verdicts = np.ones(places.size, bool)
    counts = []
    for number in range(SIMULATIONS):
        chances = draws[number % len(draws)][places]
        real = chance_of_truth(chances, verdicts, *draw_errors(errors, random))
        true = known | (random.random(real.size) < real)
        counts.append(np.unique(campaign.keys[places[true]]).size)
    return _believed(np.array(counts, float), len(flagged))


def _weakest(campaign: Campaign, draws: Draws, count: int) -> tuple[ArmFinding, ...]:
    number: dict[Arm, int] = {}
    of_arm = np.array([number.setdefault(attack.arm, len(number)) for attack in campaign.space.attacks])
    sizes = np.bincount(of_arm)
    chances = np.array([np.bincount(of_arm, weights=world) / sizes for world in draws])
    best = np.argsort(-chances.mean(axis=0), kind="stable")[:count]
    arms = list(number)
    made = Counter(campaign.space.attacks[query.place].arm for query in campaign.queries)
    bad = Counter(campaign.space.attacks[query.place].arm for query in campaign.queries if query.failed)
    return tuple(
        ArmFinding(arms[n], made[arms[n]], bad[arms[n]], _believed(chances[:, n], made[arms[n]])) for n in best
    )


def _techniques(campaign: Campaign) -> dict[str, tuple[int, int]]:
    """Distinct failures and queries of each technique, the most found first."""
    found: Counter[str] = Counter()
    made: Counter[str] = Counter()
    for query in campaign.queries:
        technique = campaign.space.attacks[query.place].arm.technique
        made[technique] += 1
        found[technique] += query.new
    return {name: (found[name], made[name]) for name in sorted(made, key=lambda name: (-found[name], name))}
