"""Chromium without a window, asked over its own protocol what is on a page."""

import asyncio
import base64
import json
import shutil
import subprocess
import time
from contextlib import contextmanager

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
WAYS = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--window-size=1600,1200"]


def words_on(page, folder, until, seconds=90.0, picture=None):
    """The words that are on a page once those of `until` are among them, or at last; and a `picture` of it."""
    return asyncio.run(_words_on(page, folder, until, seconds, picture))


@contextmanager
def _browser(folder):
    command = [CHROMIUM, *WAYS, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = folder / "DevToolsActivePort"
        for _ in range(600):
            if port.exists() and port.read_text().count("\n"):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port.read_text().splitlines()[0]}"
    finally:
        process.terminate()
        process.wait()


async def _words_on(page, folder, until, seconds, picture):
    with _browser(folder) as address:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{address}/json") as answer:
                (tab,) = [one for one in await answer.json() if one["type"] == "page"]
            async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:

                async def call(method, **parameters):
                    await socket.send_str(json.dumps({"id": 1, "method": method, "params": parameters}))
                    while (said := json.loads((await socket.receive()).data)).get("id") != 1:
                        pass
                    return said["result"]

                await call("Page.navigate", url=page)
                words, end = "", time.monotonic() + seconds
                while time.monotonic() < end and not all(word in words for word in until):
                    await asyncio.sleep(0.5)
                    found = await call("Runtime.evaluate", expression="document.body ? document.body.innerText : ''")
                    words = found["result"].get("value", "")
                if picture is not None:
                    taken = await call("Page.captureScreenshot", format="png")
                    picture.write_bytes(base64.b64decode(taken["data"]))
                return words
