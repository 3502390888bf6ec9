"""What holds whatever a reader does: no order of moves leads into a state that another can't reach.

The examples are made up by Hypothesis, always the same ones (tests/conftest.py).
"""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page import Page
from small import Played

from explorers import all_figures, messages, worker
from explorers.canvas import WIDTHS
from explorers.run import Phase

EPOCHS = 5


class InWords:
    """A picture that costs nothing: what it would draw. It is its own canvas."""

    def __init__(self, width):
        self.canvas, self.width, self.result = self, width, None

    def draw(self, result):
        self.result = result

    def lay_out(self):
        pass

    def still_svg(self, covered):
        return f"{self.width} px wide"

    def moving_svg(self):
        return str(self.result)


class Recorded(Played, registered=False):
    """A figure to play whose result is its history: (start, the speed of each epoch)."""

    name = "recorded"
    Picture = InWords

    @classmethod
    def compute(cls, *, start, current):
        speeds = ()
        yield start, speeds
        for _ in range(EPOCHS):
            speeds += (current.speed,)
            yield start, speeds

    @staticmethod
    def describe(result, *, unit):
        start, speeds = result
        return f"{start + sum(speeds)} {unit} after {len(speeds)} epochs"

    @staticmethod
    def progress(result):
        return len(result[1]), EPOCHS


# What a reader, or a cell beside the figure, can do: a function of the page.

CONTROLS = {"start": (0, 100), "speed": (1, 10), "unit": ("m", "km")}
SOME = st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in CONTROLS.items()})


def ask(kind, **fields):
    return lambda page: page.ask(kind, **fields)


def refused(kind, **fields):
    """Ask for what can't be had: it is answered by a message, and changes nothing."""

    def wish(page):
        page.ask(kind, **fields)
        assert page.message

    return wish


ACTIONS = {
    "move": SOME.filter(bool).map(lambda values: lambda page: page.move(**values)),
    "preset": SOME.map(
        lambda values: ask("preset", text=Recorded.preset_of(Recorded.defaults() | values))
    ),
    "link": SOME.map(
        lambda values: ask(
            "set", text=" ".join(["recorded", *(f"{k}={v}" for k, v in values.items())])
        )
    ),
    "hands": st.sampled_from(["play", "pause", "step", "restart", "defaults"]).map(ask),
    "view": st.booleans().map(lambda on: ask("projector", on=on))
    | st.sampled_from(WIDTHS).map(lambda width: ask("width", width=width)),
    "python": SOME.map(lambda values: lambda page: page.figure.set(**values))
    | st.sampled_from(["step", "restart", "finish"]).map(
        lambda method: lambda page: getattr(page.figure, method)()
    ),
    "refused": st.sampled_from(
        [refused("move", values={"speed": 99}), refused("preset", text="recorded speed=0")]
    ),
}
# ... each named, for the report of a failure, and followed by so many turns of the event loop, in
# which the figure may go on by as many epochs.
DONE = st.one_of(
    *(st.tuples(st.just(name), actions, st.integers(0, 3)) for name, actions in ACTIONS.items())
)


async def do(page, done):
    for _, action, turns in done:
        action(page)
        for _ in range(turns):
            await asyncio.sleep(0)


async def settle(page):
    """Pause what plays, and wait until nothing is computed any more."""
    page.ask("pause")
    while page.figure.run.phase.is_running or worker.busy():
        await asyncio.sleep(0)


def shown(page):
    """Return all that a reader sees."""
    told = {key: value for key, value in page.shown.items() if key != "answered"}
    return told, page.still, page.moving


async def fresh(page):
    """Return the page of a new figure with the history that `page` tells of its own."""
    (start, speeds), phase = page.figure.result, page.figure.run.phase
    new = Page(Recorded())
    new.move(start=start)
    new.ask("restart")
    for speed in speeds:
        new.move(speed=speed)
        await new.step()
    if phase is Phase.PAUSED and not speeds:
        new.ask("play")
        new.ask("pause")
    # What has been moved since the last epoch, which acts in the next, and the view.
    state = page.figure.state
    new.figure.state |= {"speed": state["speed"], "unit": state["unit"]}
    if not new.figure.run.phase.is_over:
        vars(new.figure.run.current).update(speed=state["speed"])
    new.ask("projector", on=page.projector)
    new.ask("width", width=page.width)
    await settle(new)
    return new


@settings(max_examples=100)
@given(history=st.lists(DONE, max_size=12), future=st.lists(DONE, max_size=3))
def test_after_any_history_a_figure_is_as_a_fresh_one_and_goes_on_so(history, future):
    async def scenario():
        page = Page(Recorded())
        await do(page, history)
        await settle(page)
        twin = await fresh(page)
        assert shown(twin) == shown(page)
        for done in future:
            for one in (page, twin):
                await do(one, [done])
                await settle(one)
            assert shown(twin) == shown(page)
            assert page.figure.state == twin.figure.state

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "IN_BROWSER", True)  # there it takes turns, and needs no threads
        patch.setattr(worker, "SLOW", 0.0)
        asyncio.run(scenario())


# Presets.


def values(control):
    """Return a strategy for all that a control can be set to."""
    if control.is_choice:
        return st.sampled_from(control.stops)
    low, high = control.stops[0], control.stops[-1]
    return st.integers(low, high) if control.is_whole else st.floats(low, high)


@pytest.mark.parametrize("figure", all_figures().values(), ids=all_figures())
@settings(max_examples=30)
@given(data=st.data())
def test_each_state_comes_back_from_its_preset(figure, data):
    state = data.draw(st.fixed_dictionaries({c.name: values(c) for c in figure.controls}))
    preset = figure.preset_of(state)
    kind, told = messages.read({"kind": "preset", "text": preset}, figure)
    assert kind == "preset" and figure.state_with(preset.partition(" ")[2]) == state
    again = {name: figure.control(name).checked(text) for name, text in told.items()}
    assert again == state and {k: type(v) for k, v in again.items()} == {
        k: type(v) for k, v in state.items()
    }
    assert figure.preset_of(again) == preset
