"""An Explorer in the browser edition, where Python has no threads and the figure comes first."""

import asyncio

import pytest
from playing import hear, in_browser, until

from explorers import widget
from explorers.canvas import Canvas
from explorers.controls import NEXT_EPOCH, Control
from explorers.widget import Explorer


class Blank:
    def __init__(self, width):
        self.canvas = Canvas(width, height=144)
        frame = {"xlim": (0, 12), "ylim": (0, 3), "xticks": {0: "0"}, "yticks": {0: "0"}}
        self.canvas.panel([0.2, 0.2, 0.7, 0.7], title="Blank", xlabel="x", **frame)

    def draw(self, result):
        pass


class Counter(Explorer):
    """Counts to ten, or breaks at five."""

    name = "counter"
    title = "A counter"
    controls = (
        Control("start", "s", "start", (0, 100), 0),
        Control("speed", "v", "speed", (1, 10), 1, acts=NEXT_EPOCH),
    )
    Picture = Blank
    breaks = False

    @classmethod
    def compute(cls, *, start, current):
        for epoch in range(11):
            if cls.breaks and epoch == 5:
                raise ArithmeticError("five is too much")
            yield start + epoch * current.speed

    @staticmethod
    def describe(result):
        return f"At {result}."

    @staticmethod
    def tabulate(result):
        return [("at", str(result))]

    @staticmethod
    def columns(result):
        return {"at": [result]}


@pytest.fixture(autouse=True)
def page(monkeypatch):
    """Let the widget believe that it is in a page, and forbid it threads."""

    async def to_thread(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(widget, "IN_BROWSER", True)
    monkeypatch.setattr(asyncio, "to_thread", to_thread)


def test_the_figure_stands_before_the_rest_is_computed_and_gets_it_by_itself():
    async def scenario():
        figure = Counter(start=100)
        assert figure._sentence == "At 100." and figure._running
        await until(lambda: figure._finished)
        assert figure._sentence == "At 110." and not figure._running

    assert in_browser(scenario) == []


@pytest.mark.parametrize(
    "ask, answer",
    [
        (lambda figure: figure.sentence, "At 10."),
        (lambda figure: figure.numbers, {"at": "10"}),
        (lambda figure: figure.result, 10),
        (lambda figure: figure.csv(), "at\n10\n"),
        (lambda figure: figure.step() or figure.sentence, "At 10."),
        (lambda figure: figure.restart() or figure.sentence, "At 0."),
        (lambda figure: figure.set(start=100) or figure.sentence, "At 110."),
    ],
)
def test_code_gets_what_it_would_get_anywhere_else(ask, answer):
    async def scenario():
        figure = Counter()
        assert ask(figure) == answer
        await until(lambda: figure._worker.done())  # which finds nothing left to do
        assert ask(figure) == answer

    assert in_browser(scenario) == []


def test_a_reader_who_pauses_is_not_overruled_by_code():
    async def scenario():
        figure = Counter()
        hear(figure, kind="pause", wish=1)
        assert figure.sentence == "At 0." and not figure._finished

    assert in_browser(scenario) == []


def test_a_move_in_mid_run_is_answered_at_once():
    async def scenario():
        figure = Counter()
        hear(figure, kind="move", values={"speed": 1}, wish=1)
        assert figure._answered == 1 and figure.preset == "counter start=0 speed=10"
        await until(lambda: figure._finished)
        assert figure.sentence == "At 100."

    assert in_browser(scenario) == []


def test_an_error_in_the_rest_is_told(monkeypatch):
    async def scenario():
        monkeypatch.setattr(Counter, "breaks", True)
        figure = Counter()
        await until(lambda: figure.message)
        assert figure.message == "five is too much" and figure.sentence == "At 4."

    (raised,) = in_browser(scenario)
    assert str(raised) == "five is too much"
