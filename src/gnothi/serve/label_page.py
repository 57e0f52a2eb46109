"""The page of labelling on 127.0.0.1: a `LabelSession` behind a `PageServer`.

`GET /` is the page, `GET /status` and `GET /chances` are JSON; `POST /label` (`row`, `label`, `new`), `/skip` (`row`)
and `/undo` answer with the new status, or with `error`.
"""

from dataclasses import asdict

from gnothi.serve.label_session import LabelSession
from gnothi.serve.page_server import Action, PageServer


class LabelServer(PageServer):
    """Serves a session on 127.0.0.1 until it is stopped; use as a context.

    **Arguments:** `session`; `port`, 0 for any that is free.

    **Raises:** `ValueError` if there is no such port; `OSError` if it is taken.
    """

    def __init__(self, session: LabelSession, port: int = 0):
        super().__init__(
            "label_page.html",
            {"/status": lambda: asdict(session.status()), "/chances": lambda: dict(session.chances())},
            {
                "/undo": Action(lambda: asdict(session.undo())),
                "/skip": Action(lambda row: asdict(session.skip(row)), row=int),
                "/label": Action(
                    lambda row, label, new: asdict(session.answer(row, label, new=new)), row=int, label=str, new=bool
                ),
            },
            port,
        )
