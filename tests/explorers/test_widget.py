"""The driver of all figures: what is shown is always the answer to the last wish.

A small figure stands in for the real ones. Its results come in three parts: 0 at once, 1 from the
worker a moment later, 2 when the test opens a gate. So the tests know, without sleeping and hoping,
what the worker is at.
"""

import asyncio
import base64
import csv
import io
import re
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from explorers.canvas import Canvas
from explorers.controls import NEXT_EPOCH, VIEW, Control
from explorers.widget import PROJECTOR_SCALE, Explorer

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


class FakePicture:
    def __init__(self, width):
        self.canvas = Canvas(width, height=144)
        frame = {"xlim": (0, 12), "ylim": (0, 3), "xticks": {0: "0", 12: "12"}, "yticks": {0: "0"}}
        panel = self.canvas.panel([0.2, 0.2, 0.7, 0.7], title="Fake", xlabel="x", **frame)
        (self.point,) = panel.moving.plot([], [], "o")

    def draw(self, result):
        x, part = result[:2]
        self.point.set_data([x], [part])


class Fake(Explorer):
    name = "fake"
    title = "A fake figure"
    controls = (
        Control("x", "x", "the thing", tuple(range(1, 12)), 1),
        Control("rate", "η", "learning rate", (0.1, 0.25, 1.0), 0.1),
        Control("init", "init", "initialization", ("large", "scaled"), "large"),
    )
    Picture = FakePicture
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


@pytest.fixture
def gates(monkeypatch):
    gates = Gates()
    monkeypatch.setattr(Fake, "gates", gates)
    yield gates
    gates.open()


def shown(figure):
    """Return (x, part) as the sentence has them."""
    return tuple(map(int, re.match(r"x is (\d+) at part (\d+)", figure.sentence).groups()))


def hear(figure, **content):
    figure._hear(figure, content, [])


def move(figure, wish, **values):
    """What the browser sends: the index of a stop, for each control that moved."""
    stops = {control.name: control.stops for control in figure.controls}
    positions = {name: stops[name].index(value) for name, value in values.items()}
    hear(figure, kind="move", values=positions, wish=wish)


async def until(condition, seconds=5):
    """Let the worker go on until `condition()`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.002)


async def rest(figure):
    """Wait until the figure says that it is done, and a little longer."""
    await until(lambda: not figure._running)
    await asyncio.sleep(0.02)


def in_browser(scenario, gates):
    """Run `scenario()` in an event loop, as in a kernel. Return what was raised in callbacks."""
    raised = []

    async def run():
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: raised.append(context.get("exception"))
        )
        try:
            await scenario()
        finally:
            gates.open()
            await asyncio.sleep(0.02)

    asyncio.run(run())
    return raised


@contextmanager
def messages_to(figure):
    """Collect the names in each state message to the browser."""
    sent, original = [], figure.send_state

    def record(key=None):
        sent.append({key} if isinstance(key, str) else set(key or figure.keys))
        original(key)

    figure.send_state = record
    yield sent
    del figure.send_state


# From Python.


def test_starts_at_the_defaults_and_is_complete(gates):
    figure = Fake()
    assert figure.sentence == "x is 1 at part 2, rate 0.1, large."
    assert figure.numbers == {"x": "1", "part": "2"}
    assert figure.state == {"x": 1, "rate": 0.1, "init": "large"}
    assert not figure._running and figure.message == ""


def test_starts_where_it_is_told():
    assert shown(Fake(x=3)) == (3, 2)
    assert Fake(x=3, init="scaled").sentence.endswith("scaled.")


def test_a_value_set_in_python_takes_effect_before_the_line_returns(gates):
    figure = Fake()
    gates.open(6)
    figure.x.value = 6  # slow, and still complete
    assert shown(figure) == (6, 2) and not figure._running
    assert figure.x.value == 6 and repr(figure.x) == "x = 6"
    figure.set(x=2, rate=0.25)
    assert (figure.x.value, figure.rate.value) == (2, 0.25)


def test_the_handles_stand_where_the_state_is():
    figure = Fake(x=3, rate=0.3, init="scaled")
    assert figure._positions == {"x": 2, "rate": 1, "init": 1}  # 0.25 is nearest to 0.3
    assert figure._texts == {"x": "3", "rate": "0.3", "init": "scaled"}


def test_reset_returns_to_the_defaults():
    figure = Fake(x=3, rate=1.0, init="scaled")
    figure.reset()
    assert figure.state == Fake().state and figure.preset == Fake().preset


def test_two_figures_do_not_share_their_state():
    one, other = Fake(x=2), Fake(x=3)
    one.set(x=1)
    assert shown(other) == (3, 2) and other.x.value == 3


@pytest.mark.parametrize(
    "values, words",
    [({"x": 99}, "x must be a number from 1 to 11"), ({"x": 1.5}, "whole number"),
     ({"rate": None}, "rate must be a number"), ({"init": "huge"}, "one of 'large', 'scaled'"),
     ({"y": 1}, "There is no control 'y' here; there are x, rate, init")],
)  # fmt: skip
def test_a_bad_value_is_refused_in_words_and_changes_nothing(values, words):
    figure = Fake(x=2)
    with pytest.raises(ValueError, match=words) as refusal:
        figure.set(**values)
    assert figure.message == str(refusal.value)
    assert shown(figure) == (2, 2) and figure.state == {"x": 2, "rate": 0.1, "init": "large"}
    figure.set(x=3)
    assert figure.message == "" and shown(figure) == (3, 2)


def test_one_bad_value_keeps_the_good_ones_out_too():
    figure = Fake(x=2)
    with pytest.raises(ValueError, match="init"):
        figure.set(x=3, init="huge")
    assert figure.x.value == 2


@pytest.mark.parametrize("x", [BREAKS_AT_ONCE, BREAKS[0]])
def test_an_error_in_compute_is_raised_and_told(gates, x):
    gates.open()
    figure = Fake(x=2)
    with pytest.raises(ArithmeticError, match=str(x)):
        figure.set(x=x)
    assert str(x) in figure.message and not figure._running


@pytest.mark.parametrize("x, stands_at, part", [(BREAKS_AT_ONCE, 2, 2), (BREAKS[0], BREAKS[0], 1)])
def test_after_an_error_figure_state_and_preset_speak_of_the_same_values(gates, x, stands_at, part):
    """A run without any result changes nothing; one that breaks later shows what it had."""
    gates.open()
    figure = Fake(x=2)
    with pytest.raises(ArithmeticError):
        figure.set(x=x)
    assert figure.preset == f"fake x={figure.x.value} rate=0.1 init=large"
    assert figure.x.value == stands_at and shown(figure) == (stands_at, part)
    assert figure._positions["x"] == stands_at - 1 and str(x) in figure.message
    figure.set(x=3)
    assert shown(figure) == (3, 2) and figure.message == ""


# Presets.


def test_a_preset_round_trips():
    figure, twin = Fake(x=3, rate=0.25, init="scaled"), Fake()
    assert figure.preset == "fake x=3 rate=0.25 init=scaled"
    twin.apply(figure.preset)
    assert (twin.state, twin.sentence, twin.preset) == (
        figure.state, figure.sentence, figure.preset)  # fmt: skip


def test_a_preset_rounds_nothing():
    figure, twin = Fake(rate=0.1 + 0.2), Fake()
    twin.apply(figure.preset)
    assert twin.rate.value == figure.rate.value


def test_a_preset_may_name_some_values_only_in_any_order_and_spacing():
    figure = Fake(x=3)
    figure.apply("  fake   init=scaled\trate=1 ")
    assert figure.state == {"x": 3, "rate": 1.0, "init": "scaled"}


@pytest.mark.parametrize(
    "preset, words",
    [
        ("", "starts with 'fake'"),
        ("decay-rate eta=1", "starts with 'fake', not 'decay-rate'"),
        ("fake x", "'x' should read name=value"),
        ("fake x=", "x must be a number from 1 to 11"),
        ("fake x=ten", "x must be a number from 1 to 11, got 'ten'"),
        ("fake x=12", "x must be a number from 1 to 11"),
        ("fake init=huge", "one of 'large', 'scaled'"),
        ("fake speed=1", "no control 'speed' here; there are x, rate, init"),
        ("fake x=1,0", "x must be a number"),
    ],
)
def test_a_bad_preset_is_refused_in_words_and_changes_nothing(preset, words):
    figure = Fake(x=2)
    with pytest.raises(ValueError, match=re.escape(words)):
        figure.apply(preset)
    assert shown(figure) == (2, 2) and figure.x.value == 2
    assert re.search(re.escape(words), figure.message)


# From a browser.


def test_a_quick_result_appears_at_once(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=3, init="scaled")
        assert figure.sentence == "x is 3 at part 0, rate 0.1, scaled."
        assert figure._answered == 1 and figure._running
        await rest(figure)
        assert figure.sentence == "x is 3 at part 2, rate 0.1, scaled."
        assert not figure._running

    assert in_browser(scenario, gates) == []


def test_a_slow_result_comes_in_parts_and_the_loop_stays_alive(gates):
    async def scenario():
        figure = Fake()
        start = time.perf_counter()
        move(figure, 1, x=5)
        assert time.perf_counter() - start < 0.3
        assert shown(figure)[0] == 5 and shown(figure)[1] < 2 and figure._running
        assert figure._answered == 1
        beats = 0
        for _ in range(5):
            await asyncio.sleep(0.005)
            beats += 1
        assert beats == 5 and figure._running  # the worker waits at its gate, the loop does not
        gates.open(5)
        await rest(figure)
        assert shown(figure) == (5, 2) and figure.message == ""

    assert in_browser(scenario, gates) == []


def test_the_first_result_does_not_wait_for_the_second(gates):
    """A slow epoch must not hold back the closed forms, nor the kernel."""

    class Sluggish(Fake):
        @classmethod
        def compute(cls, *, x, rate, init):
            yield (x, 0, rate, init)
            if x > 1:
                time.sleep(0.6)
                yield (x, 2, rate, init)

    async def scenario():
        figure = Sluggish()
        start = time.perf_counter()
        move(figure, 1, x=5)
        assert time.perf_counter() - start < 0.3
        assert shown(figure) == (5, 0) and figure._running
        await rest(figure)
        assert shown(figure) == (5, 2)

    assert in_browser(scenario, gates) == []


def test_a_newer_move_drops_what_an_older_one_has_not_finished(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=5)
        await until(gates.reached[5].is_set)
        move(figure, 2, x=6)
        assert shown(figure) == (6, 0) and figure._answered == 2
        gates.open(5)  # the old one comes to its end now, too late
        await until(gates.left[5].is_set)
        await asyncio.sleep(0.05)
        assert shown(figure)[0] == 6 and figure._running
        gates.open(6)
        await rest(figure)
        assert shown(figure) == (6, 2) and figure.preset.startswith("fake x=6 ")

    assert in_browser(scenario, gates) == []


def test_the_end_of_a_dropped_run_is_not_taken_for_the_end_of_the_newer_one(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=LINGERS)
        await until(gates.reached[LINGERS].is_set)
        move(figure, 2, x=6)
        gates.open(LINGERS)
        await until(gates.left[LINGERS].is_set)
        await asyncio.sleep(0.05)
        assert figure._running and shown(figure)[0] == 6
        gates.open(6)
        await rest(figure)
        assert shown(figure) == (6, 2)

    assert in_browser(scenario, gates) == []


def test_a_quick_move_ends_a_slow_one(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=5)
        await until(gates.reached[5].is_set)
        move(figure, 2, x=2)
        assert shown(figure) == (2, 0) and figure._running and figure._answered == 2
        gates.open(5)  # the worker is free again
        await rest(figure)
        assert shown(figure) == (2, 2) and not figure._running
        await asyncio.sleep(0.1)
        assert shown(figure) == (2, 2) and figure.preset.startswith("fake x=2 ")

    assert in_browser(scenario, gates) == []


def test_of_a_fast_drag_the_last_wish_is_shown(gates):
    async def scenario():
        figure = Fake()
        gates.open()
        last = 0
        for wish, x in enumerate([5, 2, 6, 7, 3, 5, 10, 6, 2, 11], start=1):
            move(figure, wish, x=x)
            last = x
            await asyncio.sleep(0.007)
        await rest(figure)
        assert shown(figure) == (last, 2) and figure._answered == 10
        assert figure.x.value == last and figure._positions["x"] == last - 1

    assert in_browser(scenario, gates) == []


def test_the_same_wish_twice_is_computed_to_its_end(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=5)
        await asyncio.sleep(0.01)
        move(figure, 2, x=5)
        gates.open(5)
        await rest(figure)
        assert shown(figure) == (5, 2)

    assert in_browser(scenario, gates) == []


def test_python_outranks_a_running_worker(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=5)
        await asyncio.sleep(0.01)
        figure.set(x=3)
        assert shown(figure) == (3, 2) and not figure._running
        gates.open(5)
        await asyncio.sleep(0.1)
        assert shown(figure) == (3, 2) and figure.x.value == 3
        move(figure, 2, x=6)  # and the browser can go on afterwards
        gates.open(6)
        await rest(figure)
        assert shown(figure) == (6, 2)

    assert in_browser(scenario, gates) == []


def test_an_error_in_the_worker_is_told_and_raised(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=8)
        gates.open(8)
        await until(lambda: figure.message)
        assert figure.message == "8 broke"
        await rest(figure)
        assert figure.message == "8 broke" and figure._answered == 1
        move(figure, 2, x=6)  # and all goes on afterwards
        assert figure.message == ""
        gates.open(6)
        await rest(figure)
        assert shown(figure) == (6, 2) and figure.message == ""

    raised = in_browser(scenario, gates)
    assert [str(error) for error in raised] == ["8 broke"]


def test_the_error_of_a_dropped_wish_does_not_stop_the_newer_one(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=8)
        await until(gates.reached[8].is_set)
        move(figure, 2, x=6)
        gates.open(8)  # 8 breaks in its thread, when nobody wants it any more
        await until(gates.left[8].is_set)
        await asyncio.sleep(0.05)
        assert figure._running and figure.message == ""
        gates.open(6)
        await rest(figure)
        assert shown(figure) == (6, 2) and figure.message == ""

    in_browser(scenario, gates)


def test_an_error_in_the_worker_leaves_what_was_computed_to_be_seen(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=8)
        gates.open(8)
        await rest(figure)
        assert figure.message == "8 broke" and shown(figure) == (8, 1)
        assert figure._finished and not figure._running

    assert len(in_browser(scenario, gates)) == 1


def test_a_refused_value_does_not_stop_a_run(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=5)
        with pytest.raises(ValueError, match="from 1 to 11"):
            figure.set(x=99)
        assert figure._running and "from 1 to 11" in figure.message
        gates.open(5)
        await rest(figure)
        assert shown(figure) == (5, 2) and figure.x.value == 5

    assert in_browser(scenario, gates) == []


def test_a_refusal_travels_with_its_answer(gates):
    async def scenario():
        figure = Fake()
        with messages_to(figure) as sent, pytest.raises(ValueError, match="preset"):
            hear(figure, kind="preset", text="junk", wish=1)
        assert [keys for keys in sent if {"_answered", "message"} & keys] == [
            {"_answered", "message"}
        ]

    assert in_browser(scenario, gates) == []


def test_two_errors_one_after_the_other_are_both_told(gates):
    async def scenario():
        figure = Fake()
        for wish, x in ((1, 8), (2, 9)):
            move(figure, wish, x=x)
            gates.open(x)
            await until(lambda x=x: figure.message == f"{x} broke")

    assert [str(error) for error in in_browser(scenario, gates)] == ["8 broke", "9 broke"]


def test_the_figure_lives_on_after_an_error(gates):
    async def scenario():
        figure = Fake()
        with pytest.raises(ArithmeticError):
            move(figure, 1, x=BREAKS_AT_ONCE)
        hear(figure, kind="projector", on=True)
        assert figure.csv() and shown(figure)
        move(figure, 2, x=6)
        gates.open(6)
        await until(lambda: shown(figure) == (6, 2))
        assert figure.message == ""

    in_browser(scenario, gates)


def test_an_error_at_once_answers_the_wish(gates):
    async def scenario():
        figure = Fake()
        with pytest.raises(ArithmeticError):
            move(figure, 1, x=BREAKS_AT_ONCE)
        assert figure.message == "4 is too much" and figure._answered == 1 and not figure._running

    in_browser(scenario, gates)


def test_a_preset_from_the_browser(gates):
    async def scenario():
        figure = Fake()
        hear(figure, kind="preset", text="fake x=3 init=scaled", wish=1)
        assert figure.sentence == "x is 3 at part 0, rate 0.1, scaled." and figure._answered == 1
        await rest(figure)
        assert figure.sentence == "x is 3 at part 2, rate 0.1, scaled." and figure._answered == 1

    assert in_browser(scenario, gates) == []


@pytest.mark.parametrize("text", ["junk", "fake x=99", "fake x"])
def test_a_bad_preset_from_the_browser_is_an_answer_too(gates, text):
    """An unanswered wish would keep all sliders waiting for ever."""

    async def scenario():
        figure = Fake(x=2)
        with pytest.raises(ValueError, match=r"preset|must be"):
            hear(figure, kind="preset", text=text, wish=1)
        assert figure._answered == 1
        assert figure.message and shown(figure) == (2, 2)
        move(figure, 2, x=3)
        assert figure.message == ""
        await rest(figure)
        assert shown(figure) == (3, 2) and figure.message == ""

    assert in_browser(scenario, gates) == []


def test_a_bad_preset_leaves_a_running_computation_alone(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=5)
        await asyncio.sleep(0.01)
        with pytest.raises(ValueError, match="preset"):
            hear(figure, kind="preset", text="junk", wish=2)
        assert figure._running
        gates.open(5)
        await until(lambda: shown(figure) == (5, 2))
        assert not figure._running

    assert in_browser(scenario, gates) == []


def test_a_refusal_stays_to_be_read_while_results_come_in(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=5)
        await asyncio.sleep(0.01)
        with pytest.raises(ValueError, match="preset"):
            hear(figure, kind="preset", text="junk", wish=2)
        await asyncio.sleep(0.15)  # longer than REDRAW
        gates.open(5)
        await rest(figure)
        assert "preset" in figure.message

    assert in_browser(scenario, gates) == []


def test_reset_from_the_browser_while_busy(gates):
    async def scenario():
        figure = Fake(x=2)
        move(figure, 1, x=5)
        hear(figure, kind="defaults", wish=2)
        assert shown(figure) == (1, 0) and figure._answered == 2
        gates.open(5)
        await rest(figure)
        assert shown(figure) == (1, 2) and figure.state == Fake().state

    assert in_browser(scenario, gates) == []


def test_an_answer_and_the_new_positions_travel_in_one_message(gates):
    """Else a handle jumps back to where it was, and a second press of an arrow key is lost."""

    async def scenario():
        figure = Fake()
        with messages_to(figure) as sent:
            move(figure, 1, x=3)
        answers = [keys for keys in sent if "_answered" in keys]
        assert len(answers) == 1 and {"_positions", "_sentence", "_moving"} <= answers[0]

    assert in_browser(scenario, gates) == []


# JupyterLab's first messages are heard in the kernel's main thread, the later ones in another.


async def finished(figure):
    for _ in range(300):
        if figure._finished:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the run did not end in 3 seconds")


def in_two_threads(first, second, gates):
    """Run two scenarios, each in an event loop and a thread of its own."""
    raised = []
    threads = [
        threading.Thread(target=lambda one=one: raised.extend(in_browser(one, gates)), daemon=True)
        for one in (first, second)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "a thread hangs"
    return raised


def test_a_worker_in_one_thread_and_a_move_in_another_do_not_mix(gates, monkeypatch):
    figure, drawing, moved = Fake(), threading.Event(), threading.Event()
    draw, sent = FakePicture.draw, []

    def slow_draw(picture, result):
        if result[:2] == (5, 2):
            drawing.set()
            moved.wait(0.5)  # in vain, if the move waits for this to be shown
        draw(picture, result)

    def record(key=None):
        sent.append((figure._sentence.split()[2], figure.preset.split()[1].removeprefix("x=")))

    async def first():
        move(figure, 1, x=5)
        gates.open(5)
        await asyncio.sleep(0.02)
        await finished(figure)

    async def second():
        await asyncio.to_thread(drawing.wait, 10)
        move(figure, 2, x=3)
        moved.set()
        await finished(figure)

    monkeypatch.setattr(FakePicture, "draw", slow_draw)
    figure.send_state = record
    assert in_two_threads(first, second, gates) == []
    assert {*sent} == {("5", "5"), ("3", "3")}
    assert sent == sorted(sent, reverse=True)  # nothing old after something new
    assert shown(figure) == (3, 2)


def test_a_run_goes_on_while_the_thread_of_the_first_worker_is_blocked(gates):
    figure, begun, done = Fake(), threading.Event(), threading.Event()
    answers = []

    async def first():
        move(figure, 1, x=5)  # its worker lives in this thread
        begun.set()
        answers.append(done.wait(5))  # which is as busy as with a long cell

    async def second():
        await asyncio.to_thread(begun.wait, 10)
        move(figure, 2, x=6)
        gates.open(5, 6)
        await finished(figure)
        done.set()

    assert in_two_threads(first, second, gates) == []
    assert answers == [True]
    assert shown(figure) == (6, 2)


def test_a_move_sends_the_moving_layer_alone(gates):
    async def scenario():
        figure = Fake()
        still, moving = figure._still, figure._moving
        with messages_to(figure) as sent:
            move(figure, 1, x=3)
            await rest(figure)
        assert shown(figure) == (3, 2)
        assert figure._still == still and figure._moving != moving
        assert not any("_still" in keys for keys in sent)
        assert any("_moving" in keys for keys in sent)

    assert in_browser(scenario, gates) == []


def test_an_unknown_message_is_no_disaster(gates):
    figure = Fake()
    hear(figure, kind="dance")
    assert shown(figure) == (1, 2)


# Play, Pause, Step and Reset, and controls that act at the next epoch or on the view alone.


class Played(Explorer):
    """Adds up `speed`, ten epochs long; `unit` is how to say it."""

    name = "played"
    title = "A figure to play"
    controls = (
        Control("start", "s", "start", (0, 100), 0),
        Control("speed", "v", "speed", (1, 10), 1, acts=NEXT_EPOCH),
        Control("unit", "u", "unit", ("m", "km"), "m", acts=VIEW),
    )
    pace = 0.05

    class Picture(FakePicture):
        def draw(self, result, *, unit):
            super().draw(result)

    @classmethod
    def compute(cls, *, start, current):
        yield start, 0
        total = start
        for epoch in range(1, 11):
            time.sleep(cls.pace)
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


def epoch_of(figure):
    return figure._progress[0]


def test_set_from_python_plays_to_the_end(monkeypatch):
    monkeypatch.setattr(Played, "pace", 0)
    figure = Played()
    assert figure.sentence == "10 m after 10 epochs" and figure._finished
    figure.set(speed=10, start=100)
    assert figure.sentence == "200 m after 10 epochs"


def test_step_by_step_is_the_same_as_all_at_once(monkeypatch):
    monkeypatch.setattr(Played, "pace", 0)
    figure = Played()
    figure.restart()
    assert figure.sentence == "0 m after 0 epochs" and not figure._finished
    for epoch in range(1, 11):
        figure.step()
        assert figure.sentence == f"{epoch} m after {epoch} epochs"
    figure.step()
    assert figure.sentence == "10 m after 10 epochs" and figure._finished
    figure.restart()
    figure.step()
    figure.finish()
    assert figure.sentence == Played().sentence


def test_a_control_on_the_view_computes_nothing_anew(monkeypatch):
    monkeypatch.setattr(Played, "pace", 0)
    figure = Played()

    def compute(**_):
        raise AssertionError("computed anew")

    monkeypatch.setattr(Played, "compute", compute)
    figure.unit.value = "km"
    assert figure.sentence == "10 km after 10 epochs" and figure.numbers == {"total": "10 km"}


def test_a_view_set_from_python_leaves_a_run_where_it_is(monkeypatch):
    monkeypatch.setattr(Played, "pace", 0)
    figure = Played()
    figure.restart()
    figure.step()
    figure.unit.value = "km"
    assert figure.sentence == "1 km after 1 epochs" and not figure._finished
    with pytest.raises(ValueError, match="unit"):
        figure.unit.value = "miles"
    assert figure.sentence == "1 km after 1 epochs" and figure.unit.value == "km"


def test_a_view_set_from_python_while_playing_leaves_it_playing(gates, monkeypatch):
    async def scenario():
        monkeypatch.setattr(Played, "pace", 0)
        figure = Played()
        monkeypatch.setattr(Played, "pace", 0.02)
        hear(figure, kind="play", wish=1)
        figure.unit.value = "km"
        assert figure._running and epoch_of(figure) < 10
        await until(lambda: figure._finished)
        assert figure.sentence == "10 km after 10 epochs"

    assert in_browser(scenario, gates) == []


def test_a_drag_begins_the_run_of_the_place_where_it_ends(gates, monkeypatch):
    """A run that the reader has started with Play takes the same move in its stride."""

    async def scenario():
        monkeypatch.setattr(Played, "pace", 0)
        figure = Played()
        monkeypatch.setattr(Played, "pace", 0.02)
        move(figure, 1, speed=10)
        await until(lambda: epoch_of(figure) >= 2)
        move(figure, 2, speed=1)
        await until(lambda: figure._finished)
        assert figure.sentence == "10 m after 10 epochs"
        hear(figure, kind="play", wish=3)
        await until(lambda: epoch_of(figure) >= 2)
        move(figure, 4, speed=10)
        await until(lambda: figure._finished)
        assert 10 < figure._run.result[0] < 100

    assert in_browser(scenario, gates) == []


def test_an_error_in_mid_run_leaves_the_epochs_before_it(gates, monkeypatch):
    class Fragile(Played):
        @classmethod
        def compute(cls, *, start, current):
            yield start, 0
            for epoch in range(1, 11):
                time.sleep(cls.pace)
                if current.speed == 10:
                    raise ArithmeticError("too fast")
                yield epoch * current.speed, epoch

    async def scenario():
        monkeypatch.setattr(Fragile, "pace", 0)
        figure = Fragile()
        hear(figure, kind="restart", wish=1)
        for wish in (2, 3):
            hear(figure, kind="step", wish=wish)
            await rest(figure)
        move(figure, 4, speed=10)
        assert not figure._running and figure.message == ""
        hear(figure, kind="play", wish=5)
        await rest(figure)
        assert figure.message == "too fast" and figure.sentence == "2 m after 2 epochs"
        assert figure._finished and figure.speed.value == 10
        move(figure, 6, speed=1)  # begins anew
        await until(lambda: epoch_of(figure) == 10)
        assert figure.message == ""

    assert [str(error) for error in in_browser(scenario, gates)] == ["too fast"]


def test_an_error_in_drawing_a_later_result_is_told_too(gates, monkeypatch):
    """In a task it would be silent, and the figure would be busy for ever."""

    async def scenario():
        monkeypatch.setattr(Played, "pace", 0)
        figure = Played()
        hear(figure, kind="restart", wish=1)

        def describe(result, *, unit):
            raise LookupError("no words")

        hear(figure, kind="play", wish=2)
        figure.describe = describe
        await rest(figure)
        assert "no words" in figure.message and not figure._running

    assert [type(error) for error in in_browser(scenario, gates)] == [LookupError]


def test_a_pause_is_obeyed_at_once_and_nothing_runs_after_reset(gates, monkeypatch):
    async def scenario():
        monkeypatch.setattr(Played, "pace", 0)
        figure = Played()
        monkeypatch.setattr(Played, "pace", 0.1)
        hear(figure, kind="play", wish=1)
        await asyncio.sleep(0.05)
        start = time.perf_counter()
        hear(figure, kind="pause", wish=2)
        assert not figure._running and time.perf_counter() - start < 0.2
        await until(figure._worker.done)
        hear(figure, kind="play", wish=3)
        await asyncio.sleep(0.05)
        hear(figure, kind="restart", wish=4)
        assert figure.sentence == "0 m after 0 epochs" and not figure._running
        await until(figure._worker.done)
        assert figure.sentence == "0 m after 0 epochs" and not figure._finished

    assert in_browser(scenario, gates) == []


def test_play_and_pause(gates, monkeypatch):
    async def scenario():
        monkeypatch.setattr(Played, "pace", 0)
        figure = Played()
        monkeypatch.setattr(Played, "pace", 0.05)
        hear(figure, kind="restart", wish=1)
        assert epoch_of(figure) == 0 and not figure._running
        hear(figure, kind="play", wish=2)
        assert figure._running
        await until(lambda: epoch_of(figure) >= 2)
        hear(figure, kind="pause", wish=3)
        assert not figure._running
        await asyncio.sleep(0.12)
        paused = epoch_of(figure)
        await asyncio.sleep(0.12)
        assert epoch_of(figure) == paused < 10 and not figure._finished
        hear(figure, kind="step", wish=4)
        assert epoch_of(figure) == paused and figure._running  # it is on its way
        await rest(figure)
        assert epoch_of(figure) == paused + 1 and not figure._running
        hear(figure, kind="play", wish=5)
        await until(lambda: figure._finished)
        assert figure.sentence == "10 m after 10 epochs" and not figure._running

    assert in_browser(scenario, gates) == []


def test_a_long_computation_can_be_stopped_and_goes_on_when_asked(gates):
    figure = Fake()

    async def scenario():
        move(figure, 1, x=6)
        await until(gates.reached[6].is_set)
        hear(figure, kind="pause", wish=2)
        gates.open(6)
        await until(gates.left[6].is_set)
        await asyncio.sleep(0.05)
        assert not figure._running and not figure._finished and figure._answered == 2
        hear(figure, kind="play", wish=3)
        await rest(figure)
        assert figure._finished and shown(figure) == (6, 2)
        move(figure, 4, x=7)
        await until(gates.reached[7].is_set)
        hear(figure, kind="pause", wish=5)
        gates.open(7)
        move(figure, 6, x=2)  # a move begins a run of its own, stopped or not
        await rest(figure)
        assert figure._finished and shown(figure) == (2, 2)

    assert in_browser(scenario, gates) == []


def test_pause_and_play_at_once_do_not_double_the_worker(gates, monkeypatch):
    async def scenario():
        monkeypatch.setattr(Played, "pace", 0)
        figure = Played()
        monkeypatch.setattr(Played, "pace", 0.03)
        hear(figure, kind="restart", wish=1)
        for wish in range(2, 10):
            hear(figure, kind="play" if wish % 2 == 0 else "pause", wish=wish)
        hear(figure, kind="play", wish=10)
        await until(lambda: figure._finished)
        assert figure.sentence == "10 m after 10 epochs"

    assert in_browser(scenario, gates) == []


def test_a_live_control_acts_from_the_next_epoch_on(gates, monkeypatch):
    async def scenario():
        monkeypatch.setattr(Played, "pace", 0)
        figure = Played()
        hear(figure, kind="restart", wish=1)
        for wish in (2, 3, 4):
            hear(figure, kind="step", wish=wish)
            await rest(figure)
        move(figure, 5, speed=10)
        assert figure.sentence == "3 m after 3 epochs" and figure.speed.value == 10
        hear(figure, kind="step", wish=6)
        await rest(figure)
        assert figure.sentence == "13 m after 4 epochs"
        move(figure, 7, unit="km")
        assert figure.sentence == "13 km after 4 epochs"
        move(figure, 8, start=100)  # acts anew; paused, and so it stays
        assert figure.sentence == "100 km after 0 epochs" and not figure._running

    assert in_browser(scenario, gates) == []


# Projector, files and the figure of record.


def test_the_projector_enlarges_and_keeps_the_state(gates):
    def font_sizes(svg):
        return {float(size) for size in re.findall(r"font(?:-size)?: [^;\"]*?([\d.]+)px", svg)}

    async def scenario():
        figure = Fake(x=3)
        before = figure._still
        hear(figure, kind="projector", on=True)
        assert figure.projector and shown(figure) == (3, 2) and figure.x.value == 3
        larger = max(font_sizes(figure._still)) / max(font_sizes(before))
        assert larger == pytest.approx(PROJECTOR_SCALE)
        hear(figure, kind="projector", on=False)
        assert figure._still == before and not figure.projector

    assert in_browser(scenario, gates) == []


def test_the_projector_leaves_a_running_computation_alone(gates):
    async def scenario():
        figure = Fake()
        move(figure, 1, x=5)
        hear(figure, kind="projector", on=True)
        assert figure._running and shown(figure)[0] == 5
        gates.open(5)
        await rest(figure)
        assert shown(figure) == (5, 2)

    assert in_browser(scenario, gates) == []


def test_the_projector_switched_from_python_enlarges_the_figure_too():
    figure = Fake()
    before = figure._still
    figure.projector = True
    assert figure._still != before


def test_the_same_state_gives_the_same_bytes(gates):
    one, other = Fake(x=2), Fake(x=3)
    other.set(x=2)
    assert (one._still, one._moving) == (other._still, other._moving)


def test_csv_is_one_and_pads_short_columns(gates):
    figure = Fake(x=3)
    rows = list(csv.reader(io.StringIO(figure.csv())))
    assert rows == [["x", "square, of it"], ["3", "9"], ["", "more"]]


def test_csv_is_sent_to_the_browser_that_asks(gates):
    figure, sent = Fake(x=3), []
    figure.send = lambda content, buffers=None: sent.append(content)
    hear(figure, kind="csv")
    assert sent == [{"kind": "csv", "text": figure.csv()}]


def test_without_a_kernel_the_figure_of_record_and_its_words_remain(gates):
    figure = Fake(x=3)
    data, metadata = figure._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == f"A fake figure. {figure.sentence}"
    assert figure.sentence in data["text/plain"] and figure.title in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert base64.b64decode(data["image/png"]) == base64.b64decode(
        Fake(x=3)._repr_mimebundle_()[0]["image/png"]
    )


def test_repr_reads_as_the_call_that_makes_it(gates):
    figure = Fake(x=3, init="scaled")
    assert repr(figure) == "Fake(x=3, rate=0.1, init='scaled')"
    assert eval(repr(figure)).preset == figure.preset


def test_what_the_browser_is_told_of_the_controls():
    figure = Fake()
    x, rate, init = figure._spec["controls"]
    assert (x["symbol"], x["meaning"], x["choice"], x["stops"][0]) == ("x", "the thing", False, "1")
    assert rate["stops"] == ["0.1", "0.25", "1"]
    assert init["choice"] and init["stops"] == ["large", "scaled"]


def test_assigning_to_a_handle_is_no_silent_loss():
    figure = Fake()
    with suppress(AttributeError, TypeError):  # to refuse it is fine, too
        figure.x = 3  # meant: figure.x.value = 3
        assert shown(figure) == (3, 2)
    assert figure.x.value == shown(figure)[0]
