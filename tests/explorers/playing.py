"""What the tests of the figures that train live have in common: a browser's half of the talk."""

import asyncio
import re
import time
from itertools import islice
from types import SimpleNamespace

from explorers.controls import ANEW, NEXT_EPOCH

# What no sentence and no table may hold.
UGLY = re.compile(
    r"\b(inf|nan|None|not a number)\b|∞|e[-+]\d\d|\d{12,}|  |\.\.$|[ (]\.|(?<![.\d])[01] epochs|"
    r"[-−]0(\.0*)? |10⁻¹\d"
)


def hear(figure, **content):
    figure._hear(figure, content, [])


def move(figure, **values):
    """What the browser sends: the index of a stop, for each control that moved."""
    stops = {control.name: control.stops for control in figure.controls}
    hear(figure, kind="move", values={n: stops[n].index(v) for n, v in values.items()}, wish=1)


async def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.002)


async def step(figure):
    """Press Step, and wait for the epoch."""
    hear(figure, kind="step", wish=1)
    await until(lambda: not figure._running and figure._worker.done())


def in_browser(scenario):
    """Run `scenario()` in an event loop, as in a kernel. Return what was raised in callbacks."""
    raised = []

    async def run():
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: raised.append(context.get("exception"))
        )
        await scenario()

    asyncio.run(run())
    return raised


def assert_presentable(sentence, table):
    for text in (sentence, *dict(table).values()):
        assert not UGLY.search(text), text
    assert re.match("[A-Zλ]", sentence) and sentence[-1] == "."


def stages(explorer, epochs, **state):
    """Yield a figure's first results, without the widget: before training, and after each epoch."""
    acts = {c.name: c.acts for c in explorer.controls}
    state = {c.name: c.default for c in explorer.controls} | state
    current = SimpleNamespace(**{n: v for n, v in state.items() if acts[n] == NEXT_EPOCH})
    anew = {n: v for n, v in state.items() if acts[n] == ANEW}
    yield from islice(explorer.compute(current=current, **anew), 1 + epochs)
