"""A page and its calls, whatever they are; what keeps strangers out is tested with the page of labelling."""

import gc
import os
import signal
from threading import Timer

import pytest

from gnothi.serve import Action, NotAsked, PageServer
from tests.serve import served


def fail(what):
    raise {"late": NotAsked("that is over"), "wrong": ValueError("that is wrong")}[what]


@pytest.mark.parametrize("page", ["label_page.html", "attack_page.html"])
def test_looks_actions_and_their_errors(page):
    done = []
    server = PageServer(
        page,
        {"/look": lambda: {"seen": len(done)}},
        {
            "/do": Action(lambda what, count: done.append(what * count), what=str, count=int),
            "/fail": Action(fail, what=str),
        },
    )
    with served(server) as browser:
        assert browser.ask("/look") == (200, {"seen": 0})
        assert browser.ask("/do", {"what": "a", "count": 2}) == (200, None)
        assert browser.ask("/look") == (200, {"seen": 1}) and done == ["aa"]
        assert browser.ask("/do", {"what": "a", "count": "2"})[0] == 400
        assert browser.ask("/do", {"what": "a"})[0] == 400
        assert browser.ask("/do", {"what": "a", "count": 2}, **{"X-Gnothi-Token": "no"})[0] == 403
        assert browser.ask("/fail", {"what": "late"}) == (409, {"error": "that is over"})
        assert browser.ask("/fail", {"what": "wrong"}) == (400, {"error": "that is wrong"})
        assert browser.ask("/do")[0] == browser.ask("/look", {})[0] == 404
        code, html = browser.ask("/")
        assert code == 200 and "{{" not in html and "--ink" in html and "const ask" in html
        assert done == ["aa"]


def test_an_interrupt_in_a_callback_of_the_garbage_collector_stops_it():
    """An exception that comes up there is printed and lost: so Ctrl-C must not be one."""
    sent = []

    def collecting(phase, info):
        if not sent:
            sent.append(os.kill(os.getpid(), signal.SIGINT))

    class Collecting(PageServer):
        def service_actions(self):
            gc.collect()  # in which Ctrl-C comes
            super().service_actions()

    before = signal.getsignal(signal.SIGINT)
    with Collecting("label_page.html", {}, {}) as server:
        late = Timer(20, server.shutdown)  # if it was lost
        late.start()
        gc.callbacks.append(collecting)
        try:
            server.serve_until_stopped()
        finally:
            gc.callbacks.remove(collecting)
            late.cancel()
        assert server.lock.locked() and sent == [None]
    assert signal.getsignal(signal.SIGINT) is before
