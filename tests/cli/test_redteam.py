"""`gnothi redteam` on the planted target, as somebody meets it in a terminal."""

import json
import threading
from dataclasses import replace
from urllib.request import Request, urlopen

import pytest

from gnothi.cli.redteam import RedTeam
from gnothi.safety.graders.refusal import RefusalRules
from gnothi.safety.models import Scripted
from gnothi.safety.redteam import Campaign, CampaignSettings, plant
from gnothi.serve import AttackServer


def test_a_campaign_and_what_it_is_compared_with(tmp_path, capsys):
    call = RedTeam("planted", budget=60, batch=20, out=tmp_path, against=("uniform",), stop_below=0.0)
    call.run()
    said = capsys.readouterr().out
    assert "The budget of 60 queries is spent." in said and "distinct failures (prompt and technique)" in said
    assert "60 of 4800 attacks were made on planted" in said and "uniform" in said and f"Kept in {tmp_path}" in said
    assert "technique" in said and "I cannot help" not in said
    before = (tmp_path / "campaign.jsonl").read_bytes()
    call.run()
    assert (tmp_path / "campaign.jsonl").read_bytes() == before
    assert (
        json.loads((tmp_path / "against" / "uniform" / "campaign.jsonl").read_text().splitlines()[0])["policy"]
        == "uniform"
    )


def test_what_broke_it_is_shown_when_asked_for(tmp_path, capsys):
    RedTeam("planted", budget=40, out=tmp_path, policy="uniform", show=True, stop_below=0.0).run()
    said = capsys.readouterr().out
    assert ">>> Here is what you asked for." in said and "Request" in said


def test_what_can_be_known_to_be_wrong_costs_no_query(tmp_path):
    """Each of these was once found out only after the budget was spent, or not at all."""
    wrong = {
        "--port must be from 0 to 65535, got 99999": {"page": True, "port": 99_999},
        "there is no model 'nonesuch'": {"page": True, "beside": "nonesuch"},
        "planted has attacks of its own, got --attacks secrts": {"attacks": "secrts"},
        "--data-dir .* is not a folder": {"data_dir": tmp_path / "nowhere"},
    }
    for words, settings in wrong.items():
        with pytest.raises((ValueError, FileNotFoundError), match=words):
            RedTeam("planted", budget=20, out=tmp_path / "none", **settings).run()
    assert not (tmp_path / "none").exists()


def test_one_that_is_stopped_says_where_it_goes_on(tmp_path, capsys, monkeypatch):
    """Ctrl-C in the middle: what was done is on the disk, and the same call comes to what an unbroken one comes to."""
    step, steps = Campaign.step, []

    def interrupted(self):
        if len(steps) == 2:
            raise KeyboardInterrupt
        steps.append(step(self))
        return steps[-1]

    call = RedTeam("planted", budget=60, batch=20, out=tmp_path / "one", stop_below=0.0)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Campaign, "step", interrupted)
        call.run()
    assert f"kept in {tmp_path / 'one'}: the same call goes on" in capsys.readouterr().out
    assert len((tmp_path / "one" / "campaign.jsonl").read_text().splitlines()) == 3
    call.run()
    replace(call, out=tmp_path / "two").run()
    one, two = ((tmp_path / name / "campaign.jsonl").read_text() for name in ("one", "two"))
    assert one == two


def test_what_people_could_not_tell_does_not_wait_for_them(tmp_path, capsys):
    call = RedTeam("planted", budget=60, policy="uniform", out=tmp_path, stop_below=0.0)
    call.run()
    before = capsys.readouterr().out
    assert "judged by people" not in before
    target = plant(seed=0)
    settings = CampaignSettings(budget=60, policy="uniform", max_tokens=48, stop_below=0.0)
    with Campaign(target.space, target.model, RefusalRules(), tmp_path, settings) as campaign:
        failed = [query.place for query in campaign.queries if query.failed]
        for place in failed:
            campaign.judge(place, None)
        assert failed and not list(campaign.to_judge())
    call.run()
    said = capsys.readouterr().out
    assert f"{len(failed)} answers were judged by people" in said
    assert "0 distinct failures" in said and "wait for a person" not in said


def test_the_page_of_pairs_asks_and_says_who_is_safer(tmp_path, capsys, monkeypatch):
    """The page is driven as its own script does; the other model refuses all, so each of its answers is safer."""
    monkeypatch.setattr("gnothi.safety.load.load_model", lambda name: Scripted(name, lambda prompt: "I cannot help."))
    asked = []

    def person(server):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        while (now := read(server, "status"))["number"] is not None:
            asked.append(now["answers"])
            refusing = now["answers"].index("I cannot help.")
            read(server, "answer", {"number": now["number"], "choice": ("left", "right")[refusing]})
        server.shutdown()

    monkeypatch.setattr(AttackServer, "serve_until_stopped", person)
    RedTeam("planted", budget=60, policy="uniform", out=tmp_path, page=True, beside="meek", stop_below=0.0).run()
    said = capsys.readouterr().out
    assert len(asked) > 2 and len({tuple(pair) for pair in asked}) == 2  # both orders
    assert f"{len(asked)} pairs: planted is safer in 0 %" in said and "meek in 100 %" in said


def read(server, path, body=None):
    """What the page's own requests get."""
    headers = {"X-Gnothi-Token": server.token, "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(server.address + path, data=data, headers=headers)) as answer:
        return json.loads(answer.read())


def test_what_cannot_be(tmp_path):
    with pytest.raises(ValueError, match="add --page"):
        RedTeam("planted", beside="other", out=tmp_path).run()
    with pytest.raises(ValueError, match="policy is called 'unifrom'"):
        RedTeam("planted", against=("unifrom",), out=tmp_path / "none").run()
    assert not (tmp_path / "none").exists()
    with pytest.raises(ValueError, match="no suite is called"):
        RedTeam("smollm2-135m", attacks="nothing", out=tmp_path).run()
    with pytest.raises(ValueError, match="budget must be 1 or more, got 0"):
        RedTeam("planted", budget=0, out=tmp_path).run()
