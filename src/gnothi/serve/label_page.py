"""The page of labelling on 127.0.0.1: HTTP around a `LabelSession`, for the person at this machine and no web page.

`GET /` is the page, `GET /status` and `GET /chances` are JSON; `POST /label` (`row`, `label`, `new`), `/skip` (`row`)
and `/undo` answer with the new status, or with `error`. A site that the same browser has open can neither read (a
request must name this host, whatever name a DNS answer led here) nor label (it must carry the page's token) nor put the
page into a frame.
"""

import json
import secrets
import sys
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

from gnothi.serve.label_session import LabelSession, NotAsked

HOST = "127.0.0.1"
TOKEN_HEADER = "X-Gnothi-Token"
MOST_BYTES = 2**16  # of a request: a label is a line


class LabelServer(ThreadingHTTPServer):
    """Serves a session on 127.0.0.1 until it is stopped; use as a context.

    **Arguments:** `session`; `port`, 0 for any that is free.

    **Raises:** `ValueError` if there is no such port; `OSError` if it is taken.
    """

    daemon_threads = True  # a browser's idle connection holds nothing up

    def __init__(self, session: LabelSession, port: int = 0):
        if not 0 <= port < 2**16:
            raise ValueError(f"--port must be from 0 to {2**16 - 1}, got {port}")
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"port {port}") from error
        self.session, self.lock = session, Lock()
        self.token = secrets.token_urlsafe()
        end = f":{self.server_port}" if self.server_port != 80 else ""
        self.hosts = {name + end for name in (HOST, "localhost")}
        self.page = Path(__file__).with_name("label_page.html").read_text(encoding="utf-8")

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self.server_port}/"

    def serve_until_stopped(self) -> None:
        """Serves until Ctrl-C; a request that is being answered comes to its end, and no other begins."""
        try:
            self.serve_forever()
        except KeyboardInterrupt:
            self.lock.acquire()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says what went wrong, unless the browser has just gone."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: LabelServer
    timeout = 60  # seconds in which a request must have come

    def do_GET(self) -> None:
        if not self._from_here():
            return
        session = self.server.session
        if self.path == "/":
            self._page()
        elif self.path == "/status":
            self._answer(lambda: asdict(session.status()))
        elif self.path == "/chances":
            self._answer(lambda: dict(session.chances()))
        else:
            self._refuse(404, f"there is nothing at {self.path}")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self._refuse(413, f"a request must say its length, {MOST_BYTES} bytes at most")
            return
        body = self.rfile.read(int(length))  # also of what is refused, or the browser would not read why
        if not self._from_here():
            return
        token = self.headers.get(TOKEN_HEADER, "")
        if not secrets.compare_digest(token.encode(), self.server.token.encode()):
            self._refuse(403, "this page belongs to an earlier call: load it again")
            return
        session, do = self.server.session, self.path
        if do == "/undo":
            self._answer(lambda: asdict(session.undo()))
        elif do == "/skip":
            self._answer(lambda: asdict(session.skip(**_fields(body, row=int))))
        elif do == "/label":
            self._answer(lambda: asdict(session.answer(**_fields(body, row=int, label=str, new=bool))))
        else:
            self._refuse(404, f"there is nothing at {do}")

    def _from_here(self) -> bool:
        """Whether the request is meant for this server; else it is refused."""
        hosts = self.headers.get_all("Host", [])
        if len(hosts) == 1 and hosts[0].lower() in self.server.hosts:
            return True
        self._refuse(403, f"open {self.server.address}")
        return False

    def _answer(self, call: Any) -> None:
        try:
            with self.server.lock:
                found = call()
        except NotAsked as error:
            self._refuse(409, str(error))
        except ValueError as error:
            self._refuse(400, str(error))
        except Exception as error:
            self._refuse(500, f"{type(error).__name__}: {error}")
            raise  # and the terminal says where
        else:
            self._send(200, "application/json", json.dumps(found))

    def _refuse(self, status: int, why: str) -> None:
        self._send(status, "application/json", json.dumps({"error": why}))

    def _page(self) -> None:
        nonce = secrets.token_urlsafe()
        page = self.server.page.replace("{{token}}", self.server.token).replace("{{nonce}}", nonce)
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        self._send(200, "text/html", page, {"Content-Security-Policy": policy})

    def _send(self, status: int, kind: str, content: str, headers: dict[str, str] | None = None) -> None:
        body = content.encode()
        self.send_response(status)
        always = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        for name, value in (always | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing: the terminal is not the page."""


def _fields(body: bytes, **kinds: type) -> dict[str, Any]:
    """The fields of a JSON object, all there and of these kinds."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the request is not JSON: {error}") from error
    if not isinstance(found, dict) or {name: type(value) for name, value in found.items()} != kinds:
        raise ValueError(f"the request must be a JSON object of {', '.join(kinds)}")
    return found
