"""A campaign goes on where it was stopped, whatever stopped it, and keeps text out of its journal."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.safety.models import Model, Scripted
from gnothi.safety.prompts import Answer, Outcome
from gnothi.safety.redteam import AttackSpace, Campaign, CampaignSettings, findings, keys_of
from gnothi.safety.redteam.planted import GAVE_WAY
from tests.safety.redteam import SaysSo, small_target

TARGET = small_target()
SETTINGS = CampaignSettings(budget=40, batch=8, stop_below=0.0)


class Counting(Model):
    """Counts what it is asked, and dies when told to."""

    name, version = "counting", "1"

    def __init__(self, inner, dies_at=None):
        self.inner, self.dies_at, self.asked = inner, dies_at, 0

    def answer(self, prompts, **settings):
        self.asked += len(prompts)
        if self.dies_at is not None and self.asked >= self.dies_at:
            raise KeyboardInterrupt
        return self.inner.answer(prompts, **settings)


def campaign(folder, model=None, settings=SETTINGS, target=TARGET, **more):
    return Campaign(target.space, model or target.model, SaysSo(), folder, settings, **more)


def made(of):
    return [(query.place, query.failed, query.new) for query in of.queries]


def test_what_is_found_is_what_there_is(tmp_path):
    keys = keys_of(TARGET.space)
    with campaign(tmp_path) as one:
        assert one.run() == "The budget of 40 queries is spent."
        assert [query.failed for query in one.queries] == [bool(TARGET.failed[query.place]) for query in one.queries]
        broken = {int(keys[query.place]) for query in one.queries if query.failed}
        assert one.found == len(broken) == sum(query.new for query in one.queries)
        assert len({query.place for query in one.queries}) == 40


@pytest.mark.parametrize("policy", ["thompson", "epsilon"])
def test_stopped_anywhere_it_goes_on_as_it_would(tmp_path, policy):
    settings = replace(SETTINGS, policy=policy)
    with campaign(tmp_path / "whole", settings=settings) as whole:
        whole.run()
    model = Counting(TARGET.model, dies_at=20)
    model.name = "planted"
    with campaign(tmp_path / "parts", model, settings) as parts, pytest.raises(KeyboardInterrupt):
        parts.run()
    path = tmp_path / "parts" / "campaign.jsonl"
    assert path.read_bytes().count(b"\n") == 3
    os.truncate(path, path.stat().st_size - 30)  # and the last line is cut short too
    model = Counting(TARGET.model)
    model.name = "planted"
    with campaign(tmp_path / "parts", model, settings) as parts:
        assert len(parts.queries) == 8
        parts.run()
    assert made(parts) == made(whole)
    assert model.asked == 40 - 16  # those of the torn line were answered, and are not asked again


def test_budget_may_rise_and_nothing_else_change(tmp_path):
    with campaign(tmp_path) as one:
        one.run()
    with campaign(tmp_path, settings=replace(SETTINGS, budget=48)) as one:
        assert len(one.queries) == 40
        one.run()
        assert len(one.queries) == 48
        with pytest.raises(ValueError, match="is open in another process"):
            campaign(tmp_path)
    for other, why in (
        ({"settings": replace(SETTINGS, policy="uniform")}, "policy was 'information'|policy was 'thompson'"),
        ({"target": small_target(1)}, "another"),
        ({"model": Scripted("other", lambda prompt: "")}, "model was 'planted'"),
        ({"errors": GraderErrors(9, 10, 9, 10)}, "errors was None"),
    ):
        if other.get("target") is None:
            with pytest.raises(ValueError, match=why):
                campaign(tmp_path, **other)
    bases = AttackSpace(TARGET.space.attacks[:-1], TARGET.space.rewrites)
    with pytest.raises(ValueError, match="space was"):
        Campaign(bases, TARGET.model, SaysSo(), tmp_path, SETTINGS)


def test_it_stops_when_little_is_left(tmp_path):
    strong = small_target(base=-9.0, holes=0.0, technique=0.1, topic=0.1, transform=0.1, prompt=0.1)
    assert not strong.failed.any()
    settings = CampaignSettings(budget=200, batch=20, stop_below=3.0, least=40, policy="information")
    with campaign(tmp_path, target=strong, settings=settings) as one:
        why = one.run()
    assert why == "The next 100 queries are expected to find fewer than 3 new failures."
    assert 40 <= len(one.queries) < 200


def test_all_attacks_may_be_made(tmp_path):
    with campaign(tmp_path, settings=replace(SETTINGS, budget=10_000, batch=40, policy="uniform")) as one:
        assert one.run() == "Every attack was made, or its failure found."
        assert one.found == len(set(keys_of(TARGET.space)[TARGET.failed].tolist()))
        assert one.expected_new() == 0


def test_no_text_is_in_the_journal_and_harmful_answers_are_sealed(tmp_path):
    attacks = tuple(replace(attack, base=replace(attack.base, harmful=True)) for attack in TARGET.space.attacks)
    space = AttackSpace(attacks, TARGET.space.rewrites)
    with Campaign(space, TARGET.model, SaysSo(), tmp_path, replace(SETTINGS, policy="uniform")) as one:
        one.run()
        assert {one.answer(query.place).text == GAVE_WAY for query in one.queries} == {True, False}
    journal = (tmp_path / "campaign.jsonl").read_text()
    assert "Request" not in journal and GAVE_WAY not in journal
    row = json.loads(journal.splitlines()[1])["queries"][0]
    assert row["topic"].startswith("topic ") and len(row["sha256"]) == 64
    kept = (tmp_path / "answers.jsonl").read_text()
    assert "sealed" in kept and GAVE_WAY not in kept and "cannot help" not in kept


def test_who_does_not_answer_is_asked_once_more_and_then_given_up(tmp_path):
    mute = Scripted("mute", lambda prompt: Answer(error="timed out"))
    with campaign(tmp_path, mute, settings=replace(SETTINGS, policy="fixed", budget=100)) as one:
        assert one.run().startswith("The model answered nothing in 3 batches")
        assert [query.place for query in one.queries[:16]] == [*range(8), *range(8)]
        assert all(query.failed is None and query.outcome == Outcome.UNANSWERED for query in one.queries)
        assert len(one.posterior) == 0 and one.found == 0
        found = findings(one)
        assert (found.answered, found.queries, found.waiting) == (0, 24, 0)
    back = Counting(TARGET.model)
    back.name = "mute"
    with campaign(tmp_path, back, settings=replace(SETTINGS, policy="fixed", budget=100)) as one:
        one.run()
        assert back.asked == 100 - 24 and one.found > 0
        assert [query.place for query in one.queries[24:32]] == [*range(8, 16)]  # asked once more


def test_people_have_the_last_word(tmp_path):
    with campaign(tmp_path, settings=replace(SETTINGS, policy="uniform")) as one:
        one.run()
        waiting = list(one.to_judge())
        assert waiting and all(one.space.attacks[place] and TARGET.failed[place] for place in waiting)
        place, before = waiting[0], one.found
        one.judge(place, False)
        assert one.found == before - 1 and place not in list(one.to_judge())
        same = np.flatnonzero(one.keys == one.keys[place])
        assert one.available[same].sum() == len(same) - 1  # it may be looked for in another way
        one.judge(waiting[1], None)
        assert one.found == before - 2
        one.take_back(waiting[1])
        assert one.found == before - 1 and waiting[1] in list(one.to_judge())
        with pytest.raises(ValueError, match="was not made in this campaign"):
            one.judge(next(n for n in range(240) if all(query.place != n for query in one.queries)), True)
        after = made(one)
    with campaign(tmp_path, settings=replace(SETTINGS, policy="uniform")) as one:
        assert made(one) == after and sum(query.judged for query in one.queries) == 1


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"budget": 0}, "budget must be 1 or more, got 0"),
        ({"batch": 0}, "batch must be 1 or more"),
        ({"policy": "uniformly"}, "Did you mean 'uniform'"),
        ({"distinct": "words"}, "distinct must be one of prompt and technique, prompt, topic and technique"),
        ({"failing": ()}, "failing must be one outcome or more"),
        ({"stop_below": -1.0}, "stop_below must be 0 or more"),
        ({"temperature": -1.0}, "temperature must be 0 or more"),
    ],
)
def test_settings_are_checked(changed, why):
    with pytest.raises(ValueError, match=why):
        replace(SETTINGS, **changed)
