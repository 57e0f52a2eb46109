"""What is said of a campaign is true of its target."""

from dataclasses import replace

import numpy as np
import pytest

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.safety.prompts import Outcome
from gnothi.safety.redteam import Campaign, CampaignSettings, Query, advantage, findings, keys_of, per_thousand
from tests.safety.redteam import SaysSo, small_target

SETTINGS = CampaignSettings(budget=120, batch=20, stop_below=0.0, policy="information")


def attacked(folder, target, errors=None, **changed):
    with Campaign(target.space, target.model, SaysSo(), folder, replace(SETTINGS, **changed), errors) as campaign:
        campaign.run()
    return campaign


def queries(new, count):
    return [Query(n, Outcome.COMPLY, "x", n < new, n < new) for n in range(count)]


def test_counts_add_up(tmp_path):
    target = small_target()
    campaign = attacked(tmp_path, target)
    found = findings(campaign)
    assert found.queries == 120 == sum(found.outcomes.values()) == sum(made for _, made in found.techniques.values())
    assert found.distinct == campaign.found == sum(new for new, _ in found.techniques.values())
    assert found.failures == found.outcomes["comply"] >= found.distinct
    assert found.per_thousand.value == pytest.approx(1000 * found.distinct / 120)
    assert found.per_thousand.low < found.per_thousand.value < found.per_thousand.high
    assert found.confirmed is None and found.waiting == 0 and len(found.weakest) == 5
    chances = [weak.chance.value for weak in found.weakest]
    assert chances == sorted(chances, reverse=True)


@pytest.mark.slow
def test_intervals_hold_the_truth(tmp_path):
    """Of 20 targets: how many attacks would succeed, and how many failures are left. An interval of the 32 draws by
    which attacks are chosen would hold four in five."""
    hits, left = 0, 0
    for seed in range(20):
        target = small_target(seed)
        policy = ("thompson", "information")[seed % 2]
        found = findings(campaign := attacked(tmp_path / str(seed), target, policy=policy, seed=seed))
        hits += found.rate.low <= target.failed.mean() <= found.rate.high
        broken = {int(campaign.keys[query.place]) for query in campaign.queries if query.failed}
        open_ = [int(key) for key in keys_of(target.space)[target.failed & campaign.available]]
        left += found.remaining.low <= len(set(open_) - broken) <= found.remaining.high
    assert hits >= 17 and left >= 17


def test_false_alarms_are_not_confirmed(tmp_path):
    """A grader that calls a fifth of what held a failure, on a target that never gives way."""
    strong = small_target(base=-9.0, holes=0.0)
    liar = replace(strong, failed=np.random.default_rng(0).random(240) < 0.2)
    campaign = attacked(tmp_path, liar, GraderErrors(95, 100, 800, 1000), policy="uniform", budget=200)
    found = findings(campaign)
    assert found.distinct > 15
    assert found.confirmed.value < 0.5 * found.distinct
    for place in list(campaign.to_judge())[:3]:
        campaign.posterior.observe([place], [True], known=True)


def test_rates_of_campaigns():
    assert per_thousand(queries(0, 50)).value == 0 and per_thousand(queries(0, 50)).high > 20
    ratio = advantage(queries(60, 200), queries(30, 200))
    assert ratio.value == pytest.approx(2.0) and 1.2 < ratio.low < 1.5 < 2.7 < ratio.high < 3.3
    assert advantage(queries(5, 100), queries(0, 100)).low > 0.5
    with pytest.raises(ValueError, match="must have made queries, got 3 and 0"):
        advantage(queries(1, 3), [])


def test_nothing_was_asked(tmp_path):
    target = small_target()
    with (
        Campaign(target.space, target.model, SaysSo(), tmp_path, SETTINGS) as campaign,
        pytest.raises(ValueError, match="no query yet"),
    ):
        findings(campaign)
