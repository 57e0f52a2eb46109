"""One page on 127.0.0.1, for the person at this machine and no web page: HTTP around calls that know none.

`GET /` is the page; other addresses are calls whose results are JSON, by GET such as only look, by POST such as change
something. A site that the same browser has open can neither read (a request must name this host, whatever name a DNS
answer led here) nor change anything (it must carry the page's token) nor put the page into a frame.
"""

import json
import secrets
import sys
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from signal import SIGINT, signal
from threading import Lock, current_thread, main_thread
from typing import Any

HOST = "127.0.0.1"
TOKEN_HEADER = "X-Gnothi-Token"
MOST_BYTES = 2**16  # of a request: an answer is a line


class NotAsked(ValueError):
    """An answer to what is not, or no longer, being asked: a double click, or a second tab."""


class Action:
    """What a POST does: `call`, with the fields of the request, each of the kind that `fields` says."""

    def __init__(self, call: Callable[..., Any], **fields: type):
        self.call, self.fields = call, fields


class PageServer(ThreadingHTTPServer):
    """Serves a page and its calls on 127.0.0.1 until it is stopped; use as a context. One call at a time.

    A call that raises `NotAsked` is answered with 409, `ValueError` with 400, and the reason.

    **Arguments:** `page`, a file beside this one; `looks`, what GET answers, by address; `actions`, what POST does;
    `port`, 0 for any that is free.

    **Raises:** `ValueError` if there is no such port; `OSError` if it is taken.
    """

    daemon_threads = True  # a browser's idle connection holds nothing up

    def __init__(
        self,
        page: str,
        looks: Mapping[str, Callable[[], Any]],
        actions: Mapping[str, Action],
        port: int = 0,
    ):
        check_port(port)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"port {port}") from error
        self.looks, self.actions, self.lock = dict(looks), dict(actions), Lock()
        self.stopping = False
        self.token = secrets.token_urlsafe()
        end = f":{self.server_port}" if self.server_port != 80 else ""
        self.hosts = {name + end for name in (HOST, "localhost")}
        shared = {"{{style}}": _read("page_style.css"), "{{script}}": _read("page_script.js")}
        self.page = _read(page)
        for place, text in shared.items():
            self.page = self.page.replace(place, text)

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self.server_port}/"

    def serve_until_stopped(self) -> None:
        """Serves until Ctrl-C; a request that is being answered comes to its end, and no other begins.

        Ctrl-C is looked for between requests: as an exception it can be lost, where it comes up in a callback of the
        garbage collector for one.
        """
        main = current_thread() is main_thread()  # only it may be told of signals
        before = signal(SIGINT, lambda *_: setattr(self, "stopping", True)) if main else None
        try:
            try:
                self.serve_forever()
            finally:
                if before is not None:
                    signal(SIGINT, before)
        except KeyboardInterrupt:
            self.lock.acquire()

    def service_actions(self) -> None:
        """Between requests, twice a second at least: stops if that was asked."""
        if self.stopping:
            raise KeyboardInterrupt

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says what went wrong, unless the browser has just gone."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def check_port(port: int) -> None:
    """Whether there is such a port.

    **Raises:** `ValueError` if there is none.
    """
    if not 0 <= port < 2**16:
        raise ValueError(f"--port must be from 0 to {2**16 - 1}, got {port}")


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    timeout = 60  # seconds in which a request must have come

    def do_GET(self) -> None:
        if not self._from_here():
            return
        if self.path == "/":
            self._page()
        elif self.path in self.server.looks:
            self._answer(self.server.looks[self.path])
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
        action = self.server.actions.get(self.path)
        if action is None:
            self._refuse(404, f"there is nothing at {self.path}")
        else:
            self._answer(lambda: action.call(**(_fields(body, **action.fields) if action.fields else {})))

    def _from_here(self) -> bool:
        """Whether the request is meant for this server; else it is refused."""
        hosts = self.headers.get_all("Host", [])
        if len(hosts) == 1 and hosts[0].lower() in self.server.hosts:
            return True
        self._refuse(403, f"open {self.server.address}")
        return False

    def _answer(self, call: Callable[[], Any]) -> None:
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


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8").rstrip("\n")


def _fields(body: bytes, **kinds: type) -> dict[str, Any]:
    """The fields of a JSON object, all there and of these kinds."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the request is not JSON: {error}") from error
    if not isinstance(found, dict) or {name: type(value) for name, value in found.items()} != kinds:
        raise ValueError(f"the request must be a JSON object of {', '.join(kinds)}")
    return found
