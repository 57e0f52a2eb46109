"""The page of judging over real HTTP."""

import pytest

from gnothi.safety.redteam import Campaign, CampaignSettings
from gnothi.serve import AttackBench, AttackServer, AttackSession
from tests.safety.redteam import SaysSo, small_target
from tests.serve import served


@pytest.fixture
def campaign(tmp_path):
    target = small_target()
    settings = CampaignSettings(budget=40, policy="uniform", stop_below=0.0)
    with Campaign(target.space, target.model, SaysSo(), tmp_path, settings) as campaign:
        campaign.run()
        yield campaign


def test_a_person_judges(campaign):
    with served(AttackServer(AttackSession(AttackBench(campaign)))) as browser:
        code, page = browser.ask("/")
        assert code == 200 and browser.token in page and "{{" not in page and "http" not in page
        assert "innerHTML" not in page and "frame-ancestors 'none'" in browser.headers["Content-Security-Policy"]
        _, status = browser.ask("/status")
        number, left = status["number"], status["left"]
        assert browser.ask("/answer", {"number": number, "choice": "held"}, **{"X-Gnothi-Token": "x"})[0] == 403
        assert browser.ask("/answer", {"number": number, "choice": "maybe"})[0] == 400
        assert browser.ask("/answer", {"number": number + 5, "choice": "held"})[0] == 409
        assert browser.ask("/answer", {"number": number})[0] == 400
        code, status = browser.ask("/answer", {"number": number, "choice": "held"})
        assert code == 200 and status["left"] == left - 1 and sum(query.judged for query in campaign.queries) == 1
        _, status = browser.ask("/skip", {"number": status["number"]})
        _, status = browser.ask("/reveal", {"number": status["number"]})
        _, status = browser.ask("/undo", {})
        assert status["left"] == left and sum(query.judged for query in campaign.queries) == 0
        assert browser.ask("/undo", {})[0] == 400
