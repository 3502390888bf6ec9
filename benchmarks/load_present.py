"""A class on one machine: how `make present` serves many sessions that all move sliders.

    python benchmarks/load_present.py [--sessions 20] [--moves 20] [--notebook 02_decay_rate]

Starts the server on this machine, for this machine alone. All sessions open the same page at once,
as in class, and then each moves a slider about once a second. They speak to their kernels as a
page does, over a websocket of their own; one more session is a real page in Chromium, in which
keys are pressed. All of it shares the processors with the server, which a class would not.
"""

import argparse
import asyncio
import random
import re
import statistics
import subprocess
import sys
import time
import uuid
from urllib.parse import urlsplit

import psutil
from playwright.async_api import async_playwright
from tornado.escape import json_decode, json_encode
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

from classroom.chromium import launch
from classroom.notebooks import ROOT
from classroom.private_lab import free_port

PATIENCE = 60  # s for any one answer; longer is a failure
PAUSE = 1.0  # s between two moves, on average
SLIDER = "eta"


class Session:
    """What a page does, without drawing it."""

    def __init__(self, url):
        self.url, self.latencies = url, []

    async def open(self):
        """Fetch the page, connect to its kernel, ask for its first figure; return the seconds.

        Then the figure is uncovered, as a reader does who won't guess.
        """
        begun = time.monotonic()
        answer = await AsyncHTTPClient().fetch(self.url, request_timeout=PATIENCE)
        page = answer.body.decode()
        (self.cookie,) = (
            one.partition(";")[0]
            for one in answer.headers.get_list("Set-Cookie")
            if one.startswith("_xsrf=")
        )
        self.kernel = re.search(r'"kernelId": "([^"]+)"', page)[1]
        self.models = set(re.findall(r'"model_id": "([^"]+)"', page))
        host = urlsplit(self.url).netloc
        channels = f"ws://{host}/api/kernels/{self.kernel}/channels?session_id={uuid.uuid4().hex}"
        self.heard = asyncio.Queue()  # read at once, as a page does: else pings stay unanswered
        self.socket = await websocket_connect(
            channels, connect_timeout=PATIENCE, on_message_callback=self.heard.put_nowait
        )
        for model in self.models:
            await self._send(model, {"method": "request_state"})
        state, self.model = await self._state_with("_still")  # which only a figure has
        assert "<svg" in state["_still"]
        opened = time.monotonic() - begun
        self.position = state["_shown"]["positions"][SLIDER]
        self.wish = state["_shown"]["answered"]
        await self._ask({"kind": "uncover"})
        return opened

    async def move(self):
        """Move the slider by one, wait for the changed picture, and note how long it took."""
        self.position += random.choice([-1, 1])
        begun = time.monotonic()
        await self._ask({"kind": "move", "values": {SLIDER: self.position}})
        self.latencies.append(time.monotonic() - begun)

    async def _ask(self, content):
        self.wish += 1
        asked = {"method": "custom", "content": content | {"wish": self.wish}}
        await self._send(self.model, asked)
        while (await self._state_with("_shown"))[0]["_shown"]["answered"] < self.wish:
            pass

    async def _send(self, model, data):
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": "comm_msg",
            "session": uuid.uuid4().hex,
            "username": "",
            "version": "5.3",
        }
        message = {
            "channel": "shell",
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": {"comm_id": model, "data": data},
            "buffers": [],
        }
        await self.socket.write_message(json_encode(message))

    async def _state_with(self, key):
        """Return the next state with this key that a widget of the page sends, and the widget."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self.heard.get()
                assert isinstance(message, str), "the connection to the kernel is gone"
                content = json_decode(message)["content"]
                state = content.get("data", {}).get("state", {})
                if content.get("comm_id") in self.models and key in state:
                    assert not state["_shown"]["message"], state["_shown"]["message"]
                    return state, content["comm_id"]

    async def close(self):
        """Say goodbye as a page does when it is closed."""
        self.socket.close()
        parts = urlsplit(self.url)
        bye = f"{parts.scheme}://{parts.netloc}/voila/api/shutdown/{self.kernel}"
        await AsyncHTTPClient().fetch(
            bye,
            method="POST",
            body=self.cookie,
            headers={"Cookie": self.cookie},
            request_timeout=PATIENCE,
        )


async def in_chromium(playwright, url, moves):
    """Return seconds to the first figure of a real page, and from each key to a changed picture."""
    browser = await launch(playwright)
    page = await browser.new_page(viewport={"width": 1280, "height": 720})
    begun = time.monotonic()
    await page.goto(url, wait_until="commit", timeout=1000 * PATIENCE)
    await page.wait_for_selector(".fe-layer svg", timeout=1000 * PATIENCE)
    first = time.monotonic() - begun
    await page.get_by_role("button", name="Show me anyway").first.press("Enter")
    await page.locator(".fe-cover").first.wait_for(state="hidden", timeout=1000 * PATIENCE)
    slider = page.locator(f".fe-control [id$='-{SLIDER}']").first
    await slider.focus()
    latencies = []
    for i in range(moves):
        await asyncio.sleep(random.uniform(0.5, 1.5) * PAUSE)
        await page.evaluate(_WATCH)
        await page.keyboard.press("ArrowRight" if i % 2 else "ArrowLeft")
        latencies.append(await page.evaluate("window.changed"))
    await page.close(run_before_unload=True)
    await asyncio.sleep(0.5)
    await browser.close()
    return first, latencies


# Makes `changed` a promise of the seconds from the next key to the next changed picture.
_WATCH = """() => {
  const picture = document.querySelector(".fe [role=img]");
  window.changed = new Promise((resolve, reject) => {
    let pressed;
    addEventListener("keydown", () => (pressed = performance.now()), { once: true, capture: true });
    const watcher = new MutationObserver(() => {
      if (pressed === undefined) return;
      watcher.disconnect();
      requestAnimationFrame(() => resolve((performance.now() - pressed) / 1000));
    });
    watcher.observe(picture, { childList: true, subtree: true });
    setTimeout(() => reject(new Error("no changed picture in a minute")), 60000);
  });
}"""


async def in_class(url, sessions, moves):
    """Let all open the page at once and move; return what was measured, and what failed."""
    people = [Session(url) for _ in range(sessions)]
    async with async_playwright() as playwright:
        *opened, (first, keys) = await asyncio.gather(
            *(_open_and_move(one, moves) for one in people), in_chromium(playwright, url, moves)
        )
    memory = memory_in_mb()
    for one in people:
        await one.close()
    return opened, [took for one in people for took in one.latencies], first, keys, memory


async def _open_and_move(session, moves):
    opened = await session.open()
    for _ in range(moves):
        await asyncio.sleep(random.uniform(0.5, 1.5) * PAUSE)
        await session.move()
    return opened


def memory_in_mb():
    """Return the median of a kernel and the sum of all that serves, shared pages shared out."""
    kernels, everything = [], 0
    for process in psutil.Process().children(recursive=True):
        command, parent = (" ".join(one.cmdline()) for one in (process, process.parent()))
        is_kernel = "ipykernel" in command or "forkserver" in parent
        if is_kernel or "classroom.present" in command:
            share = process.memory_full_info().pss / 1e6
            everything += share
            kernels.extend([share] if is_kernel else [])
    return statistics.median(kernels), everything


def main():
    """Start a server, let the class in, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--moves", type=int, default=20)
    parser.add_argument("--notebook", default="02_decay_rate")
    asked = parser.parse_args()

    port = free_port()
    begun = time.monotonic()
    command = [sys.executable, "-m", "classroom.present", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        for line in server.stdout:
            if "Stop" in line:
                break
        else:
            raise SystemExit("The server did not start.")
        ready = time.monotonic() - begun
        url = f"http://127.0.0.1:{port}/voila/render/{asked.notebook}.ipynb"
        AsyncHTTPClient.configure(None, max_clients=asked.sessions)
        report(ready, *asyncio.run(in_class(url, asked.sessions, asked.moves)))
    finally:
        server.terminate()
        server.wait(30)


def report(ready, opened, latencies, first, keys, memory):
    """Print what was measured. It is only reached when nothing failed."""
    kernel, everything = memory
    rows = [
        ("server ready", f"{ready:.1f} s"),
        ("sessions, all opened at once", f"{len(opened)} and a real page"),
        ("first figure, session", spread(opened)),
        ("first figure, real page", f"{first:.2f} s"),
        ("move to new figure, session", spread(latencies)),
        ("key to changed picture, real page", spread(keys)),
        ("memory of a session", f"{kernel:.0f} MB"),
        ("memory of everything", f"{everything:.0f} MB"),
        ("moves", f"{len(latencies)} and {len(keys)}"),
        ("failures", "0"),
    ]
    for name, value in rows:
        print(f"{name:<36}{value}")


def spread(seconds):
    """Return the median and what one in twenty exceeds."""
    ordered = sorted(seconds)
    late = ordered[int(0.95 * (len(ordered) - 1))]
    return f"{statistics.median(ordered):.2f} s (95 %: {late:.2f} s, worst {ordered[-1]:.2f} s)"


if __name__ == "__main__":
    main()
