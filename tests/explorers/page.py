"""A browser's half of the talk with a figure's widget: it hears all that is sent, and sends wishes.

It stands where Jupyter's messages stand, so that tests say and see what a page says and sees.
"""

import asyncio
import re
import threading
import time

from explorers.in_page import Line
from explorers.widget import explorer

# What no sentence and no table may hold.
UGLY = re.compile(
    r"\b(inf|nan|None|not a number)\b|∞|e[-+]\d\d|\d{13,}|  |\.\.$|[ (]\.|(?<![.\d])[01] epochs|"
    r"[-−]0(\.0*)? |10⁻¹\d"
)
RUNNING = {"computing", "playing", "stepping"}
OVER = {"finished", "broken"}


class Page:
    """What a reader with a browser has of one figure."""

    def __init__(self, figure):
        self.figure = figure
        self.sent = []  # the new values of traits, message by message
        self.said = []  # what came as a message of its own
        self._wish = 0
        widget = explorer(figure)
        self._state = widget.get_state()
        self._comm = widget.comm = Line(self._receive)

    def _receive(self, data):
        if data.get("method") == "update":
            self._state |= data["state"]
            self.sent.append(data["state"])
        elif data.get("method") == "custom":
            self.said.append(data["content"])

    # What it shows.

    def __getattr__(self, name):
        """Return what the page has been told: `page.sentence`, `page.phase`, `page.still`, ..."""
        state = self.__dict__.get("_state", {})
        if f"_{name}" in state:
            return state[f"_{name}"]
        if name in state.get("_shown", {}):
            return state["_shown"][name]
        raise AttributeError(name)

    @property
    def is_running(self):
        return self.phase in RUNNING

    @property
    def is_over(self):
        return self.phase in OVER

    @property
    def epoch(self):
        return self.progress[0]

    # What it asks for.

    def ask(self, kind, **fields):
        """Send a wish, and return the number it has."""
        self._wish += 1
        self.send({"kind": kind, "wish": self._wish, **fields})
        return self._wish

    def move(self, **values):
        """Move sliders to these stops."""
        indices = {n: self.figure.control(n).stops.index(v) for n, v in values.items()}
        return self.ask("move", values=indices)

    def send(self, content):
        self._post({"method": "custom", "content": content})

    def write(self, **traits):
        """Write into traits, which no page of ours does."""
        self._post({"method": "update", "state": traits})

    def _post(self, data):
        self._comm.ask(data)

    async def step(self):
        """Press Step, and wait for the epoch."""
        self.ask("step")
        await self.rest()

    async def rest(self):
        """Wait until nothing is computed any more."""
        await until(lambda: not self.is_running)
        await asyncio.sleep(0.02)


async def until(condition, seconds=10):
    """Let the background go on until `condition()`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.002)


def in_browser(scenario, at_the_end=lambda: None):
    """Run `scenario()` in an event loop, as in a kernel. Return what was raised in callbacks."""
    raised = []

    async def run():
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: raised.append(context.get("exception"))
        )
        try:
            await scenario()
        finally:
            at_the_end()
            await asyncio.sleep(0.02)

    asyncio.run(run())
    return raised


def in_two_threads(first, second, at_the_end=lambda: None):
    """Run two scenarios, each in an event loop and a thread of its own."""
    raised = []
    threads = [
        threading.Thread(
            target=lambda one=one: raised.extend(in_browser(one, at_the_end)), daemon=True
        )
        for one in (first, second)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "a thread hangs"
    return raised


def assert_presentable(sentence, table):
    for text in (sentence, *dict(table).values()):
        assert not UGLY.search(text), text
    assert re.match(r"[A-Zλ\[]", sentence) and sentence[-1] in ".…"
