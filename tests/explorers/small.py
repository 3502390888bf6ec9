"""Small figures that stand in for the real ones, so that a test knows what the background is at.

The results of `Fake` come in three parts: 0 at once, 1 a moment later, 2 when the test opens a
gate. `Played` adds up epochs.
"""

import re
import threading
import time

from explorers.canvas import Canvas
from explorers.controls import NEXT_EPOCH, VIEW, Control
from explorers.figure import Figure

QUICK = (1, 2, 3, 4)  # values of x that wait at no gate; 5 and up take their time
BREAKS = (8, 9)  # and these never get to part 2
BREAKS_AT_ONCE = 4
LINGERS = 10  # has its gate behind part 2: all is there, and the end is still to come


class Gates:
    """One gate for each value of x; a test that fails leaves none closed."""

    def __init__(self):
        self.opened = {x: threading.Event() for x in range(1, 12)}
        self.reached = {x: threading.Event() for x in range(1, 12)}  # the worker is there
        self.left = {x: threading.Event() for x in range(1, 12)}  # the worker is through

    def open(self, *xs):
        for x in xs or self.opened:
            self.opened[x].set()


class Point:
    """A picture of one point."""

    def __init__(self, width):
        self.canvas = Canvas(width)
        frame = {"xlim": (0, 12), "ylim": (0, 3), "xticks": {0: "0", 12: "12"}, "yticks": {0: "0"}}
        self.panel = self.canvas.panel("Fake", "x", **frame)
        (self.point,) = self.panel.moving.plot([], [], "o")

    def draw(self, result):
        self.point.set_data([result[0]], [result[1]])


class Fake(Figure, registered=False):
    name = "fake"
    title = "A fake figure"
    controls = (
        Control("x", "x", "the thing", tuple(range(1, 12)), 1),
        Control("rate", "η", "learning rate", (0.1, 0.25, 1.0), 0.1),
        Control("init", "init", "initialization", ("old", "new"), "old"),
    )
    Picture = Point
    gates = None

    @classmethod
    def compute(cls, *, x, rate, init):
        if x == BREAKS_AT_ONCE:
            raise ArithmeticError(f"{x} is too much")
        yield (x, 0, rate, init)
        if x in QUICK:
            yield (x, 2, rate, init)
            return
        time.sleep(0.04)
        yield (x, 1, rate, init)
        if x == LINGERS:
            yield (x, 2, rate, init)
        cls.gates.reached[x].set()
        assert cls.gates.opened[x].wait(10), "the test forgot a gate"
        cls.gates.left[x].set()
        if x in BREAKS:
            raise ArithmeticError(f"{x} broke")
        if x == LINGERS:
            return
        yield (x, 2, rate, init)

    @staticmethod
    def describe(result):
        return "x is {} at part {}, rate {}, {}.".format(*result)

    @staticmethod
    def tabulate(result):
        return [("x", str(result[0])), ("part", str(result[1]))]

    @staticmethod
    def columns(result):
        return {"x": [result[0]], "square, of it": [result[0] ** 2, "more"]}


def shown(figure_or_page):
    """Return (x, part) as the sentence of a Fake has them."""
    return tuple(map(int, re.match(r"x is (\d+) at part (\d+)", figure_or_page.sentence).groups()))


class Played(Figure, registered=False):
    """Adds up `speed`, ten epochs long; `unit` is how to say it."""

    name = "played"
    title = "A figure to play"
    controls = (
        Control("start", "s", "start", (0, 100), 0),
        Control("speed", "v", "speed", (1, 10), 1, acts=NEXT_EPOCH),
        Control("unit", "u", "unit", ("m", "km"), "m", acts=VIEW),
    )
    Picture = Point
    pace = 0.0  # s an epoch takes
    breaks_at = None  # a speed

    @classmethod
    def compute(cls, *, start, current):
        yield start, 0
        total = start
        for epoch in range(1, 11):
            time.sleep(cls.pace)
            if current.speed == cls.breaks_at:
                raise ArithmeticError("too fast")
            total += current.speed
            yield total, epoch

    @staticmethod
    def describe(result, *, unit):
        return f"{result[0]} {unit} after {result[1]} epochs"

    @staticmethod
    def tabulate(result, *, unit):
        return [("total", f"{result[0]} {unit}")]

    @staticmethod
    def columns(result):
        return {"total": [result[0]]}

    @staticmethod
    def progress(result):
        return result[1], 10
