"""A class on one machine: how `make present` serves many sessions that all move sliders.

    python benchmarks/load_present.py [--sessions 20] [--moves 20] [--notebook 02_decay_rate]

Starts the server on this machine, for this machine alone. All sessions open the same page at once,
as in class, and then each moves a slider about once a second. They speak to their Pythons as a
page does, over a websocket of their own; one more session is a real page in Chromium, in which
keys are pressed. All of it shares the processors with the server, which a class would not.
"""

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import time
from urllib.parse import urljoin

import psutil
from playwright.async_api import async_playwright
from tornado.escape import json_decode, json_encode
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

from classroom.chromium import launch
from classroom.notebooks import ROOT
from classroom.present.class_pages import class_pages
from classroom.private_lab import free_port
from explorers.canvas import WIDTHS

PATIENCE = 60  # s for any one answer; longer is a failure
PAUSE = 1.0  # s between two moves, on average
SLIDER = "eta"


class Session:
    """What a page does, without drawing it."""

    def __init__(self, url, preset):
        self.url, self.preset, self.latencies = url, preset, []

    async def open(self):
        """Fetch the page, and have its Python make the first figure.

        Return the seconds until the page with its stored pictures was here, and until the figure.
        """
        begun = time.monotonic()
        await AsyncHTTPClient().fetch(self.url, request_timeout=PATIENCE)
        fetched = time.monotonic() - begun
        self.socket = await websocket_connect(
            urljoin(self.url, "live").replace("http", "ws", 1), connect_timeout=PATIENCE
        )
        while (await self._hear())["kind"] != "ready":
            pass
        shown = {"preset": self.preset, "projector": True, "width": WIDTHS[-2]}
        await self._say({"kind": "open", "number": 0, "shown": shown})
        state = (await self._hear())["content"]
        assert "<svg" in state["_still"]
        self.position = state["_shown"]["positions"][SLIDER]
        self.wish = state["_shown"]["answered"]
        return fetched, time.monotonic() - begun

    async def move(self):
        """Move the slider by one, wait for the changed picture, and note how long it took."""
        self.position += random.choice([-1, 1])
        self.wish += 1
        begun = time.monotonic()
        content = {"kind": "move", "values": {SLIDER: self.position}, "wish": self.wish}
        await self._say({"kind": "hear", "number": 0, "content": content})
        while await self._answered() < self.wish:
            pass
        self.latencies.append(time.monotonic() - begun)

    async def _answered(self):
        shown = (await self._hear())["content"]["_shown"]
        assert not shown["message"], shown["message"]
        return shown["answered"]

    async def _say(self, message):
        await self.socket.write_message(json_encode(message))

    async def _hear(self):
        async with asyncio.timeout(PATIENCE):
            message = await self.socket.read_message()
        assert message is not None, "the connection is gone"
        return json_decode(message)

    def close(self):
        self.socket.close()


async def in_chromium(playwright, url, moves):
    """Return of a real page the seconds to its first picture and until that is live, and from each
    key to a changed picture."""
    browser = await launch(playwright)
    page = await browser.new_page(viewport={"width": 1280, "height": 720})
    begun = time.monotonic()
    await page.goto(url, wait_until="commit", timeout=1000 * PATIENCE)
    await page.locator(".rd-figure img, .fe").first.wait_for(timeout=1000 * PATIENCE)
    stands = time.monotonic() - begun
    await page.locator(".rd-figure").first.scroll_into_view_if_needed()
    await page.wait_for_selector(".rd-live .fe-layer svg", timeout=1000 * PATIENCE)
    first = stands, time.monotonic() - begun
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


async def in_class(url, preset, sessions, moves):
    """Let all open the page at once and move; return what was measured, and what failed."""
    people = [Session(url, preset) for _ in range(sessions)]
    async with async_playwright() as playwright:
        *opened, (first, keys) = await asyncio.gather(
            *(_open_and_move(one, moves) for one in people), in_chromium(playwright, url, moves)
        )
    memory = memory_in_mb()
    for one in people:
        one.close()
    return opened, [took for one in people for took in one.latencies], first, keys, memory


async def _open_and_move(session, moves):
    opened = await session.open()
    for _ in range(moves):
        await asyncio.sleep(random.uniform(0.5, 1.5) * PAUSE)
        await session.move()
    return opened


def memory_in_mb():
    """Return the median of a page's Python and the sum of all, shared memory shared out (PSS)."""
    pages, everything = [], 0
    for process in psutil.Process().children(recursive=True):
        command, parent = (" ".join(one.cmdline()) for one in (process, process.parent()))
        is_of_a_page = "forkserver" in parent
        if is_of_a_page or "classroom.present" in command:
            share = process.memory_full_info().pss / 1e6
            everything += share
            pages.extend([share] if is_of_a_page else [])
    return statistics.median(pages), everything


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
        (page,) = class_pages([asked.notebook])
        url = f"http://127.0.0.1:{port}/{page.file}"
        AsyncHTTPClient.configure(None, max_clients=asked.sessions)
        preset, *_ = page.presets()
        report(ready, *asyncio.run(in_class(url, preset, asked.sessions, asked.moves)))
    finally:
        server.terminate()
        server.wait(30)


def report(ready, opened, latencies, first, keys, memory):
    """Print what was measured. It is only reached when nothing failed."""
    of_a_page, everything = memory
    fetched, live = zip(*opened)
    stands, first = first
    rows = [
        ("server ready", f"{ready:.1f} s"),
        ("sessions, all opened at once", f"{len(opened)} and a real page"),
        ("page with its pictures, session", spread(fetched)),
        ("first picture, real page", f"{stands:.2f} s"),
        ("first figure live, session", spread(live)),
        ("first figure live, real page", f"{first:.2f} s"),
        ("move to new figure, session", spread(latencies)),
        ("key to changed picture, real page", spread(keys)),
        ("memory of a page's Python", f"{of_a_page:.0f} MB"),
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
