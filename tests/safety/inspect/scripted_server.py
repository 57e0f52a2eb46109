"""A server that answers like OpenAI's, by a function: hosted models without a network."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Scripted:
    """What a server says to the messages of a request: a text, a number (an HTTP error), or a whole choice."""

    def __init__(self, reply: Callable[[list[dict]], str | int | dict]):
        self.reply, self.requests = reply, []
        self.delay, self.refuses = 0.0, ""  # seconds before an answer; a setting that it knows nothing of


@contextmanager
def serving(reply):
    """A server at work, as its address and what it saw."""
    scripted = Scripted(reply)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            scripted.requests.append(body)
            time.sleep(scripted.delay)
            if scripted.refuses in body:
                return self.send(400, {"error": {"message": f"{scripted.refuses} are not supported"}})
            said = scripted.reply(body["messages"])
            if isinstance(said, int):
                return self.send(said, {"error": {"message": f"no: {body['messages'][-1]['content']}"}})
            choice = {"message": {"role": "assistant", "content": said}} if isinstance(said, str) else said
            return self.send(
                200,
                {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": "scripted-2026-11-28",
                    "choices": [{"index": 0, "finish_reason": "stop", **choice}],
                    "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
                },
            )

        def send(self, status, body):
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", scripted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
