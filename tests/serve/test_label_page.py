"""The page over real HTTP: a person labels, and no web page does."""

import json

import pytest

from gnothi.serve import LabelServer, LabelSession
from tests.serve import make_pool, open_rounds, read, truth
from tests.serve import served as serve


def served(path, **settings):
    """A browser in front of a session on a free port."""
    return serve(LabelServer(LabelSession(open_rounds(path, **settings))))


def label(browser, status):
    return browser.ask("/label", {"row": status["row"], "label": truth(status["text"]), "new": True})


@pytest.fixture
def pool(tmp_path):
    return make_pool(tmp_path)


def test_two_rounds_are_labelled_and_a_new_server_goes_on(pool):
    labels = pool.with_name("pool.labels.csv")
    given = []
    with served(pool) as browser:
        _, status = browser.ask("/status")
        assert status["classes"] == [] and browser.ask("/chances") == (200, {})
        for number in range(4):
            given.append((str(status["row"]), truth(status["text"])))
            code, status = label(browser, status)
            assert code == 200 and [tuple(row.values()) for row in read(labels)] == given
            assert status["labelled"] == number + 1
        assert set(browser.ask("/chances")[1]) == {"good", "bad"}
    with served(pool) as browser:
        _, status = browser.ask("/status")
        assert status["labelled"] == 4 and str(status["row"]) not in dict(given)
        _, back = browser.ask("/undo", {})
        assert (str(back["row"]), back["labelled"]) == (given[-1][0], 3)
        while not back["ended"]:
            _, back = label(browser, back)
        assert back["labelled"] == 6 and len(read(labels)) == 6 and back["row"] is None
        assert len(read(pool.with_name("pool.predicted.csv"))) == 12


def test_no_other_page_labels(pool):
    with served(pool) as browser:
        _, status = browser.ask("/status")
        good = {"row": status["row"], "label": "good", "new": True}
        for token in ("", "x" * 43, "ü"):
            assert browser.ask("/label", good, **{"X-Gnothi-Token": token})[0] == 403
        for host in ("evil.example", f"evil.example:{browser.port}", "127.0.0.1:1", "127.0.0.1", ""):
            assert browser.ask("/label", good, Host=host)[0] == 403
            code, answer = browser.ask("/", Host=host)
            assert code == 403 and browser.token not in json.dumps(answer)
        assert browser.ask("/status", Host=f"localhost:{browser.port}")[1]["labelled"] == 0
        assert browser.ask("/label", good)[1]["labelled"] == 1


def test_what_is_wrong_is_refused_and_changes_nothing(pool):
    with served(pool, classes=("good", "bad")) as browser:
        _, status = browser.ask("/status")
        row = status["row"]
        code, answer = browser.ask("/label", {"row": row, "label": "goood", "new": True})
        assert code == 400 and "did you mean 'good'" in answer["error"]
        assert browser.ask("/label", {"row": row, "label": "x", "new": False})[0] == 400
        assert browser.ask("/label", {"row": row + 1, "label": "good", "new": False})[0] == 409
        for body in ("", "{", "[]", "[" * 20_000, '{"row": 1}', {"row": True, "label": "good", "new": False}):
            assert browser.ask("/label", body)[0] == 400, body
        assert browser.ask("/undo", {})[0] == 400
        assert browser.ask("/skip", {"row": row + 1})[0] == 409
        assert browser.ask("/label", "x" * 100_000)[0] == 413
        assert browser.ask("/nothing")[0] == browser.ask("/nothing", {})[0] == 404
        assert browser.ask("/status") == (200, status) and not pool.with_name("pool.labels.csv").exists()
        _, after = browser.ask("/skip", {"row": row})
        assert after["row"] != row and after["asked"] == 3


def test_texts_are_text_and_the_page_loads_nothing(pool):
    with served(pool, batch=12, budget=12) as browser:
        code, page = browser.ask("/")
        assert code == 200 and browser.token in page and "{{" not in page and "http" not in page
        assert "innerHTML" not in page and "frame-ancestors 'none'" in browser.headers["Content-Security-Policy"]
        assert "alert(" not in page
        _, status = browser.ask("/status")
        while status["row"] != 1:
            _, status = label(browser, status)
        assert status["text"] == 'good <script>alert("1")</script> & "quotes"'


def test_a_port_must_be_free_and_a_port(pool):
    session = LabelSession(open_rounds(pool))
    with LabelServer(session) as server:
        assert server.server_address[0] == "127.0.0.1" and server.address == f"http://127.0.0.1:{server.server_port}/"
        with pytest.raises(OSError, match="Address already in use"):
            LabelServer(session, server.server_port)
    with pytest.raises(ValueError, match="--port must be from 0 to 65535, got 65536"):
        LabelServer(session, 65536)
