"""A pool to label, whose vectors are there already; and a browser in front of a page's server."""

import csv
import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import numpy as np

from gnothi.language import Rounds, RoundSettings
from gnothi.language.pool import read_pool, vectors_of
from gnothi.serve import PageServer


def make_pool(folder: Path, count: int = 12) -> Path:
    """Texts `good 0`, `bad 1`, ... and one that looks like HTML, with vectors that tell good from bad."""
    path = folder / "pool.csv"
    texts = [f"{'bad' if row % 2 else 'good'} {row}" for row in range(count)]
    texts[0] = 'good <script>alert("1")</script> & "quotes"'
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text",), *((text,) for text in texts)])
    random = np.random.default_rng(0)
    vectors = random.normal(size=(count, 3)).astype(np.float32)
    vectors[:, 0] = [3.0 if text.startswith("good") else -3.0 for text in texts]
    vectors_of(read_pool(path, "text", "label"), "minilm", lambda texts: vectors)
    return path


def open_rounds(path: Path, **settings) -> Rounds:
    """Rounds of three texts, learnt by one small network."""
    return Rounds(path, RoundSettings(**{"budget": 6, "batch": 3, "agent": "mlp", "rule": "margin"} | settings))


def truth(text: str) -> str:
    """The right label."""
    return text.split()[0]


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


class Browser:
    """What a page's script does: JSON by GET, and by POST with the page's token."""

    def __init__(self, server):
        self.port, self.token = server.server_port, server.token

    def ask(self, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if body is None:
            connection.request("GET", path, headers=headers)
        else:
            content = body if isinstance(body, str) else json.dumps(body)
            connection.request("POST", path, content, {"X-Gnothi-Token": self.token} | headers)
        answer = connection.getresponse()
        content = answer.read().decode()
        connection.close()
        self.headers = answer.headers
        return answer.status, json.loads(content) if "json" in answer.headers["Content-Type"] else content


@contextmanager
def served(server: PageServer) -> Iterator[Browser]:
    """A browser in front of a server that runs in a thread."""
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Browser(server)
        finally:
            server.shutdown()
            thread.join()
