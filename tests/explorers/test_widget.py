"""A figure on a page: what is shown is always the answer to the last wish.

The tests say and see what a page does, message by message.
"""

import asyncio
import base64
import re
import threading
import time

import pytest
from page import Page, in_two_threads, until
from small import BREAKS_AT_ONCE, LINGERS, Fake, Played, Point, shown

from explorers import figure as figures
from explorers import worker
from explorers.canvas import WIDTHS
from explorers.widget import Explorer, mimebundle


@pytest.fixture
def page(gates):
    """A page with a Fake at its defaults."""
    return Page(Fake())


@pytest.fixture
def played(monkeypatch):
    """A figure that has been played to its end, and from now on takes its time."""
    figure = Played()
    monkeypatch.setattr(Played, "pace", 0.03)
    monkeypatch.setattr(worker, "SLOW", 0.0)
    return figure


@pytest.fixture
def untrained(played):
    """A page with this figure, back at its start."""
    page = Page(played)
    page.ask("restart")
    return page


async def begin(page, x):
    """Move to an x that takes its time, and wait until its computation stands at its gate."""
    page.move(x=x)
    await until(page.figure.gates.reached[x].is_set)


async def too_late(page, x):
    """Let the computation of an x come to its end that nobody waits for any more."""
    page.figure.gates.open(x)
    await until(page.figure.gates.left[x].is_set)
    await asyncio.sleep(0.05)


async def let_through(page, x):
    """Open the gate of x, and see it through to its end."""
    page.figure.gates.open(x)
    await page.rest()
    assert shown(page) == (x, 2) and page.phase == "finished"


def test_a_page_is_told_the_state(gates):
    page = Page(Fake(x=3, rate=0.3, init="new"))
    assert page.positions == {"x": 2, "rate": 1, "init": 1}  # 0.25 is nearest to 0.3
    assert page.texts == {"x": "3", "rate": "0.3", "init": "new"}
    assert page.table == [["x", "3"], ["part", "2"]] and page.phase == "finished"
    x, rate, init = page.spec["controls"]
    assert (x["symbol"], x["meaning"], x["choice"], x["stops"][0]) == ("x", "the thing", False, "1")
    assert rate["stops"] == ["0.1", "0.25", "1"]
    assert init["choice"] and init["stops"] == ["old", "new"]


def test_a_figure_set_in_python_shows_it(page):
    page.figure.set(x=3)
    assert shown(page) == (3, 2) and page.preset.startswith("fake x=3 ")
    with pytest.raises(ValueError, match="x must be"):
        page.figure.set(x=99)
    assert "x must be" in page.message and shown(page) == (3, 2)


async def test_a_quick_result_appears_at_once(page):
    page.move(x=3, init="new")
    assert page.sentence == "x is 3 at part 0, rate 0.1, new."
    assert page.answered == 1 and page.is_running
    await page.rest()
    assert page.sentence == "x is 3 at part 2, rate 0.1, new." and page.phase == "finished"


async def test_a_slow_result_comes_in_parts_and_the_loop_stays_alive(page):
    page.move(x=5)
    assert shown(page) == (5, 0) and page.answered == 1
    await until(page.figure.gates.reached[5].is_set)
    assert page.is_running  # the worker waits at its gate, the loop does not
    await let_through(page, 5)


@pytest.mark.parametrize("newer, older", [(6, 5), (2, 5), (5, 5), (6, LINGERS)])
async def test_a_newer_move_drops_what_an_older_one_has_not_finished(page, newer, older):
    """Nor is the end of the dropped run taken for that of the newer one."""
    await begin(page, older)
    page.move(x=newer)
    assert shown(page) == (newer, 0) and page.answered == 2
    await too_late(page, older)
    if newer == 6:  # which still waits at its gate
        assert shown(page)[0] == newer and page.is_running
    await let_through(page, newer)
    await asyncio.sleep(0.05)
    assert shown(page) == (newer, 2) and page.preset.startswith(f"fake x={newer} ")


async def test_of_a_fast_drag_the_last_wish_is_shown(page, gates):
    gates.open()
    for x in [5, 2, 6, 7, 3, 5, 10, 6, 2, 11]:
        last = page.move(x=x)
        await asyncio.sleep(0.007)
    await page.rest()
    assert (page.answered, shown(page)) == (last, (11, 2))
    assert page.figure.x.value == 11 and page.positions["x"] == 10


async def test_python_outranks_what_runs_in_the_background(page):
    await begin(page, 5)
    page.figure.set(x=3)
    assert shown(page) == (3, 2) and not page.is_running
    await too_late(page, 5)
    assert shown(page) == (3, 2)
    page.move(x=6)  # and the page can go on afterwards
    await let_through(page, 6)


async def test_code_that_asks_in_mid_computation_waits_for_the_end(page, gates):
    gates.open(5)
    page.move(x=5)
    assert shown(page) == (5, 0)
    assert page.figure.sentence == page.sentence == "x is 5 at part 2, rate 0.1, old."


# Errors.


async def test_an_error_in_the_background_is_told_and_leaves_what_was_there(page, gates, raised):
    for x in (8, 9):
        page.move(x=x)
        gates.open(x)
        await until(lambda x=x: page.message == f"{x} broke")
        assert shown(page) == (x, 1) and page.phase == "broken"
    page.move(x=6)  # and all goes on afterwards
    assert page.message == ""
    await let_through(page, 6)
    raised += [ArithmeticError("8 broke"), ArithmeticError("9 broke")]


async def test_the_error_of_a_dropped_wish_does_not_stop_the_newer_one(page):
    await begin(page, 8)
    page.move(x=6)
    await too_late(page, 8)  # it breaks in its thread
    assert page.is_running and page.message == ""
    await let_through(page, 6)


async def test_an_error_at_once_answers_the_wish_and_the_figure_lives_on(page):
    page.move(x=BREAKS_AT_ONCE)
    assert page.message == "4 is too much" and page.answered == 1 and not page.is_running
    assert shown(page) == (1, 2)
    page.ask("projector", on=True)
    page.move(x=6)
    await let_through(page, 6)


async def test_an_error_in_drawing_a_later_result_is_told_too(untrained, raised):
    """In a task it would be silent, and the figure would be busy for ever."""
    page = untrained

    def describe(result, *, unit):
        raise LookupError("no words")

    page.ask("play")
    page.figure.describe = describe
    await page.rest()
    assert "no words" in page.message and page.phase == "broken"
    raised.append(LookupError("no words"))


@pytest.mark.parametrize("text", ["junk", "fake x=99", "fake x"])
async def test_a_refused_preset_is_an_answer_too_and_leaves_a_run_alone(page, text):
    """An unanswered wish would keep all sliders waiting for ever."""
    await begin(page, 5)
    page.sent.clear()
    page.ask("preset", text=text)
    assert re.search(r"preset|must be", page.message) and page.answered == 2
    assert len(page.sent) == 1 and page.is_running
    await asyncio.sleep(0.15)  # longer than REDRAW
    await let_through(page, 5)
    assert re.search(r"preset|must be", page.message)  # stays to be read
    page.move(x=3)
    assert page.message == ""


@pytest.mark.parametrize(
    "content, words",
    [
        ({"kind": "dance"}, "not for 'dance'"),
        ({"kind": ["move"]}, "not for ['move']"),
        ({}, "not for None"),
        ("move", "must be a dict, got 'move'"),
        ({"kind": "move"}, "'move' needs 'values'"),
        ({"kind": "move", "values": 3}, "'values' must be a dict, got 3"),
        ({"kind": "move", "values": {"nope": 1}}, "no control 'nope' here; there are x, rate"),
        ({"kind": "move", "values": {"x": -1}}, "x has the stops 0 to 10; there is no stop -1"),
        ({"kind": "move", "values": {"x": 11}}, "there is no stop 11"),
        ({"kind": "move", "values": {"x": True}}, "there is no stop True"),
        ({"kind": "move", "values": {"x": 1.0}}, "there is no stop 1.0"),
        ({"kind": "move", "values": {"x": "1" * 10_000_000}}, "there is no stop '1111"),
        ({"kind": "preset"}, "'preset' needs 'text'"),
        ({"kind": "preset", "text": 7}, "A preset must be text, got 7"),
        ({"kind": "preset", "text": "fake x=1 " * 1_200_000}, "at most 2,000 characters"),
        ({"kind": "set"}, "'set' needs 'text'"),
        ({"kind": "set", "text": "fake x=99"}, "x must be a number from 1 to 11"),
        ({"kind": "set", "text": "fake y=1"}, "no control 'y' here; there are x, rate"),
        ({"kind": "press", "method": "set"}, "no button 'set'"),
        ({"kind": "press", "method": None}, "no button None"),
        ({"kind": "speed", "speed": "fastest"}, "slow or fast, not 'fastest'"),
        ({"kind": "speed", "speed": ["slow"]}, "slow or fast, not ['slow']"),
        ({"kind": "projector", "on": "yes"}, "not 'yes'"),
        ({"kind": "width", "width": 301}, "300, 400, 540, 720 wide, not 301"),
        ({"kind": "width", "width": True}, "not True"),
        ({"kind": "width", "width": [300]}, "not [300]"),
    ],
)
def test_what_a_page_can_not_ask_for_is_refused_in_a_sentence(gates, content, words):
    page = Page(Fake(x=2))
    page.send(content | {"wish": 7} if isinstance(content, dict) else content)
    assert words in page.message and len(page.message) < 160
    assert page.answered == (7 if isinstance(content, dict) else 0)
    assert shown(page) == (2, 2) and page.phase == "finished"


@pytest.mark.parametrize("wish", [True, -1, 2.5, "3", None, 10**30])
def test_a_wish_without_a_proper_number_counts_for_none(page, wish):
    page.send({"kind": "pause", "wish": wish})
    assert page.answered == 0 and page.message == ""


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_preset_has_2000_characters_at_most(page, beyond):
    page.ask("preset", text="fake x=3".ljust(2000 + beyond))
    assert bool(page.message) == beyond and page.positions["x"] == (0 if beyond else 2)
    assert ("at most 2,000 characters" in page.message) == beyond


def test_what_is_refused_twice_is_told_twice(page):
    for _ in range(3):
        page.ask("preset", text="fake x=99")
        assert page.message.startswith("x must be a number from 1 to 11") and page.answered
    page.ask("pause")
    assert not page.message


def test_what_a_page_writes_into_traits_is_not_taken(gates):
    page = Page(Fake(x=2))
    before = dict(page.figure.viewers[0].get_state())
    page.write(_still="", _moving="<script>", _spec={}, _shown={"answered": 99}, _esm="")
    assert page.figure.viewers[0].get_state() == before


# What travels together.


async def test_an_answer_and_all_that_belongs_to_it_travel_in_one_message(page):
    """Else a handle jumps back to where it was, and a second press of an arrow key is lost."""
    page.sent.clear()
    page.move(x=3)
    assert len(page.sent) == 1 and page.sent[0].keys() == {"_moving", "_shown"}
    assert page.sent[0]["_shown"]["answered"] == 1 and page.positions["x"] == 2


def test_a_worker_in_one_thread_and_a_move_in_another_do_not_mix(page, gates, monkeypatch):
    """JupyterLab's first messages are heard in the main thread, the later ones in another."""
    drawing, moved = threading.Event(), threading.Event()
    draw = Point.draw

    def slow_draw(picture, result):
        if result[:2] == (5, 2):
            drawing.set()
            moved.wait(0.5)  # in vain, if the move waits for this to be shown
        draw(picture, result)

    async def first():
        page.move(x=5)
        gates.open(5)
        await asyncio.sleep(0.02)
        await until(lambda: page.is_over)

    async def second():
        await asyncio.to_thread(drawing.wait, 10)
        page.move(x=3)
        moved.set()
        await until(lambda: page.is_over)

    monkeypatch.setattr(Point, "draw", slow_draw)
    page.sent.clear()
    assert in_two_threads(first, second, gates.open) == []
    told = [one["_shown"] for one in page.sent]
    said = [(one["sentence"].split()[2], one["preset"].split()[1][2:]) for one in told]
    assert {*said} == {("5", "5"), ("3", "3")}
    assert said == sorted(said, reverse=True)  # nothing old after something new
    assert shown(page) == (3, 2)


def test_a_run_goes_on_while_the_thread_of_the_first_worker_is_blocked(page, gates):
    begun, done, answers = threading.Event(), threading.Event(), []

    async def first():
        page.move(x=5)  # its worker lives in this thread
        begun.set()
        answers.append(done.wait(5))  # which is as busy as with a long cell

    async def second():
        await asyncio.to_thread(begun.wait, 10)
        page.move(x=6)
        gates.open(5, 6)
        await until(lambda: page.is_over)
        done.set()

    assert in_two_threads(first, second, gates.open) == []
    assert answers == [True] and shown(page) == (6, 2)


async def test_while_the_lock_is_held_no_figure_answers(page):
    held = threading.Event()

    def hold():
        with figures.CHANGING:
            held.set()
            time.sleep(0.2)

    threading.Thread(target=hold).start()
    await asyncio.to_thread(held.wait)
    begun = time.perf_counter()
    page.move(x=3)
    assert time.perf_counter() - begun > 0.1
    await page.rest()


# Play, Pause, Step and Reset, and controls that act at the next epoch or on the view alone.


async def test_play_pause_and_step(untrained):
    page = untrained
    assert page.sentence == "0 m after 0 epochs" and page.phase == "ready"
    page.ask("play")
    assert page.phase == "playing" and worker.busy() == 1
    await until(lambda: page.epoch >= 2)
    page.ask("pause")
    assert page.phase == "paused"
    await asyncio.sleep(0.1)
    paused = page.epoch
    await asyncio.sleep(0.1)
    assert page.epoch == paused < 10 and worker.busy() == 0
    page.ask("step")
    assert page.epoch == paused and page.phase == "stepping"  # it is on its way
    await page.rest()
    assert page.epoch == paused + 1 and page.phase == "paused"
    page.ask("play")
    await until(lambda: page.is_over)
    assert page.sentence == "10 m after 10 epochs"
    page.ask("play")  # again
    assert page.sentence == "0 m after 0 epochs" and page.phase == "playing"
    page.ask("restart")
    await until(lambda: worker.busy() == 0)
    assert page.sentence == "0 m after 0 epochs" and page.phase == "ready"


@pytest.fixture
def an_hour_each(untrained, monkeypatch):
    """A page where a slow epoch lasts so long that only what is wanted besides cuts it short."""
    monkeypatch.setattr(Played, "pace", 0.0)
    monkeypatch.setattr(worker, "SLOW", 3600.0)
    return untrained


async def test_while_a_slow_epoch_lasts_all_that_is_wanted_is_answered(an_hour_each):
    page = an_hour_each
    assert page.slow
    page.ask("play")
    await until(lambda: page.epoch == 1)  # and it is shown
    page.move(unit="km")
    page.move(speed=10)
    await asyncio.sleep(0.05)
    assert page.sentence == "1 km after 1 epochs" and page.phase == "playing"
    page.ask("pause")
    await until(lambda: worker.busy() == 0)
    await page.step()
    assert page.sentence == "11 km after 2 epochs" and page.phase == "paused"
    page.ask("play")
    await until(lambda: page.epoch == 3)
    page.ask("step")
    await until(lambda: page.epoch == 4)
    assert page.phase == "paused"
    page.ask("play")
    await until(lambda: page.epoch == 5)
    page.ask("speed", speed="fast")
    await until(lambda: page.is_over)
    assert page.sentence == "91 km after 10 epochs" and not page.slow


def test_the_page_is_told_how_fast_it_is_played(page):
    assert page.slow is True
    for speed, slow in (("fast", False), ("slow", True)):
        page.ask("speed", speed=speed)
        assert page.slow is slow


async def test_another_run_does_not_wait_for_a_slow_epoch(an_hour_each):
    page = an_hour_each
    page.ask("play")
    await until(lambda: page.epoch == 1)
    page.ask("restart")
    await until(lambda: worker.busy() == 0)
    page.ask("play")
    await until(lambda: page.epoch == 1)
    page.figure.set(start=100)
    assert page.sentence == "110 m after 10 epochs"
    page.move(start=0)
    await page.rest()  # what a move sets off is no slow play
    assert page.sentence == "10 m after 10 epochs"


async def test_pause_and_play_at_once_do_not_double_the_worker(untrained):
    for kind in ["play", "pause"] * 4 + ["play"]:
        untrained.ask(kind)
    await until(lambda: untrained.is_over)
    assert untrained.sentence == "10 m after 10 epochs"


async def test_a_long_computation_can_be_stopped_and_goes_on_when_asked(page):
    await begin(page, 6)
    page.ask("pause")
    await too_late(page, 6)
    assert page.phase == "paused" and page.answered == 2
    page.ask("play")
    await let_through(page, 6)
    await begin(page, 7)
    page.ask("pause")
    page.figure.gates.open(7)
    page.move(x=2)  # a move begins a run of its own, stopped or not
    await let_through(page, 2)


async def test_a_live_control_acts_from_the_next_epoch_on(untrained):
    page = untrained
    for _ in range(3):
        await page.step()
    page.move(speed=10)
    assert page.sentence == "3 m after 3 epochs" and page.figure.speed.value == 10
    await page.step()
    assert page.sentence == "13 m after 4 epochs"
    page.move(unit="km")
    assert page.sentence == "13 km after 4 epochs" and page.phase == "paused"
    page.move(start=100)  # acts anew; paused, and so it stays
    assert page.sentence == "100 km after 0 epochs" and page.phase == "ready"


@pytest.mark.parametrize(
    "wish", [{"kind": "defaults"}, {"kind": "preset", "text": "played start=0 speed=1 unit=m"}]
)
@pytest.mark.parametrize("then", ["restart", "step", "play", "pause"])
async def test_defaults_and_presets_are_shown_trained_whatever_was_in_hand(played, then, wish):
    page = Page(played)
    page.move(start=100, unit="km")
    page.ask("restart")
    page.ask("play" if then == "pause" else "restart")
    page.ask(then)
    page.send(wish)
    assert page.phase == "computing" and page.sentence == "0 m after 0 epochs"
    await page.rest()
    assert page.sentence == "10 m after 10 epochs" and page.phase == "finished"


@pytest.mark.parametrize(
    "then, phase",
    [("restart", "ready"), ("play", "playing"), ("step", "ready"), ("pause", "ready")],
)
async def test_what_is_in_hand_stays_there_when_a_move_begins_it_anew(untrained, then, phase):
    page = untrained
    page.ask("play" if then == "pause" else "restart")
    page.ask(then)
    page.move(start=100)
    assert page.phase == phase and page.sentence == "100 m after 0 epochs"
    await until(lambda: worker.busy() == 0)
    assert page.phase == ("finished" if then == "play" else "ready")


async def test_a_link_in_the_text_moves_what_it_names_and_leaves_the_rest(untrained):
    page = untrained
    page.ask("set", text="played unit=km")
    assert page.preset == "played start=0 speed=1 unit=km"
    await page.step()
    page.ask("set", text="played speed=10")  # as a slider: from the next epoch on
    await page.step()
    assert page.sentence == "11 km after 2 epochs" and page.phase == "paused"


async def test_a_drag_begins_the_run_of_the_place_where_it_ends(played):
    """A run that the reader has started with Play takes the same move in its stride."""
    page = Page(played)
    page.move(speed=10)
    await until(lambda: page.epoch >= 2)
    page.move(speed=1)
    await until(lambda: page.is_over)
    assert page.sentence == "10 m after 10 epochs"
    page.ask("play")
    await until(lambda: page.epoch >= 2)
    page.move(speed=10)
    await until(lambda: page.is_over)
    assert 10 < played.result[0] < 100


async def test_a_view_set_from_python_while_playing_leaves_it_playing(played):
    page = Page(played)
    page.ask("play")
    played.unit.value = "km"
    assert page.phase == "playing" and page.epoch < 10
    await until(lambda: page.is_over)
    assert page.sentence == "10 km after 10 epochs"


async def test_an_error_in_mid_run_leaves_the_epochs_before_it(untrained, monkeypatch, raised):
    monkeypatch.setattr(Played, "breaks_at", 10)
    page = untrained
    for _ in range(2):
        await page.step()
    page.move(speed=10)
    assert page.phase == "paused" and page.message == ""
    page.ask("play")
    await page.rest()
    assert page.message == "too fast" and page.sentence == "2 m after 2 epochs"
    assert page.phase == "broken" and page.figure.speed.value == 10
    page.move(speed=1)  # begins anew
    await until(lambda: page.epoch == 10)
    assert page.message == ""
    raised.append(ArithmeticError("too fast"))


async def test_defaults_from_the_page_while_busy(page, gates):
    page.move(x=5)
    page.ask("defaults")
    assert shown(page) == (1, 0) and page.answered == 2
    gates.open(5)
    await page.rest()
    assert shown(page) == (1, 2)


# Where Python is in the page itself, it has no threads, and the figure comes first.


@pytest.fixture
def without_threads(monkeypatch):
    async def to_thread(*_):
        raise AssertionError("there are no threads here")

    monkeypatch.setattr(worker, "IN_BROWSER", True)
    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    monkeypatch.setattr(figures.Figure, "computes_later", True)


async def test_a_figure_that_computes_later_shows_its_first_result(without_threads):
    page = Page(Played())
    assert page.phase == "computing" and page.epoch == 0
    await page.rest()
    assert page.sentence == "10 m after 10 epochs"
    later = Played(speed=10)  # not shown, or not yet: who asks waits
    assert later.sentence == "100 m after 10 epochs"
    Page(later).ask("pause")
    later = Page(Played())
    later.ask("pause")  # from here on it is the reader's
    assert later.figure.sentence == "0 m after 0 epochs"


@pytest.mark.parametrize(
    "ask, answer",
    [
        (lambda figure: figure.numbers, {"total": "10 m"}),
        (lambda figure: figure.result, (10, 10)),
        (lambda figure: figure.csv(), "total\n10\n"),
        (lambda figure: figure.step() or figure.sentence, "10 m after 10 epochs"),
        (lambda figure: figure.restart() or figure.sentence, "0 m after 0 epochs"),
        (lambda figure: figure.set(start=100) or figure.sentence, "110 m after 10 epochs"),
    ],
)
async def test_code_gets_of_it_what_it_gets_anywhere(without_threads, ask, answer):
    page = Page(Played())
    assert page.phase == "computing" and ask(page.figure) == answer
    await page.rest()
    assert ask(page.figure) == answer


# Projector, widths, files and the figure of record.


def test_a_picture_is_drawn_for_the_width_that_the_page_has(gates):
    page = Page(Fake(x=3))
    for width in WIDTHS:
        page.ask("width", width=width)
        assert page.width == width and f'viewBox="0 0 {width} ' in page.still
        assert shown(page) == (3, 2)
    page.sent.clear()
    page.ask("width", width=WIDTHS[-1])
    assert [list(one) for one in page.sent] == [["_shown"]]  # no picture twice


async def test_the_projector_is_switched_by_the_page_or_in_python(page):
    page.move(x=5)
    page.ask("projector", on=True)
    assert page.projector and page.figure.projector and page.is_running
    page.figure.projector = False
    assert not page.projector
    await let_through(page, 5)


def test_csv_is_sent_to_the_page_that_asks(gates):
    page = Page(Fake(x=3))
    page.ask("csv")
    assert page.said == [{"kind": "csv", "text": page.figure.csv()}]


def test_without_a_kernel_the_figure_of_record_and_its_words_remain(gates):
    figure = Fake(x=3)
    data, metadata = mimebundle(figure)
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    about = {"alt": f"A fake figure. {figure.sentence}", "preset": figure.preset, "covered": []}
    assert metadata["image/png"] == about
    assert data["text/plain"] == figure.title
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"] == mimebundle(Fake(x=3))[0]["image/png"]
    mimebundle(figure)
    assert len(figure.viewers) == 1  # shown twice, it is one widget


class Question:
    question, is_open = "Which?", True


def test_a_covered_figure_sends_nothing_that_tells(gates):
    figure, question = Fake(x=3), Question()
    figure.covers = (question,)
    page = Page(figure)
    assert page.covered and page.still and page.moving == "" and page.table == []
    assert page.sentence == ""
    data, metadata = mimebundle(figure)
    uncovered, _ = mimebundle(Fake(x=3))
    assert data["image/png"] != uncovered["image/png"]
    assert page.still != figure.drawn().still_svg()  # no numbers at its axes: a range can tell
    assert figure.sentence not in metadata["image/png"]["alt"]
    assert metadata["image/png"]["covered"] == ["Which?"]
    question.is_open = False
    figure.show()
    assert not page.covered and page.sentence == figure.sentence and page.moving


def test_a_reader_may_see_a_covered_figure_anyway(gates):
    figure = Fake(x=3)
    figure.covers = (Question(), Question())
    page = Page(figure)
    page.ask("uncover")
    assert not page.covered and page.sentence == figure.sentence and shown(page) == (3, 2)


async def test_the_stopwatch_times_each_new_picture(page, monkeypatch):
    times = []
    monkeypatch.setattr(Explorer, "stopwatch", staticmethod(lambda *one: times.append(one)))
    page.move(x=3)
    assert len(times) == 1
    await page.rest()
    page.ask("preset", text="junk")
    ((answer, drawing),) = times  # of a wish the first picture; a refusal has none
    assert 0 < drawing <= answer < 5
