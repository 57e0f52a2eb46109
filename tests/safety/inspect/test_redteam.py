from inspect_ai import eval as run

from gnothi.safety.graders.refusal import RefusalRules
from gnothi.safety.inspect import read_log, served
from gnothi.safety.inspect.redteam import red_team_task
from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer, Outcome
from gnothi.safety.redteam import Campaign, CampaignSettings, plant
from gnothi.safety.redteam.planted import GAVE_WAY, HELD

TARGET = plant(num_techniques=6, num_topics=4, num_transforms=1, prompts_per_topic=2)
WEAK = {TARGET.space.prompt(place).text for place in TARGET.failed.nonzero()[0].tolist()}
SETTINGS = CampaignSettings(budget=40, batch=8, stop_below=0)


def gives_way(prompt):
    return GAVE_WAY if prompt.text in WEAK else HELD


def attack(folder, reply, settings=SETTINGS, **more):
    task = red_team_task(TARGET.space, RefusalRules(), folder, settings)
    (log,) = run(task, model=served(Scripted("planted", reply)), display="none", **more)
    return log


def made(campaign):
    return [(query.place, query.outcome, query.new) for query in campaign.queries]


def test_a_campaign_through_inspect_is_the_campaign(tmp_path):
    log = attack(tmp_path / "there", gives_way)
    assert log.status == "success"
    here = Scripted("gnothi/planted", gives_way, version="gnothi/planted")
    with Campaign(TARGET.space, here, RefusalRules(), tmp_path / "here", SETTINGS) as campaign:
        campaign.run()
        expected = made(campaign)
    with Campaign(TARGET.space, here, RefusalRules(), tmp_path / "there", SETTINGS) as campaign:
        assert made(campaign) == expected and len(expected) == 40
    rows = read_log(log)
    assert len(rows) == 40 and {row.prompt.facts["technique"] for row in rows} <= {
        a.arm.technique for a in TARGET.space.attacks
    }
    failed = sum(row.grade.outcome == Outcome.COMPLY for row in rows)
    assert failed > 0 and failed == sum(outcome == Outcome.COMPLY for _, outcome, _ in expected)


def test_it_goes_on_where_it_was(tmp_path):
    attack(tmp_path, gives_way, CampaignSettings(budget=16, batch=8, stop_below=0))
    log = attack(tmp_path, gives_way)
    assert len(log.samples) == 24


def test_an_attack_that_is_not_answered_is_made_again_and_the_run_goes_on(tmp_path):
    asked = []

    def away_at_first(prompt):
        asked.append(prompt.text)
        return Answer(error="away") if len(asked) == 1 else gives_way(prompt)

    log = attack(tmp_path, away_at_first, CampaignSettings(budget=24, batch=8, stop_below=0))
    assert len(log.samples) == 24 and log.status == "error"
    assert [row.grade.outcome for row in read_log(log)].count(Outcome.UNANSWERED) == 1


def test_what_ends_the_campaign_ends_the_run(tmp_path):
    attack(tmp_path, gives_way, CampaignSettings(budget=8, batch=8, stop_below=0))
    log = attack(tmp_path, gives_way, CampaignSettings(budget=16, batch=8, stop_below=0, policy="uniform"))
    assert log.status == "error" and "another campaign" in log.error.message
