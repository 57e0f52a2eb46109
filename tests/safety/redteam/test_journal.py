"""Lines that are only added, of one campaign, in one process."""

import json

import pytest

from gnothi.safety.redteam import Journal


def test_events_come_back_and_a_torn_line_does_not(tmp_path):
    path = tmp_path / "new" / "campaign.jsonl"
    journal = Journal(path, {"model": "a", "failing": ("comply",)})
    journal.append({"event": "batch", "number": 0})
    with pytest.raises(ValueError, match="is open in another process: end that one, or name another --out"):
        Journal(path, {"model": "a"})
    journal.close()
    with path.open("ab") as torn:
        torn.write(b'{"event": "batch", "num')
    journal = Journal(path, {"model": "a", "failing": ("comply",)})
    assert [event["event"] for event in journal.events] == ["began", "batch"]
    journal.append({"event": "batch", "number": 1})
    journal.close()
    assert [json.loads(line).get("number") for line in path.read_text().splitlines()] == [None, 0, 1]


def test_another_campaign_is_refused_and_the_file_is_free_again(tmp_path):
    path = tmp_path / "campaign.jsonl"
    Journal(path, {"model": "a", "seed": 0}).close()
    for _ in range(2):
        with pytest.raises(ValueError, match=r"another campaign \(model was 'a', now 'b'; seed was 0, now 1\)"):
            Journal(path, {"model": "b", "seed": 1})


def test_a_line_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "campaign.jsonl"
    path.write_text('{"event": "began"}\nnothing\n')
    with pytest.raises(ValueError, match="line 2 cannot be read"):
        Journal(path, {})


def test_a_number_that_json_has_not_is_refused(tmp_path):
    journal = Journal(tmp_path / "campaign.jsonl", {})
    with pytest.raises(ValueError, match="not JSON compliant"):
        journal.append({"event": "batch", "score": float("nan")})
    journal.append({"event": "batch", "score": 1.0})
    journal.close()
    assert len(Journal(tmp_path / "campaign.jsonl", {}).events) == 2
