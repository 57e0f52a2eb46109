"""Pages and servers for this machine, on the standard library alone: a thin layer of HTTP over classes that know none.

`page_server.py` puts one page and its calls on 127.0.0.1. `label_session.py` is what a page of labelling knows and
does, `label_page.py` puts it there, and `label_page.html` is what a person sees of it; `attack_session.py`,
`attack_page.py` and `attack_page.html` are the same of judging attacks and pairs of answers.
"""

from gnothi.serve.attack_page import AttackServer
from gnothi.serve.attack_session import AttackBench, AttackSession, AttackStatus, Bench, Case, PairBench
from gnothi.serve.label_page import LabelServer
from gnothi.serve.label_session import LabelSession, LabelStatus
from gnothi.serve.page_server import Action, NotAsked, PageServer

__all__ = [
    "Action",
    "AttackBench",
    "AttackServer",
    "AttackSession",
    "AttackStatus",
    "Bench",
    "Case",
    "LabelServer",
    "LabelSession",
    "LabelStatus",
    "NotAsked",
    "PageServer",
    "PairBench",
]
