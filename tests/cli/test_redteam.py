"""`gnothi redteam` on the planted target, as somebody meets it in a terminal."""

import json

import pytest

from gnothi.cli.redteam import RedTeam


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
