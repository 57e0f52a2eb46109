"""The page of judging attacks on 127.0.0.1: an `AttackSession` behind a `PageServer`.

`GET /` is the page, `GET /status` is JSON; `POST /answer` (`number`, `choice`), `/skip` (`number`), `/reveal`
(`number`) and `/undo` answer with the new status, or with `error`.
"""

from dataclasses import asdict

from gnothi.serve.attack_session import AttackSession
from gnothi.serve.page_server import Action, PageServer


class AttackServer(PageServer):
    """Serves a session on 127.0.0.1 until it is stopped; use as a context.

    **Arguments:** `session`; `port`, 0 for any that is free.

    **Raises:** `ValueError` if there is no such port; `OSError` if it is taken.
    """

    def __init__(self, session: AttackSession, port: int = 0):
        super().__init__(
            "attack_page.html",
            {"/status": lambda: asdict(session.status())},
            {
                "/undo": Action(lambda: asdict(session.undo())),
                "/skip": Action(lambda number: asdict(session.skip(number)), number=int),
                "/reveal": Action(lambda number: asdict(session.reveal(number)), number=int),
                "/answer": Action(
                    lambda number, choice: asdict(session.answer(number, choice)), number=int, choice=str
                ),
            },
            port,
        )
