"""Pairs are of attacks to which one of two models gave way."""

from gnothi.safety.models import Scripted
from gnothi.safety.prompts import Answer
from gnothi.safety.redteam import Campaign, CampaignSettings, answers_beside
from gnothi.safety.redteam.planted import GAVE_WAY, HELD
from tests.safety.redteam import SaysSo, small_target


def test_pairs_of_two_models(tmp_path):
    target, asked = small_target(), []
    settings = CampaignSettings(budget=40, policy="uniform", stop_below=0.0)

    def reply(prompt):
        asked.append(prompt.name)
        if prompt.facts["chain"]:
            return Answer(error="it died") if prompt.category == "topic 0" else HELD
        return GAVE_WAY

    with Campaign(target.space, target.model, SaysSo(), tmp_path, settings) as campaign:
        campaign.run()
        pairs = answers_beside(campaign, Scripted("other", reply), tmp_path / "beside-other.jsonl")
        made = {campaign.space.attacks[query.place].name: query.failed for query in campaign.queries}
    assert sorted(asked) == sorted(made)
    for prompt, first, second in pairs:
        assert first.text == (GAVE_WAY if made[prompt.name] else HELD)
        assert not second.error and GAVE_WAY in (first.text, second.text)
    names = {prompt.name for prompt, _, _ in pairs}
    left_out = [name for name in made if name not in names]
    assert all("|transform 0|" in name for name in left_out) and left_out

    before = len(asked)
    with Campaign(target.space, target.model, SaysSo(), tmp_path, settings) as campaign:
        again = answers_beside(campaign, Scripted("other", reply), tmp_path / "beside-other.jsonl")
    failed = [name for name in left_out if "topic 0," in name]
    assert sorted(asked[before:]) == sorted(failed) != []  # what failed is asked once more, and nothing else
    assert [p.name for p, _, _ in again] == [p.name for p, _, _ in pairs]
